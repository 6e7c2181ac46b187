"""Many trajectories: in lanes, or as rows that one loop runs one by one.

Imports the rooms up to `events`.
"""
