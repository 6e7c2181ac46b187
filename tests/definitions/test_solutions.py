"""`taylor.root` and `taylor.fixed_point`: against closed forms, and the equations themselves."""

from __future__ import annotations

import math
import pickle
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

A, B = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0])


def close(a: Any, b: Any, rtol: float = 1e-13) -> None:
    np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-15)


def square_root(a: Any) -> Any:
    return ty.root(lambda x: x * x - a, 1.0)


def bent(a: Any, b: Any) -> Any:
    """x with a x + sin(x)/10 = b."""
    return ty.root(lambda x: a @ x + 0.1 * np.sin(x) - b, np.zeros(2))


def kepler(e: Any, m: Any) -> Any:
    return ty.fixed_point(lambda x: m + e * np.sin(x), m)


def test_values() -> None:
    assert float(square_root(9.0)) == 3
    close(ty.jit(square_root)(2.0), math.sqrt(2))
    x = ty.jit(bent)(A, B)
    close(A @ x + 0.1 * np.sin(x), B)
    with mpmath.workdps(30):
        dottie = mpmath.findroot(lambda x: mpmath.cos(x) - x, 0.7)
    close(ty.fixed_point(np.cos, 1.0), float(dottie), 2e-16)


def test_derivatives_of_every_order() -> None:
    for function in (ty.grad, ty.jacfwd):
        close(function(square_root)(9.0), 1 / 6)
    close(ty.grad(ty.grad(square_root))(9.0), -1 / (4 * 27))
    close(ty.jacfwd(ty.grad(ty.grad(square_root)))(9.0), 3 / (8 * 243))
    close(ty.jet(square_root, 9.0, order=6), ty.jet(np.sqrt, 9.0, order=6))
    partials = ty.derivatives(lambda a, b: square_root(a * b), (2.0, 4.5), order=2)
    right = ty.derivatives(lambda a, b: np.sqrt(a * b), (2.0, 4.5), order=2)
    close(partials.gradient, right.gradient)
    close(partials.hessian, right.hessian)


def test_derivatives_by_arrays() -> None:
    x = np.asarray(ty.jit(bent)(A, B))
    slope = A + 0.1 * np.diag(np.cos(x))
    close(ty.jacfwd(bent, 1)(A, B), np.linalg.inv(slope))
    close(ty.jacrev(bent, 1)(A, B), np.linalg.inv(slope))
    weights = np.linalg.solve(slope.T, np.ones(2))
    close(ty.grad(lambda a: bent(a, B).sum())(A), -np.outer(weights, x))
    # f_kl = sum_i w_i sin(x_i)/10 X_ik X_il, of the inverse X, differentiated once more
    inverse = np.linalg.inv(slope)
    second = np.einsum("i,ik,il->kl", weights * 0.1 * np.sin(x), inverse, inverse)
    close(ty.hessian(lambda b: bent(A, b).sum())(B), second)


def test_derivatives_of_fixed_points() -> None:
    e, m = 0.3, 1.2
    x = float(kepler(e, m))
    close(m + e * math.sin(x), x)
    close(
        ty.grad(kepler, (0, 1))(e, m),
        (math.sin(x) / (1 - e * math.cos(x)), 1 / (1 - e * math.cos(x))),
    )
    close(
        ty.jet(lambda m: kepler(e, m), m, order=5), ty.jet(lambda m: ty.kepler_E(e, m), m, order=5)
    )


def test_containers_and_arguments() -> None:
    def equations(p: Any, a: Any) -> Any:
        return [p["x"] * p["y"][0] - a, p["x"] - p["y"]]

    def solved(a: Any) -> Any:
        return ty.root(equations, {"x": 1.0, "y": np.array([3.0])}, a)

    found = ty.jit(solved)(9.0)
    assert float(found["x"]) == 3 and found["y"].shape == (1,)
    slope = ty.jacfwd(solved)(9.0)
    close([slope["x"], slope["y"][0]], [1 / 6, 1 / 6])


def test_of_many() -> None:
    points = np.array([1.0, 4.0, 1e6, -1.0])
    close(ty.vmap(square_root)(points), [1, 2, 1000, math.nan])
    close(ty.vmap(ty.grad(square_root))(points[:3]), 0.5 / np.sqrt(points[:3]))
    sides = np.stack([B, 2 * B, -B])
    many = ty.vmap(bent, (None, 0))(A, sides)
    close(many, np.stack([ty.jit(bent)(A, b) for b in sides]))
    close(
        ty.vmap(kepler, (0, None))(np.array([0.1, 0.9]), 1.0), [kepler(0.1, 1.0), kepler(0.9, 1.0)]
    )


def test_inside_one_another() -> None:
    """The square root of a square root, by an equation whose equation is solved inside."""
    fourth = lambda a: ty.root(lambda x: x * x - square_root(a), 1.0)  # noqa: E731
    close(ty.jit(fourth)(16.0), 2)
    close(ty.grad(fourth)(16.0), 1 / 32)


def test_steps_that_lead_away_are_halved() -> None:
    """Newton's method alone diverges for both."""
    close(ty.jit(lambda a: ty.root(lambda x: np.arctan(x - a), 20.0))(3.0), 3)
    close(ty.jit(lambda a: ty.root(lambda x: np.exp(x) - a, 0.0))(math.exp(50)), 50)


def test_where_there_is_none() -> None:
    assert math.isnan(ty.jit(lambda a: ty.root(lambda x: x * x + a, 1.0))(1.0))
    assert math.isnan(ty.jit(lambda a: ty.root(lambda x: x * x - a, 1.0, iterations=2))(1e9))
    assert math.isnan(ty.jit(lambda a: ty.fixed_point(lambda x: 2 * x + a, 1.0))(1.0))
    assert math.isnan(ty.jit(lambda a: ty.fixed_point(lambda x: a - x, 1.0))(5.0))


def test_guesses_have_no_derivatives() -> None:
    assert float(ty.grad(lambda g: ty.root(lambda x: x * x - 4, g))(1.0)) == 0


def test_nodes_pickle() -> None:
    x = ty.variable("x")
    e = square_root(x)
    assert pickle.loads(pickle.dumps(e)) is e and square_root(x) is e


def test_what_does_not_fit() -> None:
    with pytest.raises(ty.ShapeError, match=r"fun returned 1 equation\(s\) for 2 unknown\(s\)"):
        ty.root(lambda x: x[0], np.ones(2))
    with pytest.raises(ty.ShapeError, match=r"fun returned another shape for 2 unknown\(s\)"):
        ty.fixed_point(lambda x: (x[0], x[1]), np.ones(2))
    with pytest.raises(ty.ArgumentError, match=r"root: tolerance=0\.0 has to be positive"):
        ty.root(lambda x: x, 1.0, tolerance=0)
    with pytest.raises(ty.ArgumentError, match="root: iterations=0 has to be an int of at least 1"):
        ty.root(lambda x: x, 1.0, iterations=0)
    with pytest.raises(ty.ArgumentError, match="root: the guess has no numbers"):
        ty.root(lambda x: x, ())
    with pytest.raises(ty.ArgumentTypeError, match="root: fun=3 is not a function"):
        ty.root(3, 1.0)  # type: ignore[arg-type]
