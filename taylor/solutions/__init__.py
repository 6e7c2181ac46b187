"""Solutions of differential equations as functions of what they start from."""

from taylor.solutions import rules as rules  # what transforms ask of the room's nodes
