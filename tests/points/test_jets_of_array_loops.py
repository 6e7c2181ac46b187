"""Taylor coefficients through loops and branches of arrays: against mpmath, and spelled out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp

import taylor as ty
from taylor.points import array_jets
from taylor.recurrences import arrays

W = np.random.default_rng(0).standard_normal((5, 5)) / 3
POINT, DIRECTION = np.linspace(0.3, 1.1, 5), np.array([1, -0.5, 0.25, 2, 1.0])
ORDER = 8

CASES: dict[str, Callable[[Any], Any]] = {
    "until it is small": lambda x: ty.while_loop(
        lambda s: (s[0] * s[0]).sum() > 0.3, lambda s: (np.sin(W @ s[0]) * 0.9, s[1] + 1), (x, 0.0)
    )[0],
    "turns by values": lambda x: ty.fori_loop(0, x[0] * 7, lambda i, c: ty.cos(c + i) * x, x),
    "scan": lambda x: ty.scan(
        lambda c, w: (np.sin(W @ c) * w * x[0], c.sum() * x), x, np.array([1.0, -1, 2])
    )[1],
    "scan in reverse over states": lambda x: ty.scan(
        lambda c, a: (c * a + x[1], c / (1 + a * a)), x[0], x, reverse=True
    )[1],
    "branch": lambda x: ty.switch(
        x[1] * 3, [lambda c: c * c.sum(), lambda c: np.exp(c), lambda c: 1 / c], x
    ),
    "steady carries": lambda x: ty.fori_loop(
        0,
        4,
        lambda i, s: (s[0] * 0.5 + s[3][i], s[1] + s[0], s[2] * 2, s[3]),
        (x, np.zeros(5), 1.0, x * x),
    )[1],
    "nested": lambda x: ty.fori_loop(
        0,
        3,
        lambda i, c: ty.while_loop(lambda d: d.sum() > 1 + i, lambda d: np.sin(d) * 0.75, c + x),
        x,
    ),
}


def expanded(case: Callable[[Any], Any], precision: str = "float64") -> tuple[Any, int]:
    before = array_jets._compiled.cache_info().currsize
    found = ty.jet(case, POINT, ORDER, direction=DIRECTION, precision=precision)
    return found, array_jets._compiled.cache_info().currsize - before


@pytest.mark.parametrize("name", CASES)
def test_arrays_and_scalars_agree(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "FEWEST", -1)
    array_jets._compiled.cache_clear()
    found, compiled = expanded(CASES[name])
    assert compiled == 1
    twice, _ = expanded(CASES[name], "double-double")
    monkeypatch.setattr(arrays, "FEWEST", 10**9)
    right, compiled = expanded(CASES[name])
    assert compiled == 0 and found.shape == right.shape
    scale = np.abs(right).max()
    np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-14 * scale)
    np.testing.assert_allclose(twice[..., 0], right, rtol=1e-12, atol=1e-14 * scale)


def test_against_mpmath(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "FEWEST", -1)
    found, _ = expanded(CASES["until it is small"])

    def element(s: Any) -> Any:
        x = [mp.mpf(p) + s * mp.mpf(d) for p, d in zip(POINT, DIRECTION, strict=True)]
        w = mp.matrix(W.tolist())
        while sum(mp.re(c) ** 2 for c in x) > 0.3:
            x = [mp.sin(v) * mp.mpf(0.9) for v in w * mp.matrix(x)]
        return x[2]

    with mp.workdps(60):
        right = mpmath.taylor(element, mp.mpf(0), ORDER)
        scale = max(map(abs, right))
        for value, exact in zip(found[:, 2], right, strict=True):
            assert abs(value - exact) < 1e-14 * scale


def test_many_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each goes through turns of its own number."""
    monkeypatch.setattr(arrays, "FEWEST", -1)
    points = POINT[:, None] * np.linspace(0.2, 2, 7)
    directions = np.broadcast_to(DIRECTION[:, None], (5, 7))
    for name in ("until it is small", "nested"):
        found = ty.jet(CASES[name], points, ORDER, direction=directions)
        for k in range(7):
            right = ty.jet(CASES[name], points[:, k], ORDER, direction=DIRECTION)
            assert found[:, k].tolist() == right.tolist()
