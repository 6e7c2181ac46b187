"""What became of a program: its rows in words and numbers, and the instructions of machine code.

Counts are of one step (or of one evaluation, at order 0), read off the program.  Instructions are
counted in the assembly listing, where those of a loop stand once however often they run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np

from taylor_runtime.engine.compiler import Module
from taylor_runtime.program.arrays import ArrayRow, in_words, moved_rows
from taylor_runtime.program.flow import NOTHING, FlowProgram, LinearProgram
from taylor_runtime.program.monomials import Monomials
from taylor_runtime.program.program import (
    Coefficient,
    Constant,
    Convolution,
    Input,
    Kernel,
    Program,
    Row,
    Select,
    Step,
    Term,
)
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import is_square, renumbered, rows_used, slots
from taylor_runtime.program.widths import REGISTER, padded
from taylor_runtime.series.layout import Layout

COPY = "identity"  # the kernel that only hands an order-zero value on


@dataclass(frozen=True, slots=True)
class Pack:
    """One row of a program; more than one lane makes it a pack of like operations.

    number:        its place in the program; formulae call it r<number>.
    operation:     "state", "time", "sum", "product", "quotient", "derivative", "constant",
                   "gather", "window" (a gather that costs nothing), ..., or the function's name.
    formula:       what it computes, in terms of other rows; c stands for a constant a lane.
    width:         lanes that are used.
    lanes:         lanes that it occupies.
    registers:     of 8 doubles that hold one coefficient.
    depth:         longest way from the inputs to it.
    reads:         rows that it is computed from, each once.
    inputs:        (source, slot) of every lane, empty where it is no input.
    convolutions:  sums of products of coefficients, of which
    squares:       are symmetric, at half the cost, and
    weighted:      have a weight for every term.
    kernel:        the elementary function that gives its order-zero value, "" without one.
    sources:       rows that a gather copies lanes from.
    multiply_adds: of all its used lanes for all orders beyond zero, or for a formula's only one.
    vector_multiply_adds: the same as operations on whole registers.
    constant:      whether it depends on parameters alone.
    """

    number: int
    operation: str
    formula: str
    width: int
    lanes: int
    registers: int
    depth: int
    reads: tuple[int, ...]
    inputs: tuple[tuple[str, int], ...] = ()
    convolutions: int = 0
    squares: int = 0
    weighted: int = 0
    kernel: str = ""
    sources: tuple[int, ...] = ()
    multiply_adds: int = 0
    vector_multiply_adds: int = 0
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Instructions:
    """Machine instructions of a function, and how many of them are of some kinds.

    total:  all of them.
    fused:  multiply-adds.
    vector: those on registers of more than 128 bits (x86), on vectors (AArch64).
    moved:  shuffles, blends, insertions and extractions of lanes.
    memory: those with an operand in memory.
    """

    total: int
    fused: int
    vector: int
    moved: int
    memory: int


# -- rows ------------------------------------------------------------------------------------------


def explain_program(program: Program, unrolled: bool) -> tuple[Pack, ...]:
    """Every row of a program as it is rendered; windows save nothing where all is unrolled.

    >>> program = Program(
    ...     rows=(
    ...         Row(start=Input("state", (0,)), step=Step((Term(1, Coefficient(1, 1)),), "h/n")),
    ...         Row(step=Step((Term(-1, Convolution(0, 0)),))),
    ...     ),
    ...     outputs=((0, 0),),
    ...     order=3,
    ... )
    >>> [(pack.operation, pack.formula) for pack in explain_program(program, unrolled=True)]
    [('state', 'd/dt = r1'), ('product', '-r0^2')]
    """
    windows = (False,) * len(program.rows) if unrolled else Layout.of(program).alias
    packs: list[Pack] = []
    for number, row in enumerate(program.rows):
        read = tuple(dict.fromkeys(_read(row)))
        earlier = [] if isinstance(row.start, Input) else [i for i in read if i < number]
        depth = 1 + max((packs[i].depth for i in earlier), default=-1)
        packs.append(_pack(program, number, row, windows[number], read, depth))
    return tuple(packs)


def _pack(
    program: Program, number: int, row: Row, window: bool, read: tuple[int, ...], depth: int
) -> Pack:
    convolutions = [t.operand for t in _terms(row) if isinstance(t.operand, Convolution)]
    start, lanes = row.start, padded(row.width)
    registers = -(-lanes // REGISTER)
    steady = row.constant and program.order > 0
    each = 0 if steady else sum(_multiply_adds(t, program.order) for t in _terms(row))
    return Pack(
        number=number,
        operation=_operation(row, window),
        formula=_formula(row),
        width=row.width,
        lanes=lanes,
        registers=registers,
        depth=depth,
        reads=read,
        inputs=tuple((start.source, i) for i in start.index) if isinstance(start, Input) else (),
        convolutions=len(convolutions),
        squares=sum(is_square(c) for c in convolutions),
        weighted=sum(c.weight is not None for c in convolutions),
        kernel=str(start.function) if isinstance(start, Kernel) and start.function != COPY else "",
        sources=read if row.gather is not None else (),
        multiply_adds=each * row.width,
        vector_multiply_adds=each * registers,
        constant=row.constant,
    )


def _terms(row: Row) -> tuple[Term, ...]:
    return row.step.terms if row.step else ()


def _read(row: Row) -> Iterator[int]:
    if row.gather is not None:
        yield from (source for source, _ in row.gather.sources)
    yield from (slot.row for slot in slots(row))
    if isinstance(row, ArrayRow):
        yield from moved_rows(row.moved)


def _multiply_adds(term: Term, order: int) -> int:
    """Of one lane for orders 1 .. order: one a term, one for each pair of coefficients."""
    total = max(order, 1)
    if isinstance(term.operand, Convolution):
        c = term.operand
        counts = [max(n - c.last - c.first + 1, 0) for n in range(1, order + 1)]
        total += sum(-(-count // 2) if is_square(c) else count for count in counts)
    return total


# -- polynomials -----------------------------------------------------------------------------------

VARIED = "jet"  # the source of inputs that are parameters with displacements


def explain_flow(program: FlowProgram) -> tuple[Pack, ...]:
    """Every row of a program of polynomials; kernels are those of order zero.

    The only input of a polynomial is what it is displaced from: a state, or of source `VARIED` one
    of the parameters with displacements, by their order.
    """
    if isinstance(program, LinearProgram):
        packs = explain_program(program, unrolled=False)
        return tuple(_linear_pack(program, pack) for pack in packs)
    first: dict[int, int] = {}  # row of order zero -> the first that begins with it
    for index, source in enumerate(program.sources):
        first.setdefault(source, index)
    packs = explain_program(program, unrolled=False)
    return tuple(_flow_pack(program, pack, first) for pack in packs)


def _linear_pack(program: LinearProgram, pack: Pack) -> Pack:
    """Derivatives of a state or of a parameter have it as their only input."""
    if not program.is_polynomial(pack.number) or not pack.inputs:
        return pack
    source, slot = pack.inputs[0]
    if source == "state":
        states = len(program.outputs) // program.among.size
        return replace(pack, inputs=((source, (slot - states) // (program.among.size - 1)),))
    return replace(pack, inputs=((VARIED, (slot - program.parameters) // program.among.size),))


def _flow_pack(program: FlowProgram, pack: Pack, first: Mapping[int, int]) -> Pack:
    row, source, size = program.rows[pack.number], program.sources[pack.number], program.among.size
    each = sum(_truncated_multiply_adds(program, row, term) for term in _terms(row))
    inputs = pack.inputs[:1]
    if inputs and inputs[0][0] == "parameter" and inputs[0][1] >= program.parameters:
        inputs = ((VARIED, (inputs[0][1] - program.parameters) // size),)
    found = replace(
        pack,
        inputs=inputs,
        multiply_adds=each,
        vector_multiply_adds=-(-each // REGISTER) if row.width > 1 else each,
    )
    if source == NOTHING or row.start is not None:
        return found
    if row.step is None and first[source] < pack.number:
        return replace(found, operation="copy", formula=f"r{first[source]} at order zero")
    begun = program.zero.rows[source]
    if isinstance(begun.start, Kernel) and begun.start.function == "div":
        divisor = first.get(begun.start.arguments[1], pack.number)
        return replace(found, operation="quotient", formula=f"1/r{divisor} at order zero")
    if isinstance(begun.start, Kernel):
        begun = Row(begun.start, name=begun.name)  # its step is the row's own
    if not all(used in first for used in rows_used(begun)):
        return found
    named = renumbered(begun, first)
    if isinstance(named.start, Kernel) and named.start.function != COPY:
        name = str(named.start.function)
        return replace(found, operation=name, formula=_formula(named), kernel=name)
    if row.step is None:
        return replace(found, operation=_operation(named, False), formula=_formula(named))
    return found


def _truncated_multiply_adds(program: FlowProgram, row: Row, term: Term) -> int:
    """Of orders 1 .. order of a row, of polynomials or not."""
    operand, order = term.operand, program.order
    if not isinstance(operand, Convolution):
        return order * row.width
    factors = (operand.a, operand.b)
    wide = [program.is_polynomial(factor) for factor in factors]
    each = _products(program.among) if all(wide) else row.width
    if any(program.steady[factor] for factor in factors):
        return order * (each + row.width)
    return (_multiply_adds(term, order) - order) * each + order * row.width


@lru_cache(maxsize=64)
def _products(among: Monomials) -> int:
    """Of two polynomials, those that are not cut off."""
    every = np.arange(among.size)
    return sum(int((among.multiply(every[k : k + 1], every) >= 0).sum()) for k in every)


# -- words -----------------------------------------------------------------------------------------


def _operation(row: Row, window: bool) -> str:
    if isinstance(row, ArrayRow) and row.moved is not None:
        return in_words(row.moved)[0]
    if row.gather is not None:
        return "window" if window else "gather"
    if isinstance(row.start, Input):
        return row.start.source
    if isinstance(row.start, Kernel) and row.start.function != COPY:
        return str(row.start.function)
    if isinstance(row.start, Kernel) and row.name:
        return row.name
    if row.step is None or not row.step.terms:
        return "constant" if row.step else "copy"
    if row.step.times in ("n", "h"):
        return "derivative"
    if row.step.divisor is not None:
        return "quotient"
    kinds = {type(term.operand) for term in row.step.terms}
    if kinds == {Convolution}:
        return "product" if len(row.step.terms) == 1 else "sum of products"
    if kinds == {Select}:
        return "where"
    if len(row.step.terms) == 1 and row.step.terms[0].head is not None:
        return "product"  # with a number or a parameter
    return "sum"


def _formula(row: Row) -> str:
    if isinstance(row, ArrayRow) and row.moved is not None:
        return in_words(row.moved)[1]
    if row.gather is not None:
        read = dict.fromkeys(source for source, _ in row.gather.sources)
        some = ", ".join(f"r{source}" for source in read)
        return f"lanes of {some}" + (" at order zero" if row.gather.head else "")
    body = _step(row.step) if row.step and row.step.terms else ""
    if isinstance(row.start, Input):
        return f"d/dt = {body}" if body else ""
    if isinstance(row.start, Kernel):
        if row.start.function == COPY:
            return f"r{row.start.arguments[0]} at order zero" + (f", then {body}" if body else "")
        arguments = [f"r{argument}" for argument in row.start.arguments]
        arguments += [_number(constant) for constant in row.start.constants]
        return f"{row.start.function}({', '.join(arguments)})"
    offset = "" if row.offset == 0 else _number(row.offset)
    if offset and body:
        return f"{body} - {offset[1:]}" if offset[0] == "-" else f"{body} + {offset}"
    return body or offset or "0"


def _step(step: Step) -> str:
    text = ""
    for term in step.terms:
        part = _term(term)
        if not text:
            text = part
        elif part.startswith("-"):
            text += f" - {part[1:]}"
        else:
            text += f" + {part}"
    if step.divisor is not None:
        text = f"({text})/r{step.divisor}" if len(step.terms) > 1 else f"{text}/r{step.divisor}"
    if step.times in ("n", "h"):
        return f"{step.times} {text}"
    return text


def _term(term: Term) -> str:
    constant = _number(term.constant)
    front = {"1": "", "-1": "-"}.get(constant, f"{constant}*")
    if term.head is not None:
        front += f"r{term.head}[0]*"
    operand = term.operand
    if isinstance(operand, Coefficient):
        return f"{front}r{operand.row}"
    if isinstance(operand, Convolution):
        if operand.a == operand.b:
            return f"{front}r{operand.a}^2"
        return f"{front}r{operand.a}*r{operand.b}"
    return f"{front}(r{operand.condition}[0] ? r{operand.a} : r{operand.b})"


def _number(constant: Constant) -> str:
    """Short fractions as they are, other numbers to four digits, c for one a lane."""
    if isinstance(constant, tuple):
        return "c"
    if isinstance(constant, Fraction) and constant.denominator < 1000:
        return str(constant)
    if isinstance(constant, int) and abs(constant) < 10**6:
        return str(constant)
    return f"{float(constant):.4g}"


# -- instructions ----------------------------------------------------------------------------------

_FUSED = re.compile(r"v?fn?m(add|sub|la|ls)")
_MOVED = re.compile(
    r"v?(perm|shuf|blend|insert|extract|broadcast|unpck|movddup|movs[hl]dup|movhlps|movlhps|pshuf"
    r"|punpck|align|palignr)|(zip|uzp|trn|ext|ins|dup|tbl)[12]?$"
)
_VECTOR = re.compile(r"%[yz]mm|\bv\d+\.")
_MEMORY = re.compile(r"\(.*%|\[")


def count_instructions(module: Module) -> Mapping[str, Instructions]:
    """Instructions of every function of a module; the code is compiled again for the listing."""
    return _count(module.assembly().splitlines())


def _count(lines: Sequence[str]) -> dict[str, Instructions]:
    """Of an assembly listing: labels begin lines, instructions follow a tab and are no directive.

    >>> lines = ["f:", "\\tvfmadd231pd\\t(%rdi), %zmm1, %zmm2", "\\t.p2align 4", "\\tretq"]
    >>> _count(lines)["f"]
    Instructions(total=2, fused=1, vector=1, moved=0, memory=1)
    """
    found: dict[str, list[int]] = {}
    counts: list[int] | None = None
    for line in lines:
        label = re.match(r'"?([^\s":]+)"?:', line)
        if label and not label[1].startswith((".", "L", "ltmp")):
            counts = found.setdefault(label[1].removeprefix("_"), [0] * 5)
        text = line.strip()
        if counts is None or label or line[:1] not in "\t " or not text[:1].isalpha():
            continue
        name, _, operands = text.partition("\t")
        kinds = (_FUSED.match(name), _VECTOR.search(operands), _MOVED.match(name))
        counts[0] += 1
        for place, kind in enumerate((*kinds, _MEMORY.search(operands)), start=1):
            counts[place] += kind is not None
    return {name: Instructions(*values) for name, values in found.items() if values[0]}
