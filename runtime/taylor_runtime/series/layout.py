"""Where the coefficients of every row live, and how its lanes are cut into chunks."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from taylor_runtime.ir.values import Index
from taylor_runtime.program.flow import FlowProgram, LinearProgram
from taylor_runtime.program.program import Convolution, Input, Kernel, Program, Row, Select
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import convolution_chains
from taylor_runtime.program.verify import operand_rows, step_rows
from taylor_runtime.program.widths import CHUNK, REGISTER, apart, computed, is_looped, padded


@dataclass(frozen=True, slots=True)
class Layout:
    """Where coefficients are in the workspace, in elements; `position` puts it together.

    stride:     from one order to the next; 0 for a row of which the newest order alone is kept.
    ring:       whether the two newest orders alone are kept, each in the place of the last but one.
    pitch:      from one chunk to the next: rows that are convolved chunk by chunk in a loop keep
                the orders of a chunk together, all others the chunks of an order.
    reciprocal: where 1 / u_0 of a row that others divide by is kept (-1 for the rest).
    partial:    where the sums that the convolutions of a row begin one order ahead are kept.
    alias:      the row is a window on lanes of another one: a gather of neighbouring lanes costs
                nothing.
    owner:      that other row, or itself.
    again:      gathers that are made again wherever an old order of them is read.
    """

    offset: tuple[int, ...]
    stride: tuple[int, ...]
    ring: tuple[bool, ...]
    pitch: tuple[int, ...]
    reciprocal: tuple[int, ...]
    partial: tuple[int, ...]
    alias: tuple[bool, ...]
    owner: tuple[int, ...]
    again: frozenset[int]
    size: int

    @classmethod
    def of(
        cls,
        program: Program,
        batch: int = 1,
        last: bool = False,
        ending: Collection[int] = (),
    ) -> Layout:
        """Every row starts at a register.

        last: whether somebody outside wants nothing but the last order of outputs; ending: rows of
        which it is computed alone.
        """
        rows = program.rows
        divisors = {row.step.divisor for row in rows if row.step}
        convolved = _convolved(program)
        found = windows(program, batch)
        again = _gathered_again(program, found, batch, ending)
        reach = _reach(program, found, last, again)
        listed: list[tuple[int, int, int, int, int]] = []
        owner: list[int] = []
        end = 0
        for index, row in enumerate(rows):
            window = found[index]
            owner.append(index if window is None else owner[window[0]])
            if window is not None:
                source, lane = window
                offset, stride, pitch, *_ = listed[source]
                place = lane * batch // CHUNK * pitch + lane * batch % CHUNK
                listed.append((offset + place, stride, pitch, -1, end))
                continue
            width = padded(row.width * batch)
            once = row.constant or (row.gather and row.gather.head)
            orders = 1 if once else min(reach[index], program.order) + 1
            alone = orders <= 2 or isinstance(program, FlowProgram)  # whose products know the width
            plane = width if alone else apart(width)
            stride, pitch = (0 if orders == 1 and not row.constant else plane), CHUNK
            if orders > 1 and index in convolved and is_looped(row.width * batch):
                stride, pitch, plane = CHUNK, orders * CHUNK, width
            start, end = end, end + -(-orders * plane // REGISTER) * REGISTER
            whole = -(-width // REGISTER) * REGISTER
            reciprocal = end if index in divisors else -1
            end += whole if index in divisors else 0
            listed.append((start, stride, pitch, reciprocal, end))
            end += whole * convolution_chains(row) if program.order else 0
        return cls(
            offset=tuple(places[0] for places in listed),
            stride=tuple(places[1] for places in listed),
            ring=tuple(own == 1 for own in reach),
            pitch=tuple(places[2] for places in listed),
            reciprocal=tuple(places[3] for places in listed),
            partial=tuple(places[4] for places in listed),
            alias=tuple(window is not None for window in found),
            owner=tuple(owner),
            again=again,
            size=end,
        )

    def lane(self, row: int, lane: int) -> int:
        """Where a lane is, seen from the start of its order."""
        return lane // CHUNK * self.pitch[row] + lane % CHUNK

    def position(self, row: int, n: Index, lane: Index) -> tuple[Index, Index, int]:
        """Where lane `lane` of u_n is, the sum of what depends on n, on the lane, and on neither.

        A lane known at run time alone starts a chunk.  Numbers are in the last part, so that places
        near each other are at constant distances.
        """
        order = n & 1 if self.ring[row] else n
        of_n, of_lane, fixed = order * self.stride[row], lane, self.offset[row]
        if isinstance(of_n, int):
            fixed, of_n = fixed + of_n, 0
        if isinstance(lane, int):
            return of_n, 0, fixed + self.lane(row, lane)
        return of_n, of_lane * (self.pitch[row] // CHUNK), fixed


def windows(program: Program, batch: int = 1) -> list[tuple[int, int] | None]:
    """(source row, first lane) of every row that is a window on lanes of another one."""
    if not any(row.gather for row in program.rows):
        return [None] * len(program.rows)
    divisors = {row.step.divisor for row in program.rows if row.step}
    convolved = _convolved(program)
    found = [
        None if index in divisors else _window(program, row, batch, convolved)
        for index, row in enumerate(program.rows)
    ]
    if batch == 1 and not isinstance(program, FlowProgram):
        for index in _padding_of_states(program, found):
            found[index] = None
    return found


def _padding_of_states(program: Program, found: Sequence[tuple[int, int] | None]) -> set[int]:
    """The windows whose padding is other lanes of their source, and ends up in that of a state.

    The padding of a state repeats its last lane, from the start of every step on. Its slope has to
    do so, too, or the slope at the end of a step, where it is repeated anew, confirms nothing.
    """
    rows, wrong = program.rows, set[int]()
    starts = [(i, row.start) for i, row in enumerate(rows) if row.step is not None]
    pending = [i for i, s in starts if isinstance(s, Input) and s.source == "state"]
    seen = set(pending)
    while pending:
        row, window = rows[index := pending.pop()], found[index]
        if computed(row.width) == row.width:
            continue
        used = [*step_rows(row.step)] if row.step is not None else []
        used += row.start.arguments if isinstance(row.start, Kernel) else ()
        if window is not None:
            source, first = window
            if first + row.width == rows[source].width:
                used.append(source)
            else:
                wrong.add(index)
        pending += [i for i in used if i not in seen]
        seen.update(used)
    return wrong


def _convolved(program: Program) -> set[int]:
    """Rows that convolutions read chunk by chunk; polynomials are multiplied as a whole."""
    if isinstance(program, FlowProgram):
        return set()
    operands = (term.operand for row in program.rows if row.step for term in row.step.terms)
    return {used for c in operands if isinstance(c, Convolution) for used in (c.a, c.b)}


def _gathered_again(
    program: Program,
    windows: Sequence[tuple[int, int] | None],
    batch: int,
    ending: Collection[int],
) -> frozenset[int]:
    """Gathers of which only rows that are computed once read old orders: it takes less to gather
    these there than to keep all.
    """
    readers: dict[int, set[int]] = {}  # of old orders
    for index, row in enumerate(program.rows):
        for term in row.step.terms if row.step else ():
            old = operand_rows(term.operand) if isinstance(term.operand, Convolution) else ()
            for used in (*old, *(() if term.head is None else (term.head,))):
                readers.setdefault(used, set()).add(index)
    return frozenset(
        index
        for index, users in readers.items()
        if users.issubset(ending)
        and (gather := program.rows[index].gather) is not None
        and not gather.head
        and not program.rows[index].constant
        and windows[index] is None
        and not is_looped(program.rows[index].width * batch)
        and all(program.rows[source].gather is None for source, _ in gather.sources)
    )


def _reach(
    program: Program,
    windows: list[tuple[int, int] | None],
    last: bool,
    again: Collection[int],
) -> list[int]:
    """How many orders others look back for those of every row: none, one, or all.

    Lags and heads reach back, and so does everybody outside who asks for an output, unless it is
    the last order that is wanted.
    """
    every, outside = max(program.order, 2), 0 if last else max(program.order, 2)
    found = [0] * len(program.rows)

    def read(row: int, orders: int) -> None:
        found[row] = max(found[row], orders)

    for index, row in enumerate(program.rows):
        if row.constant or isinstance(row.start, Input):
            given = row.constant or (isinstance(row.start, Input) and row.start.source == "jet")
            read(index, every if given else outside)
    for index, _ in program.outputs:
        read(index, outside)
    for step in [row.step for row in program.rows if row.step is not None]:
        if step.divisor is not None:
            read(step.divisor, every)
        for term in step.terms:
            operand = term.operand
            if term.head is not None:
                read(term.head, every)
            if isinstance(operand, Select):
                read(operand.condition, every)
            elif isinstance(operand, Convolution) or operand.lag:
                for used in operand_rows(operand):
                    gather = program.rows[used].gather if used in again else None
                    listed = [source for source, _ in gather.sources] if gather else [used]
                    for kept in listed:
                        read(kept, 1 if last and not isinstance(operand, Convolution) else every)
    for one in program.beside if isinstance(program, LinearProgram) else ():
        read(one.a, every)
        read(one.b, every)
    for index in reversed(range(len(windows))):
        if (window := windows[index]) is not None:
            read(window[0], found[index])
    for index, window in enumerate(windows):
        if window is not None:
            found[index] = found[window[0]]
    return found


def _window(program: Program, row: Row, batch: int, convolved: set[int]) -> tuple[int, int] | None:
    """(source row, first lane) of a gather of neighbouring lanes of one row."""
    if row.gather is None:
        return None
    source, first = row.gather.sources[0]
    if row.gather.sources[-1] != (source, first + row.width - 1):
        return None  # most are none
    if row.gather.sources != tuple([(source, first + i) for i in range(row.width)]):
        return None
    width = program.rows[source].width * batch
    if first * batch + computed(row.width * batch) > computed(width):
        return None  # padding would be another row's, perhaps not even a number
    if source in convolved and is_looped(width) and row.width * batch > 1:
        return None  # its chunks may be apart
    return source, first
