"""A channel provider of our own, for trying and testing: an HTTP service that sends nothing.

It stands in for a third party, so it imports nothing of ours and keeps everything in memory.
"""
