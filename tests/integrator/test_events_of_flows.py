"""Events of solutions with derivatives by many parameters, in all kinds of numbers."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

x, v = ty.variables("x v")
k, c, d = (ty.parameter(name) for name in "kcd")
VALUES = {k: "9.8", c: "0.8", d: "0.3"}
EPSILONS = {"float32": 2.0**-23, "float64": 2.0**-52, "double-double": 2.0**-104}
FALL = [(x, v), (v, -k)]


def as_mpf(value: Any) -> mpmath.mpf:
    """The exact sum of the parts of a number."""
    return mpmath.fsum(mpmath.mpf(float(part)) for part in np.ravel(value))


@pytest.mark.parametrize("precision", EPSILONS)
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("wrt", ["k", "xvk", "xkdc", "xvkc", "xvkcd"])
def test_times_are_those_without_derivatives(wrt: str, order: int, precision: str) -> None:
    """Polynomials of parameters stand behind these; in two parts, each in a place of its own."""
    displaced = [{"x": x, "v": v, "k": k, "c": c, "d": d}[name] for name in wrt]
    system = [(x, v), (v, -k * ty.sin(x) + c - d)]
    surfaces = [ty.time * d - c / 8, ty.time - k / 64, ty.time - d / 2]
    ta = ty.Integrator(
        ty.variational(system, order=order, wrt=displaced),
        [0.5, 0.125],
        parameters=VALUES,
        precision=precision,
        events=[ty.Event(g) for g in surfaces],
    )
    found = ta.propagate_until(1.0).events
    epsilon = EPSILONS[precision]
    with mpmath.workdps(40):
        given = {e.payload: mpmath.mpf(text) for e, text in VALUES.items()}
        exact = given["c"] / given["d"] / 8, given["k"] / 64, given["d"] / 2
        for event, wanted in zip(found, exact, strict=True):
            assert len(event.times) == 1
            assert abs(as_mpf(event.times[0]) - wanted) < 8 * epsilon * wanted


@pytest.mark.parametrize("precision", EPSILONS)
def test_derivatives_by_parameters_through_a_reset(precision: str) -> None:
    """A ball from the height x with k the weight that bounces once with restitution c."""
    ta = ty.Integrator(
        FALL,
        [1.0, 0.0],
        parameters={k: 2.0, c: 0.5},
        precision=precision,
        events=[ty.Event(x, direction=-1, reset={v: -c * v})],
    )
    end = ta.as_function(inputs=[x, k, c], outputs=[x], until=1.5)
    found = ty.grad(lambda *at: end(*at)[0], argnums=(0, 1, 2), precision=precision)(1.0, 2.0, 0.5)
    curve = ty.jet(lambda c: end(1.0, 2.0, c)[0], 0.5, order=2, precision=precision)

    def exact(height: Any, weight: Any, restitution: Any) -> Any:
        down = mpmath.sqrt(2 * height / weight)
        up = 1.5 - down
        return restitution * weight * down * up - weight * up**2 / 2

    with mpmath.workdps(50):
        epsilon = EPSILONS[precision]
        for number, slope in enumerate(found):
            places = [int(number == other) for other in range(3)]
            wanted = mpmath.diff(exact, (1, 2, mpmath.mpf("0.5")), tuple(places))
            assert abs(as_mpf(slope) - wanted) < 64 * epsilon
        assert abs(as_mpf(curve[1]) - mpmath.mpf(1)) < 64 * epsilon  # down = 1, up = 1/2, k = 2
        assert abs(as_mpf(curve[2])) < 64 * epsilon


@pytest.mark.parametrize("precision", EPSILONS)
def test_switches_of_parameters_that_vary(precision: str) -> None:
    """x' = 1, then 2 from t = c on, with all of 33 numbers behind the three parameters."""
    system = [(x, ty.where(ty.time < c, 1, 2)), (v, -k * d * v)]
    ta = ty.Integrator(
        ty.variational(system, order=2, wrt=[x, v, k, c]),
        [0.0, 0.0],
        parameters=VALUES,
        precision=precision,
    )
    assert ta.propagate_until(2.0).status is ty.Status.REACHED
    epsilon = EPSILONS[precision]
    with mpmath.workdps(40):
        assert abs(as_mpf(ta.state[0]) - (4 - mpmath.mpf("0.8"))) < 16 * epsilon
    matrix = np.asarray(ta.state_transition_matrix).reshape(2, 4, -1)[..., 0]
    np.testing.assert_allclose(matrix[0], [1, 0, 0, -1], atol=16 * max(epsilon, 1e-16))
