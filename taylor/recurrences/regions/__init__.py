"""Loops and choices in programs of arrays."""
