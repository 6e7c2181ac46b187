"""Orbits from observations."""
