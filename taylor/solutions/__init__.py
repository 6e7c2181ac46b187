"""Solutions of differential equations as functions of what they start from."""
