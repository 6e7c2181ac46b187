"""Expressions to all that machine code is made of: a program, and the functions that it calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from taylor.expressions.expression import Expression
from taylor.numbers.precision import as_precision
from taylor.recurrences.decompose import decompose
from taylor.recurrences.externals import check_has_digits, externals
from taylor_runtime.program.program import Input, Program


def lowered(
    outputs: Sequence[Expression],
    inputs: Mapping[Expression, Input],
    order: int,
    derivatives: Sequence[Expression] | None = None,
    precision: str = "float64",
) -> tuple[Program, dict[str, int]]:
    """Return the program of expressions (see `decompose`), and the addresses of the functions from
    outside that it calls, by the names of their kernels.

    Raises UnsupportedFunctionError for a function that knows float64 alone in double-double, and
    what `decompose` raises.
    """
    program = decompose(outputs, inputs, order, derivatives)
    if as_precision(precision).is_finer:
        check_has_digits(program)
    return program, externals(program)
