"""What a plan of nests has to know of who reads what."""
