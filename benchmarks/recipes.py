"""Plain Python programs with control flow, and the same for JAX where it can be written there."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Recipe(NamedTuple):
    """A program, the arguments it is called with, and how it is written for JAX.

    options: of `taylor.program`.
    in_jax:  takes jax and jax.numpy, gives a function of the same arguments; None where loops with
             a data-dependent end and early exits, or recursion, leave nothing of the program.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    options: dict[str, Any] = {}  # noqa: RUF012
    in_jax: Callable[[Any, Any], Callable[..., Any]] | None = None


def kepler(mean, eccentricity):  # type: ignore[no-untyped-def]
    """The eccentric anomaly by Newton's method."""
    anomaly = mean
    for _ in range(50):
        step = (anomaly - eccentricity * math.sin(anomaly) - mean) / (
            1 - eccentricity * math.cos(anomaly)
        )
        anomaly -= step
        if abs(step) < 1e-13:
            break
    return anomaly


def bisection(c, low, high):  # type: ignore[no-untyped-def]
    """The root of x^3 + x = c."""
    while high - low > 1e-13:
        middle = 0.5 * (low + high)
        if middle**3 + middle < c:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def collatz_record(limit):  # type: ignore[no-untyped-def]
    """The start below a limit whose way to 1 is longest."""
    best, longest = 1, 0
    for start in range(1, limit):
        n, steps = start, 0
        while n > 1:
            n = 3 * n + 1 if n % 2 == 1 else n // 2
            steps += 1
        if steps > longest:
            best, longest = start, steps
    return best


def mandelbrot_area(side, limit):  # type: ignore[no-untyped-def]
    """How many turns the points of a square need to leave."""
    total = 0
    for i in range(side):
        for j in range(side):
            x, y = -2 + 3 * i / side, -1.5 + 3 * j / side
            a = b = 0.0
            n = 0
            while a * a + b * b < 4 and n < limit:
                a, b = a * a - b * b + x, 2 * a * b + y
                n += 1
            total += n
    return total


def random_walk(seed, steps):  # type: ignore[no-untyped-def]
    """How far a walk on the line comes."""
    place = farthest = 0
    for _ in range(steps):
        seed = 16807 * seed % 2147483647
        if seed < 1073741824:
            place += 1
        else:
            place -= 1
        farthest = max(farthest, abs(place))
    return farthest


def step_control(rate, until):  # type: ignore[no-untyped-def]
    """dx/dt = -rate x + sin(t) by RK4 with step doubling."""

    def step(t, x, h):  # type: ignore[no-untyped-def]
        k1 = -rate * x + math.sin(t)
        k2 = -rate * (x + h / 2 * k1) + math.sin(t + h / 2)
        k3 = -rate * (x + h / 2 * k2) + math.sin(t + h / 2)
        k4 = -rate * (x + h * k3) + math.sin(t + h)
        return x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    t, x, h = 0.0, 1.0, 0.1
    while t < until:
        if t + h > until:
            h = until - t
        whole = step(t, x, h)
        half = step(t + h / 2, step(t, x, h / 2), h / 2)
        error = abs(half - whole) / 15
        if error < 1e-10:
            t, x = t + h, half
        if error < 1e-12:
            h *= 2
        elif error >= 1e-10:
            h /= 2
    return x


def nth_prime(n):  # type: ignore[no-untyped-def]
    """By division."""
    candidate, found = 1, 0
    while found < n:
        candidate += 1
        prime = True
        d = 2
        while d * d <= candidate:
            if candidate % d == 0:
                prime = False
                break
            d += 1
        if prime:
            found += 1
    return candidate


def insertion_sort(values):  # type: ignore[no-untyped-def]
    """Sorted values."""
    x = values.copy()
    for i in range(1, len(x)):
        key = x[i]
        j = i - 1
        while j >= 0 and x[j] > key:
            x[j + 1] = x[j]
            j -= 1
        x[j + 1] = key
    return x


def edit_distance(a, b):  # type: ignore[no-untyped-def]
    """How many letters differ, with letters put in or left out."""
    row = np.arange(len(b) + 1.0)
    for i in range(1, len(a) + 1):
        diagonal = row[0]
        row[0] = i
        for j in range(1, len(b) + 1):
            cost = diagonal
            if a[i - 1] != b[j - 1]:
                cost += 1
            diagonal = row[j]
            row[j] = min(cost, row[j] + 1, row[j - 1] + 1)
    return row[len(b)]


def heat(rod, turns):  # type: ignore[no-untyped-def]
    """A rod by explicit steps, element by element."""
    u = rod.copy()
    following = rod.copy()
    for _ in range(turns):
        for k in range(1, len(u) - 1):
            following[k] = u[k] + 0.25 * (u[k - 1] - 2 * u[k] + u[k + 1])
        for k in range(1, len(u) - 1):
            u[k] = following[k]
    return u


def option(spot, strike, volatility, steps):  # type: ignore[no-untyped-def]
    """A put that may be exercised early, by a binomial tree of at most 300 steps."""
    up = math.exp(volatility * math.sqrt(1 / steps))
    p = (1 - 1 / up) / (up - 1 / up)
    values = np.zeros(301)
    for k in range(steps + 1):
        values[k] = max(0.0, strike - spot * up ** (2.0 * k - steps))
    for level in range(steps - 1, -1, -1):
        price = spot * up ** (-1.0 * level)
        for k in range(level + 1):
            values[k] = max(p * values[k + 1] + (1 - p) * values[k], strike - price)
            price *= up * up
    return values[0]


def fibonacci(n):  # type: ignore[no-untyped-def]
    """By recursion."""
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def quadrature(a, b, whole, tolerance):  # type: ignore[no-untyped-def]
    """The integral of sqrt(x) by recursion where Simpson's rule is not good enough."""
    middle = (a + b) / 2
    root = math.sqrt(middle)
    left = (middle - a) / 6 * (math.sqrt(a) + 4 * math.sqrt((a + middle) / 2) + root)
    right = (b - middle) / 6 * (root + 4 * math.sqrt((middle + b) / 2) + math.sqrt(b))
    if abs(left + right - whole) < 15 * tolerance:
        return left + right
    first = quadrature(a, middle, left, tolerance / 2)
    return first + quadrature(middle, b, right, tolerance / 2)


# -- for JAX --------------------------------------------------------------------------------------


def kepler_in_jax(jax: Any, jnp: Any) -> Callable[..., Any]:
    def run(mean: Any, eccentricity: Any) -> Any:
        def turn(state: Any) -> Any:
            anomaly, _, k = state
            step = (anomaly - eccentricity * jnp.sin(anomaly) - mean) / (
                1 - eccentricity * jnp.cos(anomaly)
            )
            return anomaly - step, step, k + 1

        goes_on = lambda s: (abs(s[1]) >= 1e-13) & (s[2] < 50)  # noqa: E731
        return jax.lax.while_loop(goes_on, turn, (mean, 1.0, 0))[0]

    return run


def bisection_in_jax(jax: Any, jnp: Any) -> Callable[..., Any]:
    def run(c: Any, low: Any, high: Any) -> Any:
        def turn(state: Any) -> Any:
            low, high = state
            middle = 0.5 * (low + high)
            below = middle**3 + middle < c
            return jnp.where(below, middle, low), jnp.where(below, high, middle)

        low, high = jax.lax.while_loop(lambda s: s[1] - s[0] > 1e-13, turn, (low, high))
        return 0.5 * (low + high)

    return run


def collatz_in_jax(jax: Any, jnp: Any) -> Callable[..., Any]:
    def run(limit: Any) -> Any:
        def one(start: Any, state: Any) -> Any:
            best, longest = state
            step = lambda s: (jnp.where(s[0] % 2 == 1, 3 * s[0] + 1, s[0] // 2), s[1] + 1)  # noqa: E731
            _, steps = jax.lax.while_loop(lambda s: s[0] > 1, step, (start, 0))
            longer = steps > longest
            return jnp.where(longer, start, best), jnp.where(longer, steps, longest)

        return jax.lax.fori_loop(1, limit, one, (1, 0))[0]

    return run


def mandelbrot_in_jax(jax: Any, jnp: Any) -> Callable[..., Any]:
    def run(side: Any, limit: Any) -> Any:
        def point(k: Any, total: Any) -> Any:
            x, y = -2 + 3 * (k // side) / side, -1.5 + 3 * (k % side) / side
            stays = lambda s: (s[0] * s[0] + s[1] * s[1] < 4) & (s[2] < limit)  # noqa: E731
            turn = lambda s: (s[0] * s[0] - s[1] * s[1] + x, 2 * s[0] * s[1] + y, s[2] + 1)  # noqa: E731
            return total + jax.lax.while_loop(stays, turn, (0.0, 0.0, 0))[2]

        return jax.lax.fori_loop(0, side * side, point, 0)

    return run


def walk_in_jax(jax: Any, jnp: Any) -> Callable[..., Any]:
    def run(seed: Any, steps: Any) -> Any:
        def turn(_: Any, state: Any) -> Any:
            seed, place, farthest = state
            seed = 16807 * seed % 2147483647
            place = place + jnp.where(seed < 1073741824, 1, -1)
            return seed, place, jnp.maximum(farthest, abs(place))

        return jax.lax.fori_loop(0, steps, turn, (seed, 0, 0))[2]

    return run


def edit_distance_in_jax(jax: Any, jnp: Any) -> Callable[..., Any]:
    def run(a: Any, b: Any) -> Any:
        def line(row: Any, given: Any) -> Any:
            letter, i = given

            def cell(state: Any, other: Any) -> Any:
                left, diagonal = state
                above, right = other
                cost = diagonal + (letter != right)
                value = jnp.minimum(jnp.minimum(cost, above + 1), left + 1)
                return (value, above), value

            _, rest = jax.lax.scan(cell, (i, row[0]), (row[1:], b))
            return jnp.concatenate([i[None], rest]), None

        start = jnp.arange(len(b) + 1.0)
        return jax.lax.scan(line, start, (a, jnp.arange(1.0, len(a) + 1.0)))[0][-1]

    return run


def heat_in_jax(jax: Any, jnp: Any) -> Callable[..., Any]:
    def run(rod: Any, turns: Any) -> Any:
        turn = lambda _, u: u.at[1:-1].add(0.25 * (u[:-2] - 2 * u[1:-1] + u[2:]))  # noqa: E731
        return jax.lax.fori_loop(0, turns, turn, rod)

    return run


_RANDOM = np.random.default_rng(7)
_LETTERS = _RANDOM.integers(0, 4, 120).astype(float), _RANDOM.integers(0, 4, 100).astype(float)

RECIPES = (
    Recipe(kepler, (1.0, 0.7), in_jax=kepler_in_jax),
    Recipe(bisection, (3.0, 0.0, 2.0), in_jax=bisection_in_jax),
    Recipe(collatz_record, (3000,), in_jax=collatz_in_jax),
    Recipe(mandelbrot_area, (60, 200), in_jax=mandelbrot_in_jax),
    Recipe(random_walk, (1, 100_000), in_jax=walk_in_jax),
    Recipe(step_control, (2.0, 20.0)),
    Recipe(nth_prime, (2000,)),
    Recipe(insertion_sort, (_RANDOM.normal(size=300),)),
    Recipe(edit_distance, _LETTERS, in_jax=edit_distance_in_jax),
    Recipe(heat, (_RANDOM.normal(size=200), 200), in_jax=heat_in_jax),
    Recipe(option, (100.0, 105.0, 0.2, 300)),
    Recipe(fibonacci, (24,), {"depth": 40}),
    Recipe(quadrature, (0.0, 1.0, 0.5, 1e-11), {"depth": 60}),
)
