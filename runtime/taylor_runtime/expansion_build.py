"""Compiled polynomial expansions: what the front end runs over arrays of points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from taylor_runtime.call import function_pointer
from taylor_runtime.engine import STEP_PASSES, Module, Options, compile_ir
from taylor_runtime.expansions import EXPAND, ExpansionOptions, block_lanes, expansion_module
from taylor_runtime.program import Program

EXPAND_TYPE = "void(*)(uintptr_t, uintptr_t, int64_t, int64_t, int64_t)"


@dataclass(frozen=True, slots=True)
class Expansion:
    """Compiled expansions over points; see `expansions.expansion_module`.

    untouched: for each output the monomials that it never has; nothing is written there.
    """

    module: Module
    options: ExpansionOptions
    block: int
    untouched: tuple[np.ndarray, ...]
    _call: Any = field(repr=False)

    def run(
        self, inputs: np.ndarray, outputs: np.ndarray, count: int, first: int, last: int
    ) -> None:
        """Compute blocks first .. last - 1 of `block` points (without the GIL)."""
        self._call(inputs.ctypes.data, outputs.ctypes.data, count, first, last)


def build_expansion(
    program: Program, options: ExpansionOptions, externals: Mapping[str, int] | None = None
) -> Expansion:
    """Compile a program of "jet" inputs, graded by total degree."""
    supports = options.supports(program)
    module = compile_ir(
        expansion_module(program, options, supports),
        [EXPAND],
        options=Options(passes=STEP_PASSES),
        externals=externals,
        label="expansion",
    )
    call = function_pointer(module.address(EXPAND), EXPAND_TYPE, owner=module)
    untouched = tuple(np.flatnonzero(~supports.masks[row]) for row, _ in program.outputs)
    return Expansion(module, options, block_lanes(options.element), untouched, call)
