"""Factors of matrices and solutions with them: in registers for few rows, in loops for more."""
