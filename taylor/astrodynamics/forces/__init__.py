"""What acts on a spacecraft."""
