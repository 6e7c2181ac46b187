"""What objects show of themselves beyond text: formulae, tables, pictures, progress."""
