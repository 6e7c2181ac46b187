"""Truncated polynomials in several variables as values."""
