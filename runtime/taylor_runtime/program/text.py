"""Programs as text, and read back: exact, one row a line, for people, files and other processes.

Kernels that a program brings along follow its rows, each with what it is made of, indented.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from taylor_runtime.program.arrays import ArrayProgram, ArrayRow, array_line
from taylor_runtime.program.kernels import (
    BranchSystem,
    CallbackKernel,
    Doubles,
    EntryKernel,
    InverseKernel,
    LoopSystem,
    NewtonKernel,
    NewtonSystem,
    PartKernel,
    PlaceKernel,
    Region,
    System,
    own_kernels,
)
from taylor_runtime.program.lines import head_lines, row_line
from taylor_runtime.program.parse import read_place, read_row
from taylor_runtime.program.program import OwnKernel, Program, Row
from taylor_runtime.program.shapes.lines import read_array_row
from taylor_runtime.program.shapes.verify import verify_arrays
from taylor_runtime.program.systems.recursion import Following, RecursionSystem, Stage
from taylor_runtime.program.verify import ProgramError, verify

Lines = list[str]
Kernels = dict[str, OwnKernel]
_NAME = "  # "  # between a row and its name
_KERNEL, _INDENT = "kernel ", "  "
_EXACT, _ALONE, _ARRAYS = (
    "exact",
    "alone",
    "arrays",
)  # what may be said of a program after its order
_GRAPH = "graph"  # before a program that a loop or a choice has inside
_FORMULAS = ("start", "equations", "bracket")


def to_text(program: Program) -> str:
    """A program as text, with names of rows and all that its own kernels are made of.

    >>> from taylor_runtime.program.program import Coefficient, Convolution, Input, Step, Term
    >>> x = Row(Input("state"), Step((Term(1, Coefficient(1, 1)),), "h/n"), name="x")
    >>> square = Row(step=Step((Term(-1, Convolution(0, 0)),)))
    >>> print(to_text(Program((x, square), ((0, 0),), 20, (("state", 1),))))
    order 20
    inputs state:1
    outputs r0.0
    r0 = state[0] h/n 1*r1[n-1]  # 'x'
    r1 = 1 -1*conv(r0,r0,0,0)
    """
    return "\n".join(_lines(program))


def from_text(text: str) -> Program:
    """The program that `to_text` has written; blank lines may be added.

    Raises ProgramError for what is no text of a program, or none of a legal one.
    """
    try:
        program = _read([line.rstrip() for line in text.splitlines() if line.strip()])
        return verify_arrays(program) if isinstance(program, ArrayProgram) else verify(program)
    except (ValueError, IndexError, KeyError) as error:
        raise ProgramError(f"from_text: {error}") from error


# -- writing --------------------------------------------------------------------------------------


def _lines(program: Program) -> Lines:
    rows = []
    for number, row in enumerate(program.rows):
        rows.append(_named(number, row))
        moved = row.moved if isinstance(row, ArrayRow) else None
        for graph in moved.graphs if isinstance(moved, Region) else ():
            rows += _indented([_GRAPH, *_indented(_lines(graph))])
    kernels = [line for kernel in _brought(program) for line in _kernel_lines(kernel)]
    order, *others = head_lines(program)
    order = f"{order} {_ARRAYS}" if isinstance(program, ArrayProgram) else order
    return [order, *others, *rows, *kernels]


def _named(number: int, row: Row) -> str:
    content = array_line(row) if isinstance(row, ArrayRow) else row_line(row)
    line = f"r{number} {content}"
    return f"{line}{_NAME}{row.name!r}" if row.name else line


def _brought(program: Program) -> tuple[OwnKernel, ...]:
    """The program's own kernels, systems of equations before their unknowns."""
    found: list[OwnKernel] = []
    for kernel in own_kernels(program):
        whole = isinstance(kernel, NewtonKernel | PartKernel)
        found += [kernel.system, kernel] if whole else [kernel]  # type: ignore[attr-defined]
    return tuple(dict.fromkeys(found))


def _kernel_lines(kernel: OwnKernel) -> Lines:
    kind, inside = _kernel_parts(kernel)
    return [f"{_KERNEL}{kernel.name} {kind}", *_indented(inside)]


def _kernel_parts(kernel: OwnKernel) -> tuple[str, Lines]:
    """Its kind with a few words, and what else it is made of."""
    if isinstance(kernel, PlaceKernel):
        return "place", [_numbers("edges", kernel.edges)]
    if isinstance(kernel, EntryKernel):
        low = [] if kernel.low is None else [_numbers("low", row) for row in kernel.low]
        return "entry", [*[_numbers("row", row) for row in kernel.rows], *low]
    if isinstance(kernel, InverseKernel):
        return f"inverse {kernel.size} {kernel.row} {kernel.column}", []
    if isinstance(kernel, CallbackKernel):
        numbers = f" {kernel.derivative} {kernel.coefficient} {kernel.order}"
        return f"callback {kernel.function}{numbers if kernel.derivative is not None else ''}", []
    if isinstance(kernel, NewtonKernel):
        return f"unknown {kernel.system.name} {kernel.number}", []
    if isinstance(kernel, PartKernel):
        return f"part {kernel.system.name} {kernel.number}", []
    if isinstance(kernel, BranchSystem):
        inside = [line for p in kernel.branches for line in ("branch", *_indented(_lines(p)))]
        return f"switch {kernel.arity}", inside
    if isinstance(kernel, LoopSystem):
        formulas = zip(("body", "condition"), kernel.programs, strict=False)
        inside = [line for title, p in formulas for line in (title, *_indented(_lines(p)))]
        ends = "" if kernel.bounds is None else f" {kernel.bounds[0]} {kernel.bounds[1]}"
        return f"loop {kernel.arity} {kernel.carries}{ends}", inside
    if isinstance(kernel, RecursionSystem):
        return f"recursion {kernel.arity} {kernel.results} {kernel.depth}", _stage_lines(kernel)
    assert isinstance(kernel, NewtonSystem), kernel
    formulas = zip(_FORMULAS, kernel.programs, strict=False)
    inside = [line for title, p in formulas for line in (title, *_indented(_lines(p)))]
    return f"newton {kernel.arity}", inside


def _stage_lines(kernel: RecursionSystem) -> Lines:
    found: Lines = []
    for stage, program in zip(kernel.stages, kernel.formulas, strict=True):
        words = [stage.known, *[number for call in stage.calls for number in call]]
        found += [" ".join(["stage", *map(str, words)]), *_indented(_lines(program))]
    return found


def _numbers(title: str, numbers: Doubles) -> str:
    return " ".join([title, *map(repr, numbers.tolist())])


def _indented(lines: Iterable[str]) -> Lines:
    return [_INDENT + line for line in lines]


# -- reading --------------------------------------------------------------------------------------


def _read(lines: Lines) -> Program:
    top = [line for line in lines if not line.startswith((_KERNEL, _INDENT))]
    kernels: Kernels = {}
    for title, inside in _sections(lines, _KERNEL):
        name, kind, *words = title.split()
        made = kernels[name] = _READERS[kind](words, inside, kernels)
        if made.name != name:
            raise ProgramError(f"what kernel {name!r} is made of makes {made.name!r}")
    order, *said = _words(top, "order")
    inputs = [word.split(":") for word in _words(top, "inputs")]
    outputs = tuple(map(read_place, _words(top, "outputs")))
    read = read_array_row if _ARRAYS in said else read_row
    below = [inside for title, inside in _sections(lines) if not title.startswith(_KERNEL)]
    rows = tuple(
        _with_graphs(_read_row(number, line, kernels, read), inside)
        for number, (line, inside) in enumerate(zip(top[3:], below[3:], strict=True))
    )
    slots = tuple((source, int(count)) for source, count in inputs)
    if unknown := [word for word in said if word not in (_EXACT, _ALONE, _ARRAYS)]:
        raise ProgramError(f"cannot read {unknown[0]!r} after the order")
    whole: type[Program] = ArrayProgram if _ARRAYS in said else Program
    return whole(
        rows,
        outputs,
        int(order),
        slots,
        exact_division=_EXACT in said,
        of_one_order=_ALONE in said,
    )


def _with_graphs(row: Row, lines: Lines) -> Row:
    """A row with the programs that are below it."""
    if not lines:
        return row
    if not isinstance(row, ArrayRow) or not isinstance(row.moved, Region):
        raise ProgramError(f"a row that is no loop or choice has lines below it: {lines[0]!r}")
    graphs = tuple(_read(inside) for _, inside in _sections(lines))
    return replace(row, moved=replace(row.moved, graphs=graphs))


def _sections(lines: Lines, mark: str = "") -> list[tuple[str, Lines]]:
    """Lines that begin with a mark and no indentation, each with the indented lines after it."""
    found: list[tuple[str, Lines]] = []
    below: Lines = []
    for line in lines:
        if line.startswith(_INDENT):
            below.append(line.removeprefix(_INDENT))
            continue
        below = []
        if line.startswith(mark):
            found.append((line.removeprefix(mark), below))
    return found


def _words(lines: Lines, title: str) -> list[str]:
    """What follows the title of one of the first lines."""
    found = next((line.split() for line in lines[:3] if line.split()[0] == title), None)
    if found is None:
        raise ProgramError(f"no line begins with {title!r}")
    return found[1:]


def _read_row(
    number: int,
    line: str,
    kernels: Mapping[str, OwnKernel],
    read: Callable[[str, Mapping[str, OwnKernel]], Row],
) -> Row:
    content, _, name = line.partition(_NAME)
    place, _, rest = content.partition(" ")
    if place != f"r{number}":
        raise ProgramError(f"expected row r{number}, found {place!r}")
    row = read(rest, kernels)
    return replace(row, name=literal_eval(name)) if name else row


def _read_newton(words: list[str], lines: Lines, kernels: Kernels) -> OwnKernel:
    formulas = {title: _read(inside) for title, inside in _sections(lines)}
    start, equations = formulas["start"], formulas["equations"]
    return NewtonSystem(int(words[0]), start, equations, formulas.get("bracket"))


def _read_unknown(words: list[str], lines: Lines, kernels: Kernels) -> OwnKernel:
    system = kernels[words[0]]
    if not isinstance(system, NewtonSystem):
        raise ProgramError(f"{words[0]!r} is no system of equations")
    return NewtonKernel(system, int(words[1]))


def _read_part(words: list[str], lines: Lines, kernels: Kernels) -> OwnKernel:
    system = kernels[words[0]]
    if not isinstance(system, System):
        raise ProgramError(f"{words[0]!r} has no parts")
    return PartKernel(system, int(words[1]))


def _read_switch(words: list[str], lines: Lines, kernels: Kernels) -> OwnKernel:
    return BranchSystem(int(words[0]), tuple(_read(inside) for _, inside in _sections(lines)))


def _read_loop(words: list[str], lines: Lines, kernels: Kernels) -> OwnKernel:
    formulas = {title: _read(inside) for title, inside in _sections(lines)}
    arity, carries, *ends = map(int, words)
    bounds = (ends[0], ends[1]) if ends else None
    return LoopSystem(arity, carries, formulas["body"], formulas.get("condition"), bounds)


def _read_recursion(words: list[str], lines: Lines, kernels: Kernels) -> OwnKernel:
    stages, formulas = [], []
    for title, inside in _sections(lines):
        known, *numbers = map(int, title.split()[1:])
        calls = [Following(*numbers[k : k + 4]) for k in range(0, len(numbers), 4)]
        stages.append(Stage(known, tuple(calls)))
        formulas.append(_read(inside))
    arity, results, depth = map(int, words)
    return RecursionSystem(arity, results, tuple(formulas), tuple(stages), depth)


def _read_entry(words: list[str], lines: Lines, kernels: Kernels) -> OwnKernel:
    rows, low = _read_numbers("row", lines), _read_numbers("low", lines)
    return EntryKernel(rows, low if len(low) else None)


def _read_numbers(title: str, lines: Lines) -> Doubles:
    listed = [line.split() for line in lines]
    return np.array([[float(word) for word in words] for first, *words in listed if first == title])


_READERS: dict[str, Callable[[list[str], Lines, Kernels], OwnKernel]] = {
    "place": lambda words, lines, _: PlaceKernel(_read_numbers("edges", lines)[0]),
    "entry": _read_entry,
    "inverse": lambda words, lines, _: InverseKernel(*map(int, words)),
    "callback": lambda words, lines, _: CallbackKernel(words[0], *map(int, words[1:])),
    "unknown": _read_unknown,
    "newton": _read_newton,
    "part": _read_part,
    "switch": _read_switch,
    "loop": _read_loop,
    "recursion": _read_recursion,
}
