"""What runs one trajectory, in the numbers that users see, with its derivatives."""
