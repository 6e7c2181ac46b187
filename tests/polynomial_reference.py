"""Truncated polynomials as mappings from powers to exact numbers, by loops over all pairs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

import taylor as ty

Terms = dict[tuple[int, ...], Fraction]


def terms(p: ty.Polynomial) -> Terms:
    """The coefficients of a single polynomial, exactly."""
    values = np.atleast_2d(p.coefficients.T).T.tolist()
    exact = [sum(map(Fraction, parts), Fraction(0)) for parts in values]
    return {powers: value for powers, value in zip(p.monomials, exact, strict=True) if value}


def product(a: Terms, b: Terms, order: int, limits: tuple[int, ...] = ()) -> Terms:
    made: Terms = {}
    for left, x in a.items():
        for right, y in b.items():
            powers = tuple(i + j for i, j in zip(left, right, strict=True))
            within = all(k <= most for k, most in zip(powers, limits, strict=bool(limits)))
            if sum(powers) <= order and within:
                made[powers] = made.get(powers, Fraction(0)) + x * y
    return {powers: value for powers, value in made.items() if value}


def add(a: Terms, b: Terms) -> Terms:
    made = {key: a.get(key, Fraction(0)) + b.get(key, Fraction(0)) for key in {*a, *b}}
    return {powers: value for powers, value in made.items() if value}


def compose(f: Terms, inner: list[Terms], order: int, limits: tuple[int, ...] = ()) -> Terms:
    count = len(next(iter(inner[0])))
    one: Terms = {(0,) * count: Fraction(1)}
    found: Terms = {}
    for powers, value in f.items():
        monomial: Terms = {(0,) * count: value}
        for k, power in enumerate(powers):
            factor = one
            for _ in range(power):
                factor = product(factor, inner[k], order, limits)
            monomial = product(monomial, factor, order, limits)
        found = add(found, monomial)
    return found


def random_polynomial(
    seed: int,
    names: str,
    order: int,
    shape: tuple[int, ...] = (),
    limits: tuple[int, ...] = (),
    precision: str = "float64",
    density: float = 1.0,
    constant: bool = True,
) -> ty.Polynomial:
    """Coefficients are small integers, so that sums of products are exact in any precision."""
    rng = np.random.default_rng(seed)
    zero = ty.Polynomial.constant(0.0, names, order, limits, precision=precision)
    values = rng.integers(-3, 4, (*shape, zero.size)).astype(float)
    values *= rng.random(values.shape) < density
    if not constant:
        values[..., 0] = 0
    if precision == "double-double":
        values = np.stack([values, np.zeros_like(values)], axis=-1)
    return ty.Polynomial(values, names, order, limits, precision=precision)


def full(seed: int, like: ty.Polynomial) -> ty.Polynomial:
    """Coefficients with all digits of a double-double, decreasing with the degree."""
    rng = np.random.default_rng(seed)
    shape = (*like.shape, like.size)
    high = rng.uniform(-1, 1, shape) * 0.5 ** like.powers.sum(axis=1)
    pairs = np.stack([high, high * rng.uniform(-1, 1, shape) * 2.0**-54], axis=-1)
    return ty.Polynomial(pairs, like.names, like.order, like.limits, precision="double-double")


def largest(found: Terms, wanted: Terms) -> Any:
    """The largest difference of coefficients, relative to the largest coefficient."""
    scale = max(abs(value) for value in wanted.values())
    return float(max(abs(found.get(k, 0) - wanted.get(k, 0)) for k in {*found, *wanted}) / scale)
