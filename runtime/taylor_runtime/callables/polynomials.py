"""The kernels of polynomials as functions of arrays of coefficients.

Coefficients are contiguous arrays of shape (parts, polynomials, size): parts is 2 for double-double
(high and low) and 1 for other kinds of numbers.  Everything here may be called from any thread; the
machine code runs without the GIL.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np

from taylor_runtime.engine.call import buffer, function_pointer
from taylor_runtime.engine.compiler import compile_ir
from taylor_runtime.engine.threads import in_shares
from taylor_runtime.polynomials import compose as composing
from taylor_runtime.polynomials import evaluate as evaluating
from taylor_runtime.polynomials import multiply, tables
from taylor_runtime.polynomials.tables import LANES, Pairs
from taylor_runtime.program.kinds import element_of
from taylor_runtime.program.monomials import INDEX, Monomials

MOST_PAIRS = 40_000  # of coefficients, in products of small polynomials
FEW_POINTS = 4  # of which values are taken one by one
SPARSE = 0.7  # of the coefficients: from there on they are taken as dense
SHARE = 1 << 17  # coefficients times blocks of points that are worth a thread

_MODULES: dict[str, tuple[Callable[[str], str], str]] = {
    multiply.PRODUCT: (multiply.product_module, "ppppp" + "i"),
    composing.COMPOSE: (composing.compose_module, "p"),
    evaluating.EVALUATE: (evaluating.evaluate_module, "pppppp" + "iiiiii"),
    evaluating.VALUE: (evaluating.value_module, "pppppp" + "iiii"),
}
_TYPES = {"p": "void *", "i": "int64_t"}


@cache
def _kernel(name: str, precision: str) -> Any:
    """A kernel for a kind of number; its machine code stays as long as the process."""
    make, arguments = _MODULES[name]
    code = compile_ir(make(element_of(precision)), [name], label=name)
    signature = f"void(*)({', '.join(_TYPES[kind] for kind in arguments)})"
    return function_pointer(code.address(name), signature, owner=code)


def _call(name: str, precision: str, *arguments: np.ndarray | int) -> None:
    listed = [buffer(a) if isinstance(a, np.ndarray) else a for a in arguments]
    _kernel(name, precision)(*listed)


@lru_cache(maxsize=256)
def is_small(space: Monomials) -> bool:
    """Whether products are not for `polynomial_product`: in one variable, or of few pairs.

    They are made by programs graded by total degree, with polynomials in lanes.
    """
    return space.variables == 1 or tables.number_of_pairs(space) <= MOST_PAIRS


def polynomial_product(
    a: np.ndarray, b: np.ndarray, space: Monomials, precision: str
) -> np.ndarray:
    """The products of polynomials in several variables: shape (parts, polynomials, size)."""
    table = tables.split(space)
    c = np.empty_like(a)
    work = np.empty((len(a), table.work), a.dtype)
    _call(multiply.PRODUCT, precision, table.block, a, b, c, work, a.shape[1])
    return c


def to_lanes(a: np.ndarray) -> np.ndarray:
    """Shape (parts, blocks, size, LANES): LANES polynomials side by side, the last ones zero."""
    parts, count, size = a.shape
    blocks = -(-count // LANES)
    padded = np.zeros((parts, blocks * LANES, size), a.dtype)
    padded[:, :count] = a
    return np.ascontiguousarray(padded.reshape(parts, blocks, LANES, size).swapaxes(2, 3))


def from_lanes(a: np.ndarray, count: int) -> np.ndarray:
    """The inverse."""
    parts, blocks, size, _ = a.shape
    polynomials = a.swapaxes(2, 3).reshape(parts, blocks * LANES, size)
    return np.ascontiguousarray(polynomials[:, :count])


def polynomial_compose(
    f: np.ndarray, inner: Monomials, g: np.ndarray, outer: Monomials, precision: str
) -> np.ndarray:
    """The polynomials f(g): shape (parts, polynomials of f, outer.size).

    f: polynomials in the monomials `inner`, g: one for each of their variables, in the monomials
    `outer`, all without a constant part.
    """
    x = to_lanes(f)
    g = np.ascontiguousarray(g)
    table = _factors(g, outer)
    prefix = np.asarray(outer.starts[1:], INDEX)
    c = np.empty((*x.shape[:2], outer.size, LANES), f.dtype)
    for k in range(x.shape[1]):
        block = np.ascontiguousarray(x[:, k])
        nodes = _nodes(block, inner, outer.order)
        depths = int(nodes[:, 2].max(initial=0)) + 1
        levels = np.zeros((len(f), depths, outer.size, LANES), f.dtype)
        task = np.zeros(1, composing.TASK)
        numbers = {"f_size": inner.size, "variables": inner.variables, "size": outer.size}
        numbers |= {"depths": depths, "count": len(nodes), "order": outer.order}
        arrays = {"f": block, "g": g, "levels": levels, "nodes": nodes, "prefix": prefix}
        numbers |= dict(zip(("starts", "left", "right"), table.addresses, strict=True))
        for name, number in numbers.items():
            task[name] = number
        for name, array in arrays.items():
            task[name] = array.ctypes.data
        _call(composing.COMPOSE, precision, task)
        c[:, k] = levels[:, 0]
    return from_lanes(c, f.shape[1])


def _factors(g: np.ndarray, space: Monomials) -> Pairs:
    """The products of monomials that some g has with all others."""
    present = (g != 0).any(axis=(0, 1))
    present[0] = False
    if np.count_nonzero(present) > SPARSE * space.size:
        return _without_constant(space)
    return tables.selected(space, np.flatnonzero(present))


@lru_cache(maxsize=16)
def _without_constant(space: Monomials) -> Pairs:
    return tables.selected(space, np.arange(1, space.size))


def _nodes(f: np.ndarray, space: Monomials, order: int) -> np.ndarray:
    """The monomials that some f or a descendant has, children first; see `compose.TASK`."""
    tree = tables.tree(space)
    degrees = space.degrees
    present = (f != 0).any(axis=(0, 2)) & (degrees <= order)
    parents = np.zeros(space.size, bool)
    for degree in range(min(space.order, order), 0, -1):
        own = space.of_degree(degree)
        parents[tree.parent[own][present[own]]] = True
        present |= parents
    present[0] = True
    place = tree.depth_first[::-1]
    place = place[present[place]]
    columns = (place, tree.variable[place], degrees[place], ~parents[place])
    return np.ascontiguousarray(np.column_stack(columns), INDEX)


def polynomial_values(
    c: np.ndarray, points: np.ndarray, space: Monomials, precision: str, threads: int = 1
) -> np.ndarray:
    """The values of polynomials at points: shape (parts, polynomials, points).

    points: shape (parts, variables, points).
    """
    tree = tables.tree(space)
    c = np.ascontiguousarray(c)
    if points.shape[2] < FEW_POINTS:
        return _values_one_by_one(c, points, space, precision)
    given = to_lanes(np.ascontiguousarray(points.swapaxes(1, 2)))
    parts, blocks = given.shape[:2]
    found = np.empty((parts, blocks, c.shape[1], LANES), c.dtype)
    sizes = (space.size, c.shape[1], space.variables, blocks)

    def work(first: int, last: int) -> None:
        memory = np.empty((parts, space.size, LANES), c.dtype)
        addresses = (c, given, found, memory, tree.parent, tree.variable)
        _call(evaluating.EVALUATE, precision, *addresses, *sizes, first, last)

    in_shares(work, blocks, max(1, min(threads, blocks * c.size // SHARE)))
    return _points_last(found, points.shape[2])


def _values_one_by_one(
    c: np.ndarray, points: np.ndarray, space: Monomials, precision: str
) -> np.ndarray:
    """The same for few points, to the same bits."""
    tree = tables.tree(space)
    given = np.ascontiguousarray(points.swapaxes(1, 2))
    parts, number = given.shape[:2]
    found = np.empty((parts, number, c.shape[1]), c.dtype)
    memory = np.empty((parts, space.size), c.dtype)
    sizes = (space.size, c.shape[1], space.variables, number)
    arrays = (c, given, found, memory, tree.parent, tree.variable)
    _call(evaluating.VALUE, precision, *arrays, *sizes)
    return found.swapaxes(1, 2)


def _points_last(found: np.ndarray, count: int) -> np.ndarray:
    parts, blocks, polynomials, _ = found.shape
    flat = found.swapaxes(1, 2).reshape(parts, polynomials, blocks * LANES)
    return flat[:, :, :count]
