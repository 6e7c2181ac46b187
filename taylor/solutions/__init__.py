"""Solutions of differential equations as functions of what they start from."""

from taylor.solutions import nodes as nodes  # what walks ask of the room's nodes
