"""Next to zeros, where terms cancel: values are computed once more, in quad-double.

A function that nobody calls but there, of one number at a time, so that code for ordinary arguments
is a comparison longer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PAIR, PairValue
from taylor_runtime.ir.types import make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.mathlib.basics.kernel import CALL_ATTRIBUTES, RARE, call_defined, define
from taylor_runtime.mathlib.double_double.steps import as_pair

# Below this part of its terms a value is computed once more: an error of one unit of 2**-106 of the
# terms is never more than 512 units of the value.  Where values are rounded to double, it is a good
# deal less that double-double lacks.
SMALL, TINY = 2.0**-9, 2.0**-44


def anew(
    b: Builder,
    values: Sequence[Value],
    small: Value,
    name: str,
    emit: Callable[..., Sequence[PairValue]],
    *arguments: PairValue,
) -> list[PairValue]:
    """`values`; where the condition `small` holds, what the function `name` of the arguments gives,
    which `emit(b, *arguments)` writes for single numbers.
    """
    one = make_type(PAIR, 0)
    results = [one] * len(values)

    def found(*given: Value) -> list[Value]:
        if not b.module.has_function(name):
            types = [one] * len(arguments)
            define(b, name, types, results, emit, f"{CALL_ATTRIBUTES} {RARE}")
        return call_defined(b, name, results, given)

    def lane(i: Index, carried: list[Value]) -> Sequence[Value]:
        def replaced() -> Sequence[Value]:
            new = found(*(b.extract(x, i) for x in arguments))
            return [b.insert(c, v, i) for c, v in zip(carried, new, strict=True)]

        return b.if_(b.extract(small, i), replaced, lambda: carried)

    def again() -> Sequence[Value]:
        lanes = arguments[0].lanes
        return b.fold(0, lanes, values, lane) if lanes else found(*arguments)

    some = b.any_lane(small)
    return [as_pair(v) for v in b.if_(some, again, lambda: values, likely=False)]
