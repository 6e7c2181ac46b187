"""Adjoints of solutions: back over the steps of a trajectory."""
