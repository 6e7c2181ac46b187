"""Monomials of truncated polynomials and the supports of rows, against counting by hand."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.recurrences.decompose import decompose
from taylor_runtime.graded.supports import Supports
from taylor_runtime.program.monomials import MOST_MONOMIALS, Monomials, monomials
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.signature import convolutions_of, is_square

SETS = [
    Monomials(1, 0),
    Monomials(1, 6),
    Monomials(2, 5),
    Monomials(3, 4),
    Monomials(5, 3),
    Monomials(2, 6, (2, 6)),
    Monomials(3, 5, (1, 0, 9)),
    Monomials(4, 4, (4, 1, 2, 3)),
]


def counted(among: Monomials) -> list[tuple[int, ...]]:
    """All exponents, by trying every one: by degree, powers of the first variable first."""
    most = among.limits or (among.order,) * among.variables
    tried = product(*(range(min(k, among.order) + 1) for k in most))
    kept = [powers for powers in tried if sum(powers) <= among.order]
    return sorted(kept, key=lambda powers: (sum(powers), tuple(-k for k in powers)))


@pytest.mark.parametrize("among", SETS, ids=str)
def test_monomials_are_all_there_and_in_order(among: Monomials) -> None:
    right = counted(among)
    assert [tuple(row) for row in among.exponents.tolist()] == right
    assert among.size == len(right)
    assert among.degrees.tolist() == [sum(powers) for powers in right]
    assert [among.position(powers) for powers in right] == list(range(len(right)))
    for degree in range(among.order + 1):
        here = among.of_degree(degree)
        assert {sum(powers) for powers in right[here]} <= {degree}
        assert here.stop - here.start == sum(sum(powers) == degree for powers in right)
    if not among.limits:
        assert among.size == math.comb(among.variables + among.order, among.order)
    with pytest.raises(ValueError, match="read-only"):
        among.exponents[0, 0] = 1


@pytest.mark.parametrize("among", SETS, ids=str)
@pytest.mark.parametrize("ordered", [False, True])
def test_products_are_all_there(among: Monomials, ordered: bool) -> None:
    """Of some monomials with some others, sorted by what they make, then by the left factor."""
    listed = counted(among)
    left, right = np.arange(among.size)[::2], np.arange(among.size)[among.size // 4 :]
    if ordered:
        left = right
    found = among.products(left, right, ordered)
    by_hand = []
    for i, k in product(left.tolist(), right.tolist()):
        target = tuple(a + b for a, b in zip(listed[i], listed[k], strict=True))
        if target in listed and (i <= k or not ordered):
            by_hand.append((listed.index(target), i, k))
    by_hand.sort()
    targets = np.repeat(found.targets, np.diff(found.starts))
    columns = (targets.tolist(), found.left.tolist(), found.right.tolist())
    assert list(zip(*columns, strict=True)) == by_hand
    assert found.targets.tolist() == sorted({row[0] for row in by_hand})


def test_multiply_finds_products_or_none() -> None:
    among = Monomials(2, 3, (1, 3))
    found = among.multiply(np.arange(among.size), np.arange(among.size))
    listed = counted(among)
    for place, (a, b) in zip(found.tolist(), product(listed, listed), strict=True):
        powers = (a[0] + b[0], a[1] + b[1])
        assert place == (listed.index(powers) if powers in listed else -1)


def test_many_variables_and_high_powers() -> None:
    """Codes of monomials that do not fit into 64 bits."""
    among = Monomials(40, 2)
    assert among.size == math.comb(42, 2)
    pair = among.products(np.array([1, 40]), np.array([1, 40]))
    made = among.exponents[np.repeat(pair.targets, np.diff(pair.starts))]
    assert np.array_equal(made, among.exponents[pair.left] + among.exponents[pair.right])
    assert len(made) == 4
    line = Monomials(1, 1000)
    assert line.size == 1001 and line.position((1000,)) == 1000


def test_monomials_that_there_are_not() -> None:
    for bad in ((0, 1), (1, -1)):
        with pytest.raises(ValueError, match="no polynomials"):
            Monomials(*bad)
    for limits in ((1,), (1, -1)):
        with pytest.raises(ValueError, match="one non-negative number for each of 2 variables"):
            Monomials(2, 3, limits)
    with pytest.raises(ValueError, match=f"more than {MOST_MONOMIALS} monomials; lower the order"):
        Monomials(20, 20)
    with pytest.raises(ValueError, match=f"more than {MOST_MONOMIALS} monomials.* lower limits"):
        Monomials(40, 40, (1,) * 40)
    for powers in ((1,), (1, 2, 3)):
        with pytest.raises(KeyError, match="one power for each of 2 variables"):
            Monomials(2, 3).position(powers)
    for powers in ((2, 2), (-1, 1), (1 << 40, 0)):
        with pytest.raises(KeyError, match="beyond the order 3"):
            Monomials(2, 3).position(powers)
    assert monomials(2, 3) is monomials(2, 3)


def supports_of(fun: Any, count: int, order: int) -> tuple[Program, Supports]:
    x = ty.variables(" ".join(f"x{i}" for i in range(count)))
    program = decompose([fun(*x)], {v: Input("jet", (i,)) for i, v in enumerate(x)}, order)
    among = monomials(count, order)
    units = np.eye(count, dtype=int)
    given = [
        (among.exponents == unit).all(axis=1) | (among.degrees == 0) for unit in units.tolist()
    ]
    return program, Supports(program, among, given)


def kept(fun: Any, count: int, order: int) -> list[tuple[int, ...]]:
    program, supports = supports_of(fun, count, order)
    positions = supports.positions(program.outputs[0][0])
    return [tuple(row) for row in supports.among.exponents[positions].tolist()]


def test_supports_are_what_functions_depend_on() -> None:
    """Never less than what there can be, and no monomials of variables that are not there."""
    squares = kept(lambda x, y, z: x**2 + y**2 + z**2, 3, 5)
    assert set(squares) == {(0, 0, 0)} | {
        tuple(k * e for e in unit) for unit in np.eye(3, dtype=int).tolist() for k in (1, 2)
    }
    powers = kept(lambda x, y: ty.exp(-(y**2)), 2, 6)
    assert powers == [(0, k) for k in range(7)]
    line = kept(lambda x, y: 3 * x - y, 2, 6)
    assert line == [(0, 0), (1, 0), (0, 1)]
    product_of_lines = kept(lambda x, y: (x + 1) * (y - 2), 2, 6)
    assert product_of_lines == [(0, 0), (1, 0), (0, 1), (1, 1)]
    everything = kept(lambda x, y: ty.sin(x * y), 2, 4)
    assert len(everything) == 15
    cube = kept(lambda x: x**3, 1, 9)
    assert cube == [(0,), (1,), (2,), (3,)]


def test_products_of_supports_are_counted() -> None:
    """`count` is the number of products, or for squares a little more."""
    program, supports = supports_of(
        lambda x, y, z: ty.exp(x * y) / (1 + z**2) + ty.sqrt(x * z + 2), 3, 5
    )
    seen = 0
    for row in program.rows:
        for c in convolutions_of(row.step.terms if row.step else ()):
            listed = supports.products(c)
            degrees, seen = supports.among.degrees, seen + 1
            assert (degrees[listed.left] >= c.first).all()
            assert (degrees[listed.right] >= c.last).all()
            assert supports.masks[c.a][listed.left].all()
            assert supports.masks[c.b][listed.right].all()
            if is_square(c):
                assert abs(supports.count(c) - len(listed.left)) <= supports.among.size
                assert (listed.left <= listed.right).all()
            else:
                assert supports.count(c) == len(listed.left)
    assert seen > 3
