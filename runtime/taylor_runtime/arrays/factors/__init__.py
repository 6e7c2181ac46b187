"""What is made of whole matrices at order zero: factors, solutions with them, orders of elements.

In registers for few rows, in loops for more.
"""
