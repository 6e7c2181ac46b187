"""Scales of time, and instants in them."""
