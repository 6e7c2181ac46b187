"""Singular values and what stands on them, beside NumPy, mpmath and the formulae of derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

RNG = np.random.default_rng(5)
TALL, WIDE, SQUARE = (RNG.normal(size=s) for s in ((5, 3), (2, 4), (4, 4)))
MANY = RNG.normal(size=(2, 4, 3))
RIGHT = RNG.normal(size=5)

CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "svd": (lambda a: np.linalg.svd(a, compute_uv=False), (MANY,)),
    "cond": (np.linalg.cond, (TALL,)),
    "cond -2": (lambda a: np.linalg.cond(a, -2), (SQUARE,)),
    "cond 1": (lambda a: np.linalg.cond(a, 1), (SQUARE,)),
    "cond fro": (lambda a: np.linalg.cond(a, "fro"), (SQUARE,)),
    "rank": (lambda a: a.sum() * np.linalg.matrix_rank(a), (TALL,)),
    "rank of a product": (lambda a: 1.0 * np.linalg.matrix_rank(a @ a.T), (TALL,)),
    "rank, tol": (lambda a: 1.0 * np.linalg.matrix_rank(a, tol=2.0), (SQUARE,)),
    "nuc": (lambda a: np.linalg.norm(a, "nuc"), (TALL,)),
    "2": (lambda a: np.linalg.norm(a, 2, axis=(0, 2), keepdims=True), (MANY,)),
    "-2": (lambda a: np.linalg.norm(a, -2), (WIDE,)),
    "pinv": (np.linalg.pinv, (TALL,)),
    "pinv, wide": (np.linalg.pinv, (WIDE,)),
    "pinv, many": (np.linalg.pinv, (MANY,)),
    "qr, wide": (lambda a: np.linalg.qr(a)[1] ** 2, (WIDE,)),
    "lstsq": (lambda a, b: np.linalg.lstsq(a, b)[0], (TALL, RIGHT)),
    "lstsq, wide": (lambda a, b: np.linalg.lstsq(a, b)[0], (WIDE, RIGHT[:2])),
    "lstsq, values": (lambda a, b: np.linalg.lstsq(a, b)[3], (TALL, RIGHT)),
    "tensorsolve": (np.linalg.tensorsolve, (RNG.normal(size=(6, 2, 3)), RNG.normal(size=6))),
    "tensorsolve, axes": (
        lambda a, b: np.linalg.tensorsolve(a, b, axes=(0, 2)),
        (RNG.normal(size=(3, 6, 2)), RNG.normal(size=6)),
    ),
    "tensorinv": (lambda a: np.linalg.tensorinv(a, ind=1), (RNG.normal(size=(6, 2, 3)),)),
    "polyfit": (lambda x, y: np.polyfit(x, y, 2), (RIGHT, RIGHT**3)),
    "polyfit, weights": (
        lambda x, y: np.polyfit(x, y, 1, w=np.arange(1.0, 6.0)),
        (RIGHT, RNG.normal(size=(5, 2))),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name: str) -> None:
    function, given = CASES[name]
    wanted = np.asarray(function(*given))
    np.testing.assert_allclose(ty.jit(function)(*given), wanted, rtol=2e-13, atol=1e-13)
    along = [np.cos(1 + np.arange(x.size)).reshape(x.shape) for x in given]

    def at(step: float) -> Any:
        return np.asarray(function(*(x + step * d for x, d in zip(given, along, strict=True))))

    h = 1e-3
    slope = (8 * (at(h) - at(-h)) - at(2 * h) + at(-2 * h)) / (12 * h)
    bound = 1e-6 * max(1.0, np.abs(slope).max())
    _, found = ty.jvp(function, given, tuple(along))
    np.testing.assert_allclose(found, slope, rtol=0, atol=bound)
    weights = np.sin(1 + np.arange(wanted.size)).reshape(wanted.shape)
    shares = ty.vjp(function, *given)[1](weights)
    total = sum(np.sum(share * d) for share, d in zip(shares, along, strict=True))
    assert abs(total - np.sum(weights * slope)) < bound * wanted.size


def test_slopes_of_singular_values_are_products_of_their_vectors() -> None:
    u, s, v = np.linalg.svd(TALL, full_matrices=False)
    found = ty.jacobian(lambda a: np.linalg.svd(a, compute_uv=False))(TALL)
    np.testing.assert_allclose(found, np.einsum("ik,kj->kij", u, v), rtol=0, atol=1e-13)
    polar = ty.grad(lambda a: np.linalg.norm(a, "nuc"))(TALL)
    np.testing.assert_allclose(polar, u @ v, rtol=0, atol=1e-13)
    assert s[0] == pytest.approx(ty.jit(lambda a: np.linalg.norm(a, 2))(TALL), rel=1e-14)


def test_small_singular_values_are_not_lost_in_squares() -> None:
    q = np.linalg.qr(SQUARE)[0]
    wanted = np.array([3.0, 1.0, 1e-9, 2e-12])
    matrix = (q * wanted) @ np.linalg.qr(SQUARE.T)[0]
    found = ty.jit(lambda a: np.linalg.svd(a, compute_uv=False))(matrix)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=3e-15)


def test_series_and_double_double() -> None:
    along = np.cos(np.arange(15.0)).reshape(5, 3)

    def values(flat: Any) -> Any:
        return np.linalg.svd(flat.reshape(5, 3), compute_uv=False)

    series = ty.jet(values, TALL.ravel(), order=6, direction=along.ravel())
    step = 0.003
    wanted = np.linalg.svd(TALL + step * along, compute_uv=False)
    np.testing.assert_allclose(step ** np.arange(7) @ series, wanted, rtol=1e-13)
    pairs = ty.jit(lambda a: np.linalg.svd(a, compute_uv=False), precision="double-double")
    with mpmath.workdps(40):
        exact = mpmath.svd_r(mpmath.matrix(TALL.tolist()), compute_uv=False)
        found = ty.to_mpmath(pairs(ty.from_mpmath(TALL.tolist())))
        assert max(abs(a - b) for a, b in zip(found, exact, strict=True)) < mpmath.mpf("1e-29")


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(ty.UnsupportedFunctionError, match=r"compute_uv=False.*eigh"):
        ty.jit(np.linalg.svd)(TALL)
    with pytest.raises(ty.UnsupportedFunctionError, match="rcond= and rtol="):
        ty.jit(lambda a: np.linalg.pinv(a, rcond=1e-3))(TALL)
    with pytest.raises(ty.ShapeError, match="no square system"):
        ty.jit(np.linalg.tensorinv)(TALL)
    with pytest.raises(ty.ShapeError, match="no square system"):
        ty.jit(np.linalg.tensorsolve)(TALL, RIGHT)
    with pytest.raises(ty.ArgumentError, match="full= and cov="):
        ty.jit(lambda x: np.polyfit(x, x, 1, cov=True))(RIGHT)
