"""Values and jets of random formulas in every kind of number, against mpmath.

Right within what rounding in the user's own order of operations may have moved; never 0, infinite
or NaN where that order gives a number.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import mpmath
import numpy as np
import pytest
from random_formulas import (
    ENDS,
    KINDS,
    Ball,
    Expressions,
    Kind,
    Noise,
    Numbers,
    Overdrawn,
    Reals,
    argument,
    formula,
    noisy,
)

import taylor as ty
from taylor.recurrences.decompose import decompose
from taylor.reference.interpreter import coefficients
from taylor_runtime.program.program import Input, Program

TOGETHER = 1600  # formulas of one compiled function in long runs: compiling is what costs
POINTS = 12  # tried for each formula
COMPARED = 2  # points of each formula that are enough
ORDER = 6  # of jets
LARGE = 40  # exponents of arguments of jets: what is right takes long beyond
SAMPLES = 3
SPREAD = 100  # times the largest error of some samples
ALLOWED = 4  # times the error that a ball has


def _points(draw: random.Random, kind: Kind, count: int = POINTS) -> np.ndarray:
    dtype = np.float32 if kind.name == "float32" else np.float64
    return np.array([[argument(draw, kind) for _ in range(count)] for _ in range(2)], dtype)


def _given(points: np.ndarray, kind: Kind) -> Any:
    if kind.name != "double-double":
        return points
    return np.stack([points, np.zeros_like(points)], axis=-1)


def _number(value: Any, mp: Any) -> Any:
    return mp.fsum(map(float, np.atleast_1d(value)))


def check_values(seed: int, kind: Kind, together: int) -> tuple[int, int, list[str]]:
    """(formulas compared, values compared, what is wrong) of `together` formulas."""
    points = _points(random.Random(seed), kind, max(POINTS, together // 4))
    numbers, rights = Numbers(kind), {}
    for name in (f"{seed} {i}" for i in range(together)):
        found = _right_values(name, numbers, points)
        if found:
            rights[name] = found
    x, y = ty.variables("x y")
    made = [formula(random.Random(name), Expressions(kind), x, y) for name in rights]
    values = ty.compile([ty.constant(0) + e for e in made], [x, y], precision=kind.name)(
        *_given(points, kind)
    )
    wrong = []
    for name, e, own in zip(rights, made, values, strict=True):
        if _is_off(own, rights[name], numbers.mp):
            more = Numbers(kind, 2 * numbers.mp.prec)
            for k in _is_off(own, _right_values(name, more, points), more.mp):
                wrong.append(f"{name!r} at {points[:, k].tolist()}: {e}")
    return len(rights), sum(map(len, rights.values())), wrong


def _is_off(own: np.ndarray, rights: dict[int, Ball], mp: Any) -> list[int]:
    """The points where a formula's values are not within the errors of balls."""
    found = {k: _number(own[k], mp) for k in rights}
    return [
        k
        for k, right in rights.items()
        if not (mpmath.isfinite(found[k]) and abs(found[k] - right.value) <= ALLOWED * right.error)
    ]


def _right_values(name: str, numbers: Numbers, points: np.ndarray) -> dict[int, Ball]:
    """A formula's values at the first points of some where it has any."""
    found: dict[int, Ball] = {}
    for k in random.Random(f"points of {name}").sample(range(points.shape[1]), POINTS):
        if len(found) == COMPARED:
            break
        try:
            a, b = (numbers.exact(float(points[row, k])) for row in range(2))
            found[k] = formula(random.Random(name), numbers, a, b)
        except Overdrawn:
            continue
    return found


def _series(name: str, kind: Kind, a: float, b: float) -> list[Any]:
    """Coefficients in s at (a (1 + s), b (1 - s/2)), by numerical differentiation."""
    # Differences have to be as small as what sin(x) varies on for large x.
    size = max(0, *np.frexp([a, b])[1].tolist())
    if size > LARGE:
        raise Overdrawn
    numbers = Reals(kind, 140 + ORDER * size)
    mp = numbers.mp

    def along(s: Any) -> Any:
        return formula(
            random.Random(name), numbers, mp.mpf(a) * (1 + s), mp.mpf(b) * (1 - s / 2), 4
        )

    return list(mp.taylor(along, 0, ORDER))


def _errors(program: Program, kind: Kind, a: float, b: float, right: Sequence[Any]) -> list[Any]:
    """How far rounding on the way moves the coefficients of a program, of some random tries."""
    mp = mpmath.MPContext()
    mp.prec = 200
    found = [mp.mpf(0)] * (ORDER + 1)
    for sample in range(SAMPLES):
        algebra = noisy(mp, kind, random.Random(sample))
        slots = []
        for x, slope in ((mp.mpf(a), mp.mpf(a)), (mp.mpf(b), -mp.mpf(b) / 2)):
            given = [x, slope, *[mp.mpf(0)] * ORDER]
            slots.append([Noise(v, random.Random(sample), kind.unit) for v in given])
        (series,) = coefficients(program, {"jet": slots}, algebra)
        series += [Noise(mp.mpf(0), random.Random(0), 0)] * (ORDER + 1 - len(series))
        errors = [abs(s.value - r) for s, r in zip(series, right, strict=True)]
        if any(map(mp.isnan, errors)):
            raise Overdrawn
        found = [max(e, new) for e, new in zip(found, errors, strict=True)]
    # A few tries may miss the error of a coefficient, but not of all around it.
    return [max(found[max(n - 1, 0) : n + 2]) for n in range(ORDER + 1)]


def check_jets(seed: int, kind: Kind, together: int) -> tuple[int, int, list[str]]:
    """As `check_values`, of the coefficients 0 .. ORDER."""
    names = [f"jet {seed} {i}" for i in range(together)]
    points = _points(random.Random(seed), kind)
    dtype = points.dtype.type
    slopes = np.stack([points[0], points[1] * dtype(-0.5)])

    def outputs(x: Any, y: Any) -> list[Any]:
        return [formula(random.Random(n), Expressions(kind), x, y, 4) + 0 * x for n in names]

    found = ty.jet(
        outputs,
        list(_given(points, kind)),
        ORDER,
        direction=list(_given(slopes, kind)),
        precision=kind.name,
    )
    x, y = ty.variables("x y")
    inputs = {x: Input("jet", (0,)), y: Input("jet", (1,))}
    balls = Numbers(kind)
    formulas, compared, wrong = 0, 0, []
    for i, name in enumerate(names):
        made, seen = formula(random.Random(name), Expressions(kind), x, y, 4), 0
        program = decompose([made], inputs, ORDER)
        for k in range(POINTS):
            a, b = (float(points[row, k]) for row in range(2))
            if seen == COMPARED:
                break
            try:
                formula(random.Random(name), balls, balls.exact(a), balls.exact(b), 4)
                right = _series(name, kind, a, b)
                errors = _errors(program, kind, a, b, right)
            except (Overdrawn, TypeError, AttributeError):  # of complex numbers
                continue
            seen += 1
            for n in range(ORDER + 1):
                if not right[n] or not balls.least < abs(right[n]) < balls.most:
                    break
                value = _number(found[i][n][k], balls.mp)
                off = abs(value - right[n])
                allowed = SPREAD * errors[n] + 8 * abs(right[n]) * kind.unit
                if not (mpmath.isfinite(value) and off <= allowed):
                    size = f"{mpmath.nstr(off, 3)} off, {mpmath.nstr(off / allowed, 3)} bounds"
                    wrong.append(f"{name!r} at {[a, b]}, order {n}: {size}: {made}")
                    break
        formulas, compared = formulas + bool(seen), compared + seen
    return formulas, compared, wrong


@pytest.mark.parametrize("precision", KINDS)
@pytest.mark.parametrize("kinds", [KINDS, ENDS], ids=["ordinary", "ends"])
def test_values_of_random_formulas(precision: str, kinds: dict[str, Kind], scale: int) -> None:
    formulas = compared = 0
    wrong: list[str] = []
    together = min(40 * scale, TOGETHER)
    for seed in range(40 * scale // together):
        found = check_values(seed, kinds[precision], together)
        formulas, compared, wrong = formulas + found[0], compared + found[1], wrong + found[2]
    print(f"random run: {formulas} formulas, {compared} values, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong[:20])
    assert formulas > 10 * scale


@pytest.mark.parametrize("precision", KINDS)
def test_jets_of_random_formulas(precision: str, scale: int) -> None:
    formulas = compared = 0
    wrong: list[str] = []
    for seed in range(scale):
        found = check_jets(seed, KINDS[precision], 8)
        formulas, compared, wrong = formulas + found[0], compared + found[1], wrong + found[2]
    print(f"random run: {formulas} formulas, {compared} jets, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong[:20])
    assert formulas > scale
