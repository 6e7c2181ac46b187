"""Kernels that programs name: pairs of them, and those that programs bring along, as data.

Loops and branches of arrays are rows, which have programs inside as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Kernel, OwnKernel, Program, Row
from taylor_runtime.program.records import blake2b, dataclass

Doubles = NDArray[np.float64]
DIGITS = 20  # of digests in names
OUTSIDE = 1 << 13  # numbers from which on a table is no part of the machine code, but memory
LINE = 16  # elements that results of loops begin at multiples of, if they have so many

# Kernels that cost little more together than one alone, and the kernel that gives both.
PAIRS = {("sin", "cos"): "sincos", ("sinh", "cosh"): "sinhcosh"}


@dataclass(frozen=True, eq=False, repr=False)
class PlaceKernel(OwnKernel):
    """How many of the ascending `edges` are not above x: 0 .. len(edges); 0 for NaN.

    whose: what it is that has no values beyond the first and last edge, in words; "" where nothing
           ends there.
    """

    edges: Doubles
    whose: str = ""
    name: str = field(init=False)
    padded: Doubles = field(init=False)

    def __post_init__(self) -> None:
        _set(self, edges=_kept(self.edges))
        _set(self, name=f"place_{digest(self.edges.tobytes())}")
        padded = np.full(2 ** len(self.edges).bit_length(), np.inf)
        padded[: len(self.edges)] = self.edges
        _set(self, padded=padded)

    @property
    def tables(self) -> dict[str, Doubles]:
        """What it looks up, by names: the edges, filled up to a power of two with infinity."""
        return {f"{self.name}.edges": self.padded}


@dataclass(frozen=True, eq=False, repr=False)
class EntryKernel(OwnKernel):
    """rows[i, j] for numbers i and j; i beyond an end gives the entry there.

    rows: shape (n, m); low: what is left of the numbers beyond double, of the same shape.
    """

    rows: Doubles
    low: Doubles | None = None
    name: str = field(init=False)

    def __post_init__(self) -> None:
        _set(self, rows=_kept(self.rows), low=None if self.low is None else _kept(self.low))
        low = b"" if self.low is None else self.low.data
        shape = str(self.rows.shape).encode()
        _set(self, name=f"entry_{digest(self.rows.data, low, shape)}")

    @property
    def tables(self) -> dict[str, Doubles]:
        """What it looks up, by names."""
        low = {} if self.low is None else {f"{self.name}.low": self.low}
        return {f"{self.name}.rows": self.rows, **low}


@dataclass(frozen=True, eq=False, repr=False)
class InverseKernel(OwnKernel):
    """Entry (row, column) of the inverse of a matrix that is given row by row; not finite if it is
    singular.
    """

    size: int
    row: int
    column: int
    name: str = field(init=False)

    def __post_init__(self) -> None:
        _set(self, name=f"inverse{self.size}_{self.row}_{self.column}")


@dataclass(frozen=True, eq=False, repr=False)
class NewtonSystem(OwnKernel):
    """y_1 .. y_m with g_i(x, y) = 0, by Newton's method from a start; NaN where it finds none.

    arity:     number of x.
    start:     a formula of the slots x: m values.
    equations: a formula of the slots x, y: g (m values), bounds of their rounding errors in units
               of rounding (m), and dg_i/dy_j (m * m, row by row).
    bracket:   for m = 1 a formula of the slots x: two numbers between which g changes its sign.
    """

    arity: int
    start: Program
    equations: Program
    bracket: Program | None = None
    name: str = field(init=False)

    def __post_init__(self) -> None:
        texts = [body(program).encode() for program in self.programs]
        _set(self, name=f"implicit_{digest(str(self.arity).encode(), *texts)}")

    @property
    def programs(self) -> tuple[Program, ...]:
        """The formulas that it is made of."""
        return (self.start, self.equations, *([] if self.bracket is None else [self.bracket]))


@dataclass(frozen=True, eq=False, repr=False)
class NewtonKernel(OwnKernel):
    """Unknown y_number of a system, counted from 0."""

    system: NewtonSystem
    number: int
    name: str = field(init=False)

    def __post_init__(self) -> None:
        _set(self, name=f"{self.system.name}.{self.number}")


class System(OwnKernel):
    """What has several results, each of which is a `PartKernel`."""

    arity: int

    @property
    def programs(self) -> tuple[Program, ...]:
        """The formulas that it is made of."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False, repr=False)
class LoopSystem(System):
    """What a loop leaves behind: values that go from turn to turn.

    Its arguments are a number that says whether it counts (0 where not: the results may then be
    anything), the bounds where these are not known, constants, and the values before the first
    turn.

    arity:     number of arguments.
    carries:   number of values that go from turn to turn.
    body:      a formula of the slots (counts, constants, index if there are bounds, values): the
               values after a turn.
    condition: a formula of the slots (counts, constants, values): whether another turn follows; or
               None for a loop between bounds.
    bounds:    of the index, where they are known: from the first up to below the second.
    """

    arity: int
    carries: int
    body: Program
    condition: Program | None = None
    bounds: tuple[int, int] | None = None
    name: str = field(init=False)

    def __post_init__(self) -> None:
        texts = [body(program).encode() for program in self.programs]
        rest = f"{self.arity} {self.carries} {self.bounds}".encode()
        _set(self, name=f"loop_{digest(rest, *texts)}")

    @property
    def programs(self) -> tuple[Program, ...]:
        """The formulas that it is made of."""
        return (self.body, *([] if self.condition is None else [self.condition]))


@dataclass(frozen=True, eq=False, repr=False)
class BranchSystem(System):
    """The values of one of several formulas: number k for an index from k on and below k + 1, the
    first and the last beyond.

    Its arguments are a number that says whether it counts, the index, and constants.

    arity:    number of arguments.
    branches: formulas of the slots (counts, constants), all with as many outputs.
    """

    arity: int
    branches: tuple[Program, ...]
    name: str = field(init=False)

    def __post_init__(self) -> None:
        texts = [body(program).encode() for program in self.branches]
        _set(self, name=f"branch_{digest(str(self.arity).encode(), *texts)}")

    @property
    def results(self) -> int:
        """Number of values."""
        return len(self.branches[0].outputs)

    @property
    def programs(self) -> tuple[Program, ...]:
        """The formulas that it is made of."""
        return self.branches


@dataclass(frozen=True, eq=False, repr=False)
class PartKernel(OwnKernel):
    """Result number `number` of a system."""

    system: System
    number: int
    name: str = field(init=False)

    def __post_init__(self) -> None:
        _set(self, name=f"{self.system.name}.{self.number}")


@dataclass(frozen=True, slots=True)
class Region:
    """The results of a loop or a choice of arrays, flat, one after the other (`places`).

    kind:      "while", "for", "scan", "switch", "reverse" or "series".
    operands:  rows: the bounds of a "for" where these are not known, or the index of a "switch";
               constants; carries; arrays whose slices a scan goes through.
    graphs:    programs with shapes, in which slot k of "parameter" is input k: the constants, then
               the index of a "for", the carries, the slices.  Of a "while" the condition and what a
               turn does, of other loops what a turn does, of a "switch" the branches.
    constants, carries: how many there are.
    shapes:    of the results: the carries after the last turn, then what a scan collects; or what
               branches return.
    length, reverse: turns of a scan, and whether they go from the last slice to the first.
    bounds:    of the index of a "for", where they are known.

    A "reverse" goes forth as a "while" and then back through the same turns: its third program
    takes the constants, the carries before a turn and what the results are after it, and gives what
    they are before it; further operands are what they are after the last turn.

    A "series" has the coefficients of all orders of the results of its program, of those of inputs:
    arrays whose first axis is the order.

    Branch k of a switch is taken for an index from k on and below k + 1, the first and the last
    beyond.
    """

    kind: str
    operands: tuple[int, ...]
    graphs: tuple[Program, ...]
    constants: int
    carries: int
    shapes: tuple[tuple[int, ...], ...]
    length: int = 0
    reverse: bool = False
    bounds: tuple[int, int] | None = None

    @property
    def leading(self) -> int:
        """Operands before the constants."""
        if self.kind == "for":
            return 2 if self.bounds is None else 0
        return int(self.kind == "switch")

    @property
    def turns(self) -> int | None:
        """How many turns there are, where that is known."""
        if self.kind == "scan":
            return self.length
        return None if self.bounds is None else max(0, self.bounds[1] - self.bounds[0])

    @property
    def places(self) -> tuple[int, ...]:
        """Where the results begin, and in the end how many elements there are."""
        found, place = [], 0
        for shape in self.shapes:
            size = math.prod(shape)
            place = -(-place // LINE) * LINE if size >= LINE else place
            found.append(place)
            place += size
        return (*found, max(place, 1))


@dataclass(frozen=True, eq=False, repr=False)
class CallbackKernel(OwnKernel):
    """A registered function of doubles, called at its address; its name is that of the symbol.

    derivative, coefficient, order: where they are not None, Taylor coefficient number `coefficient`
        of that derivative of a function that is known by coefficients; programs of an order ask for
        all up to there.
    """

    function: str
    derivative: int | None = None
    coefficient: int = 0
    order: int = 0
    name: str = field(init=False)

    def __post_init__(self) -> None:
        numbers = (self.derivative, self.coefficient, self.order)
        listed = "" if self.derivative is None else "".join(f"#{number}" for number in numbers)
        _set(self, name=f"user:{self.function}{listed}")


def digest(*parts: bytes | memoryview) -> str:
    """A short name for some content; different for different content."""
    total = blake2b(digest_size=32)
    for part in parts:
        size = part.nbytes if isinstance(part, memoryview) else len(part)
        total.update(size.to_bytes(8, "little"))
        total.update(part)
    return total.hexdigest()[:DIGITS]


def own_kernels(program: Program) -> tuple[OwnKernel, ...]:
    """The kernels that a program brings along, each once."""
    found: dict[OwnKernel, None] = {}
    for row in program.rows:
        start = row.start
        if isinstance(start, Kernel) and isinstance(start.function, OwnKernel):
            found[start.function] = None
    return tuple(found)


def regions(program: Program) -> list[Region]:
    """The loops and choices that are rows of a program with shapes."""
    others = [row for row in program.rows if row.__class__ is not Row]  # of programs of arrays
    moved = [getattr(row, "moved", None) for row in others]
    return [move for move in moved if isinstance(move, Region)]


def all_programs(program: Program) -> list[Program]:
    """A program, and those inside of its rows."""
    inner = [graph for region in regions(program) for graph in region.graphs]
    return [program, *[found for graph in inner for found in all_programs(graph)]]


def has_loops(program: Program) -> bool:
    """Whether there are loops in its kernels."""
    parts = (kernel for kernel in own_kernels(program) if isinstance(kernel, PartKernel))
    systems = {id(kernel.system): kernel.system for kernel in parts}
    return any(
        not isinstance(system, BranchSystem) or any(map(has_loops, system.programs))
        for system in systems.values()
    )


def callbacks(program: Program) -> tuple[CallbackKernel, ...]:
    """The callbacks that a program calls, itself or in kernels with a formula inside."""
    found = (kernel for kernel in _all_kernels(program) if isinstance(kernel, CallbackKernel))
    return tuple(dict.fromkeys(found))


def tables_outside(program: Program) -> dict[str, Doubles]:
    """The large tables that a program looks things up in, by names: no part of its code."""
    return {
        name: numbers
        for kernel in _all_kernels(program)
        if isinstance(kernel, PlaceKernel | EntryKernel)
        for name, numbers in kernel.tables.items()
        if numbers.size >= OUTSIDE
    }


def _all_kernels(program: Program, seen: set[int] | None = None) -> Iterator[OwnKernel]:
    """A program's own kernels, those inside others' formulas included.

    seen: formulas that have been looked at; the parts of a loop's results share theirs.
    """
    seen = set() if seen is None else seen
    seen.add(id(program))
    for kernel in own_kernels(program):
        yield kernel
        if isinstance(kernel, NewtonKernel | PartKernel):
            for formula in kernel.system.programs:
                if id(formula) not in seen:
                    yield from _all_kernels(formula, seen)
    for region in regions(program):
        for graph in region.graphs:
            if id(graph) not in seen:
                yield from _all_kernels(graph, seen)


def _set(kernel: OwnKernel, **fields: object) -> None:
    """Set fields of a frozen record that is being made."""
    for name, value in fields.items():
        object.__setattr__(kernel, name, value)


def _kept(numbers: Doubles) -> Doubles:
    """The numbers as an array that nobody changes, all NaN of the same bits."""
    own = np.array(numbers, dtype=np.float64, order="C")
    own[np.isnan(own)] = np.nan
    own.flags.writeable = False
    return own
