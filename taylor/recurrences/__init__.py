"""Expressions to programs: the only place where recurrences are expanded."""
