"""Programs as the front end hands them over, and what can be asked of them: data alone.

Imports nothing of the other rooms.
"""
