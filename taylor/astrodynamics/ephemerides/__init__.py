"""Where the bodies of the Solar System are, from tables."""
