"""Text of programs with loops and choices of arrays, read back."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty
from taylor.recurrences.arrays import lower_arrays
from taylor_runtime.passes.shapes.arrange import arranged
from taylor_runtime.program.program import Input
from taylor_runtime.program.text import from_text, to_text
from taylor_runtime.program.verify import ProgramError


def loops(x):
    def turn(i, s):
        s = ty.switch(i, [lambda c: np.sin(c), lambda c: c * x[i]], s)
        b = s.copy()
        b[i] = ty.scan(lambda c, a: (c + a, None), 0.0, s)[0]
        return b

    return ty.fori_loop(0, 5, turn, x)


@pytest.mark.parametrize("order", [0, 6])
@pytest.mark.parametrize("source", ["parameter", "jet"])
def test_there_and_back(order: int, source: str) -> None:
    x = ty.variable("x", shape=9)
    outputs = [loops(x)]
    if source == "parameter":
        outputs.append(ty.while_loop(lambda s: s.sum() > 1, lambda s: s * 0.5, x))
        outputs += (
            ty.grad(lambda v: (ty.while_loop(lambda s: s.sum() > 1, lambda s: s / 2, v)).sum())(x),
        )
    program = lower_arrays(outputs, {x: Input(source, (0,))}, order).program
    for one in (program, arranged(program)):
        text = to_text(one)
        assert from_text(text) == one
        assert to_text(from_text(text)) == text
        assert one.text() != program.text() or one == program


def test_inner_programs_are_in_the_key() -> None:
    x = ty.variable("x", shape=9)
    found = {
        lower_arrays([ty.fori_loop(0, x[0], body, x)], {x: Input("parameter")}, 0).program.text()
        for body in (lambda i, s: s * 2, lambda i, s: s * 3, lambda i, s: np.sin(s))
    }
    assert len(found) == 3


def test_lines_below_other_rows_are_refused() -> None:
    x = ty.variable("x", shape=9)
    text = to_text(lower_arrays([x * 2], {x: Input("parameter")}, 0).program)
    lines = text.splitlines()
    with pytest.raises(ProgramError, match="no loop or choice"):
        from_text("\n".join([*lines[:4], "  graph", "    order 0", *lines[4:]]))
