"""Expressions to expressions; nothing is compiled."""
