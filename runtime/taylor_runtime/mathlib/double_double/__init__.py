"""Elementary functions of double-doubles at order zero; imports `basics` and `double`."""
