"""Where coefficients are while a program is written out: in registers, or in the workspace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from taylor_runtime.arithmetic.chunk import Chunk, chunks
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.instructions import Store
from taylor_runtime.ir.lanes import join
from taylor_runtime.ir.types import alignment_of
from taylor_runtime.ir.values import Index, Value, index_text
from taylor_runtime.program.program import Constant, Convolution, Number, Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import is_square
from taylor_runtime.program.widths import REGISTER, is_looped, padded
from taylor_runtime.series.layout import Layout

Place = tuple[int, str]  # row, chunk offset


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a program is written out: element type, points per row lane, loops or not."""

    element: str = "double"
    batch: int = 1
    unrolled: bool = False
    last: bool = False  # of outputs and states nothing but the last order is wanted


class RowMemory:
    """The coefficients of a program's rows, chunk by chunk.

    Orders that are Python integers live in registers (SSA values), orders that are known at run
    time alone in the workspace.
    """

    def __init__(
        self,
        b: Builder,
        program: Program,
        rendering: Rendering,
        workspace: Value | None,
        ending: Collection[int] = (),
        gathered: Callable[[int, Index, Chunk], Value] | None = None,
    ) -> None:
        """ending: see `Layout.of`; gathered: what gathers rows of its `again`."""
        self.b = b
        self.program = program
        self.rendering = rendering
        self.element = rendering.element
        self.layout = Layout.of(program, rendering.batch, rendering.last, ending)
        self.workspace = (
            None if workspace is None else b.planes(workspace, self.layout.size, rendering.element)
        )
        none = (False,) * len(program.rows)
        self.windows = none if rendering.unrolled else self.layout.alias
        self._known: dict[tuple[int, int, int], Value] = {}  # (row, order, chunk offset)
        self._newest: dict[Place, Value] = {}  # of the current order
        self._reciprocal: dict[tuple[int, int], Value] = {}
        self._joined: dict[tuple[tuple[int, ...], int, int], Value] = {}  # (rows, order, offset)
        # Sums begun for orders to come: the last term added, and the sum (see `fold`).
        self.sums: dict[tuple[tuple[Convolution, ...], int, int], tuple[int, Value]] = {}
        self.weights: dict[tuple[Number, Number], Value] = {}  # tables of `convolve`
        self._partials: dict[tuple[int, str], Value] = {}  # of programs that are written out
        self._gathered = gathered
        self.copiers: dict[object, str] = {}  # functions of `gather.copy_lanes`, by their moves
        self.moves = 0  # lanes or runs of lanes that these move
        # Of rows of which the newest order alone is kept, with whether that order is a number: the
        # instructions that store them, and what is loaded somewhere.
        self._stores: dict[tuple[int, bool], list[Store]] = {}
        self._read: set[tuple[int, bool]] = set()

    def next_order(self) -> None:
        """The order being computed changes."""
        self._newest.clear()

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """What becomes known meanwhile is forgotten: it belongs to a block of its own."""
        before = dict(self._known), dict(self._newest), dict(self._reciprocal)
        yield
        self._known, self._newest, self._reciprocal = before

    def places(self, rows: Sequence[int]) -> list[Place]:
        """Where the newest coefficients of rows are in registers, but for what loops walk over."""
        return [
            (row, str(chunk.offset))
            for row in rows
            if not self.is_looped(row)
            for chunk in self.chunks(row)
        ]

    def take(self, rows: Sequence[int], places: Sequence[Place]) -> list[Value]:
        """What a branch has computed of rows, known behind it only if handed on."""
        left = set(rows)
        values = [self._newest[place] for place in places]
        self._newest = {key: value for key, value in self._newest.items() if key[0] not in left}
        return values

    def give(self, places: Sequence[Place], values: Sequence[Value]) -> None:
        """What `take` handed on."""
        self._newest.update(zip(places, values, strict=True))

    def chunks(self, row: int) -> tuple[Chunk, ...]:
        return chunks(self.program.rows[row].width * self.rendering.batch)

    def coefficient(self, row: int, n: Index, chunk: Chunk) -> Value:
        """Chunk of u_n of a row, from a register where it is known to be in one."""
        if isinstance(n, int) and isinstance(chunk.offset, int):
            known = self._known.get((row, n, chunk.offset))
            if known is not None:
                return known
        if row in self.layout.again and self._gathered is not None:
            return self._gathered(row, n, chunk)
        align = alignment_of(self.element) if self.windows[row] else self._alignment(chunk)
        return self.b.load(chunk.type(self.element), self.address(row, n, chunk.offset), align)

    def newest(self, row: int, n: Index, chunk: Chunk) -> Value:
        """The coefficient of the order being computed."""
        known = self._newest.get((row, index_text(chunk.offset)))
        return self.coefficient(row, n, chunk) if known is None else known

    def joined(self, rows: tuple[int, ...], n: int, chunk: Chunk) -> Value:
        """Chunks of u_n of several rows side by side, made once; for known orders and chunks."""
        assert isinstance(chunk.offset, int)
        value = self._joined.get((rows, n, chunk.offset))
        if value is None:
            value = join(self.b, [self.coefficient(row, n, chunk) for row in rows])
            self._joined[rows, n, chunk.offset] = value
        return value

    def head(self, row: int, chunk: Chunk) -> Value:
        """Order-zero value."""
        return self.coefficient(row, 0, chunk)

    def address(self, row: int, n: Index, lane: Index) -> Value:
        """Where a lane is in memory, for somebody who reads it."""
        self.will_read(row, n)
        return self._place(row, n, lane)

    def will_read(self, row: int, n: Index) -> None:
        """Somebody reads the row from memory."""
        self._read.add((self.layout.owner[row], isinstance(n, int)))

    def _place(self, row: int, n: Index, lane: Index) -> Value:
        assert self.workspace is not None
        place = self.workspace
        for distance in self.layout.position(row, n, lane):
            place = self.b.at(place, distance, self.element)
        return place

    def drop_unread(self) -> None:
        """Take back the stores of rows that were only ever read from registers.

        For the end of a function: LLVM does not know that nobody else reads the workspace.
        """
        for key, stores in self._stores.items():
            if key not in self._read:
                for store in stores:
                    store.dropped = True

    def store(self, row: int, n: Index, chunk: Chunk, value: Value) -> None:
        """Set a coefficient; registers keep it when its order and chunk are known."""
        value = self.b.normal(value)
        if isinstance(chunk.offset, int) and isinstance(n, int):
            self._known[row, n, chunk.offset] = value
        self._newest[row, index_text(chunk.offset)] = value
        if self.workspace is not None and not (self.rendering.unrolled and isinstance(n, int)):
            place = self._place(row, n, chunk.offset)
            stores = self.b.store(value, place, self._alignment(chunk))
            # Stores of scalars are cheap, and keep LLVM from loading thousands of windows early.
            if chunk.lanes and not self.layout.stride[row] and not self.program.rows[row].constant:
                self._stores.setdefault((row, isinstance(n, int)), []).extend(stores)

    def in_register(self, row: int, n: Index, chunk: Chunk) -> bool:
        """Whether `newest` would not load."""
        offset = chunk.offset
        if not isinstance(offset, int):
            return False
        known = isinstance(n, int) and (row, n, offset) in self._known
        return known or (row, str(offset)) in self._newest

    def _alignment(self, chunk: Chunk) -> int:
        return min(max(chunk.lanes, 1), REGISTER) * alignment_of(self.element)

    def each_chunk(self, row: int, body: Callable[[Chunk], None]) -> None:
        """Run `body` for every chunk: written out for narrow rows, as a loop for wide ones."""
        listed = self.chunks(row)
        if not self.is_looped(row):
            for chunk in listed:
                body(chunk)
            return
        lanes = listed[0].lanes

        def one(i: Index, _: list[Value]) -> Sequence[Value]:
            body(Chunk(i * lanes, lanes))
            return []

        self.b.fold(0, len(listed), [], one)

    def is_looped(self, row: int) -> bool:
        """Whether `each_chunk` is a loop at run time."""
        width = self.program.rows[row].width * self.rendering.batch
        return is_looped(width) and not self.rendering.unrolled

    def constant(self, constant: Constant, chunk: Chunk, element: str | None = None) -> Value:
        """An exact constant (one, or one a lane), rounded to the element (by default the rows')."""
        element = element or self.element
        t = chunk.type(element)
        if not isinstance(constant, tuple):
            return self.b.constant(constant, t)
        lanes = [c for c in constant for _ in range(self.rendering.batch)]
        if not chunk.lanes:
            return self.b.constant(lanes[0], t)
        lanes += [lanes[-1]] * (padded(len(lanes)) - len(lanes))
        if isinstance(chunk.offset, int):
            return self.b.constants(lanes[chunk.offset : chunk.offset + chunk.lanes], element)
        pointer = self.b.at(self.b.table(lanes, element), chunk.offset, element)
        return self.b.load(t, pointer, self._alignment(chunk))

    # -- sums begun one order ahead -----------------------------------------------------------

    def partial_places(self, rows: Sequence[int]) -> dict[Convolution, tuple[int, ...]]:
        """Where the chains of every convolution of some rows are kept."""
        places: dict[Convolution, tuple[int, ...]] = {}
        for row in rows:
            step, place = self.program.rows[row].step, self.layout.partial[row]
            width = -(-padded(self.program.rows[row].width * self.rendering.batch) // REGISTER)
            for operand in (term.operand for term in step.terms) if step else ():
                if isinstance(operand, Convolution):
                    count = 1 if is_square(operand) else 2
                    chains = tuple(place + k * width * REGISTER for k in range(count))
                    places.setdefault(operand, chains)
                    place += count * width * REGISTER
        return places

    def load_partial(self, place: int, chunk: Chunk) -> Value:
        if self.rendering.unrolled:
            return self._partials.pop((place, index_text(chunk.offset)))
        t = chunk.type(self.element)
        return self.b.load(t, self._partial_address(place, chunk), self._alignment(chunk))

    def store_partial(self, place: int, chunk: Chunk, value: Value) -> None:
        if self.rendering.unrolled:
            self._partials[place, index_text(chunk.offset)] = value
            return
        self.b.store(value, self._partial_address(place, chunk), self._alignment(chunk))

    def _partial_address(self, place: int, chunk: Chunk) -> Value:
        assert self.workspace is not None
        return self.b.at(self.workspace, chunk.offset + place, self.element)

    # -- reciprocals ----------------------------------------------------------------------------

    def store_reciprocal(self, row: int, chunk: Chunk, value: Value) -> None:
        reciprocal = 1 / value
        if isinstance(chunk.offset, int):
            self._reciprocal[row, chunk.offset] = reciprocal
        else:
            self.b.store(reciprocal, self._reciprocal_address(row, chunk), self._alignment(chunk))

    def reciprocal(self, row: int, chunk: Chunk) -> Value:
        if isinstance(chunk.offset, int):
            return self._reciprocal[row, chunk.offset]
        return self.b.load(
            chunk.type(self.element), self._reciprocal_address(row, chunk), self._alignment(chunk)
        )

    def _reciprocal_address(self, row: int, chunk: Chunk) -> Value:
        assert self.workspace is not None
        index = self.layout.reciprocal[row] + chunk.offset
        return self.b.at(self.workspace, index, self.element)
