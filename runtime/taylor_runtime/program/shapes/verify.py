"""What is a legal program of rows with shapes; run after every pass that makes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Call,
    Contract,
    Join,
    Pairs,
    Pick,
    Put,
    Running,
    Scatter,
    Shape,
    Take,
    Total,
    View,
    contiguous,
    is_lagged,
    moved_rows,
    varying,
)
from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Input,
    Kernel,
    Row,
    Select,
    Step,
)
from taylor_runtime.program.verify import (
    NUMBERS,
    SOURCES,
    TIMES,
    ProgramError,
    rows_at_order,
    step_rows,
)

KINDS = ("sum", "max", "min", "argmax", "argmin")


_last: list[ArrayProgram] = []  # the one found legal last: who emits asks again behind the passes


def verify_arrays(program: ArrayProgram) -> ArrayProgram:
    """Return the program if it is legal, else raise `ProgramError` naming the row and the rule."""
    if not (_last and _last[0] is program):
        _verify(program)
        _last[:] = [program]
    return program


def _verify(program: ArrayProgram) -> None:
    if program.order < 0:
        raise ProgramError(f"order must not be negative, got {program.order}")
    for index, row in enumerate(program.rows):
        with _named(index, row):
            if not isinstance(row, ArrayRow):
                raise ProgramError("no shape")
            _verify_row(program, index, row)
    varies = varying(program)
    for index, row in enumerate(program.rows):
        with _named(index, row):
            _verify_products(varies, row)
    for output, lane in program.outputs:
        if not 0 <= output < len(program.rows):
            raise ProgramError(f"output names row {output}, which does not exist")
        if not 0 <= lane < program.rows[output].width:
            raise ProgramError(f"output names element {lane} of row {output}, which has fewer")


@contextmanager
def _named(index: int, row: Row) -> Iterator[None]:
    """Errors say which row is meant."""
    try:
        yield
    except ProgramError as error:
        raise ProgramError(f"row {index} ({row.name or 'unnamed'}): {error}") from None


def _verify_row(program: ArrayProgram, index: int, row: ArrayRow) -> None:
    if any(type(size) is not int or size < 0 for size in row.shape):
        raise ProgramError(f"{row.shape} is no shape")
    if row.width != max(row.size, 1):
        raise ProgramError(f"width {row.width} is not that of shape {row.shape}")
    if row.gather is not None:
        raise ProgramError("rows with shapes are moved, not gathered")
    if not isinstance(row.offset, NUMBERS):
        raise ProgramError(f"{row.offset!r} is no exact number")
    if row.moved is not None:
        if row.start is not None or row.step is not None:
            raise ProgramError("it is moved, and has a start or a step")
        for used in moved_rows(row.moved):
            if not (0 <= used < index or is_lagged(row.moved)):
                raise ProgramError(f"moves row {used}, which is not earlier")
        _MOVES.get(type(row.moved), _anything)(program, row)
        return
    if row.start is None and row.step is None:
        raise ProgramError("neither start, step nor move")
    if isinstance(row.start, Kernel):
        for used in row.start.arguments:
            if not 0 <= used < index:
                raise ProgramError(f"kernel argument {used} is not earlier")
            _needs_fit(program, used, row)
    elif row.start is not None:
        _verify_input(program, row, row.start)
    if row.step is not None:
        _verify_step(program, index, row, row.step)


def _verify_input(program: ArrayProgram, row: ArrayRow, start: Input) -> None:
    if start.source not in (*SOURCES, "data"):
        raise ProgramError(f"unknown input source {start.source!r}")
    if len(start.index) != 1:
        raise ProgramError("an input of an array names its first slot")
    if start.source != "time":  # which is a number
        _needs_slots(program, start.source, start.index[0], row.size)


def _needs_slots(program: ArrayProgram, source: str, first: int, count: int) -> None:
    if first < 0 or first + count > program.slots(source):
        slots = program.slots(source)
        raise ProgramError(f"reads {source}[{first}:{first + count}], of which there are {slots}")


def _verify_step(program: ArrayProgram, index: int, row: ArrayRow, step: Step) -> None:
    if step.times not in TIMES:
        raise ProgramError(f"times must be one of {TIMES}, got {step.times!r}")
    if row.start is None and step.times not in ("1", "n", "h"):
        raise ProgramError(f"times {step.times} needs a start")
    for used in step_rows(step):
        if not 0 <= used < len(program.rows):
            raise ProgramError(f"row {used} does not exist")
        _needs_fit(program, used, row)
    may_lag = row.start is not None or step.times in ("n", "h")
    heads = [] if step.divisor is None else [step.divisor]
    for term in step.terms:
        operand = term.operand
        if not isinstance(term.constant, NUMBERS):
            raise ProgramError(f"{term.constant!r} is no exact number")
        for used in rows_at_order(operand):
            if used >= index:
                raise ProgramError(f"needs coefficient n of row {used}, which is not earlier")
        if isinstance(operand, Convolution) and min(operand.first, operand.last) < 0:
            raise ProgramError("negative convolution bounds")
        if isinstance(operand, Coefficient) and operand.lag not in ((0, 1) if may_lag else (0,)):
            raise ProgramError(f"lag {operand.lag} is not 0, or 1 after a start")
        heads += [] if term.head is None else [term.head]
        heads += [operand.condition] if isinstance(operand, Select) else []
    if row.start is None and step.times == "1" and any(head >= index for head in heads):
        raise ProgramError(f"head {max(heads)} is not earlier")


def _verify_products(varies: Sequence[bool], row: Row) -> None:
    """Raise where a factor has order zero alone: it is a head, or nothing is left of the sum."""
    for term in row.step.terms if row.step is not None else ():
        if isinstance(term.operand, Convolution):
            for used in (term.operand.a, term.operand.b):
                if not varies[used]:
                    raise ProgramError(f"convolves row {used}, which does not vary")


def _needs_fit(program: ArrayProgram, used: int, row: ArrayRow) -> None:
    """Raise unless a row can be broadcast to another's shape."""
    shape, space = program.shape(used), row.shape
    ends = space[len(space) - len(shape) :] if len(shape) <= len(space) else None
    if ends is None or any(n not in (1, m) for n, m in zip(shape, ends, strict=True)):
        raise ProgramError(f"row {used} has shape {shape}, which is no part of {space}")


# -- moves --------------------------------------------------------------------------------------


def _needs_shape(row: ArrayRow, shape: Shape) -> None:
    if row.shape != shape:
        raise ProgramError(f"shape {row.shape} is not {shape}")


def _needs_axes(shape: Shape, axes: tuple[int, ...]) -> None:
    if sorted(set(axes)) != sorted(axes) or any(not 0 <= axis < len(shape) for axis in axes):
        raise ProgramError(f"{axes} are no axes of shape {shape}")


def _anything(program: ArrayProgram, row: ArrayRow) -> None:
    """What other kinds of moves have to hold is said where they are made."""


def _view(program: ArrayProgram, row: ArrayRow) -> None:
    moved = row.moved
    assert isinstance(moved, View)
    source = program.row(moved.source)
    if isinstance(source.moved, View):
        raise ProgramError(f"row {moved.source} is a view itself")
    if len(moved.strides) != len(row.shape):
        raise ProgramError("a view needs one stride an axis")
    reach = [s * (n - 1) for s, n in zip(moved.strides, row.shape, strict=True)]
    low = moved.offset + sum(min(r, 0) for r in reach)
    high = moved.offset + sum(max(r, 0) for r in reach)
    if row.size and not 0 <= low <= high < source.size:
        raise ProgramError(f"views elements that row {moved.source} lacks")


def _take(program: ArrayProgram, row: ArrayRow) -> None:
    assert isinstance(row.moved, Take)
    source = program.row(row.moved.source)
    if isinstance(source.moved, View) and source.moved.strides != contiguous(source.shape):
        raise ProgramError(f"takes elements of row {row.moved.source}, which are not side by side")
    _needs_slots(program, "table", row.moved.table, row.size)


def _scatter(program: ArrayProgram, row: ArrayRow) -> None:
    assert isinstance(row.moved, Scatter)
    _needs_slots(program, "table", row.moved.table, program.row(row.moved.source).size)


def _join(program: ArrayProgram, row: ArrayRow) -> None:
    moved = row.moved
    assert isinstance(moved, Join)
    shapes = [program.shape(part) for part in moved.parts]
    if not shapes:
        raise ProgramError("nothing is joined")
    first, axis = shapes[0], moved.axis
    _needs_axes(first, (axis,))
    for shape in shapes:
        if len(shape) != len(first) or _without(shape, (axis,)) != _without(first, (axis,)):
            raise ProgramError(f"parts of shapes {shapes} cannot be joined along axis {axis}")
    _needs_shape(row, (*first[:axis], sum(s[axis] for s in shapes), *first[axis + 1 :]))


def _without(shape: Shape, axes: tuple[int, ...]) -> Shape:
    return tuple(n for axis, n in enumerate(shape) if axis not in axes)


def _total(program: ArrayProgram, row: ArrayRow) -> None:
    moved = row.moved
    assert isinstance(moved, Total)
    if moved.kind not in KINDS:
        raise ProgramError(f"kind must be one of {KINDS}, got {moved.kind!r}")
    source = program.shape(moved.source)
    _needs_axes(source, moved.axes)
    _needs_shape(row, _without(source, moved.axes))
    if moved.kind != "sum" and row.size and 0 in [source[axis] for axis in moved.axes]:
        raise ProgramError(f"{moved.kind} of no elements")


def _pairs(program: ArrayProgram, row: ArrayRow) -> None:
    assert isinstance(row.moved, Pairs)
    source, mirrored = map(program.shape, moved_rows(row.moved))
    if len(source) < 2 or source[0] != source[-1] or mirrored != source:
        raise ProgramError(f"no pairs are what arrays of shapes {source} and {mirrored} have")
    _needs_shape(row, source[1:])


def _pick(program: ArrayProgram, row: ArrayRow) -> None:
    moved = row.moved
    assert isinstance(moved, Pick)
    source = program.shape(moved.source)
    _needs_axes(source, (moved.axis,))
    _needs_shape(row, _without(source, (moved.axis,)))
    _needs_fit(program, moved.places, row)


def _put(program: ArrayProgram, row: ArrayRow) -> None:
    moved = row.moved
    assert isinstance(moved, Put)
    source = program.shape(moved.source)
    _needs_axes(source, (0,))
    _needs_shape(row, source)
    wanted = (*program.shape(moved.places), *source[1:])
    if program.shape(moved.values) != wanted:
        raise ProgramError(f"values have shape {program.shape(moved.values)}, not {wanted}")


def _running(program: ArrayProgram, row: ArrayRow) -> None:
    assert isinstance(row.moved, Running)
    source = program.shape(row.moved.source)
    _needs_axes(source, (row.moved.axis,))
    _needs_shape(row, source)


def _call(program: ArrayProgram, row: ArrayRow) -> None:
    assert isinstance(row.moved, Call)
    source = program.row(row.moved.source)
    if isinstance(source.moved, View) or len(source.shape) != 1 or len(row.shape) != 1:
        raise ProgramError("a call takes and gives elements that lie side by side")


def _contract(program: ArrayProgram, row: ArrayRow) -> None:
    moved = row.moved
    assert isinstance(moved, Contract)
    operands, arrow, result = moved.subscripts.partition("->")
    listed = operands.split(",")
    if not arrow or len(listed) != 2 or any(len(set(x)) < len(x) for x in (*listed, result)):
        raise ProgramError(f"{moved.subscripts!r} are no subscripts of two arrays")
    sizes: dict[str, int] = {}
    for letters, used in zip(listed, (moved.a, moved.b), strict=True):
        shape = program.shape(used)
        if len(letters) != len(shape):
            raise ProgramError(f"{letters!r} are no axes of row {used} of shape {shape}")
        for letter, size in zip(letters, shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ProgramError(f"axis {letter} has sizes {sizes[letter]} and {size}")
    if any(letter not in sizes for letter in result):
        raise ProgramError(f"{moved.subscripts!r} has axes that no operand has")
    _needs_shape(row, tuple(sizes[letter] for letter in result))


_MOVES: dict[type, Callable[[ArrayProgram, ArrayRow], None]] = {
    View: _view,
    Take: _take,
    Scatter: _scatter,
    Join: _join,
    Total: _total,
    Pairs: _pairs,
    Pick: _pick,
    Put: _put,
    Running: _running,
    Contract: _contract,
    Call: _call,
}
