"""Enclosures of expressions along a step: short polynomials with a radius for what they leave out.

Taylor models (Makino & Berz, Int. J. Pure Appl. Math. 4 (2003) 379) of low order, where functions
other than sums and products are taken in midpoint-radius form (Rump, BIT 39 (1999) 534): compiled,
they tell in few operations that an event function has no zero in a whole step.  Rounding is left to
whoever compares them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from taylor import functions as f
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, as_expression, constant
from taylor.expressions.scalars import is_element
from taylor.nodes.logic import where
from taylor.nodes.operations.table import operation
from taylor.nodes.registry import get
from taylor.nodes.traverse import reachable
from taylor.numbers.exact import Exact
from taylor_runtime.program.records import dataclass

_INFINITE = constant(math.inf)


@dataclass(frozen=True, slots=True)
class Model:
    """sum_k terms_k s^k +- radius for 0 <= s <= 1; an infinite radius says nothing is known."""

    terms: tuple[Expression, ...]
    radius: Expression = ZERO

    @property
    def middle(self) -> Expression:
        return self.terms[0]

    @property
    def is_exact(self) -> bool:
        """Whether it does not move."""
        return len(self.terms) == 1 and self.radius is ZERO

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
        parts = [found[arg] for arg in node.args]
        if node in inputs:
            found[node] = inputs[node]
        elif is_element(node) or all(p.is_exact for p in parts):
            found[node] = Model((node,))
        else:
            found[node] = operation(node.op).bound(_models, node, parts)
    return found[e]


def _sum(terms: Sequence[Expression]) -> Expression:
    total = ZERO
    for term in terms:
        total = total + term
    return total


class _Models:
    """What the records of operations ask for their models (`Operation.bound`)."""

    def unknown(self, e: Expression) -> Model:
        """Anything at all."""
        return Model((e,), _INFINITE)

    def sum(self, coefficients: Sequence[Exact], offset: Exact, parts: Sequence[Model]) -> Model:
        length = max(len(part.terms) for part in parts)
        terms = [as_expression(offset), *[ZERO] * (length - 1)]
        radius = ZERO
        for c, part in zip(coefficients, parts, strict=True):
            size: Any = abs(c)
            radius = radius + size * part.radius
            for k, term in enumerate(part.terms):
                terms[k] = terms[k] + c * term
        return Model(tuple(terms), radius)

    def product(self, a: Model, b: Model) -> Model:
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

    def quotient(self, a: Model, b: Model) -> Model:
        value, room = a.middle / b.middle, f.abs(b.middle) - b.spread
        reach = (a.spread + f.abs(value) * b.spread) / room
        return Model((value,), where(room > 0, reach, _INFINITE))

    def power(self, base: Model, exponent: Expression) -> Model:
        """base ** exponent for a constant exponent."""
        q = exponent.payload
        if q == 2:
            return self.product(base, base)
        m, r = base.middle, base.spread
        size = f.abs(m)
        if isinstance(q, int) and q > 0:
            return Model((m**exponent,), (size + r) ** exponent - size**exponent)
        away = (size - r) ** exponent if q < 1 else (size + r) ** exponent
        inside = (size > r) if isinstance(q, int) else (m > r)
        return Model((m**exponent,), where(inside, f.abs(away - size**exponent), _INFINITE))

    def call(self, e: Expression, parts: Sequence[Model]) -> Model:
        """An elementary function, by what its record says."""
        record = get(e.op)
        if record.enclosure is not None:
            value, radius = record.enclosure(*parts)
            return Model((value,), radius)
        if record.steepest:
            *orders, argument = parts
            reach = record.steepest * argument.spread
            at_middle = f.apply(e.op, *(order.middle for order in orders), argument.middle)
            return Model((where(reach < 1, at_middle, 0),), f.minimum(reach, 1))
        return self.unknown(e)


_models = _Models()
