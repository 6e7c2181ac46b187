"""Rows of programs read from the lines that `lines` writes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction

from taylor_runtime.program.program import (
    Coefficient,
    Constant,
    Convolution,
    Gather,
    Input,
    Kernel,
    Number,
    Operand,
    OwnKernel,
    Row,
    Select,
    Step,
    Term,
)
from taylor_runtime.program.verify import TIMES, ProgramError

_TERM = re.compile(
    r"(?P<constant>[^*]+)\*(?:r(?P<head>\d+)\[0\]\*)?"
    r"(?:r(?P<row>\d+)(?P<lag>\[n-\d+\])?|(?P<kind>\w+)\((?P<inside>[^()]*)\))"
)
_CALL = re.compile(r"(?P<name>.+)\((?P<rows>[^();]*)(?P<constants>[^()]*)\)")
_INPUT = re.compile(r"(?P<source>\w+)\[(?P<index>[\d,]*)\]")
_Tokens = list[str]


def read_row(line: str, kernels: Mapping[str, OwnKernel] | None = None) -> Row:
    """The row that `row_line` has written as such a line.

    kernels: those that the program brings along, by their names.

    Raises ProgramError, naming what it cannot read.

    >>> read_row("= state[0] h/n 1*r3[n-1]").step
    Step(terms=(Term(constant=1, operand=Coefficient(row=3, lag=1), head=None),), times='h/n', \
divisor=None)
    """
    tokens = line.split()[::-1]  # read from its end
    if not tokens or tokens.pop() != "=":
        raise ProgramError(f"no row: {line!r}")
    start: Input | Kernel | None = None
    if tokens and tokens[-1][-1] in ")]":
        start = _read_start(tokens.pop(), kernels or {})
    step = _read_step(tokens) if tokens and tokens[-1] in TIMES else None
    gather = None
    if tokens and tokens[-1] in ("head", "gather"):
        head = tokens.pop() == "head"
        gather = Gather(tuple(map(read_place, tokens.pop().split(","))), head)
    offset: Constant = _read_constant(tokens.pop()) if _next_is(tokens, "offset") else 0
    width = int(tokens.pop()) if _next_is(tokens, "width") else 1
    constant = _next_is(tokens, "constant")
    if tokens:
        raise ProgramError(f"cannot read {tokens[-1]!r} in {line!r}")
    return Row(start, step, offset, gather, width, constant)


def read_place(text: str) -> tuple[int, int]:
    """(row, lane) of a text such as r3.0."""
    row, lane = text.removeprefix("r").split(".")
    return int(row), int(lane)


def _next_is(tokens: _Tokens, word: str) -> bool:
    """Whether the next token is this word, which is then taken."""
    return bool(tokens) and tokens[-1] == word and bool(tokens.pop())


def _read_start(text: str, kernels: Mapping[str, OwnKernel]) -> Input | Kernel:
    found = _INPUT.fullmatch(text)
    if found:
        return Input(found["source"], tuple(map(int, found["index"].split(","))))
    found = _CALL.fullmatch(text)
    if not found:
        raise ProgramError(f"no start of a row: {text!r}")
    constants = tuple(map(_read_constant, found["constants"].split(";")[1:]))
    return Kernel(kernels.get(found["name"], found["name"]), _rows(found["rows"]), constants)


def _read_step(tokens: _Tokens) -> Step:
    times, terms = tokens.pop(), []
    while tokens and "*" in tokens[-1]:
        terms.append(_read_term(tokens.pop()))
    divisor = _rows(tokens.pop())[0] if _next_is(tokens, "over") else None
    return Step(tuple(terms), times, divisor)


def _read_term(text: str) -> Term:
    found = _TERM.fullmatch(text)
    if not found:
        raise ProgramError(f"no term: {text!r}")
    head = None if found["head"] is None else int(found["head"])
    return Term(_read_constant(found["constant"]), _read_operand(found), head)


def _read_operand(found: re.Match[str]) -> Operand:
    if found["row"] is not None:
        return Coefficient(int(found["row"]), int((found["lag"] or "[n-0]")[3:-1]))
    given = found["inside"].split(",")
    if found["kind"] == "where":
        return Select(*_rows(found["inside"]))
    if found["kind"] not in ("conv", "early"):
        raise ProgramError(f"no operand: {found[0]!r}")
    first, last = map(int, given[2:4])
    weight = (_read_number(given[4]), _read_number(given[5])) if given[4:] else None
    a, b = _rows(",".join(given[:2]))
    return Convolution(a, b, first, last, weight, found["kind"] == "early")


def _rows(text: str) -> tuple[int, ...]:
    return tuple([int(row[1:]) for row in text.split(",")]) if text else ()


def _read_constant(text: str) -> Constant:
    if text[0] == "{":
        return tuple(map(_read_number, text[1:-1].split(",")))
    return _read_number(text)


def _read_number(text: str) -> Number:
    if text == "nan":
        return math.nan  # one object, so that programs with it are equal
    numerator, slash, denominator = text.partition("/")
    if slash:
        return Fraction(int(numerator), int(denominator))
    return int(text) if text.lstrip("-").isdecimal() else float(text)
