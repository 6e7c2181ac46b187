"""What the kernels of polynomials read: which coefficients meet in products, in what order.

Tables are made once for each set of monomials; sizes and addresses are run-time arguments of the
kernels, so that each of these is compiled once for a kind of number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from taylor_runtime.monomials import INDEX, Monomials, monomials

GROUP = 4  # outer monomials of the left factor that are multiplied at a time
LANES = 8  # numbers that are

SPLIT = np.dtype(
    [
        (name, np.int64)
        for name in (
            "size",  # coefficients of a polynomial
            "order",
            "outer",  # outer monomials
            "packed",  # numbers of a packed polynomial
            "positions",  # of the coefficients in the packed polynomial
            "rows",  # where the row of each inner monomial begins
            "inner_degrees",
            "outer_degrees",  # followed by some beyond the order
            "inner_prefix",  # inner monomials up to each degree
            "outer_prefix",  # and outer ones
            "starts",  # of the pairs that make each inner monomial
            "pairs",  # rows of the factors of each
            "sums",  # position of the product of outer monomials [left][right]
        )
    ]
)
SPLIT_TABLES = SPLIT.names[4:] if SPLIT.names else ()


@dataclass(frozen=True, slots=True)
class Split:
    """Tables of a product whose variables are split in an inner and an outer group.

    block: one item of dtype `SPLIT`, with the addresses of `arrays`.
    """

    block: np.ndarray
    arrays: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Pairs:
    """left[k] right[k], k = starts[t] .. starts[t + 1] - 1, make coefficient t."""

    starts: np.ndarray
    left: np.ndarray
    right: np.ndarray


@dataclass(frozen=True, slots=True)
class Tree:
    """Every monomial but 1 as a variable times another one.

    parent, variable: of each (0 for the monomial 1); the variable is the last that it has.
    depth_first: positions so that a monomial comes right before what it is the parent of.
    """

    parent: np.ndarray
    variable: np.ndarray
    depth_first: np.ndarray


def inner_variables(space: Monomials) -> int:
    """How many of the variables, the first ones, are the inner group."""
    return space.variables // 2


@lru_cache(maxsize=64)
def split(space: Monomials) -> Split:
    """The tables of `product`'s kernel for two variables at least.

    A packed polynomial has a row for each inner monomial, in which the outer monomials that go with
    it lie by degree: those up to any degree are the row's beginning.
    """
    count = inner_variables(space)
    limits = space.limits
    inner = monomials(count, space.order, limits[:count])
    outer = monomials(space.variables - count, space.order, limits[count:])
    degrees = np.arange(space.order + 1)
    outer_prefix = np.searchsorted(outer.degrees, degrees, side="right")
    lengths = -(-outer_prefix[space.order - inner.degrees] // LANES) * LANES
    room = LANES if limits else 0  # before each row, for products beyond a limit, at place -1
    ends = np.cumsum(lengths + room)
    rows = ends - lengths
    everything = np.arange(inner.size), np.arange(outer.size)
    made = inner.products(everything[0], everything[0])
    sums = np.full((outer.size + GROUP, outer.size), -1, INDEX)
    pairs = outer.products(everything[1], everything[1])
    sums[pairs.left, pairs.right] = np.repeat(pairs.targets, np.diff(pairs.starts))
    tables: dict[str, np.ndarray] = {
        "positions": rows[inner.find(space.exponents[:, :count])]
        + outer.find(space.exponents[:, count:]),
        "rows": rows,
        "inner_degrees": inner.degrees,
        "outer_degrees": np.append(outer.degrees, [space.order + 1] * GROUP),
        "inner_prefix": np.searchsorted(inner.degrees, degrees, side="right"),
        "outer_prefix": outer_prefix,
        "starts": made.starts,
        "pairs": np.column_stack([rows[made.left], rows[made.right]]),
        "sums": sums,
    }
    arrays = {name: np.ascontiguousarray(table, INDEX) for name, table in tables.items()}
    block = np.zeros(1, SPLIT)
    block["size"], block["order"], block["outer"] = space.size, space.order, outer.size
    block["packed"] = ends[-1] + LANES
    for name in SPLIT_TABLES:
        block[name] = arrays[name].ctypes.data
    return Split(block, arrays)


@lru_cache(maxsize=64)
def pairs(space: Monomials) -> Pairs:
    """All products of two monomials."""
    everything = np.arange(space.size)
    made = space.products(everything, everything)
    return Pairs(made.starts, made.left, made.right)


def selected(table: Pairs, left: np.ndarray) -> Pairs:
    """The products whose left factor is among those where `left` is true."""
    kept = left[table.left]
    before = np.concatenate([[0], np.cumsum(kept)])
    starts = before[table.starts].astype(INDEX)
    return Pairs(starts, table.left[kept], table.right[kept])


@lru_cache(maxsize=64)
def tree(space: Monomials) -> Tree:
    """The monomials as a tree."""
    exponents = space.exponents
    variable = np.zeros(space.size, INDEX)
    for k in range(space.variables):
        variable[exponents[:, k] > 0] = k
    below = exponents.copy()
    below[np.arange(1, space.size), variable[1:]] -= 1
    # A monomial is the path to it: its variables in order, each as often as its power says.
    path = np.full((space.size, space.order + 1), -1, np.int32)
    ends = np.cumsum(exponents, axis=1)
    for k in range(space.variables - 1, -1, -1):
        path[np.arange(space.order + 1) < ends[:, k : k + 1]] = k
    return Tree(
        space.find(below).astype(INDEX),
        variable,
        np.lexsort(path.T[::-1]).astype(INDEX),
    )
