"""Random functions that nest the library's ways to differentiate, and what mpmath makes of them.

A function takes (library, values): of `Machine` it nests jets, derivatives, equations, compiled and
registered functions; of `Numeric` it takes difference quotients in many digits and Newton's method,
which know nothing of variables and so cannot confuse them.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from typing import Any

import mpmath

import taylor as ty

Of = Callable[..., Any]
_names = itertools.count()


class Undecided(Exception):
    """A case that says nothing: an equation with more than one root, a condition near its edge."""


class Machine:
    """By the library."""

    sin, exp, tanh = staticmethod(ty.sin), staticmethod(ty.exp), staticmethod(ty.tanh)
    number = float

    @staticmethod
    def derivative(f: Of, at: Any, n: int) -> Any:
        return ty.derivative(f, n)(at)

    @staticmethod
    def jet(f: Of, at: Any, n: int) -> Any:
        return ty.jet(f, at, n)[n]

    @staticmethod
    def along(f: Of, at: Sequence[Any], direction: Sequence[Any], n: int) -> Any:
        return ty.jet(f, at, n, direction=direction)[n]

    @staticmethod
    def curve(f: Of, at: Any, slope: Any, n: int, count: int) -> Any:
        def curve(s: Any) -> list[Any]:
            return [ty.sin(s * slope) + k * s for k in range(count)]

        return ty.jet(f, at, n, curve=curve)[n]

    @staticmethod
    def partial(f: Of, at: Sequence[Any], orders: tuple[int, ...]) -> Any:
        return ty.derivatives(f, tuple(at), sum(orders))[orders]

    @staticmethod
    def gradient(f: Of, at: Sequence[Any], weights: Sequence[Any]) -> Any:
        if len(at) == 1:
            return weights[0] * ty.derivatives(f, at[0], 1).gradient[0]
        found = ty.derivatives(lambda z: f(*(z[k] for k in range(len(at)))), list(at), 1).gradient
        return sum(w * g for w, g in zip(weights, found, strict=True))

    @staticmethod
    def hessian(f: Of, at: Sequence[Any], weights: Sequence[Any]) -> Any:
        found = ty.derivatives(f, tuple(at), 2).hessian
        rows = [sum(w * e for w, e in zip(weights, row, strict=True)) for row in found]
        return sum(w * row for w, row in zip(weights, rows, strict=True))

    @staticmethod
    def root(f: Of, at: Any) -> Any:
        """y = tanh(f(at, y))/10."""
        return ty.implicit(lambda x, y: y - ty.tanh(f(x, y)) / 10)(at)

    @staticmethod
    def pair(f: Of, at: Any) -> Any:
        """The product of u = tanh(f(at, u, v))/10 and v = sin(u + at)."""

        def equations(x: Any, unknown: Any) -> list[Any]:
            u, v = unknown[0], unknown[1]
            return [u - ty.tanh(f(x, u, v)) / 10, v - ty.sin(u + x)]

        u, v = ty.implicit(equations, start=lambda x: [0, ty.sin(x)])(at)
        return u * v

    @staticmethod
    def compiled(f: Of, at: Sequence[Any]) -> Any:
        names = ty.variables([f"q{k}" for k in range(len(at))])
        return ty.compile(f(*names), names)(*at)

    @staticmethod
    def traced(f: Of, at: Sequence[Any]) -> Any:
        return ty.compile(f, shapes=[()] * len(at))(*at)

    @staticmethod
    def user(f: Of, at: Sequence[Any]) -> Any:
        return ty.register_function(f"nested_{next(_names)}", f, arity=len(at))(*at)

    @staticmethod
    def where(difference: Any, a: Any, b: Any) -> Any:
        return ty.where(difference > 0, a, b)


class Numeric:
    """By mpmath: differences as small as the working precision, raised with every nesting."""

    sin, exp, tanh = staticmethod(mpmath.sin), staticmethod(mpmath.exp), staticmethod(mpmath.tanh)
    number = mpmath.mpf

    @staticmethod
    def derivative(f: Of, at: Any, n: int) -> Any:
        return mpmath.diff(f, at, n)

    @classmethod
    def jet(cls, f: Of, at: Any, n: int) -> Any:
        return mpmath.diff(f, at, n) / mpmath.factorial(n)

    @classmethod
    def along(cls, f: Of, at: Sequence[Any], direction: Sequence[Any], n: int) -> Any:
        pairs = list(zip(at, direction, strict=True))
        return cls.jet(lambda s: f(*(a + s * d for a, d in pairs)), mpmath.mpf(0), n)

    @classmethod
    def curve(cls, f: Of, at: Any, slope: Any, n: int, count: int) -> Any:
        return cls.jet(
            lambda s: f(*(mpmath.sin(s * slope) + k * s for k in range(count))), mpmath.mpf(at), n
        )

    @staticmethod
    def partial(f: Of, at: Sequence[Any], orders: tuple[int, ...]) -> Any:
        def rest(*last: Any) -> Any:
            if len(last) == len(at):
                return f(*last)
            k = len(last)
            if not orders[k]:
                return rest(*last, at[k])
            return mpmath.diff(lambda s: rest(*last, s), at[k], orders[k])

        return rest()

    @classmethod
    def gradient(cls, f: Of, at: Sequence[Any], weights: Sequence[Any]) -> Any:
        return cls.along(f, at, weights, 1)

    @classmethod
    def hessian(cls, f: Of, at: Sequence[Any], weights: Sequence[Any]) -> Any:
        return 2 * cls.along(f, at, weights, 2)

    @staticmethod
    def root(f: Of, at: Any) -> Any:
        return _root(lambda y: y - mpmath.tanh(f(at, y)) / 10)

    @staticmethod
    def pair(f: Of, at: Any) -> Any:
        u = _root(lambda u: u - mpmath.tanh(f(at, u, mpmath.sin(u + at))) / 10)
        return u * mpmath.sin(u + at)

    @staticmethod
    def compiled(f: Of, at: Sequence[Any]) -> Any:
        return f(*at)

    traced = user = compiled

    @staticmethod
    def where(difference: Any, a: Any, b: Any) -> Any:
        if abs(difference) < 1e-6:
            raise Undecided
        return a if difference > 0 else b


def _root(g: Of) -> Any:
    """The one zero of g in [-1/10, 1/10], by secants; Undecided where g may have others."""
    ends = [mpmath.mpf(k) / 10 for k in (-1, 0, 1)]
    values = [g(e) for e in ends]
    if min(10 * (values[1] - values[0]), 10 * (values[2] - values[1])) < 0.5:
        raise Undecided
    (a, b), (at_a, at_b) = ends[:2], values[:2]
    for _ in range(60):
        if at_b == at_a or abs(b - a) < mpmath.ldexp(1, 4 - mpmath.mp.prec):
            return b
        a, at_a, b = b, at_b, b - at_b * (b - a) / (at_b - at_a)
        at_b = g(b)
    raise Undecided


CLOSED = ("compiled", "traced", "user")  # functions of their arguments alone
SEVERAL = ("along", "partial", "gradient", "hessian", "curve", *CLOSED)
WAYS = ("derivative", "jet", "root", "pair", "where", *SEVERAL)


def random_nesting(choose: random.Random, depth: int) -> Of:
    """(library, values) -> value, nesting `depth` ways to differentiate.

    Functions inside know the arguments of all functions around them, and use any of them.
    """
    numbers = [choose.randint(1, 15) / 16 for _ in range(4)]
    places = [choose.randrange(60) for _ in range(4)]
    shape = choose.randrange(5)
    way = choose.choice(WAYS)
    count = choose.randint(1, 3) if way in SEVERAL else {"root": 2, "pair": 3}.get(way, 1)
    n = choose.choice([1, 1, 2, 2, 3])
    orders = [0] * count
    for _ in range(n):
        orders[choose.randrange(count)] += 1
    inner = random_nesting(choose, depth - 1) if depth else None
    other = random_nesting(choose, 0) if depth else None

    def value(lib: Any, known: Sequence[Any]) -> Any:
        a, b, c, _ = map(lib.number, numbers)
        u, v, w, q = (known[k % len(known)] for k in places)
        own = [
            lambda: u * v * a + known[-1] * b,
            lambda: lib.sin(known[-1] * u + a) * v,
            lambda: known[-1] ** 2 * u * b + w,
            lambda: lib.exp(-known[-1] * u * a) * v,
            lambda: lib.tanh(known[-1] + u * b) / (1 + v * v * a),
        ][shape]()
        if inner is None or other is None:
            return own
        before: Sequence[Any] = [] if way in CLOSED else known

        def f(*args: Any) -> Any:
            return inner(lib, [*before, *args])

        at = [known[-1] * a + b, u * c, v * a - c][:count]
        method = getattr(lib, way)
        if way in ("derivative", "jet"):
            return own + method(f, at[0], n)
        if way == "along":
            return own + method(f, at, [w, q + a, known[-1]][:count], n)
        if way == "curve":
            return own + method(f, 0.25, w + a, n, count)
        if way == "partial":
            return own + method(f, at, tuple(orders))
        if way in ("gradient", "hessian"):
            return own + method(f, at, [a, w, b][:count])
        if way == "where":
            return own + method(w - q * a - b, f(at[0]), other(lib, [*known, q]))
        if way == "compiled":  # of variables of the user's, which no derivative inside may capture
            return own + method(lambda *args: other(lib, args), at)
        return own + (method(f, at[0]) if way in ("root", "pair") else method(f, at))

    return value
