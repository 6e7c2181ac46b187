"""One integration step after the other.

Imports the rooms up to `series`.
"""
