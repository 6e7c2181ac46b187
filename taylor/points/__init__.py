"""Values and derivatives at points: formulas, jets, partial derivatives."""
