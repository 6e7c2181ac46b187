"""Elementary functions of doubles at order zero; imports `basics`."""
