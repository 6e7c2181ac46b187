"""Elements of orbits, and what follows from two-body motion."""
