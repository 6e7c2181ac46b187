"""Elementary functions in quad-double, of single numbers, for what cancels next to zeros.

Functions of `double_double` are computed in it where their value is far below its terms.
"""
