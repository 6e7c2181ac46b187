"""Roots in kinds finer than double: found in double, and here made as exact as the series are.

The search decides by signs in double.  What these cannot tell apart, a touch and two crossings so
close that g between them is less than rounding in double, the value at the extremum does.
"""

from __future__ import annotations

from collections.abc import Callable

from taylor_runtime.events.frame import UNITS, Frame, Part
from taylor_runtime.ir.types import F64, I64, Type
from taylor_runtime.ir.values import Index, Value

MOST_STEPS = 12  # of Newton's method; from double it takes two, near an extremum a few more
NEAR_START = 2.0**-40  # of the step: so far a root moves that is where the piece begins
NEAR = 2.0**-14  # of the piece: so far another one does
CONVERGED = 2.0**-70  # of the piece: the last step of Newton's method towards an extremum
TWIN = 0.5  # the direction of the first of two crossings that are one touch in double

Insert = Callable[[Value, Value, Value, Value], None]  # count, place (high, low), direction


class Refinement(Part):
    """Puts the roots of a piece, `length` long from `position`, in the list."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        size = (self.watch.order + 1) * self.watch.outputs.size
        self.series = self.b.planes(self.area("series"), size, self.watch.element)

    def take(
        self,
        event: Value,
        piece: tuple[Value, Value],
        root: tuple[Value, Value],
        counted: tuple[Value, Insert],
    ) -> Value:
        """Insert what a root found in double, (place in the piece, direction), is; the new count.

        piece:   where it begins, and its length.
        counted: roots inserted so far, and what inserts one.
        """
        b, (_, length), (place, direction) = self.b, piece, root

        def crossing() -> list[Value]:
            found = self._crossing(
                event, length, b.from_double(place, self.watch.element), direction
            )
            self._put(piece[0], found, direction, counted)
            return [counted[0] + 1]

        def touch() -> list[Value]:
            return [self._touch(event, piece, place, counted)]

        return b.if_(b.ne(direction, 0), crossing, touch)[0]

    def _put(
        self, position: Value, place: Value, direction: Value, counted: tuple[Value, Insert]
    ) -> None:
        count, insert = counted
        b = self.b
        high, low = b.to_doubles(b.normal(place + b.from_double(position, self.watch.element)))
        insert(count, high, low, direction)

    def _crossing(self, event: Value, length: Value, start: Value, direction: Value) -> Value:
        """The root of this direction near: where Newton's method comes to, or its twin; else the
        start.
        """
        b = self.b
        room = b.fabs(length) * NEAR
        least = b.select(b.eq(b.to_double(start), 0), b.fabs(self.end) * NEAR_START, room)
        found, _ = self._newton(event, start, least, extremum=False)
        rises = self._slope(event, found, length) * direction > 0

        def mirrored() -> list[Value]:
            middle, last = self._newton(event, found, room, extremum=True)
            other, _ = self._newton(event, middle + (middle - found), room, extremum=False)
            good = self._slope(event, other, length) * direction > 0
            good = good & (last <= b.fabs(length) * CONVERGED) & self._is_inside(other, length)
            return [b.select(good, other, start)]

        return b.if_(rises, lambda: [found], mirrored)[0]

    def _slope(self, event: Value, x: Value, length: Value) -> Value:
        """g' on the piece, in double."""
        return self.b.to_double(self._derivatives(event, x)[1]) * length

    def _touch(
        self,
        event: Value,
        piece: tuple[Value, Value],
        place: Value,
        counted: tuple[Value, Insert],
    ) -> Value:
        """One touch, two crossings, or nothing, as the extremum is at zero, beyond, or before."""
        b, (position, length) = self.b, piece
        zero, one = b.constant(0, F64), b.constant(1, F64)
        start = b.from_double(place, self.watch.element)
        found, last = self._newton(event, start, b.fabs(length) * NEAR, extremum=True)
        value, _, bend = self._derivatives(event, found)
        height, curvature = b.to_double(value), b.to_double(bend)
        known = last <= b.fabs(length) * CONVERGED
        known = known & self._is_inside(found, length) & b.ne(curvature, 0)
        apart = known & (b.fabs(height) > self._noise(event))

        def single() -> list[Value]:
            self._put(position, b.select(known, found, start), zero, counted)
            return [counted[0] + 1]

        def several() -> list[Value]:
            return b.if_(height * curvature < 0, both, lambda: [counted[0]])

        def both() -> list[Value]:
            half = b.sqrt(-(value / bend))
            half = b.select(length > 0, half, -half)
            side = b.copysign(one, curvature)
            count, insert = counted
            for where, direction in ((found - half, side * -TWIN), (found + half, side)):
                near = self._crossing(event, length, where, direction)
                self._put(position, near, direction, (count, insert))
                count = count + 1
            return [count]

        return b.if_(apart, several, single)[0]

    def _is_inside(self, place: Value, length: Value) -> Value:
        share = self.b.to_double(place) / length
        return (share >= 0) & (share <= 1)

    def _noise(self, event: Value) -> Value:
        """What rounding may make of g on the piece."""
        b = self.b

        def add(n: Index, carried: list[Value]) -> list[Value]:
            return [carried[0] + b.fabs(b.load(F64, self.area("curve", n)))]

        size = b.fold(0, self.watch.order + 1, [b.constant(0, F64)], add)[0]
        return (size + b.load(F64, self.area("noise", event))) * (UNITS * self.watch.kind.rounding)

    def _newton(
        self, event: Value, start: Value, room: Value, extremum: bool
    ) -> tuple[Value, Value]:
        """Where g, or g', is zero, and the last step: each is less than half of the one before.

        room: twice the longest step.
        """
        b = self.b

        def goes_on(carried: list[Value]) -> Value:
            return carried[2] < MOST_STEPS

        def improve(carried: list[Value]) -> list[Value]:
            x, last, tries = carried
            value, slope, bend = self._derivatives(event, x)
            step = slope / (bend * 2) if extremum else value / slope
            size = b.fabs(b.to_double(step))
            good = size * 2 <= last
            # No step is worth less than the last digit of the place.
            done = ~good | (size <= b.fabs(b.to_double(x)) * (self.watch.kind.epsilon / 2))
            tries = b.select(done, b.constant(MOST_STEPS, I64), tries + 1)
            return [b.select(good, x - step, x), b.select(good, size, last), tries]

        x, last, _ = b.while_([start, room, b.constant(0, I64)], goes_on, improve)
        return x, last

    def _derivatives(self, event: Value, x: Value) -> list[Value]:
        """g, g' and g'' / 2 by Horner's rule."""
        b, w = self.b, self.watch
        place, t = self.place(event), Type(w.element)

        def horner(i: Index, carried: list[Value]) -> list[Value]:
            value, slope, bend = carried
            at = b.at(self.series, (w.order - i) * w.outputs.size + place, w.element)
            bend = b.normal(b.fma(bend, x, slope))
            slope = b.normal(b.fma(slope, x, value))
            return [b.normal(b.fma(value, x, b.load(t, at))), slope, bend]

        return b.fold(0, w.order + 1, [b.constant(0, t)] * 3, horner)
