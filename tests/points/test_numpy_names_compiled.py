"""NumPy's functions with random shapes, axes and broadcasting, compiled as arrays, against NumPy;
and what is said of shapes that do not fit.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.recurrences import arrays

UNARY = """abs negative fabs exp exp2 expm1 log log2 log10 log1p sqrt cbrt square reciprocal sin cos
tan arcsin arccos arctan sinh cosh tanh arcsinh arctanh rad2deg deg2rad sinc sign floor ceil rint
trunc round real conj nan_to_num ravel squeeze flip transpose atleast_2d atleast_3d"""
BINARY = """add subtract multiply divide power float_power maximum minimum fmax fmin arctan2 hypot
logaddexp logaddexp2 mod remainder fmod floor_divide greater less greater_equal less_equal equal
not_equal logical_and logical_or copysign heaviside"""
REDUCTIONS = """sum prod mean var std max min ptp any all argmax argmin nansum nanmax nanmean
count_nonzero cumsum cumprod"""
SIZES = [0, 1, 1, 2, 3, 5, 9, 17]


@pytest.fixture(autouse=True, scope="module")
def _stay_arrays() -> Iterator[None]:
    few, arrays.FEWEST = arrays.FEWEST, -1
    yield
    arrays.FEWEST = few


def agree(function: Callable[..., Any], *shapes: tuple[int, ...], seed: int) -> None:
    """Compiled as NumPy has it; refused where NumPy does."""
    rng = np.random.default_rng(seed)
    given = [rng.uniform(0.1, 0.9, shape) for shape in shapes]
    xs = [ty.variable(f"x{k}", shape=shape) for k, shape in enumerate(shapes)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            wanted = np.asarray(function(*given), dtype=float)
        except (ValueError, np.exceptions.AxisError):
            with pytest.raises(ty.TaylorError):
                function(*xs)
            return
        found = np.asarray(ty.compile([function(*xs)], xs)(*given)[0], dtype=float)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)


def shape_of(rng: random.Random, least: int = 0) -> tuple[int, ...]:
    return tuple(rng.choice(SIZES) for _ in range(rng.randint(least, 3)))


@pytest.mark.parametrize("name", UNARY.split())
def test_functions_of_one_array(name: str) -> None:
    rng = random.Random(name)
    for seed in range(3):
        agree(getattr(np, name), shape_of(rng), seed=seed)


@pytest.mark.parametrize("name", BINARY.split())
def test_functions_of_two_arrays_that_broadcast(name: str) -> None:
    rng = random.Random(name)
    for seed in range(4):
        shape = shape_of(rng)
        other = tuple(rng.choice([1, size]) for size in shape)[rng.randint(0, len(shape)) :]
        pair = (shape, other) if rng.random() < 0.5 else (other, shape)
        agree(getattr(np, name), *pair, seed=seed)


@pytest.mark.parametrize("name", REDUCTIONS.split())
def test_functions_along_axes(name: str) -> None:
    rng = random.Random(name)
    for seed in range(8):
        shape = shape_of(rng, 1)
        options: dict[str, Any] = {"axis": rng.choice([None, *range(-len(shape), len(shape))])}
        if "cum" not in name and rng.random() < 0.5:
            options["keepdims"] = True
        if "arg" not in name and "cum" not in name and rng.random() < 0.3:
            options["axis"] = tuple(range(rng.randint(1, len(shape))))
        function = getattr(np, name)
        empty = 0 in shape and ("mean" in name or name in ("var", "std"))
        if not empty:
            agree(lambda x, f=function, o=options: f(x, **o), shape, seed=seed)


@pytest.mark.parametrize("name", BINARY.split())
def test_what_does_not_broadcast_is_named(name: str) -> None:
    """The function, both shapes, and the user's line."""
    x, y = ty.variable("x", shape=(3, 4)), ty.variable("y", shape=(5,))
    with pytest.raises(ty.TaylorError) as caught:
        getattr(np, name)(x, y)
    words, own = str(caught.value), getattr(np, name).__name__
    assert own in words and "(3, 4)" in words and "(5,)" in words and "test_numpy_names" in words


def test_differences_name_themselves() -> None:
    x, y = ty.variable("x", shape=(3, 4)), ty.variable("y", shape=(5,))
    for build in (lambda: x - y, lambda: x - np.ones(5), lambda: np.ones(5) - x):
        with pytest.raises(ty.TaylorError, match="subtract: shapes"):
            build()


def test_order_of_columns() -> None:
    x, given = ty.variable("x", shape=(3, 4)), np.arange(12.0).reshape(3, 4)
    for build in (
        lambda a: a.reshape(4, 3, order="F"),
        lambda a: a.reshape((2, -1), order="F"),
        lambda a: a.flatten("F"),
        lambda a: np.reshape(a, (6, 2), order="F"),
    ):
        assert (ty.compile(build(x), [x])(given) == build(given)).all()
    with pytest.raises(ty.TaylorError, match="vsplit"):
        np.vsplit(ty.variable("y", shape=(5,)), [1])
