"""Functions of points, in which there is no time: formulas, jets, roots of equations.

Imports the rooms up to `series`.
"""
