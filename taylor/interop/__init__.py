"""Conversions to and from other packages; each module imports its package when it is first used."""
