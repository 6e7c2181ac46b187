"""What a program holds: numbers, sequences, objects."""
