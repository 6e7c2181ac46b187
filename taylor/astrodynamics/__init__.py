"""What models of the sky are made of."""
