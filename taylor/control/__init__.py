"""Loops and branches: how functions are traced to regions, spelled out, and expanded in series."""
