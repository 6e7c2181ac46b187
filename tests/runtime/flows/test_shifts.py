"""How products of polynomials are cut: against products of all pairs of monomials, exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from taylor_runtime.flows.shifts import Shifts, groups
from taylor_runtime.program.monomials import Monomials
from taylor_runtime.program.widths import REGISTER, padded

SPACES = [
    (1, 1, ()),
    (1, 7, ()),
    (2, 2, ()),
    (2, 4, ()),
    (3, 3, ()),
    (4, 1, ()),
    (4, 4, ()),
    (6, 2, ()),
    (9, 2, ()),
    (40, 1, ()),
    (3, 4, (4, 1, 2)),
    (4, 3, (1, 1, 1, 1)),
    (2, 5, (0, 5)),
]


def _numbers(size: int, seed: int) -> list[Fraction]:
    random = np.random.default_rng(seed)
    return [Fraction(int(n), 7) for n in random.integers(-50, 50, size)]


def _product(among: Monomials, a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
    everyone = np.arange(among.size)
    targets = among.multiply(everyone, everyone).reshape(among.size, among.size)
    result = [Fraction(0)] * among.size
    for i in range(among.size):
        for k in range(among.size):
            if targets[i, k] >= 0:
                result[targets[i, k]] += a[i] * b[k]
    return result


def _by_plan(shifts: Shifts, a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
    """What the plan says, lane by lane."""
    size = padded(shifts.among.size)
    a, b = ([*x, *[Fraction(0)] * (size - len(x))] for x in (a, b))
    sums = []
    for one in shifts.sums:
        piece, s = one.piece, one.monomial
        lanes = range(piece.start, piece.start + max(piece.lanes, 1))
        assert lanes.stop <= size
        found = [a[s] * b[m] + (b[s] * a[m] if one.both else 0) for m in lanes]
        sums.append([x / 2 if k < one.halved else x for k, x in enumerate(found)])
    joined = []
    for group in shifts.joins:
        lanes = [x for k in group for x in sums[k]]
        joined.append(lanes + [Fraction(10**9)] * (REGISTER - len(lanes)))
    result: list[Fraction] = []
    for k, (piece, moves) in enumerate(zip(shifts.pieces, shifts.moves, strict=True)):
        assert piece.start == len(result)
        here = list(sums[k])
        for move in moves:
            source = [x for vector in move.vectors for x in joined[vector]]
            moved = [source[lane] if lane >= 0 else 0 for lane in move.lanes]
            here = [x + y for x, y in zip(here, moved, strict=True)]
        result += here
    return result


@pytest.mark.parametrize("space", SPACES)
def test_the_plan_makes_every_product_once(space: tuple[int, int, tuple[int, ...]]) -> None:
    among = Monomials(*space)
    shifts = Shifts(among)
    a, b = _numbers(among.size, 1), _numbers(among.size, 2)
    assert _by_plan(shifts, a, b)[: among.size] == _product(among, a, b)


@pytest.mark.parametrize("space", SPACES)
def test_lanes_behind_the_last_monomial_stay_zero(space: tuple[int, int, tuple[int, ...]]) -> None:
    among = Monomials(*space)
    shifts = Shifts(among)
    result = _by_plan(shifts, _numbers(among.size, 3), _numbers(among.size, 4))
    assert not any(result[among.size :])


def test_groups_hold_all_in_order_and_no_more_than_fits() -> None:
    random = np.random.default_rng(5)
    for _ in range(50):
        sizes = random.integers(1, 30, random.integers(1, 20)).tolist()
        found = groups(sizes, 20)
        assert [k for group in found for k in group] == list(range(len(sizes)))
        assert all(sum(sizes[k] for k in group) <= 20 or len(group) == 1 for group in found)
