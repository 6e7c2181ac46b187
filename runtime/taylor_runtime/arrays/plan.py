"""Which rows share a loop over elements, and which are kept in memory.

Rows are computed in *passes*: those that parameters alone decide once, order zero, each further
order.  A pass is a list of works, one after the other: a `Nest` computes, element by element,
all rows of one shape that need nothing else of one another than the same element; contractions and
running sums are works of their own.  What a nest needs within itself stays in registers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from taylor_runtime.arrays.plans.ends import OverOrders, at_the_end, over_orders
from taylor_runtime.arrays.plans.pitch import Pitches
from taylor_runtime.arrays.plans.reading import (
    made_again,
    read_in_place,
    recent,
    seams,
    seen_from_outside,
    sums_of_states,
)
from taylor_runtime.arrays.plans.together import Neighbours
from taylor_runtime.arrays.plans.works import (
    Access,
    Nest,
    Summed,
    Together,
    Whole,
    Work,
    access_of,
    known_at,
    may_share,
)
from taylor_runtime.arrays.regions.inplace import Pair, Schedule, carried, kept_in_place, rows_of
from taylor_runtime.arrays.regions.wide import Wide, widened
from taylor_runtime.passes.pairs.fold import triangle
from taylor_runtime.program.arrays import (
    ArrayProgram,
    Call,
    Contract,
    Factor,
    Join,
    Pairs,
    Pick,
    Put,
    Running,
    Scatter,
    Shape,
    Solve,
    Take,
    Total,
    View,
    contiguous,
    graphs_of,
    moved_rows,
    varying,
)
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.program import Input
from taylor_runtime.program.shapes.nodes import Node, copied_row, nodes_of, place_of, whole_of
from taylor_runtime.program.shapes.reads import NEWEST, OLD, ZERO, Read, reads_at_zero, reads_beyond
from taylor_runtime.program.shapes.sums import total_lanes
from taylor_runtime.program.shapes.walks import Lanes, aligned
from taylor_runtime.program.signature import convolution_chains
from taylor_runtime.program.verify import operand_rows

OUTSIDE = frozenset(("parameter", "data", "outer"))  # sources of inputs that are in memory
CONSTANT, START, BEYOND, LAST = "constant", "start", "beyond", "last"  # passes
TOP = "top"  # `BEYOND` at the highest order, of what outputs need there


class Plan:
    """The works of all passes of a program, and what has to be in memory for them.

    works:  by pass, in order.
    loops:  the same, with nests together where that pays, and of `TOP`.
    ends_alone: whether that one is another than `BEYOND`.
    old:    rows of which all orders are kept.
    zero:   rows whose order zero is read from memory.
    newest: rows whose newest order is read from memory.
    inverted: divisors of which the reciprocals of order zero are kept.
    varies: of each row, whether it has coefficients beyond order zero.
    again:  rows that are made wherever they are wanted, of every order, and never kept.
    inner:  of rows that are loops or choices, the plans of their programs.
    pairs:  of these, operands that they change where they are, and the results.
    wide:   of loops, several turns at once, and the plan of these.
    homes:  arrays that lie in the memory of another one, since that is changed where it is.
    recent: rows of which one order is kept, since the next one is read before it is stored.
    sums:   rows that states add up themselves, beyond order zero.
    halves: rows of pairs of which a half is computed, see `Nest`.
    pitch:  how far apart rows of pairs lie in memory.
    joins:  those that are read where their parts are, and never made.
    at_once: of rows of which the last order is wanted alone, those that are summed over all orders.
    """

    def __init__(
        self,
        program: ArrayProgram,
        moving: Mapping[int, int] | None = None,
        ending: Collection[int] = (),
    ) -> None:
        """moving: inputs whose memory may be that of outputs, and these; ending: rows of which the
        last order is wanted alone.
        """
        self.program = program
        self.ending = ending
        self.homes: dict[Node, Node] = {}
        self.joins = read_in_place(program)
        self.sums = sums_of_states(program, self.joins)
        self._seen_from_outside = seen_from_outside(program)
        self.works: dict[str, list[Work]] = {CONSTANT: [], START: [], BEYOND: [], LAST: []}
        self.old: set[int] = set()
        self.zero: set[int] = set()
        self.newest: set[int] = set()
        self.divisors = {
            row.step.divisor for row in program.rows if row.step and row.step.divisor is not None
        }
        self.inverted = {k for k in self.divisors if self._is_computed(k)}
        self.varies = varying(program)
        self.halves = triangle(program)
        self.pitch = Pitches(program, self.halves)
        self.again = made_again(program, self.varies) - self._seen_from_outside - self.divisors
        self.at_once = self._at_once()
        for index in range(len(program.rows)):
            for name in self.passes(index):
                self._place(name, index)
        for index, _ in program.outputs:
            self._keep(index)
        self.inner: dict[int, Sequence[Plan]] = {}
        self.pairs: dict[int, list[Pair]] = {}
        self.wide: dict[int, tuple[Wide, Plan]] = {}
        for index in range(len(program.rows)):
            if isinstance(moved := program.row(index).moved, Region):
                self.inner[index], self.pairs[index] = _inner_plans(moved)
                if turns := widened(moved, self.pairs[index]):
                    self.wide[index] = turns, Plan(turns.program)
        self.old |= {index for index in self.inner if self.varies[index]}
        if not program.order:
            self._change_in_place(moving or {})
        self.recent = recent(program, self.works[BEYOND], self.old) | self.sums
        self.recent -= set(self.inner)
        self.old -= self.recent
        self.newest |= self.recent
        self.loops = {name: self._loops(name) for name in self.works}
        self.loops[TOP], self.ends_alone = at_the_end(program, self.loops[BEYOND])

    def _loops(self, name: str) -> list[Work | Together]:
        def reads(row: int) -> list[Read]:
            return self.reads(name, row)

        return Neighbours(self.program, reads, self.again, self.old).together(self.works[name])

    def passes(self, index: int) -> Iterator[str]:
        """The passes that compute a row."""
        row = self.program.row(index)
        given = isinstance(row.start, Input) and row.start.source in OUTSIDE
        if given or isinstance(row.moved, View) or self.program.is_number(index):
            return
        if index in self.ending:
            yield LAST
            return
        yield CONSTANT if row.constant else START
        if self.varies[index] and index not in self.sums:
            yield BEYOND

    def _at_once(self) -> dict[int, OverOrders]:
        found = {k: over_orders(self.program, k, self.varies) for k in sorted(self.ending)}
        made = self.again | self.joins | self.sums  # these are not in memory, order after order
        made |= set(self.pitch.wide)  # nor are these as they are read then
        return {k: o for k, o in found.items() if o is not None and not made & {o.a[0], o.b[0]}}

    def _is_computed(self, index: int) -> bool:
        """Whether elements of a row are computed one by one."""
        row = self.program.row(index)
        given = isinstance(row.start, Input) and row.start.source in OUTSIDE
        return row.moved is None and not given and not self.program.is_number(index)

    def convolves(self, index: int) -> bool:
        """Whether a row sums products of two rows over the orders."""
        return convolution_chains(self.program.rows[index]) > 0

    def access(self, index: int) -> Access:
        """Where a row's elements are."""
        access = self.pitch.access(access_of(self.program, index))
        node, *others = nodes_of(self.program, index) or [Node(index)]
        if others or node not in self.homes:
            return access
        home, own = self.homes[node], place_of(self.program, node)
        offset = access.offset - own + place_of(self.program, home)
        return Access(home.row, offset, access.strides)

    def home(self, node: Node) -> tuple[int, int]:
        """Where an array lies: a row, and the offset in this."""
        home = self.homes.get(node, node)
        return home.row, place_of(self.program, home)

    # -- placing rows -----------------------------------------------------------------------------

    def _place(self, name: str, index: int) -> None:
        """Give a row its work in a pass, and see what that reads from memory."""
        if index in self.again or index in self.joins:
            return
        row, works = self.program.row(index), self.works[name]
        reads, beyond = self.reads(name, index), name in (BEYOND, LAST)
        now = [read for read in reads if not beyond or read.when == NEWEST]
        if isinstance(row.moved, Join):
            self._place_parts(name, index, row.moved)
            return
        whole = isinstance(row.moved, Contract | Running | Put | Region | Factor | Solve | Call)
        if whole or index in self.at_once:
            works.append(Whole(index))
            self._from_memory(reads)
            return
        space = row.shape
        if isinstance(row.moved, Total | Pairs | Scatter):
            space = self.program.shape(row.moved.source)
        elsewhere = isinstance(row.moved, Take | Pick)  # the elements that it reads are others
        in_place = [read.row for read in reads if read.row in self.joins]
        accesses = self._strides([] if elsewhere else reads, space)
        summed: Summed | None = None
        if isinstance(row.moved, Total):
            summed = row.moved.axes, total_lanes(self.program, row.moved)
        elif isinstance(row.moved, Pairs):
            summed = (len(space) - 1,), Lanes((len(space) - 1,))
            accesses.append(contiguous(space))
        elif isinstance(row.moved, Take | Pick | Scatter):
            accesses.append((1,) * len(space))  # no axes are one
            summed = ((), Lanes(last=True)) if isinstance(row.moved, Scatter) else None
        else:
            accesses.append(self.pitch.strides(index))
        cut = bool(in_place), self.convolves(index) or summed is not None
        half = isinstance(row.moved, Pairs) or index in self.halves
        new = Nest(space, accesses=accesses, half=half)
        nest = self._nest(name, new, now, summed, elsewhere, cut)
        for join in in_place:
            for axis, ends in seams(self.program, join).items():
                nest.seams.setdefault(axis, set()).update(ends)
        self._add_again(nest, list(reversed(now)))
        kinds = {Total: nest.totals, Pairs: nest.totals, Scatter: nest.adds}
        kinds.get(type(row.moved), nest.rows).append(index)
        if not elsewhere:
            reads = [read for read in reads if read not in now or not self.inside(nest, read.row)]
        self._from_memory(reads)

    def reads(self, name: str, index: int) -> list[Read]:
        """What a row reads in a pass, and what is made again for it reads."""
        row = self.program.row(index)
        beyond = name in (BEYOND, LAST)
        own = reads_beyond(self.varies, row) if beyond else reads_at_zero(row)
        return self._seen_through(list(own))

    def _seen_through(self, reads: Sequence[Read]) -> list[Read]:
        """The reads, and those of what is made again for them."""
        found: list[Read] = []
        for read in reads:
            found.append(read)
            row = self.program.row(read.row)
            if read.row in self.joins:
                found += [Read(part, read.when) for part in moved_rows(row.moved)]
            step = row.step
            late = read.row in self.sums and read.when == OLD
            if (read.row in self.again or late) and step is not None:
                used = [
                    Read(row, read.when)
                    for term in step.terms
                    for row in operand_rows(term.operand)
                ]
                used += [Read(term.head, ZERO) for term in step.terms if term.head is not None]
                found += self._seen_through(used)
        return found

    def _add_again(self, nest: Nest, reads: Sequence[Read]) -> None:
        """What is made again for a row of a nest comes before it."""
        for read in reads:
            if read.row in self.again and read.row not in nest.rows:
                nest.rows.append(read.row)

    def _place_parts(self, name: str, index: int, join: Join) -> None:
        for number, part in enumerate(join.parts):
            read = Read(part, NEWEST if name in (BEYOND, LAST) else ZERO)
            reads = self._seen_through([read])
            space = self.program.shape(part)
            accesses = [contiguous(self.program.shape(index)), *self._strides(reads, space)]
            nest = self._nest(name, Nest(space, accesses=accesses), reads, None)
            self._add_again(nest, list(reversed(reads)))
            nest.parts.append((index, number))
            self._from_memory([read for read in reads if not self.inside(nest, read.row)])

    def inside(self, nest: Nest, row: int) -> bool:
        """Whether an element of a row is in a register where a nest wants it."""
        return row in nest.rows

    def _nest(
        self,
        name: str,
        new: Nest,
        reads: list[Read],
        summed: Summed | None,
        elsewhere: bool = False,
        cut: tuple[bool, bool] = (False, False),
    ) -> Nest:
        """The first nest that comes after all that is read and may do what a new one would.

        cut: whether its loops have to be cut, and whether they should not be.
        """
        works, space = self.works[name], new.space
        first = 0
        for read in reads:
            root = self.access(read.row).row
            first = max(first, known_at(works, read.row, root, None if elsewhere else space))
        new.summed[:] = [] if summed is None else [summed]
        for work in works[first:]:
            if not isinstance(work, Nest) or not may_share(work, new):
                continue
            if (cut[0] and self._is_whole(work)) or (cut[1] and work.seams):
                continue
            work.summed[:] = work.summed or new.summed
            work.accesses.extend(new.accesses)
            return work
        works.append(new)
        return new

    def _strides(self, reads: Sequence[Read], space: Shape) -> list[Shape]:
        """At which elements of what is read from memory lie along the axes of a shape."""
        found = []
        for row in {read.row for read in reads} - self.again - self.joins:
            if not self.program.is_number(row):
                found.append(aligned(self.access(row).strides, self.program.shape(row), space))
        return found

    def _is_whole(self, nest: Nest) -> bool:
        """Whether loops should not be cut: sums have as many lanes everywhere, and convolutions of
        a few elements take as long as those of many.
        """
        return bool(nest.totals) or any(map(self.convolves, nest.rows))

    def _change_in_place(self, moving: Mapping[int, int]) -> None:
        listed = [self.works[name] for name in (CONSTANT, START)]
        written = [(work.computed, self.read_for(work)) for part in listed for work in part]
        given = moving, self.pairs.__getitem__, self.joins | self.again
        self.homes = Schedule(self.program, written, *given).homes()
        self.zero |= {home.row for home in self.homes.values()}
        copied = ((node, copied_row(self.program, node.row)) for node in self.homes)
        copies = [[node.row] for node, row in copied if row is not None and self.lies_at(row, node)]
        for works in listed:
            works[:] = [w for w in works if isinstance(w, Whole) or w.computed not in copies]

    def read_for(self, work: Work) -> list[int]:
        """The rows that a work reads at order zero."""
        rows = [work.row] if isinstance(work, Whole) else [*work.rows, *work.totals, *work.adds]
        reads = [read for row in rows for read in reads_at_zero(self.program.row(row))]
        for row, number in () if isinstance(work, Whole) else work.parts:
            reads.append(Read(moved_rows(self.program.row(row).moved)[number], ZERO))
        return [read.row for read in self._seen_through(reads)]

    def lies_at(self, index: int, node: Node) -> bool:
        """Whether a row is all of what lies where an array does, which takes over its memory."""
        given = whole_of(self.program, index)
        return given in self.homes and self.homes[given] == self.homes.get(node)

    # -- what is in memory ------------------------------------------------------------------------

    def _from_memory(self, reads: list[Read]) -> None:
        for read in reads:
            root = self.access(read.row).row
            if root in self.again or root in self.joins:
                continue
            if root in self.sums and read.when == OLD:
                self.zero.add(root)  # steps ask for the slope
                continue
            if read.when != ZERO and not self.varies[root]:
                self.zero |= {root} if read.when == OLD else set()  # the order before the first
                continue
            kept = {ZERO: self.zero, NEWEST: self.newest, OLD: self.old}[read.when]
            kept.add(root)

    def _keep(self, index: int) -> None:
        """An output is read by whoever asked for it."""
        if index in self.ending:
            self.newest.add(index)
            return
        self.zero.add(index)
        if self.program.order:
            self.old.add(index)


def _inner_plans(region: Region) -> tuple[list[Plan], list[Pair]]:
    """Plans of the programs of a loop or a choice, and the pairs that all of them keep in place."""
    graphs = graphs_of(region)
    first = 0 if region.kind == "switch" else len(graphs) - 1
    pairs = [] if graphs[-1].order else carried(region)
    while True:
        plans = [Plan(graph, rows_of(region, graph, pairs)) for graph in graphs[first:]]
        kept = pairs
        for plan in plans:
            kept = kept_in_place(region, plan.program, plan.homes, kept)
        if kept == pairs or region.kind != "switch":
            return [*map(Plan, graphs[:first]), *plans], kept
        pairs = kept  # what one branch cannot is not done by any
