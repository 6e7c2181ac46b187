"""Coefficients that are truncated polynomials, by order of time: solutions with their derivatives.

Imports the rooms up to `graded`.
"""
