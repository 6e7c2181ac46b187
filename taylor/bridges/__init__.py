"""Other packages, each imported inside the functions that need it."""
