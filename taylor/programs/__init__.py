"""Python functions as programs: traced once a structure, differentiated, batched, compiled."""
