"""A channel provider of our own, for trying and testing: an HTTP service that sends nothing.

It stands in for a third party, so it imports nothing of ours. It keeps everything in memory, and a
record of references and statuses where it is given a file.
"""
