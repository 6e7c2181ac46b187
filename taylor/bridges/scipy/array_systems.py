"""Right-hand sides of many states traced with arrays: loops of machine code, which are made in a
time that does not depend on their length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taylor.errors import ShapeError
from taylor.expressions.arguments import argument, captured, kept, traced
from taylor.expressions.arrays.settled import settled
from taylor.expressions.leaves import as_expression, stack, time
from taylor.expressions.substitute import substitute
from taylor.systems.system import System, make_system

# States, from which on this is the better way: below it arrays are written out element by element
# in little more time, and the steps of what has short arrays inside are up to three times faster.
WIDE = 100


def system_of_arrays(function: Callable[[Any, Any, Any], Any], size: int, numbers: int) -> System:
    """The system y' = function(t, y, p) of arrays y (size,) and p (numbers,), as expressions.

    Raises what the function does, ShapeError for another shape of its value, ArgumentTypeError for
    what is no array of expressions.
    """
    t, y, p = argument("t"), argument("y", size), argument("p", numbers, "parameter")
    with traced((t, y, p)):
        found = settled(function(t, y, p))
        value = stack(list(found)) if isinstance(found, list | tuple) else as_expression(found)
        captured([value], (t, y, p))
    if value.shape != (size,):
        raise ShapeError(f"the value has shape {value.shape}, the state ({size},)")
    kept(y, p)
    return make_system([(y, substitute(value, {t: time}))], size)
