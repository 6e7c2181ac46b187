"""Orbits in the formats that people exchange."""
