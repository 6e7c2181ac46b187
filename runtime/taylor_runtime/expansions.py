"""Polynomial expansions of functions at many points: a graded program as machine code.

Points are lanes, and a block of them is computed at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from taylor_runtime.graded import GradedEmitter
from taylor_runtime.ir import ELEMENTS, Builder, Index, Module, Value, size_of
from taylor_runtime.layout import Chunk
from taylor_runtime.monomials import Monomials, monomials
from taylor_runtime.program import Program
from taylor_runtime.supports import Supports
from taylor_runtime.verify import verify

EXPAND = "taylor.expand"
CACHE_LINE = 64


@dataclass(frozen=True, slots=True)
class ExpansionOptions:
    """What is expanded, and in what.

    variables, order, limits: the monomials, see `monomials.Monomials`.
    slots: for each slot of source "jet" the variable i that it is (the polynomial x_i0 + x_i, of
        which x_i0 is given), or -1 for a polynomial of which all coefficients are given.
    streaming: results are too many for the caches, and go past them.
    """

    variables: int
    order: int
    limits: tuple[int, ...]
    slots: tuple[int, ...]
    streaming: bool = False
    precision: str = "float64"

    @property
    def element(self) -> str:
        """How the emitter calls its numbers."""
        return ELEMENTS[self.precision]

    @property
    def among(self) -> Monomials:
        return monomials(self.variables, self.order, self.limits)

    @property
    def places(self) -> tuple[int, ...]:
        """Where the numbers of each slot begin among the inputs, and where the parameters do."""
        found = [0]
        for variable in self.slots:
            found.append(found[-1] + (self.among.size if variable < 0 else 1))
        return tuple(found)

    def supports(self, program: Program) -> Supports:
        """The monomials of a program's rows."""
        given = []
        for variable in self.slots:
            mask = np.ones(self.among.size, bool)
            if variable >= 0:
                units = np.zeros(self.variables, np.int16)
                units[variable] = 1
                exponents = self.among.exponents
                mask = (exponents == units).all(axis=1) | (exponents == 0).all(axis=1)
            given.append(mask)
        return Supports(program, self.among, given)


def block_lanes(element: str) -> int:
    """Points that are computed at a time: a cache line of results."""
    return CACHE_LINE // size_of(element)


def expansion_module(program: Program, options: ExpansionOptions, supports: Supports) -> str:
    """IR text of `void taylor.expand(ptr in, ptr out, i64 count, i64 first, i64 last)`.

    in[place][point]: the numbers of the slots and parameters (`ExpansionOptions.places`).
    out[output][monomial][point], aligned to cache lines, written where a monomial can be other than
    zero.  Blocks first .. last - 1 of `block_lanes` points are computed; `count` must be padded to
    whole blocks.  High parts of double-doubles come before all low ones in both.
    """
    verify(program)
    module = Module()
    element = options.element
    parameters = [
        ("ptr noalias readonly", "in"),
        ("ptr noalias", "out"),
        ("i64", "count"),
        ("i64", "first"),
        ("i64", "last"),
    ]
    numbers = options.places[-1] + dict(program.inputs).get("parameter", 0)
    with module.function(EXPAND, "void", parameters, "nounwind") as (b, arguments):
        ins, outs, count, first, last = arguments
        ins = b.planes(ins, count * numbers, element)
        outs = b.planes(outs, count * (len(program.outputs) * options.among.size), element)

        def block(i: Index, _: list[Value]) -> Sequence[Value]:
            point = b.like(count, i * block_lanes(element))
            _emit_block(b, program, options, supports, (ins, outs, count, point))
            return []

        b.fold(first, last, [], block)
        b.ret()
    return module.text()


def _emit_block(
    b: Builder,
    program: Program,
    options: ExpansionOptions,
    supports: Supports,
    memory: tuple[Value, Value, Value, Value],
) -> None:
    ins, outs, count, point = memory
    points = Chunk(0, block_lanes(options.element))
    t = points.type(options.element)

    def read(source: str, slot: int, position: int) -> Value | Fraction:
        if source == "parameter":
            place = options.places[-1] + slot
        else:
            if options.slots[slot] >= 0 and position:
                return Fraction(1)
            place = options.places[slot] + position
        return b.load(t, b.at(ins, count * place + point, options.element))

    emitter = GradedEmitter(b, program, supports, points, options.element)
    wanted: dict[int, list[Value]] = {}  # where the next coefficient of an output goes
    for k, (row, _) in enumerate(program.outputs):
        place = b.at(outs, count * (k * supports.among.size) + point, options.element)
        wanted.setdefault(row, []).append(place)
    wide = b.like(count, count)
    reached = {row: [0] * len(places) for row, places in wanted.items()}

    def done(row: int, position: int) -> None:
        places = wanted.get(row, [])
        for k, place in enumerate(places):
            value = emitter.memory.at(row, position)
            step = position - reached[row][k]
            if step:
                place = places[k] = b.at(place, wide * step, options.element)
                reached[row][k] = position
            b.store(value, place, CACHE_LINE, streaming=options.streaming)

    emitter.emit(read, done)
