"""First derivatives of solutions: numbers, and vectors of derivatives that these multiply.

Imports the rooms up to `flows`.
"""
