"""Operations of two arrays that sum products: matrix products and contractions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.errors import ShapeError, user_location
from taylor.nodes import logic, sums
from taylor.nodes.arrays import broadcast_to, matmul, reshape, sum_axes, transpose
from taylor.nodes.node import ONE, N, Node, Shape, node
from taylor.nodes.operation import (
    ATOM,
    OPERATIONS,
    PRODUCT,
    UNARY,
    Operation,
    Text,
    everywhere,
    listed,
)
from taylor.nodes.operations.arrays.cotangents import guarded, summed, total, unbroadcast
from taylor.nodes.products import multiply

Elements = np.ndarray[Any, Any]  # an object array of scalar nodes
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

# --- derivatives ----------------------------------------------------------


def _tangent(e: Any, tangents: Mapping[Any, Any]) -> Any:
    """The product rule."""
    a, b = e.args
    build, terms = OPERATIONS[e.op].build, []
    if a in tangents:
        terms.append((1, build(e, (tangents[a], b))))
    if b in tangents:
        terms.append((1, build(e, (a, tangents[b]))))
    return total(terms, e.shape)


Letters = Callable[[Any], tuple[str, str, str]]  # of a node: those of its operands and its own


def _product_adjoints(letters_of: Letters) -> Callable[[Any, Any, Any], Iterator[Any]]:
    """The rule `Operation.adjoints`: with the other operand, over what one does not have."""

    def adjoints(e: Any, adjoint: Any, guard: Any) -> Iterator[tuple[Any, Any, Any]]:
        first, second, result = letters_of(e)
        a, b = e.args
        for e_own, own, e_other, other in ((a, first, b, second), (b, second, a, first)):
            factor, guard_own = e_other, ONE
            if guard is not ONE:  # what is singular there must not spoil the sums
                counts = broadcast_to(guard, e.shape)
                factor = guarded(_any_of(counts, result, e_other.shape, other), e_other)
                guard_own = _any_of(counts, result, e_own.shape, own)
            share = _share(adjoint, result, factor, other, e_own.shape, own)
            yield e_own, guarded(guard_own, share), guard_own

    return adjoints


def _share(adjoint: Any, result: str, factor: Any, other: str, shape: Shape, own: str) -> Any:
    """The adjoint times the other operand, summed over all axes but those of the operand itself:
    of one element, where there are more in the result, they are summed as well.
    """
    sizes = sizes_of((adjoint, factor), (result, other))
    kept = "".join(x for x, n in zip(own, shape, strict=True) if sizes.get(x) == n)
    share = contract(adjoint, factor, result, other, kept)
    sizes |= {x: 1 for x in own if x not in kept}
    spread = tuple(1 if x not in kept else n for x, n in zip(own, shape, strict=True))
    return broadcast_to(reshape(share, spread), shape)


def _any_of(counts: Any, result: str, shape: Shape, letters: str) -> Any:
    """When an element of an operand is in any result that counts."""
    gone = [i for i, x in enumerate(result) if x not in letters]
    kept = [x for x in result if x in letters]
    order = sorted(range(len(kept)), key=lambda i: letters.index(kept[i]))
    moved = transpose(summed(counts, gone), order)
    following = iter(moved.shape)
    spread = reshape(moved, tuple(next(following) if x in kept else 1 for x in letters))
    wide = np.broadcast_shapes(spread.shape, shape)
    return logic.condition(unbroadcast(broadcast_to(spread, wide), shape))


def _matmul_letters(e: Any) -> tuple[str, str, str]:
    """A letter for each axis of two operands and their matrix product."""
    a, b = e.args
    rows, columns = a.ndim > 1, b.ndim > 1
    batch = LETTERS[: e.ndim - rows - columns]
    row, inner, column = list(LETTERS[len(batch) : len(batch) + 3])
    first = batch[len(batch) - max(a.ndim - 2, 0) :] + row * rows + inner
    second = batch[len(batch) - max(b.ndim - 2, 0) :] + inner + column * columns
    return first, second, batch + row * rows + column * columns


# --- matrix products ----------------------------------------------------------


def matmul_elements(a: Elements, b: Elements) -> Elements:
    """The elements of a matrix product as `numpy.matmul` has them, each one flat sum."""
    rows = a if a.ndim > 1 else a[None, :]
    columns = np.swapaxes(b, -1, -2) if b.ndim > 1 else b[None, :]
    batch = np.broadcast_shapes(rows.shape[:-2], columns.shape[:-2])
    rows = np.broadcast_to(rows, (*batch, *rows.shape[-2:]))
    columns = np.broadcast_to(columns, (*batch, *columns.shape[-2:]))
    result = np.empty((*batch, rows.shape[-2], columns.shape[-2]), dtype=object)
    for position in np.ndindex(*result.shape):
        row, column = rows[position[:-1]], columns[(*position[:-2], position[-1])]
        result[position] = sums.add_many([multiply(x, y) for x, y in zip(row, column, strict=True)])
    result = result if a.ndim > 1 else result[..., 0, :]
    return result if b.ndim > 1 else result[..., 0]


def _matmul_of_many(e: Node, operands: Sequence[N], many: Any) -> N:
    """Of matrices and vectors a contraction; larger ones have the new axis before all others."""
    a, b = e.args
    if a.ndim < 3 and b.ndim < 3:
        first, second = "ik" if a.ndim > 1 else "k", "kj" if b.ndim > 1 else "k"
        kept = first.replace("k", "") + second.replace("k", "")
        return _contract_many(operands, first, second, kept)
    ndim = max(a.ndim, b.ndim)
    ranked = []
    for given, own, axis in zip(operands, e.args, (0, 1), strict=True):
        shape = own.shape if own.ndim > 1 else (*own.shape, 1) if axis else (1, *own.shape)
        if given.ndim > own.ndim:
            shape = (many.size, *[1] * (ndim - len(shape)), *shape)
        ranked.append(reshape(given, shape))
    return reshape(matmul(*ranked), (many.size, *e.shape))


_MATMUL = Operation(
    batch=_matmul_of_many,
    name="matmul",
    array_rows=lambda walk, e: walk.matmul(e),
    smooth=everywhere,
    build=lambda e, args: matmul(args[0], args[1]),
    text=lambda e, names: ([(e.args[0], PRODUCT), " @ ", (e.args[1], UNARY)], PRODUCT),
    elements=lambda e, operands: matmul_elements(operands[0], operands[1]),
    whole=lambda algebra, e, values: np.matmul(values[0], values[1]),
    tangent=_tangent,
    adjoints=_product_adjoints(_matmul_letters),
)

# --- contractions ----------------------------------------------------------


def contract(a: N, b: N, first: str, second: str, result: str) -> N:
    """The sum of a*b over all letters but those of the result, as `numpy.einsum` of two arrays.

    first, second: a letter for each axis, none twice; result: letters among these, none twice.
    An axis of one element goes with every size, as in `numpy.einsum`.

    Raises ShapeError for axes of one letter and unlike sizes.
    """
    sizes = sizes_of((a, b), (first, second))
    single = {x for x, size in sizes.items() if size == 1 and x not in result}
    (a, first), (b, second) = _without(a, first, single), _without(b, second, single)
    a, first = _needed(a, first, sizes, result + second)
    b, second = _needed(b, second, sizes, result + first)
    a, first = _needed(a, first, sizes, result + second)
    if not set(first) & set(second) - set(result):
        return multiply(_spread(a, first, result), _spread(b, second, result))
    letters: dict[str, str] = {}
    for letter in first + second:
        letters.setdefault(letter, LETTERS[len(letters)])
    written = ["".join(letters[x] for x in axes) for axes in (first, second, result)]
    subscripts = f"{written[0]},{written[1]}->{written[2]}"
    return node("einsum", (a, b), subscripts, tuple(sizes[x] for x in result))


def sizes_of(operands: Sequence[Node], axes: Sequence[str]) -> dict[str, int]:
    """The size that each letter stands for.

    Raises ShapeError for one letter of two sizes, neither of them 1.
    """
    sizes: dict[str, int] = {}
    for e, letters in zip(operands, axes, strict=True):
        for letter, size in zip(letters, e.shape, strict=True):
            known = sizes.setdefault(letter, size)
            if known == 1:
                sizes[letter] = size
            elif size not in (1, known):
                shapes = " and ".join(str(operand.shape) for operand in operands)
                raise ShapeError(
                    f"einsum: shapes {shapes} do not fit together: {letter!r} has {known} elements "
                    f"and {size} in {','.join(axes)} (at {user_location()})"
                )
    return sizes


def _without(e: N, letters: str, gone: set[str]) -> tuple[N, str]:
    """The operand without axes of one element."""
    shape = tuple(size for x, size in zip(letters, e.shape, strict=True) if x not in gone)
    return reshape(e, shape), "".join(x for x in letters if x not in gone)


def _needed(e: N, letters: str, sizes: Mapping[str, int], others: str) -> tuple[N, str]:
    """The operand without axes of one element that are larger elsewhere or that nobody needs, and
    summed over those that it has alone."""
    short = [
        i for i, x in enumerate(letters) if e.shape[i] == 1 and (sizes[x] != 1 or x not in others)
    ]
    if short:
        e = reshape(e, tuple(size for i, size in enumerate(e.shape) if i not in short))
        letters = "".join(x for i, x in enumerate(letters) if i not in short)
    alone = tuple(i for i, x in enumerate(letters) if x not in others)
    if alone:
        e = sum_axes(e, alone)
        letters = "".join(x for i, x in enumerate(letters) if i not in alone)
    return e, letters


def _spread(e: N, letters: str, result: str) -> N:
    """The operand with its axes as in the result, those that it has not of one element."""
    order = sorted(range(len(letters)), key=lambda i: result.index(letters[i]))
    moved = transpose(e, order)
    following = iter(moved.shape)
    return reshape(moved, tuple(next(following) if x in letters else 1 for x in result))


def split_subscripts(subscripts: str) -> tuple[str, str, str]:
    """The letters of both operands and of the result."""
    operands, _, result = subscripts.partition("->")
    first, _, second = operands.partition(",")
    return first, second, result


def _einsum_elements(e: Node, operands: Sequence[Elements]) -> Elements:
    first, second, result = split_subscripts(e.payload)
    summed = "".join(x for x in first if x not in result)
    sizes = dict(zip(first + second, operands[0].shape + operands[1].shape, strict=True))
    shape: Shape = tuple(sizes[x] for x in result + summed)
    rows = []
    for elements, letters in zip(operands, (first, second), strict=True):
        order = sorted(range(len(letters)), key=lambda i: (result + summed).index(letters[i]))
        following = iter(elements.transpose(order).shape)
        sparse = tuple(next(following) if x in letters else 1 for x in result + summed)
        spread = np.broadcast_to(elements.transpose(order).reshape(sparse), shape)
        rows.append(spread.reshape(*e.shape, int(np.prod(shape[len(result) :]))))
    found = np.empty(e.shape, dtype=object)
    for position in np.ndindex(*e.shape):
        pairs = zip(rows[0][position], rows[1][position], strict=True)
        found[position] = sums.add_many([multiply(x, y) for x, y in pairs])
    return found


def _einsum_text(e: Node, names: Any) -> Text:
    return [f"einsum({e.payload!r}, ", *listed(e.args), ")"], ATOM


def _contract_many(operands: Sequence[N], first: str, second: str, result: str) -> N:
    """The contraction with one letter more for the axis of many."""
    letter = next(x for x in LETTERS if x not in first + second)
    a, b = operands
    one = letter + first if a.ndim > len(first) else first
    other = letter + second if b.ndim > len(second) else second
    return contract(a, b, one, other, letter + result)


_EINSUM = Operation(
    batch=lambda e, operands, many: _contract_many(operands, *split_subscripts(e.payload)),
    name="einsum",
    array_rows=lambda walk, e: walk.contracted(e, e.payload),
    smooth=everywhere,
    build=lambda e, args: contract(args[0], args[1], *split_subscripts(e.payload)),
    text=_einsum_text,
    elements=_einsum_elements,
    whole=lambda algebra, e, values: np.einsum(e.payload, *values, optimize=True),
    tangent=_tangent,
    adjoints=_product_adjoints(lambda e: split_subscripts(e.payload)),
)

RECORDS = (_MATMUL, _EINSUM)
