"""Sums of products to where they belong."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from taylor_runtime.flows.newest import RowSums
from taylor_runtime.flows.shifts import Move, Products, Shifts
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.lanes import join
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Value
from taylor_runtime.program.widths import REGISTER


def placed(b: Builder, element: str, shifts: Shifts, sums: Sequence[Value]) -> list[Value]:
    """The pieces of a product, from all its sums."""
    halved = [_halved(b, element, one, v) for one, v in zip(shifts.sums, sums, strict=True)]
    pieces = halved[: len(shifts.pieces)]
    return moved(b, element, shifts, RowSums(pieces, joined_sums(b, element, shifts, halved)))


def joined_sums(b: Builder, element: str, shifts: Shifts, sums: Sequence[Value]) -> list[Value]:
    """Sums that are to be moved, side by side; none if there are none."""
    if len(sums) == len(shifts.pieces):
        return []
    return [_joined(b, element, [sums[k] for k in group]) for group in shifts.joins]


def moved(b: Builder, element: str, shifts: Shifts, sums: RowSums) -> list[Value]:
    """The pieces of a coefficient, from its sums."""
    results = []
    for value, moves in zip(sums.pieces, shifts.moves, strict=True):
        for move in moves if sums.joined else ():
            value = _with_moved(b, element, value, sums.joined, move)
        results.append(value)
    return results


def _halved(b: Builder, element: str, one: Products, value: Value) -> Value:
    """Without the products that both parts have."""
    if not one.halved:
        return value
    if not one.piece.lanes:
        return value * 0.5
    lanes = range(one.piece.lanes)
    halves = [Fraction(1, 2) if lane < one.halved else 1 for lane in lanes]
    return value * b.constants(halves, element)


def _joined(b: Builder, element: str, values: list[Value]) -> Value:
    """Sums side by side in one vector."""
    if not values[0].lanes:
        result = b.constant(0, Type(element, REGISTER))
        for lane, value in enumerate(values):
            result = b.insert(result, value, lane)
        return result
    value = join(b, values)
    if value.lanes < REGISTER:
        value = b.shuffle(value, None, [*range(value.lanes), *[-1] * (REGISTER - value.lanes)])
    return value


def _with_moved(
    b: Builder, element: str, value: Value, joined: Sequence[Value], move: Move
) -> Value:
    """A piece with lanes of joined sums added where they belong."""
    wanted = [lane >= 0 for lane in move.lanes]
    if len(move.vectors) == 1:
        zero = b.constant(0, Type(element, REGISTER))
        moved = b.shuffle(joined[move.vectors[0]], zero, move.lanes)
    else:
        moved = b.shuffle(joined[move.vectors[0]], joined[move.vectors[1]], move.lanes)
    if all(wanted):
        return value + moved
    return b.select(b.constants(wanted, "i1"), value + moved, value)
