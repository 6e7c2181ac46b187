"""Sums over all pairs of elements, of which each pair is computed once."""
