"""Tables of eight by every number of lanes for every target, and the borders of what is usual."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from kernel_accuracy import worst_error

from taylor_runtime.callables.kernels import array_function
from taylor_runtime.engine.target import LEVELS, Target
from taylor_runtime.mathlib.basics.bits import MAGIC, as_bits
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.basics.lookup import entry
from taylor_runtime.mathlib.families import kernels

HOST = Target.host()
LOWER = [name for name in LEVELS if HOST.triple.startswith("x86_64")]
TARGETS = [HOST, *(t for t in map(Target.named, LOWER) if t.runs_on(HOST))]
TABLE = [0.5, -1.0, 3.0, 7.25, 1e300, 5e-324, -0.0, 2.0]
LOOKUP = KernelFunction("entry", 1, lambda b, x: [entry(b, TABLE, as_bits(b, x + MAGIC))])
BORDERS = {
    "exp": [708.0, 709.78, 745.13],
    "exp2": [1021.0, 1024.0, 1074.9],
    "expm1": [708.0, 709.78, math.log(2) / 16],
    "sinh": [700.0, 710.47, math.log(2) / 16],
    "cosh": [700.0, 710.47, math.log(2) / 16],
    "tanh": [22.0, math.log(2) / 32],
    "log": [2.0**-1021, 2.0**1021, 17 / 24, 17 / 12, 1.0, 2.0**-1022 * 17 / 12, 5e-324],
    "log2": [2.0**-1021, 2.0**1021, 17 / 24, 17 / 12, 1.0, 25 / 24, 7 / 6, 5e-324],
    "log10": [2.0**-1021, 2.0**1021, 17 / 24, 17 / 12, 1.0, 25 / 24, 7 / 6, 5e-324],
    "log1p": [2.0**-54, 2.0**53, 2.0**1021, 1.0, 1 / 24, 0.99, 5e-324, 1e308],
    "asinh": [2.0**-28, 2.0**500, 1.0, 1e308],
    "acosh": [2.0**500, 1.0, 1e308],
    "atanh": [2.0**-28, 1.0, 0.5],
    "cbrt": [2.0**-1000, 2.0**1000, 1.0, 8.0, 5e-324, 1e308],
    "atan": [2.0**k for k in (-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 64, -3, 3)],
    "tan": [*(k * math.pi / 16 for k in range(1, 17)), 0.1875, 2.0**30, 1e22, 1e308, 5e-324],
    "softplus": [36.0, 36.74, 37.0, 50.0, 708.0, 745.1],
}


@pytest.mark.parametrize("lanes", [0, 2, 4, 8, 16])
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.cpu)
def test_entries_are_those_of_the_table(target: Target, lanes: int) -> None:
    """Of indices of either sign and any size, in any order."""
    index = np.random.default_rng(0).permutation(np.arange(-500.0, 500.0))
    (found,) = array_function(LOOKUP, lanes, target)(index)
    wanted = np.array(TABLE)[index.astype(int) % 8]
    assert found.tobytes() == wanted.tobytes()


def _around(border: float) -> Any:
    """Numbers of either sign next to a border, and not far from it."""
    steps = np.arange(-3, 4)
    with np.errstate(over="ignore", under="ignore"):
        far = border * np.array([1 - 1e-6, 1 + 1e-6, 0.999, 1.001])
        near = border + steps * np.spacing(border)
    x = np.concatenate([near, far])
    return np.concatenate([x, -x])


@pytest.mark.parametrize("name", sorted(BORDERS))
def test_borders_of_what_is_usual(name: str) -> None:
    """An ulp on both sides, and the bits of single numbers, whatever is beside them."""
    x = np.concatenate([_around(border) for border in BORDERS[name]])
    x = x[np.isfinite(x)]
    (alone,) = array_function(kernels[name], 0)(x)
    (beside,) = array_function(kernels[name], 8)(x)
    (single,) = array_function(kernels[name], 8)(np.repeat(x, 8))
    assert np.array_equal(alone, beside, equal_nan=True)
    assert np.array_equal(alone, single[::8], equal_nan=True)
    worst, where = worst_error(name, [x], alone)
    assert worst < 1.0, f"{name}{where} is {worst} ulp off"
