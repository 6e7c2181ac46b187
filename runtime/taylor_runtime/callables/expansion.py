"""Compiled polynomial expansions: what the front end runs over arrays of points."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from taylor_runtime.callables.memory import address_of, aligned_zeros
from taylor_runtime.callables.python_calls import calls_python, watched
from taylor_runtime.engine.call import buffer, function_pointer
from taylor_runtime.engine.compiler import STEP_PASSES, Module, Options, compile_ir
from taylor_runtime.graded.module import EXPAND, Requests, expansion_module
from taylor_runtime.graded.module import ExpansionOptions as ExpansionOptions
from taylor_runtime.graded.supports import Supports
from taylor_runtime.graded.tables import GradedTables
from taylor_runtime.points import expansion_call
from taylor_runtime.points.python_objects import make_builtin
from taylor_runtime.program.kinds import DOUBLE, ELEMENTS, KINDS
from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import convolutions_of

BRIEF = 1 << 14  # products and coefficients that take less time than Python's other threads wait
EXPAND_TYPE = "void(*)(void *, void *, int64_t, int64_t, int64_t, void *, void *)"


@dataclass(frozen=True, slots=True)
class Expansion:
    """Compiled expansions over points; see `expansions.expansion_module`.

    block: points that are computed at a time.
    untouched: for each output the monomials that it never has; nothing is written there.
    brief: whether one point takes a few microseconds, and calls no Python.
    """

    module: Module
    options: ExpansionOptions
    block: int
    untouched: tuple[np.ndarray, ...]
    brief: bool
    _header: Any
    _tables: list[np.ndarray]  # the header first, which points to the others
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

    def entry(
        self,
        places: Sequence[int],
        sizes: Sequence[int],
        shape: Sequence[int],
        owned: bool,
        otherwise: Callable[..., Any] | None,
    ) -> Callable[..., np.ndarray] | None:
        """A built-in function of one point: of operands that begin at such places among the inputs,
        floats where their size is 1, coefficients of shape (1, size) else.

        It returns the results in an array of that shape, which may be written to if it is `owned`;
        if not all are finite, and for other operands, what `otherwise` makes of them (None where
        that is None).  None where there cannot be one, or where it would not pay.
        """
        plain = self.brief and KINDS[self.options.precision] is DOUBLE
        code = _entry_code() if plain and len(sizes) <= expansion_call.MOST else None
        if code is None:
            return None
        rooms = sum(sizes) * self.block, self._workspace
        given, work = (aligned_zeros(max(size, 1)) for size in rooms)
        clears = int(any(map(len, self.untouched)))
        addresses = map(address_of, (self._tables[0], given, work))
        facts = [len(sizes), self.module.address(EXPAND), self.block, *addresses]
        facts += [clears, int(owned), math.prod(shape), len(shape)]
        for place, size in zip(places, sizes, strict=True):
            facts += [place, size]
        kept = self.module, self._tables, given, work, code
        told = np.array([*facts, *shape], np.int64)
        address = code.address(expansion_call.EXPANSION_CALL)
        return make_builtin(address, expansion_call.EXPANSION_CALL, told, otherwise, kept)


def build_expansion(
    program: Program, options: ExpansionOptions, externals: Mapping[str, int] | None = None
) -> Expansion:
    """Compile a program of "jet" inputs, graded by total degree.

    What would be too much to write out is looped (`options.looped` asks for it in any case); what
    is written out computes whole blocks of points even where `options.single` asks for one.
    """
    supports = options.supports(program)
    kind = ELEMENTS[options.element]
    taken = products(supports)
    looped = options.looped or taken > kind.products
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
    memory = buffer(header), [header, *tables], workspace
    work = taken + len(program.rows) * options.among.size
    brief = work <= BRIEF and not calls_python(externals)
    return Expansion(module, options, options.block, untouched, brief, *memory, call)


@lru_cache(maxsize=1)
def _entry_code() -> Module | None:
    linked = expansion_call.externals()
    if not linked:
        return None  # pragma: no cover - no such NumPy
    return compile_ir(
        expansion_call.expansion_call_module(),
        [expansion_call.EXPANSION_CALL],
        options=Options(STEP_PASSES, codegen=0),  # as that of `callables.points.array_entry`
        externals=linked,
        label="expansion call",
    )


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
