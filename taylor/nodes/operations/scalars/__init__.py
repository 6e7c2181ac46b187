"""Records of what works element by element."""
