"""A program inside of a loop or a choice, written where its inputs are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from taylor_runtime.arithmetic.carried import spans_of
from taylor_runtime.arithmetic.kernel_calls import written_out
from taylor_runtime.arrays.memory import ArrayMemory, Plane
from taylor_runtime.arrays.plan import Plan
from taylor_runtime.arrays.plans.layout import from_outside, is_outside
from taylor_runtime.arrays.plans.works import Work
from taylor_runtime.arrays.walk import Place
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.integers.whole import Whole
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.passes.spans import Span
from taylor_runtime.program.arrays import (
    ArrayProgram,
    Call,
    Contract,
    Factor,
    Pick,
    Put,
    Running,
    Solve,
    Take,
    moved_rows,
)
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Input
from taylor_runtime.program.shapes.walks import walk_of

READ_BY_ADDRESS = Call | Contract | Factor | Pick | Put | Region | Running | Solve | Take
ALONE = Place(0, 0, walk_of((), ()), ())  # where a single number is


class Writer(Protocol):
    """Writes the rows of a program of arrays."""

    b: Builder
    plan: Plan
    program: ArrayProgram
    memory: ArrayMemory
    element: str
    addresses: Callable[[Input], Value]

    def within(self, plan: Plan, memory: ArrayMemory) -> Writer: ...

    def constant_rows(self) -> None: ...

    def compute(self, works: Sequence[Work]) -> None: ...

    def order_zero(self) -> None: ...

    def orders(self) -> None: ...

    def beyond(self, n: Index, second: Value | None) -> None: ...


class Inner:
    """One of the programs of a row, in a part of the workspace."""

    def __init__(self, outer: Writer, plan: Plan, workspace: Value) -> None:
        self.outer, self.plan, self.workspace = outer, plan, workspace

    def write(self, given: Sequence[Value], targets: Mapping[int, Value]) -> list[Value]:
        """Results that are single numbers; arrays are put where targets say.

        given: inputs, numbers or the addresses of arrays.
        targets: addresses, by number of the result.
        """
        program, outer = self.plan.program, self.outer
        emitter = begun(outer, self.plan, self.workspace, dict(enumerate(given)), targets)
        with written_out(outer.b, program.rows, outer.element):
            emitter.constant_rows()
        emitter.memory.values.clear()
        single = [row for row, _ in program.outputs if not program.shape(row)]
        return [emitter.memory.coefficient(row, 0, ALONE) for row in single]


def begun(
    outer: Writer,
    plan: Plan,
    workspace: Value,
    given: Mapping[int, Plane],
    targets: Mapping[int, Plane],
) -> Writer:
    """What writes a program inside of a row.

    given: inputs, single numbers or where they are; targets: where results go that have a place.
    """
    program = plan.program
    outside: dict[int, Plane] = {}
    numbers: dict[tuple[int, int], Value] = {}
    for row, start in from_outside(program).items():
        if start.source == "data":
            outside[row] = outer.addresses(start)
            continue
        value = given[start.index[0]]
        if is_outside(program, row):
            outside[row] = value
        else:
            assert isinstance(value, Value)
            numbers[row, 0] = value
    for number, (row, _) in enumerate(program.outputs):
        if number in targets:
            outside[row] = targets[number]
    memory = ArrayMemory(outer.b, plan, outer.element, workspace, outside, outer.memory.room)
    memory.numbers = numbers
    for row in _read_from_memory(program) & {row for row, _ in numbers}:
        memory.put_aside(row, numbers[row, 0])
    return outer.within(plan, memory)


def _read_from_memory(program: ArrayProgram) -> set[int]:
    """Rows of which elements are read by their address."""
    found: set[int] = set()
    for index in range(len(program.rows)):
        moved = program.row(index).moved
        if isinstance(moved, READ_BY_ADDRESS):
            for row in moved_rows(moved):
                view = program.row(row).moved
                found.add(getattr(view, "source", row) if view is not None else row)
    return found


def operand(outer: Writer, row: int) -> Value:
    """A single number, or where the elements of an array begin."""
    memory, program = outer.memory, outer.program
    if not program.shape(row):
        return memory.coefficient(row, 0, ALONE)
    if not program.row(row).size:
        return memory.workspace
    access = outer.plan.access(row)
    return outer.b.at(memory.base(access.row, 0), access.offset, outer.element)


def spans_of_operands(outer: Writer, region: Region) -> list[Span | None]:
    """The bounds of operands that are single whole numbers."""
    shapes = [outer.program.shape(row) for row in region.operands]
    pairs = zip(region.operands, shapes, strict=True)
    numbers = [None if shape else operand(outer, row) for row, shape in pairs]
    return [None if x is None else spans_of(outer.b, [x])[0] for x in numbers]


def copy(outer: Writer, target: Value, source: Value, count: int) -> None:
    """Copy elements that lie side by side."""
    b, kind = outer.b, ELEMENTS[outer.element]
    size = b.constant(count * kind.bytes // kind.parts, I64)
    b.module.declare("memcpy", "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
    for to, given in zip(target.parts, source.parts, strict=True):
        b.line(
            f"call void @llvm.memcpy.p0.p0.i64(ptr {to.text}, ptr {given.text}, i64 {size.text}, "
            "i1 false)"
        )


def copy_row(outer: Writer, target: Value, row: int, n: Index, size: int, first: Index = 0) -> None:
    """Copy coefficient n of a row whose elements lie side by side, so many of them from the first
    on: zeros where it has none.
    """
    b, memory = outer.b, outer.memory
    if not outer.program.shape(row):
        put_number(outer, memory.coefficient(row, n, ALONE), target, 0)
    elif not (isinstance(n, int) and n == 0) and not outer.plan.varies[row]:
        clear(outer, target, size)
    elif size:
        access = outer.plan.access(row)
        place = b.at(memory.base(access.row, n), access.offset, outer.element)
        copy(outer, target, b.at(place, first, outer.element), size)


def clear(outer: Writer, target: Value, count: int) -> None:
    """Put zeros side by side."""
    b = outer.b

    def one(i: Index, _: list[Value]) -> list[Value]:
        put_number(outer, b.constant(0, Type(outer.element)), target, i)
        return []

    b.fold(0, count, [], one)


def put_number(outer: Writer, value: Value, target: Value, place: Index) -> None:
    """Store a single number."""
    outer.b.store(outer.b.normal(value), outer.b.at(target, place, outer.element))


def as_number(outer: Writer, index: Value) -> Value:
    """A count as a number of the rows' kind."""
    b = outer.b
    return b.from_double(b.cast("sitofp", index, "double"), outer.element)


def chosen_place(b: Builder, number: Value, size: int) -> Value:
    """The place that a number chooses along an axis, see `program.arrays.Pick`."""
    x = b.to_double(number)
    from_end = b.select(b.compare("lt", x, 0), x + size, x)
    if isinstance(x, Whole) and isinstance(from_end, Whole):
        low = 0 if x.span.low >= -size else x.span.low + size
        from_end = from_end.narrowed(Span(low, max(x.span.high, size - 1)))
    x, last = from_end, b.constant(size - 1, x.type.of("double"))
    x = b.select(b.compare("le", x, size - 1), x, last)
    x = b.select(b.compare("ge", x, 0), x, b.constant(0, x.type))
    return b.cast("fptosi", x, "i64")
