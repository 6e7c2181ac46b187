"""From program to program: compensated sums, shorter chains, packs of like rows, parts.

A pass takes a verified program and gives one.  Imports `program`.
"""
