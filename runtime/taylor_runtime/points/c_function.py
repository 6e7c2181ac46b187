"""C functions of doubles around the loop of a ufunc: what QUADPACK and the like call.

All numbers that go in lie side by side in memory, and the loop is called for one point.  Memory is
on the stack: a function may be called from several threads at once.
"""

from __future__ import annotations

from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I32
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.records import dataclass

C_FUNCTION = "taylor.c_function"
LOOP = "taylor.loop"  # void(char **args, npy_intp *dimensions, npy_intp *steps, void *data)
NAN = float("nan")

# Of each signature its result, and its parameters; names are those that SciPy uses.
NUMBER = "double (double)"
NUMBER_DATA = "double (double, void *)"
NUMBERS = "double (int, double *)"
NUMBERS_DATA = "double (int, double *, void *)"
FILTER = "int (double *, npy_intp, double *, void *)"
_NUMBERS = [("i32", "count"), ("ptr", "numbers")]
SIGNATURES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    NUMBER: ("double", [("double", "x")]),
    NUMBER_DATA: ("double", [("double", "x"), ("ptr", "data")]),
    NUMBERS: ("double", _NUMBERS),
    NUMBERS_DATA: ("double", [*_NUMBERS, ("ptr", "data")]),
    FILTER: (
        "i32",
        [("ptr", "numbers"), ("i64", "count"), ("ptr", "result"), ("ptr", "data")],
    ),
}


@dataclass(frozen=True, slots=True)
class Operands:
    """What the loop takes, and gives one number.

    places:  of each operand's first number among all that go in.
    count:   of the numbers that go in.
    behind:  the last so many of them are the user's data, the same in all calls.
    in_rows: whether the loop is that of a gufunc (n)->(1), instead of operands.
    """

    places: tuple[int, ...]
    count: int
    behind: int
    in_rows: bool


def c_function_module(operands: Operands, signature: str) -> str:
    """IR text of the C function `taylor.c_function` with a signature.

    Numbers that are the user's data are behind `data`.  Another count of numbers than there is room
    for gives NaN, or 0 for an error where that is what the signature has.
    """
    module = Module()
    module.declare(LOOP, f"declare void @{LOOP}(ptr, ptr, ptr, ptr)")
    result, parameters = SIGNATURES[signature]
    with define_function(module, C_FUNCTION, result, parameters, "nounwind") as (b, values):
        given = dict(zip([name for _, name in parameters], values, strict=True))
        if "x" in given:
            numbers = b.alloca("double", 1)
            b.store(given["x"], numbers)
            b.ret(_value(b, operands, _joined(b, operands, numbers, given)))
        else:
            b.ret(_counted(b, operands, given))
    return module.text()


def _counted(b: Builder, operands: Operands, given: dict[str, Value]) -> Value:
    """What a function returns that is told how many numbers it gets."""
    fits = b.eq(given["count"], operands.count - operands.behind)

    def call() -> list[Value]:
        value = _value(b, operands, _joined(b, operands, given["numbers"], given))
        if "result" not in given:
            return [value]
        b.store(value, given["result"])
        return [b.constant(1, I32)]

    wrong = b.constant(0, I32) if "result" in given else b.constant(NAN, F64)
    return b.if_(fits, call, lambda: [wrong])[0]


def _joined(b: Builder, operands: Operands, numbers: Value, given: dict[str, Value]) -> Value:
    """Where all the numbers lie side by side."""
    if not operands.behind:
        return numbers
    own = operands.count - operands.behind
    joined = b.alloca("double", operands.count)
    for source, first, count in ((numbers, 0, own), (given["data"], own, operands.behind)):
        _copy(b, source, b.at(joined, first), count)
    return joined


def _copy(b: Builder, source: Value, target: Value, count: int) -> None:
    def one(k: Index, _: list[Value]) -> list[Value]:
        b.store(b.load(F64, b.at(source, k)), b.at(target, k))
        return []

    b.fold(0, count, [], one)


def _value(b: Builder, operands: Operands, numbers: Value) -> Value:
    """What the loop makes of numbers."""
    result = b.alloca("double", 1)
    places = [b.at(numbers, place) for place in operands.places]
    table = b.alloca("ptr", len(places) + 1)
    for k, place in enumerate([*places, result]):
        b.store(place, b.at(table, k, "ptr"))
    rows = [operands.count, 1] if operands.in_rows else []
    steps = [0, 0, 8, 8] if operands.in_rows else [0] * (len(places) + 1)
    listed = (table, b.table([1, *rows], "i64"), b.table(steps, "i64"))
    b.line(f"call void @{LOOP}({', '.join(f'ptr {v.text}' for v in listed)}, ptr null)")
    return b.load(F64, result)
