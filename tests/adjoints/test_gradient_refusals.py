"""What has no derivative, or makes no sense, is said before anything goes wrong."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

X, V, Z = ty.variables("x v z")
K, Q = ty.parameters("k q")


def _made(**options: object) -> ty.Integrator:
    return ty.Integrator([(X, V), (V, -K)], [1.0, 0.0], parameters={K: 2.0}, **options)


def test_costs_of_what_the_system_does_not_know() -> None:
    with pytest.raises(ty.ArgumentError, match=r"depends on z, which is no state"):
        ty.gradient_through(_made(), X + Z, until=1.0)
    with pytest.raises(ty.ArgumentError, match=r"depends on q, which is no state or parameter"):
        ty.gradient_through(_made(), lambda y: Q * y[0], until=1.0)
    with pytest.raises(ty.ArgumentError, match=r"running cost depends on z"):
        ty.gradient_through(_made(), running_cost=Z * X, until=1.0)
    with pytest.raises(ty.ArgumentError, match=r"not smooth: abs\(x\)"):
        ty.gradient_through(_made(), running_cost=abs(X), until=1.0)
    with pytest.raises(ty.ShapeError, match=r"must be one number, got shape \(2,\)"):
        ty.gradient_through(_made(), lambda y: y, until=1.0)
    with pytest.raises(ty.ArgumentError, match=r"give a cost, a running_cost, or both"):
        ty.gradient_through(_made(), until=1.0)
    with pytest.raises(ty.ArgumentError, match=r"cannot use ty.time"):
        ty.gradient_through(_made(), lambda y: y.sum() * ty.time, times=[1.0])


def test_times() -> None:
    with pytest.raises(ty.ArgumentError, match=r"either until=... or times"):
        ty.gradient_through(_made(), X)
    with pytest.raises(ty.ArgumentError, match=r"either until=... or times"):
        ty.gradient_through(_made(), X, until=1.0, times=[1.0])
    with pytest.raises(ty.ArgumentError, match=r"both sides of the present time"):
        ty.gradient_through(_made(), X, times=[-1.0, 1.0])
    with pytest.raises(ty.ArgumentError, match=r"times is empty"):
        ty.gradient_through(_made(), X, times=[])
    with pytest.raises(ty.ArgumentError, match=r"memory must be a positive"):
        ty.gradient_through(_made(), X, until=1.0, memory=0)
    with pytest.raises(ty.ArgumentError, match=r"no state and no parameter"):
        ty.gradient_through(_made(), X, until=1.0, wrt=[Z])


def test_solutions_without_derivatives() -> None:
    grazing = ty.Event(X - 1, terminal=True)  # x touches 1 from below at t = 1
    ta = ty.Integrator([(X, V), (V, -2.0)], [0.0, 2.0], events=[grazing])
    with pytest.raises(ty.UndefinedDerivativesError, match=r"touched"):
        ty.gradient_through(ta, ty.time, until=3.0)

    def push(ta: ty.Integrator) -> None:
        ta.state[1] += 1.0

    ta = _made(events=[ty.Event(X, callback=push)])
    with pytest.raises(ty.UndefinedDerivativesError, match=r"callback changed the solution"):
        ty.gradient_through(ta, X, until=3.0)
    ta = ty.Integrator([(X, ty.where(X > 0, -1, 1))], [1.0])
    with pytest.raises(ty.TaylorError, match=r"it slides along"):
        ty.gradient_through(ta, X, until=3.0)
    walls = [ty.Event(X, reset={V: -V}), ty.Event(X * 2, reset={V: -V / 2})]
    with pytest.raises(ty.UndefinedDerivativesError, match=r"at one time"):
        ty.gradient_through(_made(events=walls), X, until=3.0)


def test_solutions_that_do_not_get_there() -> None:
    ta = ty.Integrator([(X, X * X)], [1.0])
    with pytest.raises(ty.TaylorError, match=r"did not reach its end but t = "):
        ty.gradient_through(ta, X, until=2.0)
    ta = _made(events=[ty.Event(X, terminal=True)])  # at t = 1
    with pytest.raises(ty.TaylorError, match=r"ends at t = 1.0, where an event stops it"):
        ty.gradient_through(ta, X, times=[0.5, 2.0])


def test_variational_integrators() -> None:
    ta = ty.Integrator(ty.variational([(X, V), (V, -X)], order=1), [1.0, 0.0])
    with pytest.raises(ty.ArgumentError, match=r"the system is variational"):
        ty.gradient_through(ta, X, until=1.0)


def test_square_root_of_time_is_not_analytic_at_zero() -> None:
    # tfp issue 1318: an endless loop
    p = ty.parameter("p")
    ta = ty.Integrator([(X, p * ty.sqrt(ty.time))], [1.0], parameters={p: 1.0})
    with pytest.raises(ty.TaylorError, match=r"did not reach its end|not finite"):
        ty.gradient_through(ta, X, until=0.008)


def test_impulses_backwards() -> None:
    ta = _made(impulses=[ty.Impulse(0.5, add={V: 1.0})])
    ta.propagate_until(1.0)
    with pytest.raises(ty.ArgumentError, match=r"back in time over the impulse"):
        ty.gradient_through(ta, X, until=0.0)


def test_second_derivatives_through_switches() -> None:
    ta = ty.Integrator([(X, ty.where(X > 0, -1.0 - X, -2.0))], [1.0])
    found = ty.gradient_through(ta, X, until=1.5)
    np.testing.assert_allclose(found[X], 2 * 0.5, rtol=1e-13)
    with pytest.raises(ty.UnsupportedFunctionError, match=r"through switches"):
        found.hessian_product({X: 1.0})
    with pytest.raises(ty.ArgumentError, match=r"a direction is a mapping"):
        ty.gradient_through(_made(), X, until=1.0).hessian_product([1.0])  # type: ignore[arg-type]


def test_directions() -> None:
    found = ty.gradient_through(_made(), X, until=1.0)
    with pytest.raises(ty.ShapeError, match=r"must have shape \(\)"):
        found.hessian_product({X: [1.0, 2.0]})
    with pytest.raises(ty.ArgumentError, match=r"no parameter 'z'"):
        found.hessian_product({Z: 1.0})
    with pytest.raises(ty.ArgumentError, match=r"residuals depend on q"):
        found.gauss_newton_product({X: 1.0}, lambda y: y * Q)
