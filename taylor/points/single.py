"""Functions of numbers for one point at a time: what needs no ufunc is compiled in less time."""

from __future__ import annotations

from collections.abc import Sequence

from taylor.expressions.expression import Expression
from taylor.expressions.scalars import scalars
from taylor.nodes.operations.regions.recursions import with_calls
from taylor.nodes.operations.scalars.quotients import as_written
from taylor.recurrences.arrays import has_arrays
from taylor.recurrences.lowered import lowered
from taylor_runtime.callables.points import Point, build_point
from taylor_runtime.callables.process import uncollected
from taylor_runtime.program.program import Input


@uncollected()
def compiled_point(
    outputs: Sequence[Expression],
    inputs: Sequence[Expression],
    name: str,
    checked: bool = False,
    wholes: Sequence[bool] = (),
) -> Point | None:
    """Scalar expressions as machine code for one point; None where there is none.

    checked: whether the last one is the number of an error, 0 where none is met.
    wholes:  which arguments are ints.
    """
    outputs = with_calls(outputs)
    if has_arrays(outputs):
        return None
    sources = {e: Input("parameter", (i,)) for i, e in enumerate(inputs)}
    program, externals = lowered(as_written([scalars(e).item() for e in outputs]), sources, 0)
    return build_point(program, name, externals, checked, wholes)
