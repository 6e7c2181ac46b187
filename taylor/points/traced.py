"""Functions as they were traced: told apart by what they compute, and known again; series of those
with loops.
"""

from __future__ import annotations

import math
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from taylor.expressions.arguments import argument, structure
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, ZERO
from taylor.nodes.operations.regions.recursions import with_calls
from taylor.nodes.operations.scalars.quotients import as_written
from taylor.numbers.precision import FLOAT64, Precision
from taylor.points.outside import Outside
from taylor.recurrences.lowered import lowered
from taylor.reference.singular_points import may_be_singular
from taylor.transforms.nested import values_at
from taylor_runtime.callables.points import Jet, build_jet
from taylor_runtime.callables.process import in_shares, shares
from taylor_runtime.program.program import Input, Program

if TYPE_CHECKING:
    from taylor.control.coefficients import Formulas


class TracedFunction:
    """Outputs of arguments; two are equal that compute the same of arguments of the same shapes."""

    __slots__ = ("_hash", "_structure", "arguments", "outputs")

    def __init__(self, outputs: tuple[Expression, ...], arguments: tuple[Expression, ...]) -> None:
        self.outputs = outputs
        self.arguments = arguments
        self._structure = tuple(x.shape for x in arguments), structure(outputs, arguments)
        self._hash = hash(self._structure)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TracedFunction) and self._structure == other._structure


def values_with_calls(value: Any) -> Any:
    """What a function returned, with recursions as calls, whose series machine code computes."""
    several = type(value) in (list, tuple)
    listed = list(value) if several else [value]
    if not all(isinstance(e, Expression) for e in listed):
        return value
    made = with_calls(listed)
    return type(value)(made) if several else made[0]


@lru_cache(maxsize=128)
def _formulas(traced: TracedFunction, given: int, order: int, precision: str) -> Formulas:
    """The coefficients of a function with loops or branches, of those of its arguments."""
    from taylor.control.coefficients import Formulas
    from taylor.control.expansion import Orders, expanded

    inputs = [[x, *[argument(f"{x}.{j}") for j in range(1, given)]] for x in traced.arguments]
    rest = [ZERO] * (order + 1 - given)
    listed = [[*own, *rest][: order + 1] for own in inputs]
    known = dict(zip(traced.arguments, listed, strict=True))
    found = expanded(traced.outputs, known, Orders(order))
    flat = [c for listed in found for c in listed]
    return Formulas(flat, [x for own in inputs for x in own], precision)


def by_formulas(
    traced: TracedFunction, numbers: np.ndarray, order: int, kind: Precision, threads: int
) -> list[np.ndarray]:
    """Coefficients of a function with loops or branches, shape (parts, order + 1, points) each.

    numbers: shape (parts, coordinates, given coefficients, points).
    """
    parts, count, given, points = numbers.shape
    code = _formulas(traced, given, order, kind.name)
    found = code.run(numbers.reshape(parts, count * given, points), threads)
    shaped = found.reshape(parts, len(traced.outputs), order + 1, points)
    return [shaped[:, k] for k in range(len(traced.outputs))]


def series_of_loops(
    outputs: Sequence[Expression], x: Expression, point: Any, order: int
) -> list[np.ndarray]:
    """As `transforms.nested.series`, of functions with loops or branches."""
    from taylor.control.expansion import Orders, expanded

    known = {x: [x, ONE, *[ZERO] * order][: order + 1]}
    found = expanded(outputs, known, Orders(order))
    return [values_at(listed, [x], [point]) for listed in found]


# -- jets ----------------------------------------------------------------------------------------


@lru_cache(maxsize=128)
def compiled_jet(
    traced: TracedFunction, given: int, order: int, precision: str
) -> tuple[Jet, Program | None]:
    """Machine code, and its program if powers in it may have singular points."""
    inputs = {x: Input("jet", (i,)) for i, x in enumerate(traced.arguments)}
    program, externals = lowered(as_written(traced.outputs), inputs, order, precision=precision)
    program = replace(program, exact_division=True)
    code = build_jet(program, given=given, externals=externals, precision=precision)
    return code, program if may_be_singular(program) else None


def run_jet(code: Jet, points: np.ndarray, outputs: int, order: int, threads: int) -> np.ndarray:
    """Coefficients, shape (parts, outputs, order + 1, points).

    points: shape (parts, coordinates, given coefficients, points).
    """
    *outer, count = points.shape
    padded = -(-max(count, 1) // code.block) * code.block
    inputs = np.zeros((*outer, padded), points.dtype)
    inputs[..., :count] = points
    inputs[..., count:] = points[..., -1:] if count else 0.0
    results = np.empty((outer[0], outputs, order + 1, padded), points.dtype)

    def work(first: int, last: int) -> None:
        code.run(inputs, results, padded, first, last)

    in_shares(work, padded // code.block, shares(count * (order + 1), threads))
    return results[..., :count]


# -- jets at one point, again ---------------------------------------------------------------------


class KnownJet:
    """Coefficients of a function of one variable at a number, without tracing it again.

    singular: whether coefficients that are not finite may be limits.
    """

    __slots__ = ("_code", "_memory", "_outside", "_singular")

    def __init__(self, fun: Callable[..., Any], code: Jet, order: int, singular: bool) -> None:
        own = getattr(fun, "__module__", "") or ""
        fixed = isinstance(fun, np.ufunc) or own.partition(".")[0] == "taylor"
        self._outside = None if fixed else Outside(fun)
        self._code, self._singular = code, singular
        self._memory = [code.room(order)]  # threads take from it, and give back

    def at(self, x: float) -> np.ndarray | None:
        """The coefficients, shape (order + 1,); None where the function may be another one."""
        if self._outside is not None and not self._outside.is_unchanged():
            return None
        try:
            room = self._memory.pop()
        except IndexError:
            room = self._code.room(self._code.program.order)
        found = room.run(x)
        self._memory.append(room)
        return None if self._singular and not math.isfinite(found[-1]) else found


_ufuncs: dict[Any, dict[int, KnownJet | None]] = {}
_functions: MutableMapping[Any, dict[int, KnownJet | None]] = WeakKeyDictionary()


def known_jets(fun: Any) -> dict[int, KnownJet | None]:
    """What is known of a function by the order; None of what was wanted once.

    Raises TypeError for what nobody can keep an eye on.
    """
    known = _ufuncs if isinstance(fun, np.ufunc) else _functions
    try:
        return known[fun]
    except KeyError:
        return known.setdefault(fun, {})


def jet_again(fun: Any, x: Any, order: int, precision: str) -> np.ndarray | None:
    """The coefficients of a function that is known, at a float; None for all else."""
    if type(x) is not float or precision != FLOAT64.name:
        return None
    try:
        found = known_jets(fun).get(order)
    except TypeError:
        return None
    return None if found is None else found.at(x)


def keep_jet(fun: Any, traced: TracedFunction, order: int) -> None:
    """Know a function again that was asked for as often as twice."""
    try:
        known = known_jets(fun)
    except TypeError:
        return
    if order not in known:
        known[order] = None
        return
    code, singular = compiled_jet(traced, 2, order, FLOAT64.name)
    known[order] = KnownJet(fun, code, order, singular is not None)
