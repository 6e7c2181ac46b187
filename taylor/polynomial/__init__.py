"""Truncated polynomials in several variables: arithmetic, composition, inversion, estimates."""

from taylor.polynomial.polynomial import Polynomial as Polynomial
