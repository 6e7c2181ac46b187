"""Stiffness is said within a few hundred steps where it is, and nowhere else."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import taylor as ty
from taylor.integrator.stiffness import fastest_mode

Side = Callable[[Any, Any, Any], list[Any]]
WITHIN = 500  # steps
SMALL = {"tol": 1e-6}
SINGLE = {"precision": "float32"}  # where steps are rounded to what its time can tell apart


def relaxation(rate: float) -> Side:
    return lambda t, y, p: [-rate * (y[0] - np.cos(t))]


def prothero_robinson(rate: float) -> Side:
    return lambda t, y, p: [-rate * (y[0] - np.sin(t + 0.5)) + np.cos(t + 0.5)]


def van_der_pol(mu: float) -> Side:
    return lambda t, y, p: [y[1], mu * (1 - y[0] * y[0]) * y[1] - y[0]]


def robertson(t: Any, y: Any, p: Any) -> list[Any]:
    slow, fast, square = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] * y[1]
    return [fast - slow, slow - fast - square, square]


def heat(points: int) -> Side:
    """u_t = u_xx on (0, 1), zero at both ends."""

    def side(t: Any, y: Any, p: Any) -> list[Any]:
        u = [0.0, *(y[i] for i in range(points)), 0.0]
        h = 1.0 / (points + 1)
        return [(u[i - 1] - 2 * u[i] + u[i + 1]) / (h * h) for i in range(1, points + 1)]

    return side


def bump(points: int) -> list[float]:
    return [math.sin(math.pi * i / (points + 1)) for i in range(1, points + 1)]


STIFF: dict[str, tuple[Side, list[float], float]] = {
    "relaxation": (relaxation(1e6), [1.0], 10.0),
    "relaxation from afar": (relaxation(1e4), [7.0], 10.0),
    "Prothero-Robinson": (prothero_robinson(1e6), [0.0], 10.0),
    "van der Pol": (van_der_pol(1000.0), [2.0, 0.0], 500.0),
    "Robertson": (robertson, [1.0, 0.0, 0.0], 400.0),
    "heat": (heat(64), bump(64), 1.0),
    "at rest but for rounding": (lambda t, y, p: [1 / 3 - y[0], y[0] - y[1] * np.pi], [0, 0], 1e5),
}


@pytest.mark.parametrize("name", STIFF)
@pytest.mark.parametrize(
    "options", [{}, {"tol": 1e-9}, SMALL, {"rtol": 1e-10, "atol": 1e-12}, SINGLE], ids=str
)
def test_stiff_problems_say_so_soon(name: str, options: dict[str, Any]) -> None:
    side, state, end = STIFF[name]
    ta = ty.Integrator(side, [float(x) for x in state], **options)
    hidden = {"Prothero-Robinson"} if options == SINGLE else {}
    hidden = {"at rest but for rounding", "Prothero-Robinson"} if not options else hidden
    if name in hidden:
        pytest.skip("the fast mode is not even as large as a rounding error, and bounds no step")
    with pytest.warns(ty.StiffnessWarning, match="limited by stability"):
        outcome = ta.propagate_until(end, callback=lambda now: now._watch.stiff)
    assert outcome.stiff and outcome.status is ty.Status.STOPPED
    assert outcome.steps <= WITHIN
    with pytest.warns(ty.StiffnessWarning):
        whole = ty.Integrator(side, [float(x) for x in state], **options)
        assert whole.propagate_until(end, max_steps=WITHIN).stiff
    if options == SMALL:  # and an implicit method indeed takes far fewer steps
        implicit = solve_ivp(
            lambda t, y: side(t, y, None), (0.0, end), state, method="Radau", rtol=1e-6, atol=1e-9
        )
        needed = end / (ta.time / outcome.steps)
        assert implicit.success and 5 * len(implicit.t) < needed


def test_random_modes_that_oscillate(scale: int) -> None:
    """Eigenvalues -a +- i w beside a slow solution, driven or not."""
    x, v, y = ty.variables("x v y")
    a, w, drive = ty.parameters("a w drive")
    wave = drive * np.cos(ty.time)
    system = [(x, -a * (x - wave) - w * v), (v, w * (x - wave) - a * v), (y, -y)]
    for options in ({}, {"tol": 1e-9}):
        ta = ty.Integrator(system, [1.0, 0.0, 1.0], parameters={a: 1, w: 1, drive: 0}, **options)
        for case in range(15 * scale):
            rng = np.random.default_rng(case)
            rate = 10.0 ** rng.uniform(4, 7)
            ratio = 10.0 ** rng.uniform(-2, 0.7)
            ta.parameters = {"a": rate, "w": rate * ratio, "drive": rng.choice([0.0, 1.0])}
            ta.state, ta.time = [1.0, 0.0, 1.0], 0.0
            ta._watch.warned = True
            assert ta.propagate_until(5.0, max_steps=700).stiff, case


def test_a_large_stiff_system() -> None:
    with pytest.warns(ty.StiffnessWarning):
        outcome = ty.Integrator(heat(256), bump(256)).propagate_until(1.0, max_steps=WITHIN)
    assert outcome.stiff


def test_stiffness_that_begins_on_the_way() -> None:
    """A pendulum that swings a thousand steps before its second equation becomes fast."""
    x, v, y = ty.variables("x v y")
    rate = 1e5 * (1 + ty.tanh(4 * (ty.time - 1000))) + 1e-3
    ta = ty.Integrator([(x, v), (v, -ty.sin(x)), (y, rate * (x - y))], [1.0, 0.0, 1.0])
    with pytest.warns(ty.StiffnessWarning):
        outcome = ta.propagate_until(1100.0, callback=lambda now: now._watch.stiff)
    assert 990 < outcome.time < 1010


def test_random_stiff_linear_systems(scale: int) -> None:
    """A slow oscillator drives components that relax at random rates, mixed by a rotation."""
    n = 4
    entries = [[ty.parameter(f"a{i}{j}") for j in range(n)] for i in range(n)]
    states = ty.variables("p q r s")
    system = [
        (x, sum(a * y for a, y in zip(row, states, strict=True)))
        for x, row in zip(states, entries, strict=True)
    ]
    names = [a for row in entries for a in row]
    ta = ty.Integrator(system, [0.0] * n, parameters=dict.fromkeys(names, 0.0), tol=1e-12)
    for i in range(30 * scale):
        rng = np.random.default_rng(i)
        rotation, _ = np.linalg.qr(rng.normal(size=(n, n)))
        rates = np.exp(rng.uniform(math.log(200), math.log(1e6), 2))
        stiff = i % 2 == 0
        inner = np.diag([0.0, 0.0, *(-rates if stiff else -rng.random(2))])
        inner[0, 1], inner[1, 0] = 1.0, -1.0
        matrix = rotation @ inner @ rotation.T
        ta = ty.Integrator.__copy__(ta)
        ta.state[:], ta.time = rotation @ np.array([1.0, 0.0, 1.0, 1.0]), 0.0
        for name, value in zip(names, matrix.ravel(), strict=True):
            ta.parameters[name] = value
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            outcome = ta.propagate_until(1e5, max_steps=1000)
        assert outcome.stiff == stiff, (i, rates, outcome)


def kepler(t: Any, y: Any, p: Any) -> list[Any]:
    cube = np.hypot(y[0], y[1]) ** 3
    return [y[2], y[3], -y[0] / cube, -y[1] / cube]


def ellipse(e: float) -> list[float]:
    return [1 - e, 0.0, 0.0, math.sqrt((1 + e) / (1 - e))]


def arenstorf(t: Any, y: Any, p: Any) -> list[Any]:
    m = 0.012277471
    near, far = (np.hypot(y[0] + m, y[1]) ** 3, np.hypot(y[0] - 1 + m, y[1]) ** 3)
    return [
        y[2],
        y[3],
        y[0] + 2 * y[3] - (1 - m) * (y[0] + m) / near - m * (y[0] - 1 + m) / far,
        y[1] - 2 * y[2] - (1 - m) * y[1] / near - m * y[1] / far,
    ]


def two_springs(t: Any, y: Any, p: Any) -> list[Any]:
    """Both are resolved, however small the fast one's amplitude (but above the tolerance)."""
    return [y[1], -1e8 * y[0], y[3], -y[2]]


NOT_STIFF: dict[str, tuple[Side, list[float], float]] = {
    "pendulum": (lambda t, y, p: [y[1], -np.sin(y[0])], [1, 0], 0),
    "Kepler": (kepler, ellipse(0.0), 0),
    "Kepler, e = 0.99": (kepler, ellipse(0.99), 0),
    "Lorenz": (
        lambda t, y, p: [
            10 * (y[1] - y[0]),
            y[0] * (28 - y[2]) - y[1],
            y[0] * y[1] - 8 / 3 * y[2],
        ],
        [1, 1, 1],
        0,
    ),
    "Arenstorf": (arenstorf, [0.994, 0, 0, -2.0015851063790825], 0),
    "fast and slow": (two_springs, [1, 0, 1, 0], 0),
    "small and fast": (two_springs, [1e-5, 0, 1, 0], 0),
    "decay": (lambda t, y, p: [-y[0], -3 * y[1]], [1, 1], 0),
    "Brusselator": (
        lambda t, y, p: [1 + y[0] ** 2 * y[1] - 4 * y[0], 3 * y[0] - y[0] ** 2 * y[1]],
        [1.5, 3],
        0,
    ),
    "van der Pol": (van_der_pol(1.0), [2, 0], 0),
    "Duffing": (
        lambda t, y, p: [y[1], y[0] - y[0] ** 3 - 0.3 * y[1] + 0.5 * np.cos(1.2 * t)],
        [1, 0],
        0,
    ),
    "tail of a bell": (lambda t, y, p: [np.exp(-t * t), np.cos(t)], [0, 0], -30),
}


@pytest.mark.parametrize("name", NOT_STIFF)
@pytest.mark.parametrize("options", [{}, {"tol": 1e-9}, {"tol": 1e-7}, SINGLE], ids=str)
def test_other_problems_do_not_say_so(name: str, options: dict[str, Any]) -> None:
    side, state, start = NOT_STIFF[name]
    ta = ty.Integrator(side, [float(x) for x in state], time=float(start), **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for end in (1e3, 1e6):
            outcome = ta.propagate_until(end, max_steps=20_000)
    assert not outcome.stiff


def test_planets_on_circles() -> None:
    """The Sun and its four giants, in astronomical units, years and solar masses."""
    masses = [1.0, 9.5e-4, 2.9e-4, 4.4e-5, 5.2e-5]
    model = ty.models.n_body(masses, G=4 * math.pi**2)
    state = np.zeros((5, 6))
    for i, radius in enumerate((5.2, 9.6, 19.2, 30.1), start=1):
        speed = 2 * math.pi / math.sqrt(radius)
        state[i] = [radius * math.cos(i), radius * math.sin(i), 0.01 * radius, 0, 0, 0]
        state[i, 3:5] = -speed * math.sin(i), speed * math.cos(i)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outcome = ty.Integrator(model.system, state.ravel()).propagate_until(1e4)
    assert outcome.success and not outcome.stiff


def test_what_the_last_terms_are_made_of() -> None:
    n = np.arange(21)
    factorial = np.array([math.factorial(k) for k in n], dtype=float)
    ratio, size = fastest_mode(1e-16 * 8.0**n / factorial + 1e-2**n)
    assert (20 * ratio, size) == (pytest.approx(8.0, rel=1e-6), pytest.approx(1e-16, rel=1e-5))
    even = np.where(n % 2, 0.0, 9.0**n / factorial)
    assert 20 * fastest_mode(even)[0] == pytest.approx(9.0)
    assert fastest_mode(0.135**n)[0] < 0.15
    assert fastest_mode(0.0 * n) == (0.0, 0.0)
