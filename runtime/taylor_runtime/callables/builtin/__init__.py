"""Compiled functions as built-in functions of Python's, and what these are told."""
