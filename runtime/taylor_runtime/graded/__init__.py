"""Coefficients by monomial, graded by total degree.

Imports the rooms up to `arithmetic`, and never `series`.
"""
