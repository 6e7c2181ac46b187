"""Solutions with derivatives as machine code with memory of its own: the bits that steps give."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.solutions import straight
from taylor.solutions.straight import StraightMap

X, V = ty.variables("x v")
K, C = ty.parameters("k c")
NUMBERS = {X: 0.3, V: 0.1, K: 9.0, C: 0.2, ty.time: 0.25}


def driven(**options: Any) -> ty.Integrator:
    slopes = [(X, V), (V, -K * ty.sin(X) + C * ty.cos(ty.time))]
    values = {K: 9.8, C: 0.1}
    return ty.Integrator(slopes, [0.05, 0.025], parameters=values, time=0.5, **options)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each solution with derivatives, whether machine code came to its end."""
    found: list[bool] = []
    made = straight.solve_function

    def noted(*arguments: Any) -> Any:
        solved = made(*arguments)

        def run(numbers: np.ndarray) -> Any:
            result = solved(numbers)
            found.append(result is not None)
            return result

        return run

    monkeypatch.setattr(straight, "solve_function", noted)
    return found


@pytest.mark.parametrize("inputs", [[X, V, K], [K], [V], [K, C, X], [C, ty.time]])
@pytest.mark.parametrize("until", [4.0, None, -3.0])
def test_the_same_bits(inputs: list[Any], until: float | None, quick: list[bool]) -> None:
    solution = driven().as_function(inputs=inputs, outputs=[X, V], until=until)
    given = [NUMBERS[e] for e in inputs] + ([4.0] if until is None else [])
    found = [solution.vjp(given, (1.0, 0.5)) for _ in range(straight.SEVERAL + 2)]
    first, *others = [np.array([*value, *slopes]) for value, slopes in found]
    for other in others:
        np.testing.assert_array_equal(first, other)
    displaced = any(e is ty.time for e in inputs)  # which has to be looked at in the end
    assert all(quick) and bool(quick) is not displaced


@pytest.mark.parametrize("tol", [1e-9, [1e-9, 1e-12]])
def test_tolerances(tol: Any, quick: list[bool]) -> None:
    options: dict[str, Any] = {"tol": tol} if isinstance(tol, float) else {"rtol": tol}
    solution = driven(**options).as_function([X, K], X, until=2.0)
    found = [solution.vjp((0.3, 9.0), 1.0) for _ in range(straight.SEVERAL + 2)]
    assert quick and all(quick)
    assert all(one == found[0] for one in found)


def test_closed_form(quick: list[bool]) -> None:
    decay = ty.Integrator([(X, -K * X)], [1.0], parameters={K: 1.0})
    solution = decay.as_function([X, K], X, until=1.5)
    for x, k in np.random.default_rng(8).uniform(0.5, 2.0, (20, 2)).tolist():
        value, (by_x, by_k) = solution.vjp((x, k), 1.0)
        exact = np.exp(-1.5 * k)
        np.testing.assert_allclose([value, by_x, by_k], [x * exact, exact, -1.5 * x * exact], 1e-14)
    assert len(quick) >= 15 and all(quick)


def test_what_does_not_come_to_its_end(quick: list[bool]) -> None:
    """x' = x^2 runs off at t = 1 / x0; Python says so, whoever was asked first."""
    slope = ty.grad(ty.Integrator([(X, X * X)], [1.0]).as_function([X], X, until=1.0))
    for _ in range(straight.SEVERAL + 2):
        assert slope(0.5) == pytest.approx(4.0, rel=1e-13)
    assert quick and all(quick)
    for wrong in (2.0, np.nan):
        with pytest.raises(ty.TaylorError):
            slope(wrong)
        assert not quick[-1]
    assert slope(0.5) == pytest.approx(4.0, rel=1e-13)
    assert quick[-1]


def test_many_threads(quick: list[bool]) -> None:
    solution = driven().as_function([X, K], [X, V], until=3.0)
    given = np.random.default_rng(9).uniform(0.5, 2.0, (64, 2)).tolist()

    def slopes(one: list[float]) -> Any:
        return solution.vjp(tuple(one), (1.0, 1.0))[1]

    alone = [slopes(one) for one in given]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(slopes, given)) == alone
    assert all(quick)


def test_large_ones_are_left_to_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where steps take most of the time, memory for a call would be long to make."""
    count = 120
    u = ty.variable("u", shape=(count,))
    heat = ty.Integrator(
        [(u, K * (np.roll(u, 1) - 2 * u + np.roll(u, -1)))], np.ones(count), parameters={K: 0.1}
    )
    made: list[Any] = []
    written = StraightMap._written

    def noted(self: StraightMap) -> Any:
        made.append(written(self))
        return made[-1]

    monkeypatch.setattr(StraightMap, "_written", noted)
    solution = heat.as_function([K], u, until=1.0)
    for _ in range(straight.SEVERAL + 1):
        solution.jvp((0.1,), (1.0,))
    assert all(one is None for one in made)
