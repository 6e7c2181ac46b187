"""Whole numbers that are counted with as integers: `division` < `whole`."""
