"""The kernels of polynomials as functions of arrays of coefficients.

Coefficients are contiguous arrays of shape (parts, polynomials, size): parts is 2 for double-double
(high and low) and 1 for other kinds of numbers.  Everything here may be called from any thread; the
machine code runs without the GIL.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from taylor_runtime.call import function_pointer
from taylor_runtime.engine import compile_ir
from taylor_runtime.ir import ELEMENTS
from taylor_runtime.monomials import Monomials
from taylor_runtime.polynomials import multiply, tables
from taylor_runtime.polynomials.tables import GROUP, LANES

MOST_PAIRS = 16_000  # of coefficients, in products that are made with polynomials in lanes

_MODULES: dict[str, tuple[Callable[[str], str], str]] = {
    multiply.PRODUCT: (multiply.product_module, "ppppp" + "ii"),
    multiply.LANES_PRODUCT: (multiply.lanes_module, "pppppp" + "ii"),
}
_TYPES = {"p": "uintptr_t", "i": "int64_t"}


@lru_cache(maxsize=None)
def _kernel(name: str, precision: str) -> Any:
    """A kernel for a kind of number; its machine code stays as long as the process."""
    make, arguments = _MODULES[name]
    code = compile_ir(make(ELEMENTS[precision]), [name], label=name)
    signature = f"void(*)({', '.join(_TYPES[kind] for kind in arguments)})"
    return function_pointer(code.address(name), signature, owner=code)


def _call(name: str, precision: str, *arguments: np.ndarray | int) -> None:
    _kernel(name, precision)(*(a.ctypes.data if isinstance(a, np.ndarray) else a for a in arguments))


def in_lanes(space: Monomials) -> bool:
    """Whether products of single polynomials are made with polynomials in lanes."""
    if space.variables == 1 or space.size <= LANES:
        return True
    return space.size**2 <= MOST_PAIRS or len(tables.pairs(space).left) <= MOST_PAIRS


def product(a: np.ndarray, b: np.ndarray, space: Monomials, precision: str) -> np.ndarray:
    """The products of polynomials, one by one: shape (parts, polynomials, size)."""
    if in_lanes(space):
        return _product_in_lanes(a, b, space, precision)
    table = tables.split(space)
    c = np.empty_like(a)
    block = table.block[0]
    row = -(-int(block["outer"]) // LANES) * LANES
    work = np.empty((len(a), 3 * int(block["packed"]) + GROUP * row), a.dtype)
    heads = [highest_degrees(factor, space) for factor in (a, b)]
    for k in range(a.shape[1]):
        work.fill(0)
        part = np.ascontiguousarray
        made = np.empty((len(a), a.shape[2]), a.dtype)
        given = [(part(a[:, k]), int(heads[0][k])), (part(b[:, k]), int(heads[1][k]))]
        (x, low), (y, high) = sorted(given, key=lambda item: item[1])
        _call(multiply.PRODUCT, precision, table.block, x, y, made, work, low, high)
        c[:, k] = made
    return c


def highest_degrees(a: np.ndarray, space: Monomials) -> np.ndarray:
    """The degree of each polynomial, 0 for the polynomial 0."""
    known = (a != 0).any(axis=0)
    last = a.shape[2] - 1 - np.argmax(known[:, ::-1], axis=1)
    return np.asarray(np.where(known.any(axis=1), space.degrees[last], 0))


def to_lanes(a: np.ndarray) -> np.ndarray:
    """Shape (parts, blocks, size, LANES): LANES polynomials side by side, the last ones zero."""
    parts, count, size = a.shape
    blocks = -(-count // LANES)
    padded = np.zeros((parts, blocks * LANES, size), a.dtype)
    padded[:, :count] = a
    return np.ascontiguousarray(padded.reshape(parts, blocks, LANES, size).swapaxes(2, 3))


def from_lanes(a: np.ndarray, count: int) -> np.ndarray:
    """The inverse."""
    parts, blocks, size, lanes = a.shape
    polynomials = a.swapaxes(2, 3).reshape(parts, blocks * lanes, size)
    return np.ascontiguousarray(polynomials[:, :count])


def _product_in_lanes(
    a: np.ndarray, b: np.ndarray, space: Monomials, precision: str
) -> np.ndarray:
    table = tables.pairs(space)
    x, y = to_lanes(a), to_lanes(b)
    z = np.empty_like(x)
    addresses = (x, y, z, table.starts, table.left, table.right)
    _call(multiply.LANES_PRODUCT, precision, *addresses, x.shape[2], x.shape[1])
    return from_lanes(z, a.shape[1])
