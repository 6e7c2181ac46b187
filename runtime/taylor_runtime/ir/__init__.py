"""LLVM IR as text: typed values, blocks, modules, and what a number is in them; no row.

Imports `program.numbers` alone.
"""
