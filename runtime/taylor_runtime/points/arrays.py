"""Functions of arrays: the inner loop of a generalised ufunc, which walks over points.

Each point has the arrays of all inputs and outputs, contiguous; constants and tables are arrays
of which the linker knows the addresses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from taylor_runtime.arrays.choice import ROOM
from taylor_runtime.arrays.emitter import ArrayEmitter
from taylor_runtime.arrays.memory import ArrayMemory
from taylor_runtime.arrays.plan import Plan
from taylor_runtime.arrays.plans.layout import ArrayLayout, from_outside
from taylor_runtime.arrays.series import outside_address
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64, PTR, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.points.blocks import CLEAR_FLAGS, memory
from taylor_runtime.program.arrays import ArrayProgram, Put
from taylor_runtime.program.kernels import all_programs
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Input
from taylor_runtime.program.shapes.verify import verify_arrays

ARRAYS = "taylor.arrays"
FEW = 64  # rows of a short program, those inside counted


def array_module(
    program: ArrayProgram,
    sizes: Sequence[int],
    element: str = "double",
    given: int = 0,
    room: int = ROOM,
) -> str:
    """IR text of a generalised ufunc's loop `taylor.arrays` that evaluates a program at points.

    sizes: elements of each operand of the function, which are the program's slots of source
        "parameter", or "jet" in a program of an order, one operand after the other.
    given: coefficients that each of the operands of a program of an order has; further ones are
        zero.
    room: of registers, see `ArrayMemory`.

    Outputs are operands, too: all their coefficients.  A double-double is two operands, high and
    low.  Operands are contiguous at each point.
    Slots of source "data" are at the symbol `NUMBERS`, those of "table" at `TABLE`.
    """
    verify_arrays(program)
    plan, module = Plan(program), Module(signed_zeros=program.order == 0)
    parameters = [("ptr", "args"), ("ptr", "dimensions"), ("ptr", "steps"), ("ptr", "data")]
    with define_function(module, ARRAYS, "void", parameters, "nounwind") as (
        b,
        (args, dims, steps, _),
    ):
        count = b.load(I64, dims)
        b.counts = element == "double" and not program.order
        outside = {row: None for row, _ in program.outputs} | dict.fromkeys(from_outside(program))
        size, kind = ArrayLayout.of(plan, outside).size, ELEMENTS[element]
        with memory(b, size * kind.parts, kind.part) as work:
            point = _Point(b, program, plan, sizes, element, work, size, given, room)

            def one(i: Index, _: list[Value]) -> Sequence[Value]:
                point.emit(args, steps, i)
                return []

            b.fold(0, count, [], one)
        module.declare(CLEAR_FLAGS, f"declare void @{CLEAR_FLAGS}()")
        b.line(f"call void @{CLEAR_FLAGS}()")
        b.ret()
    return module.text()


def pipeline(program: ArrayProgram) -> str | None:
    """The pipeline of LLVM's that pays where turns of a loop change elements of arrays: what one
    has put in its place the next one may read there, and LLVM can keep it in a register.  That of
    short programs unrolls loops as well: they take 3 to 6% less, long ones twice as long to make.
    """
    programs = all_programs(program)
    puts = any(
        isinstance(getattr(row, "moved", None), Put) for inner in programs[1:] for row in inner.rows
    )
    if not puts:
        return None
    return "O2" if sum(len(one.rows) for one in programs) <= FEW else "O1"


class _Point:
    """Writes the evaluation at one point."""

    def __init__(
        self,
        b: Builder,
        program: ArrayProgram,
        plan: Plan,
        sizes: Sequence[int],
        element: str,
        work: Value,
        size: int,
        given: int,
        room: int,
    ) -> None:
        self.b, self.program, self.plan = b, program, plan
        self.element, self.given, self.room = element, given, room
        self.work = b.planes(work, size, element)
        self.parts = ELEMENTS[element].parts
        starts = [sum(sizes[:k]) for k in range(len(sizes))]
        self.operands: Mapping[int, int] = {start: k for k, start in enumerate(starts)}
        self.inputs = len(sizes)

    def emit(self, args: Value, steps: Value, i: Index) -> None:
        b, program = self.b, self.program

        def operand(k: int) -> Value:
            places = []
            for part in range(self.parts):
                which = self.parts * k + part
                base, step = (
                    b.load(PTR, b.at(args, which, "ptr")),
                    b.load(I64, b.at(steps, which, "i64")),
                )
                places.append(b.at(base, step * i, "i8"))
            return b.pointers(places)

        addresses = {first: operand(k) for first, k in self.operands.items()}

        def address(given: Input) -> Value:
            first = given.index[0]
            if given.source in ("data", "table"):
                return outside_address(b, program, given, self.element)
            return addresses[first]

        outside = {row: address(given) for row, given in from_outside(program).items()}
        for k, (row, _) in enumerate(program.outputs):
            outside[row] = operand(self.inputs + k)
        store = ArrayMemory(b, self.plan, self.element, self.work, outside, self.room)
        emitter = ArrayEmitter(b, self.plan, store, address, given=self.given)
        emitter.cancels = True
        emitter.constant_rows()
        if program.order:
            emitter.order_zero()
            emitter.orders()
            for row in dict.fromkeys(row for row, _ in program.outputs):
                if not self.plan.varies[row]:
                    self._clear(outside[row], program.row(row).size)

    def _clear(self, base: Value, size: int) -> None:
        """Zeros in all coefficients but the first of a row of so many elements."""
        b, zero = self.b, self.b.constant(0, Type(self.element))

        def one(i: Index, _: list[Value]) -> Sequence[Value]:
            b.store(zero, b.at(base, i, self.element))
            return []

        b.fold(size, size * (self.program.order + 1), [], one)
