"""Truncated polynomials in several variables: tables and machine code that all spaces share."""
