"""Loops over the elements of nests, and what is put together in them."""
