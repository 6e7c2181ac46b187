"""Kepler's equation F + h cos F - k sin F = l, as the theory solves it and to the last digit."""

from __future__ import annotations

from taylor.astrodynamics.sgp4.lunisolar import within_turn
from taylor.control.loops import while_loop
from taylor.expressions.types import ExpressionOrArray as Value
from taylor.functions.kepler import kepler_F
from taylor.functions.piecewise import maximum, minimum
from taylor.functions.trigonometric import cos, sin

CLOSE = 1e-12  # radians: the step that ends Newton's method
MOST_STEPS = 10
LONGEST = 0.95  # radians


def exact(h: Value, k: Value, longitude: Value) -> tuple[Value, Value]:
    """Sine and cosine of the root, with all digits and derivatives of any kind of number."""
    root = kepler_F(h, k, longitude)
    return sin(root), cos(root)


def as_in_theory(h: Value, k: Value, longitude: Value) -> tuple[Value, Value]:
    """Sine and cosine of Newton's iterate whose step is the first below `CLOSE`.

    They are off by that step, and so are positions, by up to 4e-8 km in geosynchronous orbits:
    propagators agree if they stop at the same iterate.
    """
    start = within_turn(longitude)

    def step(root: Value) -> tuple[Value, Value, Value, Value]:
        s, c = sin(root), cos(root)
        change = (start - h * c + k * s - root) / (1 - c * k - s * h)
        change = maximum(minimum(change, LONGEST), -LONGEST)
        return change, root + change, s, c

    def advance(state: tuple[Value, ...]) -> tuple[Value, ...]:
        return (state[0] + 1, *step(state[2]))

    def goes_on(state: tuple[Value, ...]) -> Value:
        return (abs(state[1]) >= CLOSE) & (state[0] < MOST_STEPS)

    found = while_loop(goes_on, advance, (1.0, *step(start)))
    return found[3], found[4]
