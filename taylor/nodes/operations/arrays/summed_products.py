"""Sums over the turns of a loop of products of small arrays: one contraction after the loop.

What a matrix has of a turn that multiplies vectors by it is such a product; all of them together
are a matrix product, and no sum as large as the matrix goes from turn to turn.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from taylor.nodes.arrays import reshape
from taylor.nodes.operations.arrays.contractions import LETTERS, contract, split_subscripts
from taylor.nodes.operations.arrays.cotangents import total
from taylor.numbers.exact import Exact

SMALLER = 4  # times smaller than the product are both operands together
TURN = "Z"  # the letter of the axis along the turns

Product = tuple[Exact, Any]  # a coefficient, and a product or a contraction of two operands


def split_products(share: Any, steady: Collection[Any]) -> tuple[Any, list[Product]]:
    """A sum without the products that are better summed after the loop, None where nothing is
    left, and these.

    steady: what is the same in all turns.
    """
    terms: list[Product] = [(1, share)]
    if share.op == "linear" and share.payload[1] == 0:
        terms = list(zip(share.payload[0], share.args, strict=True))
    still = set(steady)
    found: list[Product] = []
    rest: list[Product] = []
    for c, term in terms:
        pays = term.shape == share.shape and _pays(term, still)
        (found if pays else rest).append((c, term))
    if not found:
        return share, []
    return total(rest, share.shape) if rest else None, found


def _pays(term: Any, steady: set[Any]) -> bool:
    if term.op not in ("mul", "einsum"):
        return False
    if sum(arg.size for arg in term.args) * SMALLER > term.size:
        return False
    return all(x.op != "constant" and x not in steady for x in operands(term))


def operands(term: Any) -> list[Any]:
    """What is kept of every turn: the operands, whatever shape they were given."""
    return [arg.args[0] if arg.op == "reshape" else arg for arg in term.args]


def summed_product(term: Any, first: Any, second: Any) -> Any:
    """The sum of a product over all turns, of the operands of all turns."""
    if term.op == "einsum":
        one, other, result = split_subscripts(term.payload)
    else:
        result = LETTERS[: term.ndim]
        one, other = (result[term.ndim - arg.ndim :] for arg in term.args)
    a, b = (
        reshape(given, (given.shape[0], *arg.shape))
        for given, arg in zip((first, second), term.args, strict=True)
    )
    return contract(a, b, TURN + one, TURN + other, result)
