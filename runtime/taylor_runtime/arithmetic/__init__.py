"""What a step makes of its operands, whatever a coefficient is; knows no memory.

Imports `program`, `ir` and `mathlib`.
"""
