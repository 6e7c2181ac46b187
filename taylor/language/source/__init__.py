"""From the text of a function to a code object with operators in the places of statements."""
