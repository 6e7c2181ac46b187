"""Taylor coefficients of functions of arrays that stay arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np

from taylor.control.array_expansion import expanded_arrays, with_zeros
from taylor.errors import TaylorError
from taylor.expressions.arguments import argument, captured, traced
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant, try_expression
from taylor.expressions.substitute import substitute_all
from taylor.nodes.arrays import index, join
from taylor.nodes.defined import DefinedName
from taylor.nodes.operations.regions.inlined import has_rules_inside
from taylor.nodes.operations.scalars.quotients import as_written
from taylor.nodes.regions import REGIONS, has_regions
from taylor.nodes.traverse import inputs, reachable
from taylor.numbers.precision import Precision, as_precision
from taylor.points.traced import TracedFunction
from taylor.recurrences.arrays import has_arrays, lower_arrays
from taylor.recurrences.externals import check_has_digits, externals
from taylor.recurrences.regions.rows import needs_arrays
from taylor.reference.singular_points import may_be_singular
from taylor_runtime.callables.points import ArrayFunction, build_array_function
from taylor_runtime.program.kernels import all_programs
from taylor_runtime.program.program import Input

# What elementary functions become in series, ellipe and the like hundreds: of eight elements and
# more, creation and calls take a half to a tenth of the time.
ROWS = 50


def jet_of_arrays(
    fun: Callable[[Any], Any], given: np.ndarray, order: int, kind: Precision
) -> Any | None:
    """Coefficients of a function of one array, shape (order + 1, *points, *its shape); None where
    it is better spelled out in scalars.

    given: coefficients of the coordinates, shape (parts, n, m, *points).
    """
    x = argument("x", shape=given.shape[1])
    try:
        with traced((x,)):
            value = fun(x)
    except (TaylorError, TypeError, ValueError, IndexError):
        return None  # the function says so again when it is called with scalars
    single = not isinstance(value, list | tuple)
    listed = [try_expression(e) for e in ([value] if single else value)]
    outputs = tuple(e for e in listed if type(e) is Expression)
    if len(outputs) < len(listed) or not order or not _stay_arrays(outputs, x):
        return None
    known = tuple(e for e in outputs if e.size)  # ufuncs take no others
    evaluated = _evaluated(TracedFunction(known, (x,)), given, order, kind)
    if evaluated is None:
        return None
    parts, shape = iter(evaluated), (order + 1, *given.shape[3:])
    found = [
        next(parts) if e.size else np.empty((*shape, *e.shape, *kind.axes), kind.dtype)
        for e in outputs
    ]
    return found[0] if single else tuple(found)


def jet_of_loops(
    value: Any, arguments: Sequence[Expression], given: np.ndarray, order: int, kind: Precision
) -> Any | None:
    """Coefficients of a traced function of numbers with loops that carry arrays, which stay arrays;
    None where there are none such, or it is better spelled out in scalars.

    value: what the function returned for the arguments; given: as for `jet_of_arrays`.
    """
    single = not isinstance(value, list | tuple)
    listed = [try_expression(e) for e in ([value] if single else value)]
    outputs = tuple(e for e in listed if type(e) is Expression)
    if len(outputs) < len(listed) or not order or not all(e.size for e in outputs):
        return None
    if not has_regions(outputs) or has_rules_inside(outputs):
        return None
    if not (has_arrays(outputs) or _puts(outputs)):
        return None
    nodes, own = reachable(outputs), set(arguments)
    if any(map(needs_arrays, nodes)) or not own.issuperset(inputs(outputs)):
        return None
    x = argument("x", shape=len(arguments))
    table = {own: index(x, k) for k, own in enumerate(arguments)}
    of_array = tuple(substitute_all(outputs, table))
    found = _evaluated(TracedFunction(of_array, (x,)), given, order, kind)
    return None if found is None else (found[0] if single else tuple(found))


def _puts(roots: Sequence[Expression]) -> bool:
    """Whether elements are put at places that are not known: as scalars these are all choices."""
    nodes = reachable(roots)
    inside = [g.outputs for e in nodes if e.op in REGIONS for g in e.payload.graphs]
    return any(e.op == "put" for e in nodes) or any(map(_puts, inside))


def _evaluated(
    known: TracedFunction, given: np.ndarray, order: int, kind: Precision
) -> list[np.ndarray] | None:
    """Coefficients of all outputs; None where limits are to be taken."""
    code, singular = _compiled(known, given.shape[2], order, kind.name)
    points = given.ndim - 3
    planes = np.moveaxis(given, (2, 1), (-2, -1))  # (parts, *points, m, n)
    results = code.ufunc(*map(np.ascontiguousarray, planes))
    flat = list(results) if isinstance(results, tuple) else [results]
    if singular and not all(np.isfinite(part).all() for part in flat):
        return None  # limits at singular points of powers are taken of scalars
    found, parts = [], iter(flat)
    for _ in known.outputs:
        whole = np.stack([next(parts) for _ in range(kind.parts)])
        found.append(kind.from_planes(np.moveaxis(whole, 1 + points, 1)))
    return found


def _stay_arrays(outputs: tuple[Expression, ...], x: Expression) -> bool:
    """Whether outputs of x alone are large, and all their operations have rules for arrays."""
    if not any(e.size for e in outputs) or has_rules_inside(outputs):
        return False
    if not has_arrays(outputs, 1 if has_regions(outputs) else ROWS):
        return False
    defined = [e.op.record for e in reachable(outputs) if isinstance(e.op, DefinedName)]
    if any(record.equations is not None for record in defined):
        return False  # equations are those of scalars
    if has_regions(outputs) and any(map(needs_arrays, reachable(outputs))):
        return False  # there is no series of loops that go back
    captured(outputs, (x,))
    return all(leaf is x for leaf in inputs(outputs))


@lru_cache(maxsize=64)
def _compiled(
    known: TracedFunction, given: int, order: int, precision: str
) -> tuple[ArrayFunction, bool]:
    """Machine code, and whether powers in it may have singular points."""
    kind, x = as_precision(precision), known.arguments[0]
    shapes: tuple[list[tuple[int, ...]], list[tuple[int, ...]]]
    if has_regions(known.outputs):
        wide = argument("coefficients", (given, *x.shape))
        first = index(wide, slice(order + 1))
        rest = constant((0), (max(order + 1 - given, 0), *x.shape))
        found = expanded_arrays(known.outputs, {x: join([first, rest], 0)}, order)
        pairs = zip(found, known.outputs, strict=True)
        outputs = [with_zeros(e, order) if c is None else c for c, e in pairs]
        lowered = lower_arrays(as_written(outputs), {wide: Input("parameter", (0,))}, 0)
        shapes, given = ([wide.shape], [e.shape for e in outputs]), 0
    else:
        lowered = lower_arrays(as_written(known.outputs), {x: Input("jet", (0,))}, order)
        shapes = [x.shape], [e.shape for e in known.outputs]
    if kind.is_finer:
        check_has_digits(lowered.program)
    code = build_array_function(
        lowered.program,
        shapes,
        lowered.planes(kind),
        lowered.table,
        "jet",
        "",
        externals(lowered.program),
        precision,
        given,
    )
    return code, any(map(may_be_singular, all_programs(lowered.program)))


Elements = tuple[int, ...] | list[tuple[int, ...]]  # the shape of one result, or of each of several


def together(found: Sequence[Any], elements: Elements, axes: int, shape: tuple[int, ...]) -> Any:
    """What was found for the elements of a function's results, as it returns these: an array with
    axes of the result's shape behind the others, or a tuple of them.

    axes: of a number; shape: of what was found for one element.
    """
    if isinstance(elements, list):
        ends = list(accumulate(map(math.prod, elements), initial=0))
        parts = zip(ends, ends[1:], elements, strict=False)
        return tuple(together(found[i:k], size, axes, shape) for i, k, size in parts)
    if elements == ():
        return found[0]
    points = len(shape) - axes
    if not found:
        return np.empty((*shape[:points], *elements, *shape[points:]))
    whole = np.stack(found, axis=points)
    before = whole.shape[: whole.ndim - axes - 1]
    return whole.reshape(*before, *elements, *whole.shape[whole.ndim - axes :])
