"""Errors that show the user's line, underlined, and say what to write instead."""

from __future__ import annotations

import ast
import linecache
from types import CodeType

from taylor.errors import ProgramError

Span = tuple[str, str, int, int | None, int | None]  # file, function, line, columns from and to


def refusal(span: Span, what: str, instead: str) -> ProgramError:
    """An error that says what is wrong at a place of the user's, and what to write instead."""
    file, function, line, *_ = span
    shown = underlined(span)
    place = f'  File "{file}", line {line}, in {function}\n{shown}'
    return ProgramError(f"program: {what}\n{place}\n{instead}")


def underlined(span: Span) -> str:
    """The source line of a place, with its columns underlined; columns are counted in bytes."""
    file, _, line, start, end = span
    text = linecache.getline(file, line).rstrip("\n")
    if not text.strip():
        return ""
    lead = len(text) - len(text.lstrip())
    raw = text.encode()
    first = len(raw[:start].decode(errors="replace")) if start is not None else lead
    last = len(raw[:end].decode(errors="replace")) if end is not None else len(text)
    if last <= first:
        last = len(text)
    return f"    {text.strip()}\n    {' ' * (first - lead)}{'^' * max(1, last - first)}"


def span_of(node: ast.AST, file: str, function: str) -> Span:
    """The place of a node of the syntax tree: of a compound statement its first line."""
    line = getattr(node, "lineno", 1)
    end = getattr(node, "end_col_offset", None)
    if getattr(node, "end_lineno", line) != line:
        end = None
    return file, function, line, getattr(node, "col_offset", None), end


def span_in(code: CodeType, instruction: int, name: str) -> Span:
    """The place of an instruction of the translated code of a function."""
    positions = list(code.co_positions())[instruction // 2]
    line, last, start, end = positions
    whole = end if last == line else None
    return code.co_filename, name, line or code.co_firstlineno, start, whole
