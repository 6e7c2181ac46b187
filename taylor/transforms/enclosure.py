"""Enclosures of expressions along a step: short polynomials with a radius for what they leave out.

Taylor models (Makino & Berz, Int. J. Pure Appl. Math. 4 (2003) 379) of low order, where functions
other than sums and products are taken in midpoint-radius form (Rump, BIT 39 (1999) 534): compiled,
they tell in few operations that an event function has no zero in a whole step.  Rounding is left to
whoever compares them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from taylor import functions as f
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, as_expression, constant
from taylor.nodes.logic import where
from taylor.nodes.node import CONDITIONS
from taylor.nodes.traverse import reachable

_INFINITE = constant(math.inf)
# By 1; |f'| is at most this (of J: Abramowitz & Stegun 1964, 9.1.60 and 9.1.27).
_BOUNDED = {"tanh": 1, "erf": 2, "sigmoid": 1, "sin": 1, "cos": 1, "besselj": 1}


@dataclass(frozen=True, slots=True)
class Model:
    """sum_k terms_k s^k +- radius for 0 <= s <= 1; an infinite radius says nothing is known."""

    terms: tuple[Expression, ...]
    radius: Expression = ZERO

    @property
    def middle(self) -> Expression:
        return self.terms[0]

    @property
    def spread(self) -> Expression:
        """How far it can be from the middle."""
        return _sum([*map(f.abs, self.terms[1:]), self.radius])

    @property
    def size(self) -> Expression:
        """How large it can be."""
        return f.abs(self.middle) + self.spread


def enclosure(e: Expression, inputs: Mapping[Expression, Model]) -> Model:
    """Where a scalar `e` can be while its inputs move as their models say; others are fixed.

    >>> from taylor.expressions.leaves import variables
    >>> x, y, r = variables("x y r")
    >>> enclosure(3 * x - y, {x: Model((x, r))})
    Model(terms=(3*x - y, 3*r), radius=0)
    """
    found: dict[Expression, Model] = {}
    for node in reachable([e]):
        found[node] = _enclose(node, inputs, found)
    return found[e]


def _enclose(
    e: Expression, inputs: Mapping[Expression, Model], found: Mapping[Expression, Model]
) -> Model:
    if e in inputs:
        return inputs[e]
    parts = [found[arg] for arg in e.args]
    if e.op == "index" or all(len(p.terms) == 1 and p.radius is ZERO for p in parts):
        return Model((e,))
    if e.op == "linear":
        return _linear(e, parts)
    if e.op == "mul":
        return _product(*parts)
    if e.op == "pow" and e.args[1].op == "constant":
        return _power(parts[0], e.args[1])
    rule = _RULES.get(e.op)
    if rule is not None:
        return rule(*parts)
    if e.op in _BOUNDED:
        *orders, argument = parts
        reach = _BOUNDED[e.op] * argument.spread
        at_middle = f.apply(e.op, *(order.middle for order in orders), argument.middle)
        value = where(reach < 1, at_middle, 0)
        return Model((value,), f.minimum(reach, 1))
    known = e.op not in CONDITIONS and e.op != "where"
    return Model((e if known else ZERO,), _INFINITE)


def _sum(terms: Sequence[Expression]) -> Expression:
    total = ZERO
    for term in terms:
        total = total + term
    return total


def _linear(e: Expression, parts: Sequence[Model]) -> Model:
    coefficients, offset = e.payload
    length = max(len(part.terms) for part in parts)
    terms = [as_expression(offset), *[ZERO] * (length - 1)]
    radius = ZERO
    for c, part in zip(coefficients, parts, strict=True):
        radius = radius + abs(c) * part.radius
        for k, term in enumerate(part.terms):
            terms[k] = terms[k] + c * term
    return Model(tuple(terms), radius)


def _product(a: Model, b: Model) -> Model:
    """Cauchy's product as far as both go; the rest is bounded."""
    length = max(len(a.terms), len(b.terms))
    terms, rest = [ZERO] * length, ZERO
    for i, x in enumerate(a.terms):
        for j, y in enumerate(b.terms):
            if i + j < length:
                terms[i + j] = terms[i + j] + x * y
            else:
                rest = rest + f.abs(x) * f.abs(y)
    polynomial = _sum([f.abs(x) for x in a.terms])
    return Model(tuple(terms), rest + a.radius * b.size + b.radius * polynomial)


def _quotient(a: Model, b: Model) -> Model:
    value, room = a.middle / b.middle, f.abs(b.middle) - b.spread
    reach = (a.spread + f.abs(value) * b.spread) / room
    return Model((value,), where(room > 0, reach, _INFINITE))


def _power(base: Model, exponent: Expression) -> Model:
    q = exponent.payload
    if q == 2:
        return _product(base, base)
    m, r = base.middle, base.spread
    size = f.abs(m)
    if isinstance(q, int) and q > 0:
        return Model((m**exponent,), (size + r) ** exponent - size**exponent)
    away = (size - r) ** exponent if q < 1 else (size + r) ** exponent
    inside = (size > r) if isinstance(q, int) else (m > r)
    return Model((m**exponent,), where(inside, f.abs(away - size**exponent), _INFINITE))


def _exp(a: Model) -> Model:
    value = f.exp(a.middle)
    return Model((value,), value * f.expm1(a.spread))


def _sqrt(a: Model) -> Model:
    value, reach = f.sqrt(a.middle), a.spread
    return Model((value,), where(a.middle > reach, reach / value, _INFINITE))


def _log(a: Model) -> Model:
    m, reach = a.middle, a.spread
    return Model((f.log(m),), where(m > reach, -f.log1p(-reach / m), _INFINITE))


def _extreme(choose: Callable[..., Expression]) -> Callable[..., Model]:
    return lambda a, b: Model((choose(a.middle, b.middle),), f.maximum(a.spread, b.spread))


_RULES: dict[str, Callable[..., Model]] = {
    "div": _quotient,
    "exp": _exp,
    "sqrt": _sqrt,
    "log": _log,
    "atan": lambda a: Model((f.atan(a.middle),), a.spread),
    "abs": lambda a: Model((f.abs(a.middle),), a.spread),
    "minimum": _extreme(f.minimum),
    "maximum": _extreme(f.maximum),
}
