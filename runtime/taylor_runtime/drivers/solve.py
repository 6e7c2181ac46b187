"""Solutions of differential equations as functions: a step loop with memory of its own.

Everything that a trajectory works on is a copy of what one is before its first step, on the stack
or allocated for the call, so that many may run at once.  What does not come to its end at once is
left to Python, which begins anew and says why.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.drivers.call import is_finite
from taylor_runtime.drivers.preparing import ASKED
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I1, I64, PTR, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.points.blocks import memory
from taylor_runtime.program.codes import REACHED
from taylor_runtime.program.records import dataclass
from taylor_runtime.steps.control import Control

SOLVE = "taylor.solve"
PROPAGATE = "taylor.propagated"  # the step loop
TOLERANCES = "taylor.tolerances"  # an array that it reads
_COPY, _FILL = "llvm.memcpy.p0.p0.i64", "llvm.memset.p0.i64"

Moves = Sequence[tuple[int, int]]  # elements of an array, and doubles of the memory


@dataclass(frozen=True, slots=True)
class Solve:
    """What the memory of a call holds, in doubles.

    template: what it begins with: control block, states, parameters.
    starts:   of the control block (0), the states, parameters, work, records, and the grid.
    size:     of it all.
    inputs:   where elements of the arguments belong; outputs: where those of the results are.
    """

    template: bytes
    starts: tuple[int, ...]
    size: int
    inputs: tuple[Moves, ...]
    outputs: tuple[Moves, ...]


def solve_function_module(solve: Solve) -> str:
    """IR text of `i64 taylor.solve(given, found)`, of an array of doubles each.

    It returns 1 where the end was reached, which is found then.
    """
    module = Module()
    for name, text in declared().items():
        module.declare(name, text)
    parameters = [("ptr", "given"), ("ptr", "found")]
    with define_function(module, SOLVE, "i64", parameters, "nounwind") as (b, (given, found)):
        arrays = b.alloca("ptr", 2)
        b.store(given, arrays)
        b.store(found, b.at(arrays, 1, "ptr"))
        with memory(b, solve.size, "double") as block:
            done = SolveCall(b, solve, "double", arrays).run(block)
        b.ret(b.cast("zext", done, "i64"))
    return module.text()


def declared() -> dict[str, str]:
    """What the code of calls declares."""
    return {
        PROPAGATE: f"declare i64 @{PROPAGATE}({', '.join(['ptr'] * 7)})",
        TOLERANCES: f"@{TOLERANCES} = external global i8",
        _COPY: f"declare void @{_COPY}(ptr, ptr, i64, i1)",
        _FILL: f"declare void @{_FILL}(ptr, i8, i64, i1)",
    }


class SolveCall:
    """Writes the parts of a call; arrays: the addresses of the arguments, then of the results."""

    def __init__(self, b: Builder, solve: Solve, element: str, arrays: Value) -> None:
        self.b, self.solve, self.element, self.arrays = b, solve, element, arrays

    def run(self, block: Value) -> Value:
        """i1: whether the end was reached; the results are stored then."""
        b = self.b
        self._begin(block)
        finite = b.constant(True, I1)
        for k, moves in enumerate(self.solve.inputs):
            finite = finite & self._take(k, moves, block)
        done = b.if_(finite, lambda: [self._loop(block)], lambda: [b.constant(False, I1)])[0]

        def tell() -> Sequence[Value]:
            for k, moves in enumerate(self.solve.outputs):
                self._give(len(self.solve.inputs) + k, moves, block)
            return []

        b.if_(done, tell)
        return done

    def _begin(self, block: Value) -> None:
        b, known = self.b, len(self.solve.template)
        source = Value(b, PTR, b.module.data(self.solve.template))
        rest = b.at(block, known, "i8")
        b.line(f"call void @{_COPY}(ptr {block.text}, ptr {source.text}, i64 {known}, i1 false)")
        size = self.solve.size * 8 - known
        b.line(f"call void @{_FILL}(ptr {rest.text}, i8 0, i64 {size}, i1 false)")

    def _array(self, number: int) -> Value:
        return self.b.load(PTR, self.b.at(self.arrays, number, "ptr"))

    def _moved(self, moves: Moves, i: Index) -> tuple[Value, Value]:
        """The element and the double of a move."""
        b = self.b
        sides = [b.table([pair[side] for pair in moves], "i64") for side in (0, 1)]
        element, place = (b.load(I64, b.at(side, i, "i64")) for side in sides)
        return element, place

    def _take(self, number: int, moves: Moves, block: Value) -> Value:
        """i1: whether all elements are finite, which are then in place."""
        b = self.b
        if not moves:
            return b.constant(True, I1)
        array = self._array(number)

        def one(i: Index, carried: list[Value]) -> list[Value]:
            element, place = self._moved(moves, i)
            given = b.load(Type(self.element), b.at(array, element, self.element))
            value = b.to_double(given)
            b.store(value, b.at(block, place))
            return [carried[0] & is_finite(b, value)]

        return b.fold(0, b.constant(len(moves), I64), [b.constant(True, I1)], one)[0]

    def _give(self, number: int, moves: Moves, block: Value) -> None:
        b, array = self.b, self._array(number)

        def one(i: Index, _: list[Value]) -> list[Value]:
            element, place = self._moved(moves, i)
            value = b.from_double(b.load(F64, b.at(block, place)), self.element)
            b.store(value, b.at(array, element, self.element))
            return []

        b.fold(0, b.constant(len(moves), I64), [], one)

    def _loop(self, block: Value) -> Value:
        """i1: whether the step loop reached the end."""
        b, control = self.b, Control(self.b, block)
        control.set("longest", b.fabs(control.get("end") - control.get("time")) * ASKED)
        parts = [b.at(block, start) for start in self.solve.starts]
        listed = ", ".join(f"ptr {part.text}" for part in parts)
        code = b.emit_anew(I64, f"call i64 @{PROPAGATE}({listed}, ptr @{TOLERANCES})")
        return b.eq(code, REACHED)
