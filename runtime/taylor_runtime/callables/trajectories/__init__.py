"""The memory of one trajectory, and what it records of its steps."""
