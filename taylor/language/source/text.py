"""The syntax tree of a function, at the lines and columns of the user's file."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from functools import lru_cache
from types import CodeType, FunctionType
from typing import TypeAlias

from taylor.errors import UnsupportedFunctionError
from taylor.language.source.refusals import refusal, span_of

Definition: TypeAlias = "ast.FunctionDef | ast.Lambda"


def definition_of(function: FunctionType) -> Definition:
    """The definition of a function as a new syntax tree, without decorators.

    It is found by `linecache`, which knows files, cells of notebooks and doctests, or among what
    was typed at the prompt.

    Raises UnsupportedFunctionError where there is no source.
    """
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__) or _typed_lines(code)
    if code.co_name == "<lambda>":
        return _lambda(code, "".join(lines))
    first = code.co_firstlineno
    found = _block(lines[first - 1 :], first) if lines else None
    if not isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef) or found.name != code.co_name:
        raise _no_source(code)
    if isinstance(found, ast.AsyncFunctionDef):
        raise refusal(
            span_of(found, code.co_filename, code.co_name),
            "an async function needs an event loop",
            "Instead: write it without async and await.",
        )
    found.decorator_list = []
    return found


def _block(lines: list[str], first: int) -> ast.stmt | None:
    """The statement that lines begin with, whatever it is indented by."""
    text = "".join(inspect.getblock(lines))
    indented = lines[0][:1].isspace()
    try:
        tree = ast.parse("if 1:\n" + text if indented else text)
    except SyntaxError:
        return None
    ast.increment_lineno(tree, first - 2 if indented else first - 1)
    top = tree.body[0]
    return top.body[0] if indented and isinstance(top, ast.If) else top


@lru_cache(maxsize=16)
def _lambdas(text: str) -> tuple[ast.Lambda, ...]:
    return tuple(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Lambda))


def _lambda(code: CodeType, text: str) -> ast.Lambda:
    """The lambda of a code object: by its line, the names of its arguments, and where it ends."""
    count = code.co_argcount + code.co_kwonlyargcount
    try:
        near = [
            node
            for node in _lambdas(text)
            if node.lineno <= code.co_firstlineno <= (node.end_lineno or 0)
            and tuple(a.arg for a in (*node.args.posonlyargs, *node.args.args))
            + tuple(a.arg for a in node.args.kwonlyargs)
            == code.co_varnames[:count]
        ]
    except SyntaxError:
        near = []
    places = [p for p in code.co_positions() if None not in p and p[2] != p[3]]
    span = (
        min(((p[0], p[2]) for p in places), default=None),
        max(((p[1], p[3]) for p in places), default=None),
    )
    exact = [n for n in near if (_start(n.body), _end(n.body)) == span]
    chosen = exact or near
    if len({(_start(node), _end(node)) for node in chosen}) != 1:
        raise _no_source(code)
    # A tree of its own: translation changes it.
    text_of = ast.unparse(chosen[0])
    return _copied(chosen[0]) if text_of else chosen[0]


def _start(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: ast.expr) -> tuple[int | None, int | None]:
    return node.end_lineno, node.end_col_offset


def _copied(node: ast.Lambda) -> ast.Lambda:
    from copy import deepcopy

    return deepcopy(node)


def _typed_lines(code: CodeType) -> list[str]:
    """What was typed at the prompt, where Python keeps a history: the last definition there."""
    readline = sys.modules.get("readline")
    if readline is None or not code.co_filename.startswith("<"):
        return []
    count = readline.get_current_history_length()
    history = [readline.get_history_item(k + 1) or "" for k in range(count)]
    for start in range(count - 1, -1, -1):
        if history[start].lstrip().startswith((f"def {code.co_name}(", "@")) or (
            code.co_name == "<lambda>" and "lambda" in history[start]
        ):
            lines = [f"{line}\n" for line in history[start:]]
            return [*["\n"] * (code.co_firstlineno - 1), *lines]
    return []


def _no_source(code: CodeType) -> UnsupportedFunctionError:
    return UnsupportedFunctionError(
        f"program: the source of {code.co_name} ({code.co_filename}:{code.co_firstlineno}) cannot "
        "be found; write the function in a file or in a cell of a notebook, a lambda on lines of "
        "its own"
    )
