"""`taylor.explain`: what became of the statements of a program, beside its source."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Mapping
from typing import Any

from taylor.errors import ArgumentError
from taylor.expressions.arguments import traced
from taylor.numbers.precision import FLOAT64
from taylor.programs.arguments import Arguments, argument_names, stand_in
from taylor_runtime.program.records import dataclass

WIDTH = 64  # of the column of the source

Notes = Mapping[tuple[str, str], Mapping[int, str]]  # by file and function, by line


@dataclass(frozen=True, slots=True, repr=False)
class ProgramExplanation:
    """The source of a program, and beside each statement that decides what it became.

    notes: for each function that was traced, by file and name, what became of its lines.
    """

    notes: Notes

    def __str__(self) -> str:
        if not self.notes:
            return "no branch and no loop: Python runs all of it once, while it is traced"
        return "\n\n".join(_function(*key, lines) for key, lines in self.notes.items())

    __repr__ = __str__


def explain(fun: Callable[..., object], *args: object, **kwargs: object) -> ProgramExplanation:
    """Return what becomes of a function as a program; it prints as the source with notes.

    fun:  a program, or a function that could be one.
    args, kwargs: as of a call; without any, all arguments that have no default are single numbers.

    A choice becomes `where` (both sides are computed) or `switch` (only what is wanted), a loop
    `fori_loop` or `while_loop` with what goes from turn to turn, or, where turns do not see one
    another, an operation on whole arrays; what is known while the program is traced is done by
    Python, once.

    Raises what tracing raises.

    >>> import taylor as ty
    >>> def root(a):
    ...     x = a
    ...     while abs(x * x - a) > 1e-12:
    ...         x = (x + a / x) / 2
    ...     return x
    >>> print(ty.explain(root))
    def root(a):
        x = a
        while abs(x * x - a) > 1e-12:                                | while_loop: x
            x = (x + a / x) / 2
        return x
    """
    from taylor.language.translated import LanguageProgram

    program = fun if isinstance(fun, LanguageProgram) else LanguageProgram(fun)
    if not args and not kwargs:
        names = argument_names(program.__wrapped__, _required(program.__wrapped__))
        args = tuple(1.0 for _ in names)
    given = Arguments("explain", program.__wrapped__, args, kwargs, program.static)
    if given.traced:
        raise ArgumentError("explain: give numbers and arrays as arguments, not expressions")
    _, kinds = given.as_arrays(FLOAT64)
    paths = given.paths
    pairs = [stand_in(path, *kind) for path, kind in zip(paths, kinds, strict=True)]  # type: ignore[call-overload]
    stand_ins, named = given.rebuilt([seen for _, seen in pairs])
    with traced([x for x, _ in pairs]):
        notes = program.noted(*stand_ins, **named)
    return ProgramExplanation(notes)


def _required(function: Callable[..., Any]) -> int:
    code = getattr(function, "__code__", None)
    count: int = getattr(code, "co_argcount", 1)
    return count - len(getattr(function, "__defaults__", None) or ())


def _function(file: str, name: str, notes: Mapping[int, str]) -> str:
    """The lines of a function, with notes on their right."""
    lines = linecache.getlines(file)
    first, last = _extent(lines, name, min(notes, default=1))
    shown = [line.rstrip("\n") for line in lines[first - 1 : last]]
    lead = min((len(s) - len(s.lstrip()) for s in shown if s.strip()), default=0)
    found = []
    for number, text in enumerate(shown, first):
        note = notes.get(number)
        text = text[lead:]
        found.append(text if not note else f"{text:{WIDTH}} | {note}")
    return "\n".join(found)


def _extent(lines: list[str], name: str, line: int) -> tuple[int, int]:
    """The lines of the function of a name that has a line in it."""
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        return line, line
    best = line, line
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            end = node.end_lineno or node.lineno
            own = getattr(node, "name", "<lambda>")
            if own == name and node.lineno <= line <= end:
                best = node.lineno, end
    return best
