"""Recurrences of linear algebra: what factors and solutions of matrices are at each order."""
