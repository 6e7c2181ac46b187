"""Sums of gathered lanes by tables, all in one loop: for code that is to be made soon.

Written out (`combine`), a sum of as many terms as there are pairs of bodies is most of the text of
a program; where its operands are and what they are multiplied by can be data as well.  Terms are
added in the same order, so that the bits are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import add

import numpy as np

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import PTR, Type, make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import nearest_float
from taylor_runtime.program.order import chain_count, neighbours_added
from taylor_runtime.program.program import Constant, Number
from taylor_runtime.program.records import dataclass

FEWEST = 128  # terms of all lanes together that make a loop the shorter text

Place = tuple[int, int]  # source row, lane
Lanes = tuple[Place, ...]  # of one operand of a piece: number of the source, place in it
Piece = tuple[int, int, tuple[Lanes, ...]]  # first lane, place in the target, operands


@dataclass(frozen=True, eq=False, slots=True)
class Pattern:
    """What is added where, by pieces of registers, and each operand's numbers.

    Those of a program that are equal are one object: there are too many numbers to hash them often.
    """

    pieces: tuple[Piece, ...]
    constants: tuple[Constant, ...]

    @property
    def terms(self) -> int:
        """How many are written out."""
        return len(self.pieces) * len(self.constants)


_FLOATS = {"double": np.float64, "float": np.float32}


def can_roll(b: Builder, element: str, pattern: Pattern) -> bool:
    """Whether a loop is wanted, and numbers are rounded once (so that times one is exact)."""
    terms = sum(len(operand) for _, _, operands in pattern.pieces for operand in operands)
    return b.module.quick and element in _FLOATS and terms >= FEWEST


def combine_by_tables(
    b: Builder, pointers: Sequence[Value], element: str, pattern: Pattern
) -> None:
    """Add the terms of every lane, one lane after the other.

    pointers: the target, then the sources.
    """
    pieces, constants = pattern.pieces, pattern.constants
    count = len(constants)
    lanes = [piece[0] + k for piece in pieces for k in range(len(piece[2][0]))]
    targets = [piece[1] + k for piece in pieces for k in range(len(piece[2][0]))]
    columns = [[lane for piece in pieces for lane in piece[2][term]] for term in range(count)]
    places = np.array(columns, np.int32).transpose(1, 0, 2)  # by lane and term
    factors = np.array([_factors(c, lanes, element) for c in constants], _FLOATS[element]).T
    to, where = _table(b, np.array(targets, np.int32)), _table(b, places[..., 1])
    numbers = _table(b, factors)
    if len(pointers) > 2:
        sources, bases = _table(b, places[..., 0]), b.alloca("ptr", len(pointers) - 1)
        for k, pointer in enumerate(pointers[1:]):
            b.store(pointer, b.at(bases, k, "ptr"))
    t, chains = make_type(element, 0), chain_count(count)

    def term(at: Index, total: Value) -> Value:
        base = pointers[1]
        if len(pointers) > 2:
            base = b.load(PTR, b.at(bases, _index(b, sources, at), "ptr"))
        operand = b.load(t, b.at(base, _index(b, where, at), element))
        return b.fma(operand, b.load(t, b.at(numbers, at, element)), total)

    def one(lane: Index, _: Sequence[Value]) -> list[Value]:
        first = lane * count

        def some(turn: Index, sums: Sequence[Value]) -> list[Value]:
            return [term(first + (turn * chains + k), total) for k, total in enumerate(sums)]

        nothing = b.constant(-0.0, t)  # to which a product is added as it is, whatever its sign
        sums = b.fold(0, count // chains, [nothing] * chains, some)
        for k in range(count % chains):
            sums[k] = term(first + (count - count % chains + k), sums[k])
        b.store(neighbours_added(sums, add), b.at(pointers[0], _index(b, to, lane), element))
        return []

    b.fold(0, len(lanes), [], one)


def _factors(constant: Constant, lanes: Sequence[int], element: str) -> list[float]:
    """A term's number for every lane; padding repeats the last."""
    if not isinstance(constant, tuple):
        return [nearest_float(constant, element)] * len(lanes)
    known: dict[int, float] = {}  # by identity, for fractions take long to compare
    rounded = [_rounded(known, number, element) for number in constant]
    return [rounded[min(lane, len(rounded) - 1)] for lane in lanes]


def _rounded(known: dict[int, float], number: Number, element: str) -> float:
    if id(number) not in known:
        known[id(number)] = nearest_float(number, element)
    return known[id(number)]


def _table(b: Builder, content: np.ndarray) -> Value:
    return Value(b, PTR, b.module.data(content.tobytes()))


def _index(b: Builder, table: Value, at: Index) -> Value:
    return b.cast("sext", b.load(Type("i32"), b.at(table, at, "i32")), "i64")
