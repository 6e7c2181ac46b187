"""Quotients by powers, and differences, as they were written, where values alone are wanted.

Normal forms multiply by inverse powers, which sums of products and series share; but 1 / b**p may
leave the range of numbers where b**p and a / b**p do not: b*b is next to its ends, or subnormal.

b - a is -(a - b) in normal form, if a is older; but where b is a, the one is 0.0 and the other
-0.0, of which the angle with -1 is pi and -pi.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_

from taylor.nodes.node import ONE, N, broadcast_shapes, constant_node, node
from taylor.nodes.products import power_exact
from taylor.nodes.regions import REGIONS, Recursion, Region, region_node, rewritten
from taylor.nodes.sums import exact_value, scale, split_factor
from taylor.nodes.traverse import reachable
from taylor.numbers.exact import is_movable, normalised

_ONE_BY_ONE = range(4)  # further divisors, which are one power beyond
_FACTORS = 4  # products and quotients, one in the other, in which a difference is looked for


def as_written(roots: Sequence[N]) -> list[N]:
    """Roots of the same values in which what was divided by a power is a quotient again, and so is
    a large or small number that was divided by something.

    >>> from taylor.expressions.leaves import variables
    >>> a, b = variables("a b")
    >>> a / (b * b), *as_written([a / (b * b)])
    (a*b**(-2), a/b**2)
    """
    done: dict[N, N] = {}
    for e in reachable(roots):
        args = tuple(done[arg] for arg in e.args)
        made = _quotient(args) if e.op == "mul" else None
        if made is None and e.op == "linear":
            made = _multiple(e, args) if len(args) == 1 else None
            made = _sum(e, args) if made is None else made
        if e.op in REGIONS and type(e.payload) in (Region, Recursion):
            region = rewritten(e.payload, as_written)
            made = None if region is e.payload else region_node(e.op, args, region)
        if made is None:
            made = e if all(map(is_, args, e.args)) else node(e.op, args, e.payload, e.shape)
        done[e] = made
    return [done[root] for root in roots]


def _divisors(e: N) -> Sequence[N]:
    """b**p where e is its inverse and was written so, and what derivatives are divided by after it:
    of c / b**2 they are multiples of c / b**2 / b, of numbers that c and b**2 leave in range. None
    for others.
    """
    if e.op == "pow" and e.payload is not None:
        exponent = exact_value(e.args[1])
        assert exponent is not None
        base, rest = e.args[0], normalised(-exponent - e.payload)
        first = power_exact(base, e.payload)
        if rest in _ONE_BY_ONE:
            return [first, *[base] * int(rest)]
        return [first, power_exact(base, rest)]
    return e.args[1:] if e.op == "div" and e.args[0] is ONE else ()


def _divided(kept: N, divisors: Sequence[N]) -> N:
    for divisor in divisors:
        kept = node("div", (kept, divisor), None, broadcast_shapes("divide", kept, divisor))
    return kept


def _quotient(args: Sequence[N]) -> N | None:
    """A product with an inverse power, or a multiple of one, as a quotient; None for others."""
    for kept, inverse in (args, args[::-1]):
        factor, core = split_factor(inverse)
        divisors = _divisors(core) if core.op == "pow" else ()
        if divisors:
            return scale(factor, _divided(kept, divisors))
    return None


def _multiple(e: N, args: Sequence[N]) -> N | None:
    """A negative multiple of a difference as a positive one of the opposite; None for others."""
    (factor,), offset = e.payload
    opposite = _opposite(args[0], _FACTORS) if factor < 0 and offset == 0 else None
    if opposite is None or factor == -1:
        return opposite
    return node("linear", (opposite,), ((-factor,), 0), e.shape)


def _opposite(e: N, depth: int) -> N | None:
    """-e of a difference, or a product or a quotient of one, by subtracting the other way round."""
    if e.op == "linear" and len(e.args) == 2:
        (first, second), offset = e.payload
        if offset == 0 and first * second < 0:
            return node("linear", e.args, ((-first, -second), 0), e.shape)
    if e.op in ("mul", "div") and depth:
        for k, factor in enumerate(e.args if e.op == "mul" else e.args[:1]):
            opposite = _opposite(factor, depth - 1)
            if opposite is not None:
                args = (*e.args[:k], opposite, *e.args[k + 1 :])
                return node(e.op, args, None, e.shape)
    return None


def _sum(e: N, args: Sequence[N]) -> N | None:
    """A sum whose coefficients that nothing moves past (`is_movable`) are numerators, or None."""
    coefficients, offset = list(e.payload[0]), e.payload[1]
    terms = list(args)
    for k, (coefficient, term) in enumerate(zip(coefficients, args, strict=True)):
        divisors = () if is_movable(coefficient) else _divisors(term)
        if divisors:
            number = constant_node(coefficient, term.shape)
            coefficients[k], terms[k] = 1, _divided(number, divisors)
    if all(map(is_, terms, args)):
        return None
    if len(terms) == 1 and offset == 0:
        return terms[0]
    return node("linear", tuple(terms), (tuple(coefficients), offset), e.shape)
