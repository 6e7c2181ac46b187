"""Records of what moves, joins and adds elements of arrays."""
