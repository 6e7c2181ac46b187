"""Adjoints by products that are there already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from taylor.expressions.expression import Expression
from taylor.nodes.products import split_power
from taylor.nodes.rebuild import rebuild
from taylor.nodes.traverse import reachable
from taylor.numbers.exact import Exact

Powers = Mapping[tuple[Expression, Exact], Expression]  # by base and exponent
Parts = tuple[Expression, Expression, Expression]


def reusing(adjoints: Sequence[Expression], slopes: Sequence[Expression]) -> list[Expression]:
    """The adjoints of slopes with (q / b) (b**p d) for q b**(p-1) d, where slopes have b**p d.

    So have forces that are a power of the distance times its components: that takes a power and a
    product of series less. Of p < 0 alone, where b is not zero.
    """
    known = set(reachable(slopes))
    products = {frozenset(e.args): e for e in known if e.op == "mul"}
    powers = {split_power(e): e for e in known if e.op == "pow"}
    fresh = [e for e in reachable(adjoints) if e not in known]
    users: dict[Expression, list[Expression]] = {}
    for e in fresh:
        for used in e.args:
            users.setdefault(used, []).append(e)
    found: dict[Expression, Parts] = {}  # q, b and b**p d by product
    asked = set(adjoints)
    for e in fresh:
        for q, base, power in _scaled_powers(e, powers):
            listed = [] if e in asked else users.get(e, [])
            made = [products.get(frozenset((power, _other(user, e)))) for user in listed]
            pairs = zip(listed, made, strict=True)
            if all(whole is not None and whole.shape == user.shape for user, whole in pairs):
                pairs = zip(listed, made, strict=True)
                found |= {user: (q, base, whole) for user, whole in pairs if whole is not None}
    done: dict[Expression, Expression] = {}
    for e in reachable(adjoints):
        if e in found:
            q, base, product = found[e]
            done[e] = done[q] / base * product
        else:
            done[e] = e if e in known or not e.args else rebuild(e, [done[x] for x in e.args])
    return [done[e] for e in adjoints]


def _scaled_powers(e: Expression, powers: Powers) -> Iterator[Parts]:
    """q, b and the known b**p of products q b**(p-1), all of one shape, with p < 0."""
    for q, power in (e.args, e.args[::-1]) if e.op == "mul" else ():
        base, exponent = split_power(power)
        known = powers.get((base, exponent + 1)) if exponent < -1 else None
        if known is not None and q.shape == base.shape == e.shape:
            yield q, base, known


def _other(product: Expression, factor: Expression) -> Expression:
    """What a factor is multiplied by; the factor itself where it is no factor of a product."""
    if product.op != "mul":
        return factor
    return product.args[1] if product.args[0] is factor else product.args[0]
