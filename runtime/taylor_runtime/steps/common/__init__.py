"""What all steps have in common: rules, in one function with a series or in functions of their own
that the quick code of all systems calls."""
