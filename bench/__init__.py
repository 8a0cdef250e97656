"""Measurements: what the service takes, with how many flows."""
