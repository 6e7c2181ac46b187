"""Passes over loops and choices."""
