"""Many trajectories."""
