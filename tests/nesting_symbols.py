"""What SymPy makes of random nestings (`nestings`): symbolic derivatives, and equations as
functions, whose derivatives are those of implicit functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import sympy
from nestings import Undecided

Of = Callable[..., Any]
LARGEST = 120  # operations of an expression that SymPy differentiates in a moment
DIGITS = 30


class Root(sympy.Function):  # type: ignore[misc]
    """Solutions of equations, functions of all symbols these have; subclasses are equations."""

    equations: Sequence[Any] = ()
    unknowns: Sequence[Any] = ()
    given: Sequence[Any] = ()
    wanted = 0
    is_real = True  # or SymPy asks all it is made of, again and again
    is_finite = True

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative by an argument: of the equations, which stay zero."""
        g, x = sympy.Matrix(self.equations), self.given[argindex - 1]
        slopes = -g.jacobian(self.unknowns).LUsolve(g.diff(x))
        table = dict(zip(self.given, self.args, strict=True))
        table |= {y: self.func.others[k](*self.args) for k, y in enumerate(self.unknowns)}
        return small(slopes[self.wanted]).subs(table, simultaneous=True)

    def solve(self, known: dict[Any, Any]) -> list[Any]:
        """All unknowns, by going around: they are small multiples of tanh, or sines of others."""
        given = {x: value(arg, known) for x, arg in zip(self.given, self.args, strict=True)}
        found = [mpmath.mpf(0)] * len(self.unknowns)
        for _ in range(100):
            there = given | dict(zip(self.unknowns, found, strict=True))
            off = [value(g, there) for g in self.equations]
            found = [y - d for y, d in zip(found, off, strict=True)]
            if max(map(abs, off)) < mpmath.mpf(10) ** (2 - DIGITS):
                return found
        raise Undecided


def value(e: Any, known: dict[Any, Any]) -> Any:
    """A number of mpmath, known ones being given; equal parts are computed once."""
    if e not in known:
        known[e] = _value(e, known)
    return known[e]


def _value(e: Any, known: dict[Any, Any]) -> Any:
    if e.is_Rational:
        return mpmath.mpf(int(e.p)) / int(e.q)
    if isinstance(e, Root):
        found = e.solve(known)
        known.update(zip((kind(*e.args) for kind in e.others), found, strict=True))
        return found[e.wanted]
    if e.is_Piecewise:
        (a, condition), (b, _) = e.args
        difference = value(condition.lhs - condition.rhs, known)
        if abs(difference) < 1e-6:
            raise Undecided
        greater = isinstance(condition, sympy.StrictGreaterThan)
        return value(a if (difference > 0) == greater else b, known)
    args = [value(arg, known) for arg in e.args]
    plain = {"Add": mpmath.fsum, "Mul": mpmath.fprod}.get(e.func.__name__)
    if plain is not None:
        return plain(args)
    return (mpmath.power if e.is_Pow else getattr(mpmath, e.func.__name__))(*args)


def solved(equations: Sequence[Any], unknowns: Sequence[Any], at: Mapping[Any, Any]) -> list[Any]:
    """The unknowns as functions of all other symbols, some of which have values."""
    free = set().union(*(g.free_symbols for g in equations)) - set(unknowns)
    given = sorted(free | set(at), key=lambda s: (s.name, s.dummy_index))
    body = {"equations": equations, "unknowns": unknowns, "given": given}
    kinds: list[Any] = [
        type(f"Root{k}", (Root,), {**body, "wanted": k}) for k in range(len(unknowns))
    ]
    for kind in kinds:
        kind.others = kinds
    return [kind(*(at.get(s, s) for s in given)) for kind in kinds]


def small(e: Any) -> Any:
    """An expression that is not too long; Undecided for others."""
    e = sympy.sympify(e)
    if e.count_ops() > LARGEST:
        raise Undecided
    return e


def slope(e: Any, x: Any) -> Any:
    """A derivative that is not too long."""
    return small(sympy.diff(small(e), x))


class Symbolic:
    """By SymPy."""

    sin, exp, tanh = sympy.sin, sympy.exp, sympy.tanh

    @staticmethod
    def number(value: float) -> Any:
        return sympy.Rational(value)

    @classmethod
    def partial(cls, f: Of, at: Sequence[Any], orders: Sequence[int]) -> Any:
        names = [sympy.Dummy("a", real=True) for _ in at]
        e = f(*names)
        for name, order in zip(names, orders, strict=True):
            for _ in range(order):
                e = slope(e, name)
        return small(small(e).subs(dict(zip(names, at, strict=True)), simultaneous=True))

    @classmethod
    def derivative(cls, f: Of, at: Any, n: int) -> Any:
        return cls.partial(f, [at], [n])

    @classmethod
    def jet(cls, f: Of, at: Any, n: int) -> Any:
        return cls.derivative(f, at, n) / sympy.factorial(n)

    @classmethod
    def along(cls, f: Of, at: Sequence[Any], direction: Sequence[Any], n: int) -> Any:
        pairs = list(zip(at, direction, strict=True))
        return cls.jet(lambda s: f(*(a + s * d for a, d in pairs)), sympy.Integer(0), n)

    @classmethod
    def curve(cls, f: Of, at: Any, slope: Any, n: int, count: int) -> Any:
        return cls.jet(
            lambda s: f(*(sympy.sin(s * slope) + k * s for k in range(count))),
            sympy.Rational(at),
            n,
        )

    @classmethod
    def gradient(cls, f: Of, at: Sequence[Any], weights: Sequence[Any]) -> Any:
        return cls.along(f, at, weights, 1)

    @classmethod
    def hessian(cls, f: Of, at: Sequence[Any], weights: Sequence[Any]) -> Any:
        return 2 * cls.along(f, at, weights, 2)

    @staticmethod
    def root(f: Of, at: Any) -> Any:
        x, y = sympy.Dummy("x", real=True), sympy.Dummy("y", real=True)
        return solved([y - sympy.tanh(small(f(x, y))) / 10], [y], {x: at})[0]

    @staticmethod
    def pair(f: Of, at: Any) -> Any:
        x, u, v = (sympy.Dummy(name, real=True) for name in "xuv")
        equations = [u - sympy.tanh(small(f(x, u, v))) / 10, v - sympy.sin(u + x)]
        first, second = solved(equations, [u, v], {x: at})
        return first * second

    @staticmethod
    def compiled(f: Of, at: Sequence[Any]) -> Any:
        return f(*at)

    traced = user = compiled

    @staticmethod
    def where(difference: Any, a: Any, b: Any) -> Any:
        return sympy.Piecewise((a, difference > 0), (b, True))


def numbers_of(expressions: Sequence[Any], at: Mapping[Any, Any]) -> list[Any]:
    """The values of expressions at numbers that doubles hold."""
    with mpmath.workdps(DIGITS):
        known = {symbol: mpmath.mpf(number) for symbol, number in at.items()}
        return [value(small(e), known) for e in expressions]
