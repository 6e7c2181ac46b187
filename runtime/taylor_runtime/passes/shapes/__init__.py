"""Rows with shapes in other shapes: the same elements, walked along longer axes."""
