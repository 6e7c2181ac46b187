"""Where coefficients are while a program is written out: in registers, or in the workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from taylor_runtime.ir import Builder, Index, Value, index_text, size_of
from taylor_runtime.layout import (
    REGISTER,
    Chunk,
    Layout,
    chunks,
    is_looped,
    is_square,
    padded,
)
from taylor_runtime.program import Constant, Convolution, Number, Program


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a program is written out: element type, points per row lane, loops or not."""

    element: str = "double"
    batch: int = 1
    unrolled: bool = False


class RowMemory:
    """The coefficients of a program's rows, chunk by chunk.

    Orders that are Python integers live in registers (SSA values), orders that are known at run
    time alone in the workspace.
    """

    def __init__(
        self, b: Builder, program: Program, rendering: Rendering, workspace: Value | None
    ) -> None:
        self.b = b
        self.program = program
        self.rendering = rendering
        self.element = rendering.element
        self.layout = Layout.of(program, rendering.batch)
        self.workspace = (
            None if workspace is None else b.planes(workspace, self.layout.size, rendering.element)
        )
        none = (False,) * len(program.rows)
        self.windows = none if rendering.unrolled else self.layout.alias
        self._known: dict[tuple[int, int, int], Value] = {}  # (row, order, chunk offset)
        self._newest: dict[tuple[int, str], Value] = {}  # (row, chunk offset), current order
        self._reciprocal: dict[tuple[int, int], Value] = {}
        self.weights: dict[tuple[Number, Number], Value] = {}  # tables of `convolve`
        self.copiers: dict[object, str] = {}  # functions of `gather.copy_lanes`, by their moves
        self.moves = 0  # lanes or runs of lanes that these move

    def next_order(self) -> None:
        """The order being computed changes."""
        self._newest.clear()

    def leave(self, rows: Sequence[int]) -> None:
        """What a branch computed is in no register behind it."""
        left = set(rows)
        self._newest = {key: value for key, value in self._newest.items() if key[0] not in left}

    def chunks(self, row: int) -> tuple[Chunk, ...]:
        return chunks(self.program.rows[row].width * self.rendering.batch)

    def coefficient(self, row: int, n: Index, chunk: Chunk) -> Value:
        """Chunk of u_n of a row, from a register where it is known to be in one."""
        if isinstance(n, int) and isinstance(chunk.offset, int):
            known = self._known.get((row, n, chunk.offset))
            if known is not None:
                return known
        align = size_of(self.element) if self.windows[row] else self._alignment(chunk)
        return self.b.load(chunk.type(self.element), self.address(row, n, chunk.offset), align)

    def newest(self, row: int, n: Index, chunk: Chunk) -> Value:
        """The coefficient of the order being computed."""
        known = self._newest.get((row, index_text(chunk.offset)))
        return self.coefficient(row, n, chunk) if known is None else known

    def head(self, row: int, chunk: Chunk) -> Value:
        """Order-zero value."""
        return self.coefficient(row, 0, chunk)

    def address(self, row: int, n: Index, lane: Index) -> Value:
        assert self.workspace is not None
        place = self.workspace
        for distance in self.layout.position(row, n, lane):
            place = self.b.at(place, distance, self.element)
        return place

    def store(self, row: int, n: Index, chunk: Chunk, value: Value) -> None:
        """Set a coefficient; registers keep it when its order and chunk are known."""
        value = self.b.normal(value)
        if isinstance(chunk.offset, int) and isinstance(n, int):
            self._known[row, n, chunk.offset] = value
        self._newest[row, index_text(chunk.offset)] = value
        if self.workspace is not None and not (self.rendering.unrolled and isinstance(n, int)):
            self.b.store(value, self.address(row, n, chunk.offset), self._alignment(chunk))

    def in_register(self, row: int, n: Index, chunk: Chunk) -> bool:
        """Whether `newest` would not load."""
        offset = chunk.offset
        if not isinstance(offset, int):
            return False
        known = isinstance(n, int) and (row, n, offset) in self._known
        return known or (row, str(offset)) in self._newest

    def _alignment(self, chunk: Chunk) -> int:
        return min(max(chunk.lanes, 1), REGISTER) * size_of(self.element)

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

    def constant(self, constant: Constant, chunk: Chunk) -> Value:
        """An exact constant (one, or one a lane), rounded to the element."""
        t = chunk.type(self.element)
        if not isinstance(constant, tuple):
            return self.b.constant(constant, t)
        lanes = [c for c in constant for _ in range(self.rendering.batch)]
        if not chunk.lanes:
            return self.b.constant(lanes[0], t)
        lanes += [lanes[-1]] * (padded(len(lanes)) - len(lanes))
        if isinstance(chunk.offset, int):
            return self.b.constants(lanes[chunk.offset : chunk.offset + chunk.lanes], self.element)
        pointer = self.b.at(self.b.table(lanes, self.element), chunk.offset, self.element)
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
        t = chunk.type(self.element)
        return self.b.load(t, self._partial_address(place, chunk), self._alignment(chunk))

    def store_partial(self, place: int, chunk: Chunk, value: Value) -> None:
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
