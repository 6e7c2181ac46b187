"""Compiled polynomial expansions: what the front end runs over arrays of points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from taylor_runtime.callables.memory import aligned_zeros
from taylor_runtime.callables.python_calls import watched
from taylor_runtime.engine.call import buffer, function_pointer
from taylor_runtime.engine.compiler import STEP_PASSES, Module, Options, compile_ir
from taylor_runtime.graded.module import EXPAND, Requests, expansion_module
from taylor_runtime.graded.module import ExpansionOptions as ExpansionOptions
from taylor_runtime.graded.supports import Supports
from taylor_runtime.graded.tables import GradedTables
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import convolutions_of

EXPAND_TYPE = "void(*)(void *, void *, int64_t, int64_t, int64_t, void *, void *)"


@dataclass(frozen=True, slots=True)
class Expansion:
    """Compiled expansions over points; see `expansions.expansion_module`.

    block: points that are computed at a time.
    untouched: for each output the monomials that it never has; nothing is written there.
    """

    module: Module
    options: ExpansionOptions
    block: int
    untouched: tuple[np.ndarray, ...]
    _header: Any
    _tables: list[np.ndarray]  # which the header points to
    _workspace: int
    _call: Any = field(repr=False)
    _spare: list[Any] = field(default_factory=list, repr=False)  # workspaces of past runs

    def run(
        self, inputs: np.ndarray, outputs: np.ndarray, count: int, first: int, last: int
    ) -> None:
        """Compute blocks first .. last - 1 of `block` points (without the GIL), in a workspace that
        no other thread has meanwhile.
        """
        try:
            memory = self._spare.pop()
        except IndexError:
            memory = buffer(aligned_zeros(self._workspace))
        self._call(buffer(inputs), buffer(outputs), count, first, last, self._header, memory)
        self._spare.append(memory)


def build_expansion(
    program: Program, options: ExpansionOptions, externals: Mapping[str, int] | None = None
) -> Expansion:
    """Compile a program of "jet" inputs, graded by total degree.

    What would be too much to write out is looped (`options.looped` asks for it in any case); what
    is written out computes whole blocks of points even where `options.single` asks for one.
    """
    supports = options.supports(program)
    kind = ELEMENTS[options.element]
    looped = options.looped or products(supports) > kind.products
    options = replace(options, looped=looped, single=options.single and looped)
    linked = tuple((externals or {}).items())
    header, tables, workspace = np.zeros(1, np.int64), list[np.ndarray](), 0
    if options.looped:
        module, requests = _looped(program, _generic(program, options), linked)
        parameters = program.slots("parameter")
        *places, end = options.places
        given = [end + parameters, *places, *range(end, end + parameters)]
        made = GradedTables(program, supports, options.points.lanes, given)
        header, tables = made.header(*requests)
        workspace = -(-kind.bytes * made.size // 8)
    else:
        source = f"expansion {options}\n{body(program)}"
        module = _compiled(lambda: expansion_module(program, options, supports)[0], linked, source)
    call = watched(function_pointer(module.address(EXPAND), EXPAND_TYPE, owner=module), externals)
    untouched = tuple(np.flatnonzero(~supports.masks[row]) for row, _ in program.outputs)
    memory = buffer(header), tables, workspace
    return Expansion(module, options, options.block, untouched, *memory, call)


def products(supports: Supports) -> int:
    """Products of coefficients that a program takes."""
    total = 0
    for row in supports.program.rows:
        for c in convolutions_of(row.step.terms if row.step else ()):
            total += supports.count(c)
    return total


def _generic(program: Program, options: ExpansionOptions) -> ExpansionOptions:
    """The options without what only tables depend on."""
    slots = tuple(min(slot, 0) for slot in options.slots)
    return replace(options, variables=1, order=program.order, limits=(), slots=slots)


@lru_cache(maxsize=256)
def _looped(
    program: Program, options: ExpansionOptions, externals: tuple[tuple[str, int], ...]
) -> tuple[Module, tuple[Requests, ...]]:
    """Loops of a program: for polynomials in any variables."""
    text, requests = expansion_module(program, options, None)
    return _compiled(text, externals), requests


def _compiled(
    text: str | Callable[[], str],
    externals: tuple[tuple[str, int], ...],
    source: str | None = None,
) -> Module:
    return compile_ir(
        text,
        [EXPAND],
        options=Options(passes=STEP_PASSES),
        externals=dict(externals),
        label="expansion",
        source=source,
    )
