"""The record of every flow: write a snapshot, append a report, read one."""
