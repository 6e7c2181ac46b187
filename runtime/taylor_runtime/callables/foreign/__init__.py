"""Machine code that other packages call."""
