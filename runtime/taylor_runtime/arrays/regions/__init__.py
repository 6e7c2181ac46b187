"""Loops and choices inside programs of arrays: programs with memory of their own."""
