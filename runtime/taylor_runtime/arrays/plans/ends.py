"""What is done for the highest order alone: works that it needs, and sums over all orders.

Coefficient p of a product a b is sum_j a_j b_{p-j}: the orders are one more axis that is summed,
from plane to plane of a forwards and of b backwards.  Where the product is an outer one, or sums
over axes of its own, that is one contraction, whose sums stay in registers all the way.  It adds
the products in the order of contractions, not in that of convolutions: who wants one order alone
(`adjoints.sweep`) wants no bits of a series.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.arrays.plans.works import Nest, Together, Work, access_of
from taylor_runtime.arrays.regions.places import plane_of
from taylor_runtime.program.arrays import ArrayProgram, Contract, Shape, contiguous
from taylor_runtime.program.program import Convolution
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.shapes.ending import rows_at_the_end
from taylor_runtime.program.shapes.sums import counts, sizes_of
from taylor_runtime.program.shapes.walks import aligned
from taylor_runtime.program.signature import convolution_chains

FEWEST_SHARING = 4  # sums that a factor which is loaded once has to serve


@dataclass(frozen=True, slots=True)
class OverOrders:
    """The sum of the products of a_j and b_{p-j}, j = first .. p - last.

    a, b:    both rows, which are no views, and where their first elements are in these.
    sizes:   of all axes, the orders first; strides: of both factors and of the result on these.
    counts:  rows, columns, and terms of the products of matrices that it is made of.
    """

    a: tuple[int, int]
    b: tuple[int, int]
    first: int
    last: int
    sizes: Shape
    strides: tuple[Shape, Shape, Shape]
    counts: tuple[int, int, int]


def at_the_end(
    program: ArrayProgram, works: Sequence[Work | Together]
) -> tuple[list[Work | Together], bool]:
    """The works that make rows of which outputs need the highest order, and whether it pays to do
    these alone there: the others take a while.
    """
    wanted = rows_at_the_end(program)
    found: list[Work | Together] = []
    left = set[int]()
    for work in works:
        far = isinstance(work, Together) and work.far
        listed: list[Work] = [*work.nests] if isinstance(work, Together) else [work]
        kept = [one for one in listed if not wanted.isdisjoint(one.computed)]
        left.update(row for one in listed if one not in kept for row in one.computed)
        nests = [one for one in kept if isinstance(one, Nest)]
        found += [Together(nests, far)] if len(nests) > 1 else kept
    long = (program.row(k).moved or convolution_chains(program.rows[k]) for k in left)
    return found, program.order > 1 and any(long)


def over_orders(program: ArrayProgram, index: int, varies: Sequence[bool]) -> OverOrders | None:
    """How the last order of a row may be summed at once; None where it is no such sum."""
    row = program.row(index)
    product = row.moved if isinstance(row.moved, Contract) else _convolution(program, index)
    if product is None or not (varies[product.a] and varies[product.b]):
        return None
    first, second = access_of(program, product.a), access_of(program, product.b)
    shapes = program.shape(product.a), program.shape(product.b)
    if isinstance(product, Contract):
        operands, result = product.subscripts.split("->")
        sizes = sizes_of(product.subscripts, shapes)
        own = contiguous(row.shape)
        named = zip(
            (*operands.split(","), result), (first.strides, second.strides, own), strict=True
        )
        by_letter = [dict(zip(letters, strides, strict=True)) for letters, strides in named]
        a, b, c = (tuple(known.get(letter, 0) for letter in sizes) for known in by_letter)
        space = tuple(sizes.values())
        rows, columns, terms = counts(product.subscripts, sizes)
    else:
        a, b = (
            aligned(access.strides, shape, row.shape)
            for access, shape in zip((first, second), shapes, strict=True)
        )
        c, space = contiguous(row.shape), row.shape
        rows = max((n for n, s, t in zip(space, a, b, strict=True) if s and not t), default=1)
        columns = max((n for n, s, t in zip(space, a, b, strict=True) if t and not s), default=1)
        terms = 1
        if min(rows, columns) < 2 or max(rows, columns) < FEWEST_SHARING:
            return None
    orders = program.order + 1 - product.first - product.last
    planes = [plane_of(program.row(access.row).size) for access in (first, second)]
    return OverOrders(
        (first.row, first.offset),
        (second.row, second.offset),
        product.first,
        product.last,
        (orders, *space),
        ((planes[0], *a), (-planes[1], *b), (0, *c)),
        (rows, columns, orders * terms),
    )


def _convolution(program: ArrayProgram, index: int) -> Convolution | None:
    """The convolution that a row is, if it is one and no more."""
    row = program.row(index)
    if row.moved or row.start or row.step is None or len(row.step.terms) != 1:
        return None
    (term,) = row.step.terms
    plain = (row.step.times, row.step.divisor, term.constant, term.head) == ("1", None, 1, None)
    c = term.operand
    return c if plain and isinstance(c, Convolution) and c.weight is None else None
