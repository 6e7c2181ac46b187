"""The theory SGP4 as formulae."""
