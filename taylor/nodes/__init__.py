"""The graph of expressions in its normal forms, and the records of the functions it may apply.

No operators and no NumPy protocol.  Imports `numbers`.
"""
