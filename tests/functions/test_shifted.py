"""softmax, log_softmax and logsumexp: against mpmath, and in differential equations."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

import taylor as ty

RNG = np.random.default_rng(5)
MATRIX = RNG.normal(size=(4, 4))


def by_mpmath(x: list[mpmath.mpf]) -> list[mpmath.mpf]:
    weights = [mpmath.exp(e) for e in x]
    return [w / mpmath.fsum(weights) for w in weights]


@pytest.mark.parametrize("offset", [0.0, 700.0, -800.0])
def test_values_are_those_of_mpmath(offset: float) -> None:
    x = RNG.normal(size=(3, 5)) * 4 + offset
    with mpmath.workdps(40):
        wanted = [by_mpmath([mpmath.mpf(e) for e in row]) for row in x]
        logs = [[float(mpmath.log(e)) for e in row] for row in wanted]
        total = [
            float(mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(e)) for e in row))) for row in x
        ]
    e = ty.variable("x", shape=x.shape)
    functions = [ty.softmax(e, axis=1), ty.log_softmax(e, axis=1), ty.logsumexp(e, axis=1)]
    compiled = ty.compile(functions, [e])(x)
    numbers = ty.softmax(x, axis=1), ty.log_softmax(x, axis=1), ty.logsumexp(x, axis=1)
    for found in (compiled, numbers):
        for own, right in zip(found, (wanted, logs, total), strict=True):
            assert_allclose(
                own, np.array(right, float), rtol=4e-15, atol=2e-15 * max(1, abs(offset))
            )


def test_coefficients_are_those_of_mpmath() -> None:
    start, along = RNG.normal(size=4), RNG.normal(size=4)
    with mpmath.workdps(40):
        lines = [(mpmath.mpf(a), mpmath.mpf(b)) for a, b in zip(start, along, strict=True)]

        def one(k: int, t: mpmath.mpf) -> mpmath.mpf:
            return by_mpmath([a + b * t for a, b in lines])[k]

        wanted = [
            [float(c) for c in mpmath.taylor(lambda t, k=k: one(k, t), 0, 8)] for k in range(4)
        ]
    found = ty.jet(lambda x: ty.softmax(x), start, order=8, direction=along)
    assert_allclose(found, np.transpose(wanted), rtol=1e-13, atol=1e-15)


def plain(x: ty.Expression) -> ty.Expression:
    """Without anything taken away: what the shifted ones have to be equal to."""
    return np.exp(x) / np.sum(np.exp(x))


SHIFTED = {
    "softmax": ty.softmax,
    "log_softmax": lambda x: np.exp(ty.log_softmax(x)),
    "logsumexp": lambda x: np.exp(x - ty.logsumexp(x)),
    "logaddexp": lambda x: np.exp(x - np.logaddexp.reduce(x)),
}


@pytest.mark.parametrize("name", SHIFTED)
@pytest.mark.parametrize("scalars", [False, True], ids=["array", "scalars"])
def test_in_equations_the_shift_is_no_branch(name: str, scalars: bool) -> None:
    start = [0.9, 0.1, -0.4, 0.3]

    def solve(function: object) -> tuple[ty.Integrator, np.ndarray]:
        if scalars:
            y = ty.stack(ty.variables("a b c d"))
            slope = MATRIX @ function(3 * y) - y  # type: ignore[operator]
            system = [(y[k], slope[k]) for k in range(4)]
        else:
            y = ty.variable("y", shape=(4,))
            system = [(y, MATRIX @ function(3 * y) - y)]  # type: ignore[operator]
        ta = ty.Integrator(system, start)
        assert ta.propagate_until(6.0).status is ty.Status.REACHED
        return ta, ta.state

    ta, found = solve(SHIFTED[name])
    assert not ta.switches
    assert_allclose(found, solve(plain)[1], rtol=1e-12)


def test_derivatives_of_solutions_go_through() -> None:
    y = ty.variable("y", shape=(4,))
    k = ty.parameter("k")
    made = []
    for function in (ty.softmax, plain):
        system = [(y, MATRIX @ function(k * y) - y)]
        ta = ty.Integrator(system, [0.9, 0.1, -0.4, 0.3], parameters={k: 3.0})
        found = ty.gradient_through(ta, (y * y).sum(), until=2.0)
        made.append((found[k], np.array(found[y])))
    assert_allclose(made[0][0], made[1][0], rtol=1e-11)
    assert_allclose(made[0][1], made[1][1], rtol=1e-11)


def test_gradients_are_softmax() -> None:
    x = RNG.normal(size=6)
    assert_allclose(ty.grad(lambda x: ty.logsumexp(x))(x), ty.softmax(x), rtol=1e-14)
    far = np.array([0.0, 1000.0, -np.inf])
    assert ty.softmax(far).tolist() == [0.0, 1.0, 0.0]
    assert np.isneginf(ty.log_softmax(far)[2])


def test_wrong_arguments() -> None:
    with pytest.raises(ty.ArgumentTypeError, match="nothing to sum"):
        ty.softmax(np.zeros(0))
    with pytest.raises(ty.ArgumentTypeError, match="not an array or iterable"):
        ty.softmax(3)
