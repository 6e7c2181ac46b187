"""The contraction of two strided arrays: matrix products, and what else `einsum` says of two.

Whatever the sizes and strides are, the text is one nest of loops around one kernel: a tile of sums
in registers (`tiles.py`), or several sums whose lanes lie along the summed axes (`dots.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from taylor_runtime.arrays.choice import ROOM, Axis, Nest, nest_of
from taylor_runtime.arrays.dots import dot_sums, store_dots
from taylor_runtime.arrays.panels import fill_panel
from taylor_runtime.arrays.tiles import Factor, Run, old_elements, store_tile, tile_sums
from taylor_runtime.arrays.walks import Place, as_value, each, larger, smaller, walk
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.types import COMPOUND, alignment_of, make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.order import Summation, summation
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.shapes.sums import counts, sizes_of


@dataclass(frozen=True, slots=True)
class Contraction:
    """Which products of the elements of two arrays are summed to which element of a third.

    sizes:   of all axes, which the operands share; products are numbered in this order of axes.
    a, b, c: from one element to the next on each axis, in elements; 0 where an operand lacks the
             axis.  Those that c lacks are summed.
    order:   in which order the products are added; it decides the result's last bits, alone.
    """

    sizes: tuple[int, ...]
    a: tuple[int, ...]
    b: tuple[int, ...]
    c: tuple[int, ...]
    order: Summation


def contraction(
    subscripts: str,
    shapes: tuple[Sequence[int], Sequence[int]],
    strides: tuple[Sequence[int], Sequence[int], Sequence[int]],
) -> Contraction:
    """The contraction that `subscripts` ("ab,bc->ac") says, of arrays of these shapes.

    strides: of both operands and of the result, in elements.

    Example:
        >>> contraction("ab,bc->ac", ((2, 3), (3, 4)), ((3, 1), (4, 1), (4, 1))).sizes
        (2, 3, 4)
    """
    operands, result = subscripts.split("->")
    first, second = operands.split(",")
    sizes = sizes_of(subscripts, shapes)
    by_letter = [
        dict(zip(letters, given, strict=True))
        for letters, given in zip((first, second, result), strides, strict=True)
    ]
    a, b, c = (tuple(given.get(letter, 0) for letter in sizes) for given in by_letter)
    order = summation(*counts(subscripts, sizes))
    return Contraction(tuple(sizes.values()), a, b, c, order)


def emit_contraction(
    b: Builder,
    element: str,
    plan: Contraction,
    a: Value,
    x: Value,
    c: Value,
    add: bool,
    room: int = ROOM,
) -> None:
    """c = the sum over the axes that it lacks of a * x, or c + that; all are addresses of first
    elements.

    `c` overlaps neither `a` nor `x`.  Equal contractions of a module share one function.

    room: how many vectors of 8 doubles (16 floats) may be sums in registers: 24 where there are 32
        registers of 512 bits, 6 of 16 of 256 bits or of 32 of 128.  The result does not depend on
        it.
    """
    if 0 in [size for size, stride in zip(plan.sizes, plan.c, strict=True) if stride]:
        return
    name = _name(element, plan, add)
    operands = [part for operand in (a, x, c) for part in operand.parts]
    if not b.module.has_function(name):
        nest = nest_of(element, plan.sizes, (plan.a, plan.b, plan.c), plan.order, room)
        parameters = [("ptr", f"p{i}") for i in range(len(operands))]
        count = len(operands) // 3
        function = define_function(b.module, name, "void", parameters, "nounwind", "internal")
        with function as (f, got):
            pointers = [f.pointers(got[i : i + count]) for i in range(0, len(got), count)]
            _Emitter(f, element, nest, add).emit(pointers)
            f.ret()
    listed = ", ".join(f"ptr {operand.text}" for operand in operands)
    b.line(f"call void @{name}({listed})")


def _name(element: str, plan: Contraction, add: bool) -> str:
    """One for each contraction: the text of its numbers."""
    fields = [plan.sizes, plan.a, plan.b, plan.c, (plan.order.chains, plan.order.block)]
    numbers = ".".join("_".join(map(str, field)) for field in fields).replace("-", "m")
    kind = COMPOUND[element].short if element in COMPOUND else element
    return f"contract.{kind}{'.add' if add else ''}.{numbers}"


class _Emitter:
    """Appends the loops of one contraction to a function."""

    def __init__(self, b: Builder, element: str, nest: Nest, add: bool) -> None:
        self.b = b
        self.element = element
        self.nest = nest
        self.add = add

    def emit(self, pointers: Sequence[Value]) -> None:
        self._outer(0, pointers)

    def _outer(self, depth: int, pointers: Sequence[Value]) -> None:
        if depth == len(self.nest.outer):
            if self.nest.dots:
                self._blocks(lambda run: self._dots(pointers, run))
            else:
                self._tiles(pointers)
            return
        axis = self.nest.outer[depth]
        each(
            self.b,
            0,
            axis.size,
            lambda i: self._outer(depth + 1, self._moved(pointers, axis, i)),
        )

    def _moved(self, pointers: Sequence[Value], axis: Axis, index: Index) -> list[Value]:
        """Addresses `index` elements further along an axis."""
        pairs = zip(pointers, axis.strides, strict=True)
        return [self.b.at(p, index * stride if stride else 0, self.element) for p, stride in pairs]

    def _blocks(self, body: Callable[[Run], None]) -> None:
        """`body` for the blocks of products, each added to the sum of those before."""
        nest, block = self.nest, self.nest.order.block
        rest = nest.terms % nest.order.chains
        number = max(1, -(-nest.terms // block))
        if number == 1:
            body(Run(0, nest.terms, rest, True, True))
            return

        def one(i: Index) -> None:
            start = as_value(self.b, i) * block
            count: Index = block
            if nest.terms % block:
                count = smaller(self.b, nest.terms - start, block)
            last = self.b.eq(as_value(self.b, i), number - 1)
            first = self.b.eq(as_value(self.b, i), 0)
            body(Run(start, count, rest, first, last))

        each(self.b, 0, number, one)

    # -- dots -----------------------------------------------------------------------------------

    def _dots(self, pointers: Sequence[Value], run: Run) -> None:
        nest, shape = self.nest, self.nest.shape
        counts = (shape.rows, shape.vectors)
        t = make_type(self.element, shape.lanes)

        def tile(i: Index) -> None:
            first, old = self._begin(i, shape.rows, nest.row.size)
            moved = self._moved(pointers, nest.row, first)
            factors = [self._factor(which, [(moved[which], 0)]) for which in range(3)]
            sums = dot_sums(self.b, t, counts, factors[:2], run, nest.order.chains)
            store_dots(self.b, t, counts, sums, factors[2], run, self.add, old)

        each(self.b, 0, -(-nest.row.size // shape.rows), tile)

    def _begin(self, i: Index, count: int, size: int) -> tuple[Index, Index]:
        """Where tile i of so many elements begins, and how many of its first are old: the last one
        overlaps the one before it, so as not to reach beyond the end.
        """
        wanted = i * count
        if size % count == 0:
            return wanted, 0
        taken = smaller(self.b, wanted, size - count)
        return taken, old_elements(self.b, wanted, taken)

    def _factor(self, which: int, vectors: Sequence[Place]) -> Factor:
        """One of the operands, or the result, in a tile."""
        nest = self.nest
        way = nest.walks[which] if which < 2 else walk((), ())
        return Factor(vectors, nest.row.strides[which], nest.along.strides[which], way)

    # -- tiles ----------------------------------------------------------------------------------

    def _tiles(self, pointers: Sequence[Value]) -> None:
        """Vectors outside, then blocks, so that what is added to stays near; rows inside."""
        nest, shape = self.nest, self.nest.shape
        panel: Value | None = None
        if nest.packed is not None:
            longest = min(nest.terms, nest.order.block)
            panel = self.b.alloca(self.element, max(1, longest) * shape.width)

        def vectors(i: Index) -> None:
            places, old = self._vectors(pointers, i)

            def rows(run: Run) -> None:
                factors = [self._factor(which, places[which]) for which in range(3)]
                if panel is not None:
                    self._pack(factors, panel, run, pointers, i)
                count = -(-nest.row.size // shape.rows)
                each(self.b, 0, count, lambda k: self._tile(factors, run, k, old))

            self._blocks(rows)

        size = nest.along.size + (shape.lanes - 1 if nest.whole is not None else 0)
        each(self.b, 0, -(-size // shape.width), vectors)

    def _vectors(
        self, pointers: Sequence[Value], i: Index
    ) -> tuple[list[list[Place]], list[Index]]:
        """Where the vectors of tile i begin in each array, and how many of their lanes are those of
        vectors before.
        """
        nest, shape = self.nest, self.nest.shape
        base = i * shape.width
        size = nest.along.size
        if nest.whole is None and (size % shape.width == 0 or size < shape.width):
            moved = self._moved(pointers, nest.along, base)
            steps = [min(j * shape.unit, size - shape.unit) for j in range(shape.vectors)]
            pairs = zip(moved, nest.along.strides, strict=True)
            known: list[Index] = [j * shape.unit - step for j, step in enumerate(steps)]
            return [[(p, step * stride) for step in steps] for p, stride in pairs], known
        if nest.whole is not None:
            base = as_value(self.b, base) - self._excess(pointers[nest.whole])
        old: list[Index] = []
        places: list[list[Place]] = [[], [], []]
        for j in range(shape.vectors):
            begin = smaller(self.b, base + j * shape.unit, size - shape.unit)
            if nest.whole is not None:
                begin = larger(self.b, as_value(self.b, begin), 0)
            for which, place in enumerate(self._moved(pointers, nest.along, begin)):
                places[which].append((place, 0))
            old.append(old_elements(self.b, base + j * shape.unit, begin))
        return places, old

    def _pack(
        self, factors: list[Factor], panel: Value, run: Run, pointers: Sequence[Value], i: Index
    ) -> None:
        """Put a panel in the place of the operand that is packed, for the vectors of tile i."""
        nest, shape, order = self.nest, self.nest.shape, self.nest.order
        assert nest.packed is not None

        def vector_at(j: Index) -> Value:
            begin = i * shape.width + j * shape.unit
            begin = smaller(self.b, begin, nest.along.size - shape.unit)
            return self._moved(pointers, nest.along, begin)[which]

        which = nest.packed
        shortest = nest.terms - (nest.terms - 1) // order.block * order.block
        factors[which] = fill_panel(
            self.b, self.element, shape, factors[which], panel, run, shortest, vector_at
        )

    def _excess(self, pointer: Value) -> Value:
        """How many elements lie between an address and the multiple of a register before it."""
        t = make_type(self.element, 0)
        address = self.b.cast("ptrtoint", pointer.parts[0], "i64")
        return (address // alignment_of(t.element)) & (self.nest.shape.lanes - 1)

    def _tile(self, factors: Sequence[Factor], run: Run, k: Index, old: Sequence[Index]) -> None:
        nest, shape = self.nest, self.nest.shape
        first, old_rows = self._begin(k, shape.rows, nest.row.size)
        moved = []
        for factor in factors:
            ahead = first * factor.row if factor.row else 0
            places = [(self.b.at(p, ahead, self.element), known) for p, known in factor.vectors]
            moved.append(replace(factor, vectors=places))
        sums = tile_sums(self.b, self.element, shape, moved[:2], run, nest.order.chains, nest.room)
        store_tile(self.b, self.element, shape, sums, moved[2], run, self.add, (old_rows, old))
