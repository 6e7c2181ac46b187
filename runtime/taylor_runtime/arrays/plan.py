"""Which rows share a loop over elements, and which are kept in memory.

Rows are computed in *passes*: those that parameters alone decide once, order zero, each further
order.  A pass is a list of works, one after the other: a `Nest` computes, element by element,
all rows of one shape that need nothing else of one another than the same element; contractions and
running sums are works of their own.  What a nest needs within itself stays in registers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from taylor_runtime.arrays.plans.ends import OverOrders, over_orders
from taylor_runtime.arrays.plans.reading import (
    read_in_place,
    read_one_order_late,
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
    may_share,
)
from taylor_runtime.arrays.regions.inplace import carried, changed_in_place
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
from taylor_runtime.program.program import Coefficient, Input
from taylor_runtime.program.shapes.reads import (
    NEWEST,
    OLD,
    ZERO,
    Read,
    reads_at_zero,
    reads_beyond,
)
from taylor_runtime.program.shapes.sums import total_lanes
from taylor_runtime.program.shapes.walks import Lanes, aligned
from taylor_runtime.program.signature import convolution_chains
from taylor_runtime.program.verify import operand_rows

MOST_TERMS = 3  # of a sum that is made again
REUSED = 4  # times that it is larger than what it is made from

OUTSIDE = frozenset(("parameter", "data", "outer"))  # sources of inputs that are in memory
CONSTANT, START, BEYOND, LAST = "constant", "start", "beyond", "last"  # passes


class Plan:
    """The works of all passes of a program, and what has to be in memory for them.

    works:  by pass, in order.
    loops:  the same, with nests together where that pays.
    old:    rows of which all orders are kept.
    zero:   rows whose order zero is read from memory.
    newest: rows whose newest order is read from memory.
    inverted: divisors of which the reciprocals of order zero are kept.
    varies: of each row, whether it has coefficients beyond order zero.
    again:  rows that are made wherever they are wanted, of every order, and never kept.
    inner:  of rows that are loops or choices, the plans of their programs.
    same:   rows that lie in the memory of another one, since that is changed where it is.
    recent: rows of which one order is kept, since the next one is read before it is stored.
    sums:   rows that states add up themselves, beyond order zero.
    halves: rows of pairs of which a half is computed, see `Nest`.
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
        self.again = {k for k in range(len(program.rows)) if self._is_made_again(k)}
        self.at_once = self._at_once()
        for index in range(len(program.rows)):
            for name in self.passes(index):
                self._place(name, index)
        for index, _ in program.outputs:
            self._keep(index)
        self.inner = {
            index: _inner_plans(row.moved)
            for index, row in enumerate(map(program.row, range(len(program.rows))))
            if isinstance(row.moved, Region)
        }
        self.old |= {index for index in self.inner if self.varies[index]}
        self.same = {} if program.order else self._changed_in_place(moving or {})
        self.zero |= {self.same[row] for row in self.same if row in self.zero}
        self.recent = (self._recent() | self.sums) - set(self.inner)
        self.old -= self.recent
        self.newest |= self.recent
        self.loops = {name: self._loops(name) for name in self.works}

    def _loops(self, name: str) -> list[Work | Together]:
        def reads(row: int) -> list[Read]:
            return self.reads(name, row)

        return Neighbours(self.program, reads, self.again, self.old).together(self.works[name])

    def _recent(self) -> set[int]:
        """Rows that states read one order late, in loops that come before their own."""
        works = self.works[BEYOND]
        place = {
            row: position
            for position, work in enumerate(works)
            for row in ([work.row] if isinstance(work, Whole) else [*work.rows, *work.totals])
        }
        late = read_one_order_late(self.program)
        return {
            row
            for row, states in late.items()
            if row in self.old and row in place and all(place[s] < place[row] for s in states)
        }

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
        return {k: o for k, o in found.items() if o is not None and not made & {o.a[0], o.b[0]}}

    def _is_computed(self, index: int) -> bool:
        """Whether elements of a row are computed one by one."""
        row = self.program.row(index)
        given = isinstance(row.start, Input) and row.start.source in OUTSIDE
        return row.moved is None and not given and not self.program.is_number(index)

    def convolves(self, index: int) -> bool:
        """Whether a row sums products of two rows over the orders."""
        return convolution_chains(self.program.rows[index]) > 0

    def _is_made_again(self, index: int) -> bool:
        """Whether a row is a short sum of much smaller ones, as the differences of all pairs are:
        what it is made from is in the cache where itself would not be.
        """
        program, row = self.program, self.program.row(index)
        if row.start or row.moved or row.step is None or not self.varies[index]:
            return False
        step = row.step
        if (step.times, step.divisor) != ("1", None) or not 0 < len(step.terms) <= MOST_TERMS:
            return False
        if index in self.divisors or index in self._seen_from_outside:
            return False
        for term in step.terms:
            operand = term.operand
            if not isinstance(operand, Coefficient) or operand.lag:
                return False
            for used in (operand.row, term.head):
                small = used is None or program.row(used).size * REUSED <= row.size
                if not small and not program.is_number(used or 0):
                    return False
        return True

    def access(self, index: int) -> Access:
        """Where a row's elements are."""
        return access_of(self.program, index)

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
            accesses.append(contiguous(space))
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
            first = max(first, self._known(works, read.row, None if elsewhere else space))
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

    def _known(self, works: list[Work], row: int, space: Shape | None) -> int:
        """The first work that may read a row: its own where that is one over the same shape."""
        root = self.access(row).row
        for position in reversed(range(len(works))):
            work = works[position]
            if isinstance(work, Whole):
                if work.row == root:
                    return position + 1
            elif root in work.rows:
                return position if root == row and work.space == space else position + 1
            elif root in work.totals or root in work.adds or root in [r for r, _ in work.parts]:
                return position + 1
        return 0

    def _changed_in_place(self, moving: Mapping[int, int]) -> dict[int, int]:
        def reads(row: int) -> list[int]:
            found = self._seen_through(list(reads_at_zero(self.program.row(row))))
            return [self.access(read.row).row for read in found]

        works = [work.computed for name in (CONSTANT, START) for work in self.works[name]]
        return changed_in_place(self.program, works, reads, moving)

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


def _inner_plans(region: Region) -> tuple[Plan, ...]:
    """Plans of the programs of a loop or a choice."""
    graphs = graphs_of(region)
    loop = region.kind != "switch"
    turn = Plan(graphs[-1], carried(region, graphs[-1]) if loop else None)
    return (*map(Plan, graphs[:-1]), turn)
