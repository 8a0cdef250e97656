"""Addresses that clients gave us, and what we say there."""
