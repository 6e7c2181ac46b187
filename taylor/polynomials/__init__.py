"""Truncated polynomials in several variables as values.

Results are of the class of an operand.  Imports `numbers`, expressions, `functions` and
`recurrences`.
"""
