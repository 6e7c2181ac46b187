"""Maps of flows against closed forms: all kinds of rows, orders, limits, precisions, renderings."""

from __future__ import annotations

import math
from collections.abc import Sequence

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor_runtime.callables.stepper import Stepper
from taylor_runtime.engine import cache
from taylor_runtime.flows import emitter
from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.program.monomials import Monomials
from tests.flow_maps import SCALARS, Mixed, built, run

TIME = 0.4


def _close(found: np.ndarray, right: np.ndarray, tolerance: float) -> None:
    assert np.abs(found - right).max() <= tolerance * max(1.0, np.abs(right).max())


def _is_written(stepper: Stepper) -> bool:
    assert isinstance(stepper.program, FlowProgram)
    return emitter.is_written(stepper.program)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("name", [one.name for one in SCALARS])
def test_one_state(name: str, order: int) -> None:
    mixed = Mixed.of([name], 0)
    among = Monomials(1, order)
    stepper = built(mixed.system(), among)
    _close(run(stepper, among, mixed.start(), TIME), mixed.map(among, TIME), 1e-13)


@pytest.mark.parametrize(
    ("names", "order", "limits"),
    [
        (("square", "square", "power"), 1, ()),
        (("square", "exp", "root", "sin"), 1, ()),
        (("square", "square", "square", "power", "power", "time"), 1, ()),
        (("square", "time"), 2, ()),
        (("power", "sin", "exp"), 2, ()),
        (("square", "root", "power", "drift"), 2, ()),
        (("square", "power", "power", "rest", "exp", "time"), 2, ()),
        (("square", "power", "time"), 3, ()),
        (("square", "power", "power", "exp"), 4, ()),
        (("root", "power", "exp", "sin"), 3, (3, 1, 2, 1)),
        (("square", "power"), 5, (2, 5)),
        (("square",) * 9, 1, ()),
        (("power",) * 9, 2, ()),
    ],
)
def test_mixed_states(names: Sequence[str], order: int, limits: tuple[int, ...]) -> None:
    mixed = Mixed.of(names, order)
    among = Monomials(len(names), order, limits)
    stepper = built(mixed.system(), among)
    _close(run(stepper, among, mixed.start(), TIME), mixed.map(among, TIME), 1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_both_renderings_agree(monkeypatch: pytest.MonkeyPatch, order: int) -> None:
    mixed = Mixed.of(("square", "power", "exp"), 7)
    among = Monomials(3, order)
    right = mixed.map(among, TIME)
    for text, written in ((0, False), (10**6, True)):
        monkeypatch.setattr(emitter, "MOST_TEXT", text)
        monkeypatch.setattr(emitter, "MOST_WRITTEN", text)
        with cache.disabled():
            stepper = built(mixed.system(), among)
        assert _is_written(stepper) == written
        _close(run(stepper, among, mixed.start(), TIME), right, 1e-12)


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 2e-5), ("double-double", 1e-15)])
@pytest.mark.parametrize(("count", "order"), [(4, 1), (3, 2), (3, 4)])
def test_precisions(precision: str, tolerance: float, count: int, order: int) -> None:
    mixed = Mixed.of(("square", "power", "exp", "time")[:count], 3)
    among = Monomials(count, order)
    stepper = built(mixed.system(), among, precision, 10 if precision == "float32" else 20)
    _close(run(stepper, among, mixed.start(), TIME), mixed.map(among, TIME), tolerance)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_parameters_vary(order: int) -> None:
    """x' = k x: x0 exp(k t)."""
    x, k = ty.variable("x"), ty.parameter("k")
    among = Monomials(2, order)
    found = run(built([(x, k * x)], among), among, [1.3], TIME, [0.7])
    right = np.zeros((1, among.size))
    for position, (of_x, of_k) in enumerate(among.exponents.tolist()):
        if of_x <= 1:
            value = 1.3 * (of_x == 0) + (of_x == 1)
            right[0, position] = value * math.exp(0.7 * TIME) * TIME**of_k / math.factorial(of_k)
    _close(found, right, 1e-14)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_few_states_are_varied(order: int) -> None:
    """Displacements of the second of two states alone: y' = x y, x' = x**2, y = y0 / (1 - x0 t)."""
    x, y = ty.variable("x"), ty.variable("y")
    among = Monomials(1, order)
    stepper = built([(x, x**2), (y, x * y)], among)
    found = run(stepper, among, [0.7, 1.5], TIME, varied=[1])
    right = np.zeros((2, among.size))
    right[:, 0] = np.array([0.7, 1.5]) / (1 - 0.7 * TIME)
    right[1, 1] = 1 / (1 - 0.7 * TIME)
    _close(found, right, 1e-14)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_kepler_conserves_energy_and_momentum_as_polynomials(order: int) -> None:
    """Energy and angular momentum of the map are those of the start, all monomials."""
    x, y, u, v = (ty.variable(name) for name in "xyuv")
    pull = (x**2 + y**2) ** -1.5
    system = [(x, u), (y, v), (u, -x * pull), (v, -y * pull)]
    among = Monomials(4, order)
    start = np.random.default_rng(order).uniform(0.8, 1.2, 4) * np.array([1, 0.1, 0.1, 1])
    found = run(built(system, among), among, start.tolist(), 1.0)
    initial = np.zeros((4, among.size))
    initial[:, 0] = start
    initial[range(4), range(1, 5)] = 1
    for invariant in (_momentum, _energy):
        before, after = invariant(among, initial), invariant(among, found)
        _close(after, before, 1e-11)


def _times(among: Monomials, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    everyone = np.arange(among.size)
    targets = among.multiply(everyone, everyone)
    kept = targets >= 0
    result = np.zeros(among.size)
    np.add.at(result, targets[kept], np.outer(a, b).ravel()[kept])
    return result


def _momentum(among: Monomials, state: np.ndarray) -> np.ndarray:
    x, y, u, v = state
    return _times(among, x, v) - _times(among, y, u)


def _energy(among: Monomials, state: np.ndarray) -> np.ndarray:
    x, y, u, v = state
    square = _times(among, x, x) + _times(among, y, y)
    rest = square.copy()
    rest[0] = 0
    series = [float(c) for c in mpmath.taylor(lambda s: s**-0.5, square[0], among.order)]
    inverse, power = np.zeros(among.size), np.eye(1, among.size)[0]
    for coefficient in series:
        inverse += coefficient * power
        power = _times(among, power, rest)
    return (_times(among, u, u) + _times(among, v, v)) / 2 - inverse
