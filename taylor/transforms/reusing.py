"""Adjoints by products that the steps have made already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from taylor.expressions.expression import Expression
from taylor.nodes.products import split_power
from taylor.nodes.rebuild import rebuild
from taylor.nodes.traverse import reachable

Product = tuple[Expression, Expression, Expression]  # q, b, and a product of b**p


def reusing(adjoints: Sequence[Expression], slopes: Sequence[Expression]) -> list[Expression]:
    """The adjoints with q b**(p-1) d as (q / b) (b**p d), where slopes have the latter, as of
    forces that are a power of the distance times its components: a series, its power, and a product
    fewer. Of p < 0 alone, where b is not zero.
    """
    known = set(reachable(slopes))
    products = {frozenset(e.args): e for e in known if e.op == "mul"}
    powers = {split_power(e): e for e in known}
    found: dict[Expression, Product] = {}
    nodes = [e for e in reachable(adjoints) if e not in known]
    asked = set(adjoints)
    users: dict[Expression, list[Expression]] = {}
    for e in nodes:
        for used in e.args:
            users.setdefault(used, []).append(e)
    for e in nodes:
        for q, (base, exponent) in _scaled_powers(e):
            power = powers.get((base, exponent + 1)) if exponent < -1 else None
            if power is None or e in asked or not q.shape == base.shape == e.shape:
                continue
            made = {user: _other(user, e, power, products) for user in users.get(e, ())}
            if all(product is not None and product.shape == u.shape for u, product in made.items()):
                found |= {u: (q, base, product) for u, product in made.items() if product is not None}
    done: dict[Expression, Expression] = {}
    for e in reachable(adjoints):
        if e in found:
            q, base, product = found[e]
            done[e] = done[q] / base * product
        elif e in known:
            done[e] = e
        else:
            done[e] = rebuild(e, [done[used] for used in e.args]) if e.args else e
    return [done[e] for e in adjoints]


def _scaled_powers(e: Expression) -> Iterator[tuple[Expression, tuple[Expression, object]]]:
    """q and (b, p) of a product q b**p."""
    if e.op == "mul":
        a, b = e.args
        yield from ((q, split_power(power)) for q, power in ((a, b), (b, a)) if power.op == "pow")


def _other(
    user: Expression,
    factor: Expression,
    power: Expression,
    products: dict[frozenset[Expression], Expression],
) -> Expression | None:
    """The product of a power and what a user multiplies a factor by."""
    if user.op != "mul":
        return None
    other = user.args[1] if user.args[0] is factor else user.args[0]
    return products.get(frozenset((power, other)))
