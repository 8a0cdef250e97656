"""The flow itself, and the one door to the engine."""
