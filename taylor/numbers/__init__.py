"""Numbers in and out: exact ones, kinds of precision, times, checks of arguments.

Imports `errors` alone; no expressions.
"""
