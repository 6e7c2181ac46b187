"""The functions that the theory is written with: exact ones, and quick ones for numbers.

Quick ones are formulas of few operations, right to some 5e-16, which double precision alone can
use; Kepler's equation is solved as the theory does it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from taylor.control.loops import while_loop
from taylor.definitions.custom import stop_gradient
from taylor.expressions.types import ExpressionOrArray as Value
from taylor.functions.apply import where
from taylor.functions.kepler import kepler_F
from taylor.functions.piecewise import floor, maximum, minimum
from taylor.functions.trigonometric import cos, sin
from taylor_runtime.program.records import dataclass

Pair = tuple[Value, Value]

CLOSE = 1e-12  # radians: the step that ends Newton's method
MOST_STEPS = 10
LONGEST = 0.95  # radians
TURN, TURN_REST = math.tau, 2.4492935982947064e-16  # 2 pi in two parts
SMALL = 0.05  # radians, for which `_small` has all digits
_SINE = [1 / math.factorial(2 * k + 1) for k in range(8)]
_COSINE = [1 / math.factorial(2 * k) for k in range(9)]


@dataclass(frozen=True)
class Functions:
    """What positions are computed with.

    sincos: sine and cosine of an angle.
    small:  the same of one below `SMALL` in all but absurd orbits.
    kepler: sine and cosine of the root F of F + h cos F - k sin F = l from h, k, l.
    """

    sincos: Callable[[Value], Pair]
    small: Callable[[Value], Pair]
    kepler: Callable[[Value, Value, Value], Pair]

    def turned(self, angle: Pair, by: Value) -> Pair:
        """Sine and cosine of an angle, given by these, that is greater by a small one."""
        return _turned(angle, self.small(by))


def _turned(angle: Pair, by: Pair) -> Pair:
    (sine, cosine), (s, c) = angle, by
    return sine * c + cosine * s, cosine * c - sine * s


def sincos(angle: Value) -> Pair:
    """Sine and cosine."""
    return sin(angle), cos(angle)


def exact_root(h: Value, k: Value, longitude: Value) -> Pair:
    """Kepler's equation with all digits, and derivatives, of any kind of number."""
    return sincos(kepler_F(h, k, longitude))


def within_turn(angle: Value) -> Value:
    """The angle less whole turns, of its own sign."""
    turns = angle / math.tau
    return angle - math.tau * where(turns < 0, -floor(-turns), floor(turns))


def _polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    value: Value = coefficients[-1]
    for c in coefficients[-2::-1]:
        value = value * x + c
    return value


def _small(angle: Value, terms: int = 4) -> Pair:
    # Signs would be taken out of each bracket, and cost a multiplication, but for the node between.
    z = stop_gradient(-angle * angle)
    return angle * _polynomial(z, _SINE[:terms]), _polynomial(z, _COSINE[: terms + 1])


def _reduced(angle: Value) -> Value:
    """The angle less whole turns, between -pi and pi."""
    turns = floor(angle * (1 / TURN) + 0.5)
    # Both parts would be one coefficient, and rounded, but for the node between.
    return stop_gradient(angle - turns * TURN) - turns * TURN_REST


def _quick(angle: Value) -> Pair:
    return _of_turn(_reduced(angle))


def _of_turn(angle: Value) -> Pair:
    """Of an angle between -pi and pi: by its fourth part, and doubled twice."""
    s, c = _small(angle * 0.25, 8)
    for _ in range(2):
        s, c = 2 * s * c, 1 - 2 * s * s
    return s, c


def _step(h: Value, k: Value, start: Value, root: Value, at: Pair) -> Value:
    s, c = at
    change = (start - h * c + k * s - root) / (1 - c * k - s * h)
    return maximum(minimum(change, LONGEST), -LONGEST)


def theory_root(h: Value, k: Value, longitude: Value) -> Pair:
    """Newton's iterate whose step is the first below `CLOSE`.

    It is off by that step, and so are positions, by up to 4e-8 km in geosynchronous orbits:
    propagators agree if they stop at the same iterate.
    """
    start = _reduced(longitude)
    at = _of_turn(start)
    return _iterated(h, k, start, _step(h, k, start, start, at), start, at)


def _theory_root_near(h: Value, k: Value, longitude: Value) -> Pair:
    """The same by three iterates whose sine and cosine follow from those of the first, where that
    will do: it does for eccentricities below some 0.02.
    """
    start = _reduced(longitude)
    first = _of_turn(start)
    step = _step(h, k, start, start, first)
    second = _turned(first, _small(step))
    next_step = _step(h, k, start, start + step, second)
    third = _turned(second, _small(next_step, 2))
    s, c = second
    # Newton's next error is f''/(2 f') times the square of the last.
    left = 0.5 * (k * s - h * c) * next_step * next_step / (1 - c * k - s * h)
    quick = (abs(step) < SMALL) & (abs(next_step) < SMALL / 50) & (abs(left) < CLOSE)
    chosen = _where(abs(next_step) < CLOSE, second, third)
    s, c = _where(quick & (abs(step) >= CLOSE), chosen, first)
    return _iterated(h, k, start, where(quick, 0, step), start, (s, c))


def _where(condition: Value, a: Pair, b: Pair) -> Pair:
    return where(condition, a[0], b[0]), where(condition, a[1], b[1])


def _iterated(h: Value, k: Value, start: Value, step: Value, root: Value, at: Pair) -> Pair:
    """Newton's method from the first root, its sine and cosine, and the step from it."""

    def advance(state: tuple[Value, ...]) -> tuple[Value, ...]:
        root = state[2] + state[1]
        at = _quick(root)
        return state[0] + 1, _step(h, k, start, root, at), root, *at

    def goes_on(state: tuple[Value, ...]) -> Value:
        return (abs(state[1]) >= CLOSE) & (state[0] < MOST_STEPS)

    found = while_loop(goes_on, advance, (1.0 + 0.0 * start, step, root, *at))
    return found[3], found[4]


EXACT = Functions(sincos, sincos, exact_root)
QUICK = Functions(_quick, _quick, theory_root)
QUICK_NEAR = Functions(_quick, _small, _theory_root_near)
