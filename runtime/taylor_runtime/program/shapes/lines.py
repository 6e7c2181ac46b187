"""Rows with shapes read from the lines that `arrays.array_line` writes."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, get_args

from taylor_runtime.program.arrays import ArrayRow, Moved
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.parse import read_row
from taylor_runtime.program.program import OwnKernel
from taylor_runtime.program.verify import ProgramError

SHAPE = " shape "  # between what all rows have and the shape
MOVES: dict[str, type] = {kind.__name__.lower(): kind for kind in get_args(Moved)}


def read_array_row(line: str, kernels: Mapping[str, OwnKernel] | None = None) -> ArrayRow:
    """The row that `array_line` has written as such a line.

    Raises ProgramError, naming what it cannot read.

    >>> read_array_row("= width 6 shape (2,3) running(source=0,axis=1)").moved
    Running(source=0, axis=1)
    """
    plain, mark, rest = line.partition(SHAPE)
    if not mark:
        raise ProgramError(f"no shape: {line!r}")
    row = read_row(plain, kernels)
    shape, _, moved = rest.partition(" ")
    return ArrayRow(
        row.start, row.step, row.offset, row.gather, row.width, row.constant, row.name,
        _read_shape(shape), _read_move(moved) if moved else None,
    )  # fmt: skip


def _read_shape(text: str) -> tuple[int, ...]:
    shape = _literal(text)
    if not _is_integers(shape):
        raise ProgramError(f"no shape: {text!r}")
    return shape  # type: ignore[no-any-return]


def _read_move(text: str) -> Moved:
    """A move, whose fields are given by name."""
    try:
        (call,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        raise ProgramError(f"no move: {text!r}") from None
    value = call.value if isinstance(call, ast.Expr) else None
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name) or value.args:
        raise ProgramError(f"no move: {text!r}")
    kind = MOVES.get(value.func.id)
    if kind is None:
        raise ProgramError(f"no move is called {value.func.id!r}")
    given = {str(word.arg): _literal(word.value) for word in value.keywords}
    for name, found in given.items():
        if not _is_plain(found, kind is Region):
            raise ProgramError(f"{name} of {text!r} is no whole number, name or tuple of these")
    try:
        return kind(**given, **({"graphs": ()} if kind is Region else {}))  # type: ignore[no-any-return]
    except TypeError as error:
        raise ProgramError(f"{text!r}: {error}") from None


def _is_plain(found: object, nested: bool) -> bool:
    """Whether it is a whole number, a name or a tuple of whole numbers; nested: or of tuples, or
    nothing.
    """
    if isinstance(found, tuple) and nested:
        return all(_is_plain(item, nested) for item in found)
    return isinstance(found, int | str) or _is_integers(found) or (nested and found is None)


def _literal(text: str | ast.expr) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError):
        raise ProgramError(f"cannot read {text!r}") from None


def _is_integers(found: object) -> bool:
    return isinstance(found, tuple) and all(type(item) is int for item in found)
