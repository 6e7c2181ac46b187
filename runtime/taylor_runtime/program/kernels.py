"""Kernels that programs name: pairs of them, and those that programs bring along."""

from __future__ import annotations

# Kernels that cost little more together than one alone, and the kernel that gives both.
PAIRS = {("sin", "cos"): "sincos", ("sinh", "cosh"): "sinhcosh"}
