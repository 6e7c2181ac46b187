"""Programs of rows with shapes: their text, what is legal, and in which order they add."""
