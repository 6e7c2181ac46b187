"""Functions are traced anew in each call and found again in caches: by what they compute alone."""

import cmath
import random
from dataclasses import replace

import numpy as np
import pytest

import taylor as ty
from taylor.expressions.arguments import argument, structure
from taylor.expressions.leaves import as_expression
from taylor.points.traced import compiled_jet
from taylor.recurrences.decompose import decompose
from taylor_runtime.program.program import Input

STEP = 1e-30  # of a complex step: derivatives of analytic functions without cancellation


def random_function(seed):
    """A small function of two arguments, so small that equal ones occur often; of module m."""
    rng = random.Random(seed)
    moves = [
        (
            rng.choice(["+", "-", "*", "sin", "scale"]),
            rng.randrange(9),
            rng.randrange(9),
            rng.choice([2, 3, 0.5]),
        )
        for _ in range(rng.randint(1, 3))
    ]

    def f(m, x, y):
        known = [x, y]
        for op, i, j, c in moves:
            a, b = known[i % len(known)], known[j % len(known)]
            known.append(
                {
                    "+": lambda a=a, b=b: a + b,
                    "-": lambda a=a, b=b: a - b,
                    "*": lambda a=a, b=b: a * b,
                    "sin": lambda a=a: m.sin(a),
                    "scale": lambda a=a, c=c: c * a + 1,
                }[op]()
            )
        return known[-1]

    return f


def test_random_functions_never_meet_another_in_the_cache(scale):
    """Values and slopes of many small functions, one after the other, many of them equal."""
    for seed in range(60 * scale):
        f = random_function(seed)
        found = ty.jet(lambda x, y: f(ty, x, y), (0.4, 0.7), order=1, direction=(1, 2))  # noqa: B023
        value = f(cmath, 0.4 + STEP * 1j, 0.7 + 2 * STEP * 1j)
        value = complex(value)
        expected = [value.real, value.imag / STEP]
        assert found.tolist() == pytest.approx(expected, rel=1e-14, abs=1e-15), seed
        slopes = ty.derivatives(lambda x, y: f(ty, x, y), (0.4, 0.7), order=1)  # noqa: B023
        for k, direction in enumerate(((1, 0), (0, 1))):
            point = (p + STEP * 1j * d for p, d in zip((0.4, 0.7), direction, strict=True))
            value = complex(f(cmath, *point))
            assert slopes.gradient[k] == pytest.approx(value.imag / STEP, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize(
    ("f", "g"),
    [
        (lambda x, y: x - y, lambda x, y: y - x),
        (lambda x, y: x / y, lambda x, y: y / x),
        (lambda x, y: x * x, lambda x, y: x * y),
        (lambda x, y: 2 * x + y, lambda x, y: x + 2 * y),
        (lambda x, y: x + 1, lambda x, y: x + 2),
        (lambda x, y: x**2, lambda x, y: x**3),
        (lambda x, y: ty.sin(x), lambda x, y: ty.cos(x)),
        (lambda x, y: ty.where(x > y, x, y), lambda x, y: ty.where(x > y, y, x)),
        (lambda x, y: x * 0.1, lambda x, y: x * 0.2),
        (lambda x, y: 3 + 0 * x, lambda x, y: 4 + 0 * x),
        (lambda x, y: ty.besselj(1, x), lambda x, y: ty.besselj(2, x)),
        (lambda x, y: x, lambda x, y: y),
    ],
)
def test_what_differs_has_another_structure(f, g):
    kept = []

    def of(function):
        x, y = argument("x"), argument("y")
        kept.append(as_expression(function(x, y)))
        return structure(kept[-1:], [x, y])

    assert of(f) == of(f)
    assert hash(of(f)) == hash(of(f))
    assert of(f) != of(g)


def test_a_function_is_compiled_once():
    for _ in range(2):
        ty.jet(lambda x: ty.tan(ty.sin(x) * 0.3 + 1) ** 2, 0.1, order=3)
    before = compiled_jet.cache_info()
    for _ in range(5):
        ty.jet(lambda x: ty.tan(ty.sin(x) * 0.3 + 1) ** 2, 0.1, order=3)
    after = compiled_jet.cache_info()
    assert (after.hits - before.hits, after.misses - before.misses) == (5, 0)


PLAIN_AND_TRANSPOSED = [
    (lambda x, y: ty.sin(x) * ty.exp(y), lambda x, y: ty.exp(y) * ty.sin(x)),
    (lambda x, y: x**3 + ty.sin(y) ** 3, lambda x, y: ty.sin(y) ** 3 + x**3),
    (lambda x, y: ty.sum([x, y, x * y]), lambda x, y: ty.sum([x * y, y, x])),
]


@pytest.mark.parametrize(("plain", "transposed"), PLAIN_AND_TRANSPOSED)
def test_bits_depend_on_the_function_alone(plain, transposed):
    """Not on what was written before with operands in another order."""
    points = np.random.default_rng(0).uniform(0.1, 2, (2, 500))

    def bits(function):
        return ty.jet(function, points, order=9, direction=(0.3, 0.7)).tobytes()

    def program(function):
        x, y = argument("x"), argument("y")
        inputs = {x: Input("jet", (0,)), y: Input("jet", (1,))}
        return [replace(row, name="") for row in decompose([function(x, y)], inputs, 9).rows]

    compiled_jet.cache_clear()
    before, rows = bits(plain), program(plain)
    compiled_jet.cache_clear()
    bits(transposed)
    assert bits(plain) == before
    assert program(plain) == rows
