"""`method=ty.scipy.Taylor`: what SciPy asks of a method beyond its own tests, and tracing."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

integrate = pytest.importorskip("scipy.integrate")
from scipy.linalg import expm  # noqa: E402 - after it is known to be there

FINE = {"rtol": 1e-12, "atol": 1e-12}
GLOBAL = [1.0]


def circle(t: float, y: np.ndarray) -> Any:
    return [y[1], -y[0]]


def solved(fun: Any, span: Any, y0: Any, **options: Any) -> Any:
    """By SciPy's loop, with our method."""
    return integrate.solve_ivp(fun, span, y0, method=ty.scipy.Taylor, **{**FINE, **options})


def through(fun: Any, span: Any, y0: Any, **options: Any) -> Any:
    """By ours."""
    return ty.scipy.solve_ivp(fun, span, y0, **{**FINE, **options})


both = pytest.mark.parametrize("solve", [solved, through])


def test_every_step_has_an_array_of_its_own() -> None:
    solver = ty.scipy.Taylor(circle, 0.0, [0.0, 1.0], 30.0, **FINE)
    seen, copies = [solver.y], [solver.y.copy()]
    while solver.status == "running":
        assert solver.step() is None
        assert abs(solver.t) <= 30.0 and solver.step_size > 0
        seen.append(solver.y)
        copies.append(solver.y.copy())
    assert solver.t == 30.0 and (solver.njev, solver.nlu) == (0, 0)
    assert solver.nfev == len(seen)  # one call with numbers, and an expansion a step
    assert all(a is not b for a, b in itertools.pairwise(seen))
    assert np.array_equal(seen, copies)
    assert np.abs(solver.y - [math.sin(30.0), math.cos(30.0)]).max() < 1e-12


@pytest.mark.parametrize("end", [1e-300, 0.1, 7.3, -7.3, 1e5 / 3])
def test_the_end_is_met_exactly(end: float) -> None:
    """From a large time too, where a step is not what it is rounded to."""
    for begin in (0.0, 1e9):
        solver = ty.scipy.Taylor(circle, begin, [0.0, 1.0], begin + end, max_step=abs(end) / 5)
        while solver.status == "running" and begin + end != begin:
            solver.step()
            assert (begin + end - solver.t) * end >= 0
        assert begin + end == begin or (solver.status, solver.t) == ("finished", begin + end)


def test_dense_output_is_of_the_step_alone_and_aliases_nothing() -> None:
    solver = ty.scipy.Taylor(circle, 0.0, [0.0, 1.0], 30.0, **FINE)
    solver.step()
    first, end = solver.dense_output(), solver.t
    before = first(end / 3)
    solver.step()
    assert np.array_equal(first(end / 3), before) and (first.t_min, first.t_max) == (0.0, end)
    times = np.linspace(0.0, end, 7)
    found = first(times)
    assert before.shape == (2,) and found.shape == (2, 7)
    assert np.abs(found - [np.sin(times), np.cos(times)]).max() < 1e-13
    found[:] = 0.0
    assert np.array_equal(first(end / 3), before)
    with pytest.raises(ValueError, match="1-D"):
        first(np.zeros((2, 2)))


@both
def test_tolerances_of_components(solve: Callable[..., Any]) -> None:
    """A large component that nobody cares for does not spoil a small one."""

    def two(t: float, y: np.ndarray) -> Any:
        return [-y[0], -2 * y[1]]

    y0 = [1.0, 1e-9]
    found = solve(two, (0, 3), y0, rtol=[1e-3, 1e-12], atol=[1e-3, 0.0])
    error = np.abs(found.y[:, -1] / (y0 * np.exp([-3.0, -6.0])) - 1)
    assert error[0] < 1e-2 and error[1] < 1e-11


def turned(z: Any) -> Any:
    held = np.empty(1, dtype=complex)
    held[0] = -z
    return held[0]


class Stored:
    """The same by methods."""

    def pair(self) -> np.ndarray:
        return np.zeros(2, dtype=complex)

    def rhs(self, unused: float, t: float, y: np.ndarray) -> Any:
        out = self.pair()
        out[:] = 1j * y[1], -1j * y[0]
        return out


@both
def test_complex_states(solve: Callable[..., Any]) -> None:
    """A matrix equation against the exponential, and one with every function that there is."""
    a = np.array([[-0.25 + 0.14j, 0, 0.33 + 0.44j], [0.25, -0.2j, 0], [0, 0.2 + 0.4j, -0.1]])
    y0 = np.array([1.0, 2.0j, 3.0 - 1.0j])
    found = solve(lambda t, y, s: s * (a @ y), (0, 5), y0, args=(0.5,), dense_output=True)
    assert np.abs(found.y[:, -1] - expm(2.5 * a) @ y0).max() < 1e-11
    assert found.sol(2.0).dtype == complex and found.sol([1.0, 2.0]).shape == (3, 2)
    assert np.abs(found.sol(2.0) - expm(a) @ y0).max() < 1e-11

    def many(t: float, y: np.ndarray) -> Any:
        z = np.exp(-1j * t) * y.conj() + np.abs(y) * y.real / (2 + y**2) - np.sqrt(3 + y[0])
        out = np.zeros_like(y)
        out[:] = np.sin(z) + np.log(4 + y) * np.cosh(y.imag) - np.tanh(y) / (3 + y) ** 1.5
        return out

    def stored(t: float, y: np.ndarray) -> Any:
        out, given = np.zeros(2, dtype=complex), np.array([y[1], 1j * y[0]], dtype=complex)
        out[0], out[1] = given[0] * 1j, turned(given[1])
        return out

    for fun in (stored, functools.partial(Stored().rhs, 0.0)):
        found = solve(fun, (0, 1), [1.0 + 0j, 0.0])
        assert np.abs(found.y[:, -1] - [math.cosh(1.0), -1j * math.sinh(1.0)]).max() < 1e-11

    y0 = np.array([0.2 + 0.1j, -0.3j])
    reference = integrate.solve_ivp(many, (0, 1), y0, "DOP853", **FINE)
    assert np.abs(solve(many, (0, 1), y0).y[:, -1] - reference.y[:, -1]).max() < 1e-10


def test_what_is_refused_of_complex_values() -> None:
    y0 = [1.0 + 0.0j]
    for fun in (
        lambda t, y: [y[0] if y[0] > 0 else -y[0]],
        lambda t, y: np.fft.fft(y),
        lambda t, y: ["y"],
    ):
        with pytest.raises(ty.TaylorError):
            through(fun, (0, 1), y0)
    with pytest.raises(ty.ArgumentTypeError, match="real"):
        through(lambda t, y: -y, (0, 1), y0, events=lambda t, y: y[0] - 0.5)
    found = through(lambda t, y: -1j * y, (0, 4), y0, events=lambda t, y: y[0].real)
    assert np.abs(found.t_events[0] - math.pi / 2).max() < 1e-12
    assert np.abs(found.y_events[0] - [[-1j]]).max() < 1e-12


class Oscillator:
    """A right-hand side that is a method, with another one, and one that is called."""

    def __init__(self, k: float) -> None:
        self.k = k

    def pull(self, x: Any) -> Any:
        force = np.zeros(1)
        force[0] = -self.k * x
        return force

    def rhs(self, t: float, y: np.ndarray) -> Any:
        out = np.empty(2)
        out[0], out[1:] = y[1], self.pull(y[0])
        return out

    __call__ = rhs


def halved(y: Any) -> Any:
    return math.exp(math.log(0.5)) * y


def filled(t: float, y: np.ndarray, k: float, which: str = "") -> Any:
    """As many write it: an array of zeros, functions of `math`, and helpers."""
    dydt = np.zeros(2)
    dydt[0] = max(y[1], -5.0) * math.cos(0.0)
    dydt[1] = -2 * k * halved(y[0])
    return np.array([dydt[0], dydt[1]], dtype=float)


@both
def test_ways_of_writing_a_right_hand_side(solve: Callable[..., Any]) -> None:
    wanted = [math.cos(6.0), -2 * math.sin(6.0)]
    for fun, args in (
        (lambda t, y, k: (y[1], -k * y[0]), (4.0,)),
        (lambda t, y, k: np.array([[0.0, 1.0], [-k["k"], 0.0]]) @ y, ({"k": 4.0},)),
        (lambda t, y, n: np.array([y[1], -(n[0] ** 2) * y[0]]), ([2],)),
        (lambda t, y, m: m @ y, (np.array([[0.0, 1.0], [-4.0, 0.0]]),)),
        (functools.partial(filled, which="x", k=4.0), ()),
        (filled, (4.0,)),
        (Oscillator(4.0), ()),
        (Oscillator(4.0).rhs, ()),
    ):
        found = solve(fun, (0, 3), [1.0, 0.0], args=args)
        assert np.abs(found.y[:, -1] - wanted).max() < 1e-10
        assert found.success and found.t[-1] == 3.0


@both
def test_vectorized_functions(solve: Callable[..., Any]) -> None:
    def fun(t: float, y: np.ndarray) -> np.ndarray:
        assert y.shape[0] == 2 and y.ndim == 2
        return np.vstack((y[1], -y[0]))

    found = solve(fun, (0, 3), [0.0, 1.0], vectorized=True)
    assert np.abs(found.y[:, -1] - [math.sin(3.0), math.cos(3.0)]).max() < 1e-11


@both
def test_systems_of_expressions(solve: Callable[..., Any]) -> None:
    x, v, k = *ty.variables("x v"), ty.parameter("k")
    system = [(x, v), (v, -k * x)]
    found = solve(system, (0, 3), [1.0, 0.0], parameters={k: 4.0})
    assert np.abs(found.y[:, -1] - [math.cos(6.0), -2 * math.sin(6.0)]).max() < 1e-10
    with pytest.raises(ty.TaylorError, match="no value for parameter 'k'"):
        solve(system, (0, 3), [1.0, 0.0])
    with pytest.raises(ty.ArgumentError, match="args"):
        solve(circle, (0, 3), [1.0, 0.0], parameters={"k": 1.0})
    with pytest.raises(ty.TaylorError, match="3 components"):
        solve(system, (0, 3), [1.0, 0.0, 0.0], parameters={k: 4.0})
    if solve is through:
        with pytest.raises(ty.ArgumentTypeError, match="parameters"):
            solve(system, (0, 3), [1.0, 0.0], args=(4.0,))


def test_numba_s_functions_are_traced_by_what_they_were() -> None:
    numba = pytest.importorskip("numba")
    fun = numba.njit(lambda t, y: np.array([y[1], -y[0]]))
    assert abs(through(fun, (0, 3), [0.0, 1.0]).y[0, -1] - math.sin(3.0)) < 1e-12


LONG = 150
WAVE = np.sin(np.arange(1, LONG + 1) * np.pi / (LONG + 1))  # of (1, -2, 1) an eigenvector
RATE = 2 - 2 * math.cos(np.pi / (LONG + 1))


def by_slices(t: float, y: np.ndarray, k: float) -> Any:
    d = -2 * y
    return k * (d + np.concatenate([y[1:], 0 * y[:1]]) + np.concatenate([0 * y[:1], y[:-1]]))


def by_filling(t: float, y: np.ndarray, k: float) -> Any:
    d = np.zeros(LONG)
    d[1:-1] = y[2:] - 2 * y[1:-1] + y[:-2]
    d[0], d[-1] = y[1] - 2 * y[0], y[-2] - 2 * y[-1]
    return k * d


def by_lists(t: float, y: np.ndarray, k: float) -> Any:
    y = [0.0, *y, 0.0]
    return [k * (y[i - 1] - 2 * y[i] + y[i + 1]) for i in range(1, LONG + 1)]


def by_columns(t: float, y: np.ndarray, k: float) -> Any:
    """Of columns (n, 1), as `vectorized` has them."""
    edge = np.zeros((1, y.shape[1]))
    return k * (np.vstack([y[1:], edge]) - 2 * y + np.vstack([edge, y[:-1]]))


@both
@pytest.mark.parametrize("fun", [by_slices, by_filling, by_lists, by_columns])
def test_many_states(solve: Callable[..., Any], fun: Any) -> None:
    """A chain of heat: a sine wave decays with the rate of its eigenvalue."""
    options = {"vectorized": True} if fun is by_columns else {}
    level = lambda t, y, k: y[LONG // 2] - WAVE[LONG // 2] / 2  # noqa: E731
    found = solve(fun, (0, 3e3), WAVE, args=(2.5,), events=level, **options)
    assert np.abs(found.y[:, -1] - WAVE * math.exp(-RATE * 2.5 * 3e3)).max() < 1e-10
    (half,) = found.t_events[0]
    assert half == pytest.approx(math.log(2) / (2.5 * RATE), rel=1e-9)


# -- what is compiled, and when ----------------------------------------------------------------


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each integrator that is compiled."""
    from taylor.bridges.scipy import integrators

    made: list[int] = []
    plain = integrators.Integrator

    def noted(*args: Any, **options: Any) -> Any:
        made.append(1)
        return plain(*args, **options)

    monkeypatch.setattr(integrators, "Integrator", noted)
    return made


@both
def test_other_numbers_compile_nothing(solve: Callable[..., Any], compiled: list[int]) -> None:
    for k in (1.0, 2.5, 4.0):
        for x in (1.0, 3.0):
            fun = lambda t, y, k, p: [p["a"] * y[1], -k * y[0]]  # noqa: E731 - made anew
            found = solve(fun, (0, x), [x, 0.0], args=(k, {"a": 1.0}))
            assert abs(found.y[0, -1] - x * math.cos(math.sqrt(k) * x)) < 1e-10
    assert len(compiled) <= 1  # none, if the other way has been gone before


@both
def test_what_changes_is_seen(solve: Callable[..., Any], compiled: list[int]) -> None:
    """Captured variables, globals, attributes, whole numbers and contents of arguments."""
    factor, box, own = 1.0, Oscillator(1.0), {"n": [1]}

    def fun(t: float, y: np.ndarray, given: Any) -> Any:
        return -y * factor * GLOBAL[0] * box.k ** given["n"][0]

    def value() -> float:
        return float(solve(fun, (0, 1), [1.0], args=(own,)).y[0, -1])

    assert abs(value() - math.exp(-1)) < 1e-11
    factor = 2.0
    assert abs(value() - math.exp(-2)) < 1e-11
    box.k = 3.0
    assert abs(value() - math.exp(-6)) < 1e-11
    own["n"][0] = 2
    assert abs(value() - math.exp(-18)) < 1e-11
    GLOBAL[0] = 0.5
    try:
        assert abs(value() - math.exp(-9)) < 1e-11
        assert len(compiled) == 5
        value()
        assert len(compiled) == 5
    finally:
        GLOBAL[0] = 1.0


@both
def test_arguments_that_decide_are_known(solve: Callable[..., Any], compiled: list[int]) -> None:
    """What no parameter can be: a count, a number that is not finite; compiled once for each."""

    def fun(t: float, y: np.ndarray, order: float, limit: float) -> Any:
        return sum(-y for _ in range(round(order))) if y.shape[0] < limit else y

    for _ in range(2):
        for order in (1.0, 3.0):
            found = solve(fun, (0, 1), [1.0], args=(order, np.inf))
            assert abs(found.y[0, -1] - math.exp(-order)) < 1e-11
    assert len(compiled) <= 2  # none, if the other way has been gone before


def test_arguments_of_which_nothing_is_known_are_compiled_each_time(compiled: list[int]) -> None:
    class Slots:
        __slots__ = ("k",)

    given = Slots()
    for k in (1.0, 2.0):
        given.k = k
        found = through(lambda t, y, g: -g.k * y, (0, 1), [1.0], args=(given,))
        assert abs(found.y[0, -1] - math.exp(-k)) < 1e-11
    assert len(compiled) == 2


# -- what cannot be traced, and failures -------------------------------------------------------


@both
def test_what_cannot_be_traced_is_said_with_a_remedy(solve: Callable[..., Any]) -> None:
    def collected(t: float, y: np.ndarray) -> Any:
        GLOBAL.append(float(y[0]))
        return y

    def outside(t: float, y: np.ndarray) -> Any:
        return integrate.quad(lambda s: s * y[0], 0, 1)[:1]

    for fun in (collected, outside):
        with pytest.raises(ty.TracingError) as caught:
            solve(fun, (0, 2), [0.0])
        told = str(caught.value) + " ".join(caught.value.__notes__)
        assert "np.where" in told and "'DOP853'" in told and fun.__name__ in told


@both
def test_a_trace_that_is_not_the_function_is_noticed(solve: Callable[..., Any]) -> None:
    def fun(t: float, y: np.ndarray) -> Any:
        return [y[0] if isinstance(t, float) else 2 * y[0]]

    with pytest.raises(ty.TracingError, match="is not what its trace is"):
        solve(fun, (0, 1), [1.0])


@both
def test_a_singularity_is_a_failure(solve: Callable[..., Any]) -> None:
    """y' = y^2 from 1 is 1 / (1 - t)."""
    found = solve(lambda t, y: y**2, (0, 2), [1.0])
    assert not found.success and found.status == -1 and found.message
    assert 0.9 < found.t[-1] < 1 + 1e-12 and found.y.shape == (1, len(found.t))
    inside = found.t < 0.99
    assert np.abs(found.y[0, inside] * (1 - found.t[inside]) - 1).max() < 1e-10


@both
def test_options(solve: Callable[..., Any]) -> None:
    found = solve(circle, (0, 10), [0.0, 1.0], max_step=0.5, first_step=0.01)
    assert found.t[1] == 0.01 and np.diff(found.t).max() <= 0.5
    found = solve(circle, (0, 10), [0.0, 1.0], order=30, high_accuracy=True)
    assert np.abs(found.y[:, -1] - [math.sin(10.0), math.cos(10.0)]).max() < 1e-12
    for wrong in (
        {"max_step": -1},
        {"first_step": -1.0},
        {"first_step": 11.0},
        {"rtol": [1e-3, 1e-3, 1e-3]},
        {"atol": [1e-3, 1e-3, 1e-3]},
        {"atol": -1.0},
        {"order": 1},
    ):
        with pytest.raises(ValueError):
            solve(circle, (0, 10), [0.0, 1.0], **wrong)
    with pytest.warns(UserWarning, match="no effect.*`jac`"):
        solve(circle, (0, 1), [0.0, 1.0], jac=None)
    with pytest.warns(UserWarning, match="too small"):
        solve(circle, (0, 1), [0.0, 1.0], rtol=1e-17)
