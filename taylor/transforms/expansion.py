"""Which expressions are equal when products of sums are multiplied out."""

from __future__ import annotations

from collections.abc import Sequence

from taylor.expressions.expression import Expression
from taylor.numbers.exact import Exact

Products = dict[tuple[int, ...], Exact]  # factors, by their numbers in order -> coefficient

MOST_TERMS = 64  # of an expression that is multiplied out; of more, it counts as a factor
MOST_POWER = 4


def unified(expressions: Sequence[Expression]) -> list[Expression]:
    """Each expression, or the first that is equal to it by multiplying out.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> unified([x * (x + y), x**2 + x * y])
    [x*(x + y), x*(x + y)]
    """
    work = _Expansion()
    first: dict[frozenset[tuple[tuple[int, ...], Exact]], Expression] = {}
    return [first.setdefault(frozenset(work.of(e).items()), e) for e in expressions]


class _Expansion:
    """Sums of products of what is neither a sum nor a product."""

    def __init__(self) -> None:
        self._known: dict[Expression, Products] = {}
        self._factors: dict[Expression, int] = {}

    def of(self, root: Expression) -> Products:
        """An expression as a sum of products."""
        waiting = [root]
        while waiting:
            e = waiting[-1]
            missing = [a for a in self._opened(e) if a not in self._known]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            self._known[e] = self._made(e)
        return self._known[root]

    def _opened(self, e: Expression) -> tuple[Expression, ...]:
        """The operands of a sum or product."""
        if e.op in ("linear", "mul"):
            return e.args
        return e.args[:1] if _power(e) else ()

    def _made(self, e: Expression) -> Products:
        if e.op == "constant" and not isinstance(e.payload, float):
            return {(): e.payload}
        if e.op == "linear":
            coefficients, offset = e.payload
            found: Products = {(): offset}
            for coefficient, arg in zip(coefficients, e.args, strict=True):
                for factors, number in self._known[arg].items():
                    found[factors] = found.get(factors, 0) + coefficient * number
            found = {factors: number for factors, number in found.items() if number}
            return found if len(found) <= MOST_TERMS else self._factor(e)
        if e.op == "mul":
            return self._product(e, [self._known[arg] for arg in e.args])
        if _power(e):
            return self._product(e, [self._known[e.args[0]]] * _power(e))
        return self._factor(e)

    def _product(self, e: Expression, operands: Sequence[Products]) -> Products:
        total: Products = {(): 1}
        for operand in operands:
            if len(total) * len(operand) > MOST_TERMS:
                return self._factor(e)
            found: Products = {}
            for left, x in total.items():
                for right, y in operand.items():
                    factors = tuple(sorted(left + right))
                    found[factors] = found.get(factors, 0) + x * y
            total = {factors: number for factors, number in found.items() if number}
        return total

    def _factor(self, e: Expression) -> Products:
        return {(self._factors.setdefault(e, len(self._factors)),): 1}


def _power(e: Expression) -> int:
    """The exponent of a small power, 0 for all else."""
    if e.op != "pow" or e.args[1].op != "constant":
        return 0
    exponent = e.args[1].payload
    small = isinstance(exponent, int) and 2 <= exponent <= MOST_POWER
    return exponent if small else 0
