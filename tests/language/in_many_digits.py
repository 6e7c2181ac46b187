"""The same plain Python functions with mpmath's numbers: derivatives by differences.

A module of the corpus is executed once more, with stand-ins for `math` and `numpy` that compute
with as many digits as mpmath has at the moment.  What a function does then, which branch it takes
and how many turns, it decides by its own comparisons.
"""

from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
from mpmath import mp, mpf

ORDER = 10
STEP = mpf(10) ** -24  # of differences: what is left out is about as large
DIGITS = 24 * (ORDER + 1) + 40  # the highest difference keeps this many more than the step takes


def in_many_digits(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as it is in a module with other numbers."""
    return _namespace(function.__code__.co_filename)[function.__qualname__]  # type: ignore[no-any-return]


def slopes(function: Callable[..., Any], args: Sequence[Any], wrt: int) -> np.ndarray:
    """The gradient of a number by argument `wrt`, by central differences."""
    with mp.workdps(80):
        leaves = flat_numbers(args[wrt])
        found = []
        for k in range(len(leaves)):
            ends = []
            for sign in (1, -1):
                moved = [mpf(x) + (sign * STEP if i == k else 0) for i, x in enumerate(leaves)]
                ends.append(function(*_with(args, wrt, moved)))
            found.append(float((ends[0] - ends[1]) / (2 * STEP)))
    return np.array(found)


def series(
    function: Callable[..., Any], args: Sequence[Any], wrt: int, direction: Sequence[float]
) -> np.ndarray:
    """Taylor coefficients to order 10 of a number along a direction of argument `wrt`."""
    with mp.workdps(DIGITS):
        leaves = [mpf(x) for x in flat_numbers(args[wrt])]
        ends = []
        for n in range(ORDER + 1):
            moved = [x + n * STEP * d for x, d in zip(leaves, direction, strict=True)]
            ends.append(mpf(function(*_with(args, wrt, moved))))
        found = []
        for n in range(ORDER + 1):
            found.append(float(ends[0] / (mpmath.factorial(n) * STEP**n)))
            ends = [b - a for a, b in pairwise(ends)]
    return np.array(found)


def flat(value: Any) -> list[Any]:
    """All numbers of a value, in order; of containers, arrays, and dataclasses."""
    if isinstance(value, np.ndarray):
        return list(value.ravel())
    if isinstance(value, dict):
        value = list(value.values())
    elif is_dataclass(value):
        value = [getattr(value, f.name) for f in fields(value)]
    if isinstance(value, tuple | list):
        return [number for item in value for number in flat(item)]
    return [value]


def flat_numbers(value: Any) -> list[Any]:
    return [x for x in flat(value) if isinstance(x, float | np.floating | mpf)]


def rebuilt(value: Any, numbers: list[Any]) -> Any:
    """The value with other real numbers, which are taken from the list."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "bi":
            return value
        kind = object if isinstance(numbers[0], mpf) else float
        return np.array([numbers.pop(0) for _ in range(value.size)], kind).reshape(value.shape)
    if isinstance(value, dict):
        return {key: rebuilt(item, numbers) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(rebuilt(item, numbers) for item in value)
    return numbers.pop(0) if isinstance(value, float) else value


def _with(args: Sequence[Any], wrt: int, leaves: Sequence[Any]) -> list[Any]:
    """The arguments in many digits, one of them with other numbers."""
    found = []
    for k, value in enumerate(args):
        if k == wrt:
            found.append(rebuilt(value, list(leaves)))
        elif flat_numbers(value):
            found.append(rebuilt(value, [mpf(x) for x in flat_numbers(value)]))
        else:
            found.append(value)
    return found


# --- modules -------------------------------------------------------------------------------------


@cache
def _namespace(path: str) -> dict[str, Any]:
    tree = ast.parse(Path(path).read_text(), path)
    wanted = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    tree.body = [item for item in tree.body if isinstance(item, wanted)]  # without the records
    own = dict(vars(builtins)) | {"__import__": _imported}
    namespace = {"__name__": __name__, "__builtins__": own}
    exec(compile(tree, path, "exec"), namespace)
    return namespace


def _imported(name: str, *args: Any) -> Any:
    stand_in = {"math": MATH, "numpy": NUMPY}.get(name)
    return __import__(name, *args) if stand_in is None else stand_in


def _rounded_down(x: Any) -> int:
    return int(mpmath.floor(x))


MATH = SimpleNamespace(
    pi=math.pi,
    e=math.e,
    inf=math.inf,
    sqrt=mpmath.sqrt,
    exp=mpmath.exp,
    log=mpmath.log,
    log2=lambda x: mpmath.log(x, 2),
    log10=mpmath.log10,
    log1p=mpmath.log1p,
    expm1=mpmath.expm1,
    sin=mpmath.sin,
    cos=mpmath.cos,
    tan=mpmath.tan,
    atan=mpmath.atan,
    atan2=mpmath.atan2,
    sinh=mpmath.sinh,
    cosh=mpmath.cosh,
    tanh=mpmath.tanh,
    hypot=mpmath.hypot,
    erf=mpmath.erf,
    floor=_rounded_down,
)


def _objects(make: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    return lambda *args, **named: make(*args, **named).astype(object)


def _each(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return np.frompyfunc(function, 1, 1)


NUMPY = SimpleNamespace(
    inf=np.inf,
    zeros=_objects(np.zeros),
    zeros_like=lambda x: _objects(np.zeros)(x.shape),
    ones=_objects(np.ones),
    full=_objects(np.full),
    eye=_objects(np.eye),
    arange=_objects(np.arange),
    array=lambda x: np.array(x, object),
    sum=np.sum,
    max=np.max,
    abs=_each(abs),
    exp=_each(mpmath.exp),
)
