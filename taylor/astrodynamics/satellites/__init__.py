"""The analytical theory behind two-line elements."""
