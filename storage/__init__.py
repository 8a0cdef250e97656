"""What outlives a process besides the engine: our own database, and the keys that seal contents."""
