"""NumPy's functions on array expressions, and arrays whose elements can be assigned to."""
