"""What a flow is and how it moves: pure, with no I/O, no clock and no randomness."""
