"""Functions that call themselves, as loops."""
