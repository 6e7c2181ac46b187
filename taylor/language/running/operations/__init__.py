"""What a program calls: operators, built-in functions, NumPy, others."""
