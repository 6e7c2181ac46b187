"""Where functions that are not smooth change their rule: parts, modes and their sides."""
