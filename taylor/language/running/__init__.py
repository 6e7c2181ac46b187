"""What the operators of translated functions do while these are traced."""
