"""One trajectory."""
