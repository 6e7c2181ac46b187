"""float64 as machine code computes with it, kernels too: for what has to have the same bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import mpmath
import numpy as np

from taylor.reference.interpreter import Algebra, float_algebra
from taylor_runtime.callables.points import build_formula
from taylor_runtime.program.program import Input, Kernel, OwnKernel, Program, Row


@cache
def _kernel(
    name: str | OwnKernel, arity: int, constants: tuple[float, ...] = ()
) -> Callable[..., Any]:
    """One kernel compiled alone."""
    rows = [Row(Input("parameter", (k,)), constant=True) for k in range(arity)]
    rows.append(Row(Kernel(name, tuple(range(arity)), constants), constant=True))
    program = Program(tuple(rows), ((arity, 0),), 0, (("parameter", arity),))
    formula = build_formula(program, "kernel", "")
    assert formula.ufunc is not None
    return formula.ufunc


def machine_algebra() -> Algebra:
    def kernel(name: str | OwnKernel, arguments: Sequence[float]) -> float:
        given, constants = list(arguments), ()
        if name == "pow" and (2 * given[1]).is_integer():  # exponents that code is made for
            constants = (given.pop(),)
        with np.errstate(all="ignore"):
            return float(_kernel(name, len(given), constants)(*given))

    return replace(float_algebra(mpmath.mp), kernel=kernel)
