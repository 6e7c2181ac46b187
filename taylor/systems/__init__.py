"""What is integrated, and what is asked of it."""
