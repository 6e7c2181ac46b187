"""Sums of numbers side by side: which are together, and that each has its bits of before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.systems import parts
from taylor_runtime.callables import cost
from taylor_runtime.engine import cache
from taylor_runtime.linear import beside
from taylor_runtime.program.flow import LinearProgram
from taylor_runtime.program.program import Convolution

X, Y, U, V = ty.variables("x y u v")


def orbit() -> list[Any]:
    """The planar restricted three-body problem."""
    mu = 0.01
    heavy = (1 - mu) * ((X + mu) ** 2 + Y**2) ** -1.5
    light = mu * ((X - 1 + mu) ** 2 + Y**2) ** -1.5
    return [
        (X, U),
        (Y, V),
        (U, 2 * V + X - heavy * (X + mu) - light * (X - 1 + mu)),
        (V, -2 * U + Y - (heavy + light) * Y),
    ]


SYSTEMS: dict[str, tuple[list[Any], list[float]]] = {
    "orbit": (orbit(), [-0.8, 0.0, 0.0, -0.625]),
    "pendulum": ([(X, V), (V, -3 * ty.sin(X))], [0.5, 0.25]),
    "functions": (
        [
            (X, ty.where(Y > 0.5, ty.sqrt(1 + Y * Y), X * Y) + ty.cos(ty.time) * Y),
            (Y, -ty.atan(X) / (2 + Y * Y) + ty.tanh(X * Y) - X**2.5),
        ],
        [1.0, 0.5],
    ),
}


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linear equations, whatever they cost, of which none is kept."""
    monkeypatch.setattr(cost, "LINEAR", 1e300)
    monkeypatch.setattr(parts, "MOST_LINEAR", 10**6)
    monkeypatch.setattr(parts, "MOST_FLOWS", 0)
    monkeypatch.setattr(parts, "_flows", {})


def maps(name: str, precision: str) -> tuple[LinearProgram, list[np.ndarray]]:
    """The program, and maps at some times."""
    system, start = SYSTEMS[name]
    with cache.disabled():
        ta = ty.Integrator(ty.variational(system, 1), start, precision=precision)
    program = ta._machine.stepper.program
    assert isinstance(program, LinearProgram)
    found = []
    for end in (0.3, 1.0, -0.5):
        ta.propagate_until(end)
        found.append(ta.flow_map.coefficients)
    return program, found


@pytest.mark.usefixtures("anew")
@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_lanes_have_the_bits_of_numbers(
    name: str, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, found = maps(name, precision)
    assert program.beside
    monkeypatch.setattr(beside, "LANES", 1)
    alone, wanted = maps(name, precision)
    assert not alone.beside
    for ours, theirs in zip(found, wanted, strict=True):
        assert ours.dtype == theirs.dtype
        assert ours.tobytes() == theirs.tobytes()


@pytest.mark.usefixtures("anew")
def test_what_is_together() -> None:
    """Squares among themselves, others in groups of four, those that share a factor first."""
    program, _ = maps("orbit", "float64")
    groups = [one.convolutions for one in program.beside]
    assert sorted(map(len, groups)) == [2, 3, 4, 4]
    squares = [all(c.a == c.b for c in group) for group in groups]
    assert sum(squares) == 1
    for one in program.beside:
        for row, factors in ((one.a, [c.a for c in one.convolutions]),
                             (one.b, [c.b for c in one.convolutions])):  # fmt: skip
            gather = program.rows[row].gather
            sources = factors[:1] if gather is None else [source for source, _ in gather.sources]
            assert sources == (factors if gather else list(dict.fromkeys(factors)))


def test_sums_with_weights_stay_alone() -> None:
    """As do those of one convolution, and rows of derivatives."""
    one, other = Convolution(0, 1), Convolution(0, 2, weight=(1, 1))
    assert beside._groups([one]) == []
    assert beside._groups([one, Convolution(2, 1)]) == [[one, Convolution(2, 1)]]
    assert other.weight is not None
