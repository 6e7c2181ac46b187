"""The slow, exact meaning of programs, in any kind of number."""
