"""Rows with shapes, as loops over their elements."""
