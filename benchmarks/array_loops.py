"""Loops with arrays inside against JAX's, and a recursion in the equations of an orbit.

Run with ``python -m benchmarks.array_loops``; it takes a minute and needs JAX.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.harness import heading, in_one_tier, publish, table
from benchmarks.loops import first, seconds
from benchmarks.versions import own_versions, version

TURNS = 1000
SIDE = 128  # of the square of Jacobi's iteration
LONG = 100_000  # elements of an array that turns change one by one
DEGREE = 36  # of the geopotential
RNG = np.random.default_rng(0)
WEIGHTS, STATE = RNG.standard_normal((32, 32)) / 6, RNG.standard_normal(32)
STATES, INPUTS = RNG.standard_normal((32, 32)), RNG.standard_normal((TURNS, 32))
SQUARE, LINE = RNG.standard_normal((SIDE, SIDE)), RNG.standard_normal(LONG)

Case = tuple[str, int, Callable[[Any, Any], Callable[..., Any]], tuple[Any, ...]]


def network(lib: Any, control: Any) -> Callable[..., Any]:
    def turn(c: Any, x: Any) -> Any:
        c = lib.tanh(WEIGHTS @ c + x)
        return c, c

    return lambda c, xs: control.scan(turn, c, xs)[1]


def networks(lib: Any, control: Any) -> Callable[..., Any]:
    return lambda c, xs: control.scan(lambda c, x: (lib.tanh(WEIGHTS @ c + x), None), c, xs)[0]


def loss(lib: Any, control: Any) -> Callable[..., Any]:
    def total(w: Any, c: Any) -> Any:
        last = control.scan(lambda c, _: (lib.tanh(w @ c), None), c, None, length=TURNS)[0]
        return (last**2).sum()

    return control.grad(total)


def jacobi(lib: Any, control: Any) -> Callable[..., Any]:
    def turn(s: Any) -> Any:
        a, n = s
        new = lib.roll(a, 1, 0) + lib.roll(a, -1, 0) + lib.roll(a, 1, 1) + lib.roll(a, -1, 1)
        return new / 4, n + 1

    return lambda a: control.while_loop(lambda s: s[1] < TURNS, turn, (a, 0.0))[0]


def recursion(lib: Any, control: Any) -> Callable[..., Any]:
    def turn(i: Any, a: Any) -> Any:
        return control.put(a, i, a[i - 1] * 0.5 + a[i])

    return lambda a: control.fori_loop(1, LONG, turn, a)


CASES: list[Case] = [
    ("network of 32, all states kept", TURNS, network, (STATE, INPUTS)),
    ("network of 32, 32 at once", TURNS, networks, (STATES, INPUTS)),
    ("gradient by the weights of 32", TURNS, loss, (WEIGHTS, STATE)),
    (f"Jacobi, {SIDE} x {SIDE}, while_loop", TURNS, jacobi, (SQUARE,)),
    ("a[i] = a[i - 1] / 2 + a[i]", LONG, recursion, (LINE,)),
]


class Ours:
    scan, while_loop, fori_loop, grad = ty.scan, ty.while_loop, ty.fori_loop, ty.grad

    @staticmethod
    def put(a: Any, i: Any, value: Any) -> Any:
        b = a.copy()
        b[i] = value
        return b


def rows() -> list[list[str]]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    class Theirs:
        scan, while_loop = jax.lax.scan, jax.lax.while_loop
        fori_loop, grad = jax.lax.fori_loop, jax.grad

        @staticmethod
        def put(a: Any, i: Any, value: Any) -> Any:
            return a.at[i].set(value)

    found = []
    for name, turns, make, given in CASES:

        def ours(make: Any = make, given: Any = given) -> Callable[[], Any]:
            function = make(np, Ours)
            if make is loss:
                return lambda: function(*given)
            code = ty.compile(function, shapes=[array.shape for array in given])
            return lambda: code(*given)

        def theirs(make: Any = make, given: Any = given) -> Callable[[], Any]:
            code = jax.jit(make(jnp, Theirs))
            return lambda: np.asarray(code(*given))

        (own_first, own), (other_first, other) = first(ours), first(theirs)
        np.testing.assert_allclose(own(), other(), rtol=1e-9, atol=1e-9)
        a, b = seconds(own, other)
        each = [f"{1e9 * t / turns:.1f}" for t in (a, b)]
        found.append([name, f"{own_first:.3f}", f"{other_first:.3f}", *each, f"{b / a:.2f}"])
    return found


def orbit_row() -> list[str]:
    """Creation of an integrator, and microseconds a step, of a geopotential by recursion."""
    r, v = ty.variable("r", shape=3), ty.variable("v", shape=3)
    start = time.process_time()
    ta = ty.Integrator([(r, v), (v, gravity(r))], [0.5, -0.8, 0.65, 0.6, 0.5, 0.1])
    created = time.process_time() - start
    steps = []
    for _ in range(60):
        start = time.perf_counter()
        ta.step()
        steps.append(time.perf_counter() - start)
    return [str(DEGREE), f"{created:.2f}", f"{1e6 * np.median(steps):.0f}"]


def gravity(r: Any) -> Any:
    """A recursion such as that of normalised Legendre functions, with coefficients at random."""
    n, m = np.mgrid[0 : DEGREE + 2, 0 : DEGREE + 2].astype(float)
    low = m < n
    a = np.where(low, np.sqrt(np.abs(4 * n**2 - 1) / np.where(low, n**2 - m**2, 1)), 0)
    top = (2 * n + 1) * ((n - 1) ** 2 - m**2)
    bottom = np.where(low, (n**2 - m**2) * np.abs(2 * n - 3), 1)
    b = np.where(low & (n > 1), np.sqrt(np.abs(top) / bottom), 0)
    sums = RNG.standard_normal((DEGREE + 2, 3, 2, DEGREE + 2)) * 1e-6 / (1 + n[:, None, None]) ** 2
    a_of, b_of, sums_of = ty.constant(a), ty.constant(b), ty.constant(sums)
    square = (r * r).sum()
    x, y, z = (r[k] / square for k in range(3))

    def turn(k: Any, state: Any) -> Any:
        v, w, v_before, w_before, total = state
        new_v = (a_of[k] * z) * v - (b_of[k] / square) * v_before
        new_w = (a_of[k] * z) * w - (b_of[k] / square) * w_before
        scale = ty.sqrt(1 + 1 / (2 * k))
        new_v = Ours.put(new_v, k, scale * (x * v[k - 1] - y * w[k - 1])).now
        new_w = Ours.put(new_w, k, scale * (x * w[k - 1] + y * v[k - 1])).now
        change = sums_of[k][:, 0] @ new_v + sums_of[k][:, 1] @ new_w
        return new_v, new_w, v, w, total + change

    first_v, zero = Ours.put(ty.zeros(DEGREE + 2), 0, 1 / ty.sqrt(square)).now, np.zeros(DEGREE + 2)
    start = (first_v, zero, zero, zero, -r / square**1.5)
    return ty.fori_loop(1, DEGREE + 2, turn, start)[4]


def main() -> None:
    in_one_tier()
    from taylor_runtime.callables.process import cache

    with cache.disabled():
        loops, orbit = rows(), orbit_row()
    text = [
        heading(
            "Loops of arrays",
            "python -m benchmarks.array_loops",
            own_versions() | {"jax": version("jax")},
        ),
        f"One thread; the best of 15 turns each.  Loops of {TURNS} turns ({LONG} where an array is "
        "changed element by element): seconds to the first result without a cache, and nanoseconds "
        "a turn.",
        table(["loop", "first, s", "JAX", "ns a turn", "JAX", "ratio"], loops),
        "A geopotential by recursion over the degree, a `fori_loop` in the equations of an orbit: "
        "seconds of the processor to create the integrator without a cache, and microseconds a "
        "step.",
        table(["degree", "created, s", "us a step"], [orbit]),
    ]
    joined = "\n\n".join(text) + "\n"
    print(joined)
    print(f"written to {publish('array_loops.md', joined)}")


if __name__ == "__main__":
    main()
