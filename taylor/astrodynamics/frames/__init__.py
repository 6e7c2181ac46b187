"""Axes: of the Earth, of orbits, of places on the ground, of other bodies.

nutation.py, celestial.py: where the Earth's pole is in the sky.  rotations.py: matrices.
sources.py: the quantities that the Earth's orientation is made of, from models or tabulated.
orientation.py: `EarthOrientation`.  transforms.py: functions that users call.  geodetic.py: the
ellipsoid.  local.py: axes of orbits and of places.  bodies.py: Sun, planets, moons.
"""
