"""What PyTorch's operations are in NumPy's functions, which expressions know: one rule each.

A rule takes the arguments of the operation, by position or by PyTorch's names for them.
"""
