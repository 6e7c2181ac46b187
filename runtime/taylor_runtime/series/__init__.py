"""Coefficients by order of time: where they are, and in which order they are summed.

Imports the rooms up to `arithmetic`.
"""
