"""Taylor coefficients of expressions with loops and branches, as expressions of their inputs' own.

A recurrence is not written again: the program of an expression without loops is carried out by
`reference.interpreter` with expressions in the place of numbers, and a loop becomes one whose turns
carry all coefficients of what they carry.  Which turns and which branches are taken is decided by
values, which are coefficients of order zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from taylor.control.kernels import kernel_node
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, ZERO, as_expression
from taylor.expressions.scalars import is_element
from taylor.nodes.logic import where
from taylor.nodes.operations.table import operation
from taylor.nodes.regions import part, region_node
from taylor.nodes.sums import exact_value
from taylor.nodes.traverse import reachable
from taylor.recurrences.decompose import decompose
from taylor.reference.interpreter import Algebra, coefficients
from taylor_runtime.program.monomials import Monomials
from taylor_runtime.program.program import Input
from taylor_runtime.program.records import dataclass

Coefficients = Sequence[Expression]  # of one quantity, by order or by monomial


@dataclass(frozen=True, slots=True)
class Orders:
    """Coefficients by the order in one variable."""

    order: int

    @property
    def size(self) -> int:
        """How many there are."""
        return self.order + 1

    @property
    def degrees(self) -> Sequence[int]:
        """The order of each."""
        return range(self.order + 1)

    @property
    def exponents(self) -> list[list[int]]:
        """The powers of each."""
        return [[order] for order in self.degrees]

    @property
    def algebra(self) -> Algebra:
        """What the interpreter computes with."""
        return Algebra(as_expression, lambda a, b: a / b, kernel_node, choose=where)

    def by_order(self, listed: Coefficients) -> list[Any]:
        """The coefficients as the interpreter takes them."""
        return list(listed)

    def listed(self, by_order: Sequence[Any]) -> list[Expression]:
        """The inverse."""
        return list(by_order)


@dataclass(frozen=True, slots=True)
class Degrees:
    """Coefficients by the monomials in several variables: those of a degree are an order's."""

    among: Monomials

    @property
    def order(self) -> int:
        """The highest degree."""
        return self.among.order

    @property
    def size(self) -> int:
        """How many monomials there are."""
        return self.among.size

    @property
    def degrees(self) -> Sequence[int]:
        """The degree of each."""
        found: list[int] = self.among.exponents.sum(axis=1).tolist()
        return found

    @property
    def exponents(self) -> list[list[int]]:
        """The powers of each."""
        found: list[list[int]] = self.among.exponents.tolist()
        return found

    @property
    def algebra(self) -> Algebra:
        """What the interpreter computes with: homogeneous polynomials."""

        def number(value: Any) -> _Homogeneous:
            return self._polynomial({(0,) * self.among.variables: as_expression(value)})

        def head(x: _Homogeneous) -> Expression:
            return x.terms.get((0,) * self.among.variables, ZERO)

        def divide(a: _Homogeneous, b: _Homogeneous) -> _Homogeneous:
            return self._polynomial({key: value / head(b) for key, value in a.terms.items()})

        def kernel(name: Any, args: Sequence[_Homogeneous]) -> _Homogeneous:
            return number(kernel_node(name, [head(x) for x in args]))

        def choose(test: _Homogeneous, a: _Homogeneous, b: _Homogeneous) -> _Homogeneous:
            keys = {**a.terms, **b.terms}
            pairs = {key: (a.terms.get(key, ZERO), b.terms.get(key, ZERO)) for key in keys}
            return self._polynomial({key: where(head(test), *pair) for key, pair in pairs.items()})

        return Algebra(number, divide, kernel, choose=choose)

    def by_order(self, listed: Coefficients) -> list[Any]:
        """The coefficients as the interpreter takes them."""
        found: list[dict[tuple[int, ...], Expression]] = [{} for _ in range(self.order + 1)]
        for powers, value in zip(self.among.exponents.tolist(), listed, strict=True):
            if exact_value(value) != 0:
                found[sum(powers)][tuple(powers)] = value
        return [self._polynomial(terms) for terms in found]

    def listed(self, by_order: Sequence[Any]) -> list[Expression]:
        """The inverse."""
        return [
            by_order[sum(powers)].terms.get(tuple(powers), ZERO)
            for powers in self.among.exponents.tolist()
        ]

    def variable(self, x: Expression, position: int) -> list[Expression]:
        """The coefficients of the variable of a position, displaced from x."""
        own = [int(k == position) for k in range(self.among.variables)]
        rows = self.among.exponents.tolist()
        return [x, *[ONE if row == own else ZERO for row in rows[1:]]]

    def _polynomial(self, terms: dict[tuple[int, ...], Expression]) -> _Homogeneous:
        return _Homogeneous(terms, self.among.highest)


@dataclass(frozen=True, slots=True, eq=False)
class _Homogeneous:
    """The part of one degree of a polynomial, by powers; those above the highest are left out."""

    terms: Mapping[tuple[int, ...], Expression]
    highest: tuple[int, ...]

    def __add__(self, other: _Homogeneous) -> _Homogeneous:
        terms = dict(self.terms)
        for key, value in other.terms.items():
            terms[key] = terms[key] + value if key in terms else value
        return _Homogeneous(terms, self.highest)

    def __mul__(self, other: _Homogeneous) -> _Homogeneous:
        terms: dict[tuple[int, ...], Expression] = {}
        for a, x in self.terms.items():
            for b, y in other.terms.items():
                key = tuple(i + k for i, k in zip(a, b, strict=True))
                product = x * y
                if all(i <= most for i, most in zip(key, self.highest, strict=True)):
                    terms[key] = terms[key] + product if key in terms else product
        return _Homogeneous(terms, self.highest)


Space = Orders | Degrees


def expanded(
    roots: Sequence[Expression], known: Mapping[Expression, Coefficients], space: Space
) -> list[list[Expression]]:
    """The coefficients of scalar expressions from those of inputs; other inputs do not vary.

    known: of order zero an input is itself.
    """
    found = dict(known)
    for e in reachable(roots, stop=known.__contains__):
        widen = operation(e.op).widen
        if e in known or widen is None:
            continue
        operands = _without_loops(e.args, found, space)
        same = region_node(e.op, [c[0] for c in operands], e.payload)
        results = widen(same, [_beyond(c) for c in operands], _Inside(space))
        named = ((part(e, number), components) for number, components in enumerate(results))
        found |= {result: components for result, components in named if result.op == "part"}
    return _without_loops(roots, {**found, **known}, space)


def _beyond(listed: Coefficients) -> Coefficients | None:
    """The coefficients beyond the value; None where they are all zero."""
    return None if all(exact_value(c) == 0 for c in listed[1:]) else listed[1:]


class _Inside:
    """What gives the coefficients beyond the values of the outputs of a graph."""

    def __init__(self, space: Space) -> None:
        self.space = space

    @property
    def degrees(self) -> Sequence[int]:
        """Of the coefficients beyond the value, each one's order or degree."""
        return self.space.degrees[1:]

    def __call__(
        self, roots: Sequence[Expression], seeds: Mapping[Expression, Coefficients]
    ) -> list[Any]:
        known = {x: [x, *extra] for x, extra in seeds.items()}
        return [_beyond(listed) for listed in expanded(roots, known, self.space)]


def _without_loops(
    roots: Sequence[Expression], known: Mapping[Expression, Coefficients], space: Space
) -> list[list[Expression]]:
    """The same of expressions whose loops all are known: by their value alone where they do not
    vary.
    """
    leaves = _leaves_among(roots, known)
    varying = [e for e in leaves if len(known.get(e, ())) > 1]
    steady = [e for e in leaves if len(known.get(e, ())) < 2]
    slots = {e: Input("jet", (i,)) for i, e in enumerate(varying)}
    slots |= {e: Input("parameter", (i,)) for i, e in enumerate(steady)}
    program = replace(decompose(roots, slots, space.order), exact_division=True)
    algebra = space.algebra
    given = {
        "jet": [space.by_order(known[e]) for e in varying],
        "parameter": [_number(known.get(e, [e])[0], algebra) for e in steady],
    }
    return [space.listed(found) for found in coefficients(program, given, algebra)]


def _number(e: Expression, algebra: Algebra) -> Any:
    return algebra.number(e)  # type: ignore[arg-type]  # an expression is a number here


def _leaves_among(
    roots: Sequence[Expression], known: Mapping[Expression, Coefficients]
) -> dict[Expression, None]:
    """What the roots depend on: known expressions, inputs, and parts of loops."""

    def stops(e: Expression) -> bool:
        return e in known or e.op == "part" or is_element(e)

    nodes = reachable(roots, stop=stops)
    leaves = ("variable", "parameter", "time")
    return dict.fromkeys(e for e in nodes if stops(e) or e.op in leaves)
