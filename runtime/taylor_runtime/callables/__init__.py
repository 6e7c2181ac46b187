"""What the front end holds: compiled programs as objects.  The door, and the only room that
imports `engine`.
"""

# These add themselves to what computes programs' own kernels.
from taylor_runtime.points import loops as loops
from taylor_runtime.points import newton as newton
from taylor_runtime.points import recursion as recursion
