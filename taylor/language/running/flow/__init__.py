"""Branches and loops of a program."""
