"""The barest program on the same engine: what the engine costs without us."""
