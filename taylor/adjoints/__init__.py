"""Gradients through solutions, by adjoints."""
