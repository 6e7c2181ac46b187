"""Gravity of bodies: spherical harmonics and what changes them, polyhedra, point masses."""
