"""What Python calls of trajectories, as built-in functions: what stands in front of step loops."""
