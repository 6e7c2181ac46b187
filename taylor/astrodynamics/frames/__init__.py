"""Axes, and how they turn: the Earth's, other bodies', those of an orbit."""
