"""What elementary functions of every kind of number are made of: bits, constants, polynomials."""
