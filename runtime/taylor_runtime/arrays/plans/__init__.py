"""What a plan of nests is made of: works, who reads what, which loops run together, where planes are."""
