"""Tables for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from taylor.displays.formulas import to_latex

MOST_ROWS = 12
_STYLE = "text-align:left;font-family:monospace"


def facts(title: str, known: Mapping[str, object], *tables: str) -> str:
    """HTML with a title, a line for each fact that is not "", and tables below.

    >>> shown = facts("Outcome", {"steps": 3, "message": ""})
    >>> ">steps</th>" in shown, "message" in shown
    (True, False)
    """
    shown = [(key, value) for key, value in known.items() if str(value) != ""]
    lines = (f"<tr>{_cell('th', key)}{_cell('td', value)}</tr>" for key, value in shown)
    return f"<strong>{escape(title)}</strong><table>{''.join(lines)}</table>{''.join(tables)}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], count: int) -> str:
    """HTML of a table of which the first rows are shown; count: of all of them."""
    shown = [row for _, row in zip(range(MOST_ROWS), rows, strict=False)]
    lines = [f"<tr>{''.join(_cell('th', name) for name in head)}</tr>"]
    lines += [f"<tr>{''.join(_cell('td', value) for value in row)}</tr>" for row in shown]
    if count > len(shown):
        lines.append(f'<tr><td colspan="{len(head)}">... {count - len(shown)} more</td></tr>')
    return f"<table>{''.join(lines)}</table>"


def number(value: object) -> str:
    """A number in ten digits; pairs, arrays and expressions as they print.

    >>> number(1 / 3), number("x")
    ('0.3333333333', 'x')
    """
    return f"{value:.10g}" if isinstance(value, float | np.floating) else str(value)


def _cell(kind: str, value: object) -> str:
    return f'<{kind} style="{_STYLE}">{escape(number(value))}</{kind}>'


def formula(text: str) -> str:
    """A formula in LaTeX between dollar signs, which notebooks set; else as text."""
    made = to_latex(text)
    return f"${made}$" if made is not None else escape(text)


def equations(pairs: Iterable[tuple[str, str]], count: int) -> str:
    """HTML of equations d/dt state = right-hand side, of which the first are shown."""
    shown = [pair for _, pair in zip(range(MOST_ROWS), pairs, strict=False)]
    named = [(to_latex(state) or escape(state), formula(value)) for state, value in shown]
    lines = [f"<tr><td>$\\dot{{{x}}} =$</td><td>{value}</td></tr>" for x, value in named]
    if count > len(shown):
        lines.append(f'<tr><td colspan="2">... {count - len(shown)} more</td></tr>')
    return f"<table>{''.join(lines)}</table>"
