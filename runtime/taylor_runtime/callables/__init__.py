"""What the front end holds: compiled programs as objects.  The door, and the only room that
imports `engine`.
"""
