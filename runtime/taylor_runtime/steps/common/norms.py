"""Norms over state vectors in memory, by loops."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import cast

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import F64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.steps.norms import LARGEST_WEIGHT, StateNorms
from taylor_runtime.steps.states import StateRows

Terms = Callable[[Index, int], list[Value]]  # (place in the state vector, lanes) -> values
Body = Callable[[int, Index, int, list[Value]], Sequence[Value]]


class LoopNorms(StateNorms):
    """The same norms; state-shaped values are one address where they lie like the state vector."""

    @abstractmethod
    def _each(self, carried: Callable[[int], list[Value]], body: Body) -> list[list[Value]]:
        """carried = body(position of the row, place, lanes, carried), along each row."""

    def read(self, vector: Value) -> list[Value]:
        return [vector]

    def _at(self, vector: Value, place: Index, lanes: int) -> Value:
        """Some of the numbers of a vector, in double."""
        b, element = self.b, self.rows.element
        return b.to_double(b.load(Type(element, lanes), b.at(vector, place, element)))

    def _double(self, base: Value, place: Index, lanes: int) -> Value:
        return self.b.load(Type("double", lanes), self.b.at(base, place))

    def _maxima(self, terms: Terms, count: int) -> list[Value]:
        """The largest of some absolute values, over all places."""

        def one(_: int, place: Index, lanes: int, found: list[Value]) -> Sequence[Value]:
            pairs = zip(terms(place, lanes), found, strict=True)
            return [self._maximum(self.b.fabs(value), old) for value, old in pairs]

        rows = self._each(lambda lanes: [self._nothing(lanes)] * count, one)
        return [self._tree([self._across(row[k]) for row in rows]) for k in range(count)]

    def _nothing(self, lanes: int) -> Value:
        return self.b.constant(0, Type("double", lanes))

    # -- norms ------------------------------------------------------------------------------------

    def finite(self, groups: Sequence[list[Value]]) -> Value:
        vectors = [vector for group in groups for vector in group]

        def one(_: int, place: Index, lanes: int, totals: list[Value]) -> Sequence[Value]:
            total = totals[0]
            for vector in vectors:
                total = self.b.fma(self._at(vector, place, lanes), 0.0, total)
            return [total]

        rows = self._each(lambda lanes: [self._nothing(lanes)], one)
        good: Value | None = None
        for (total,) in rows:
            fine = ~self.b.any_lane(self.b.ne(total, 0))
            good = fine if good is None else good & fine
        assert good is not None
        return good

    def largest(self, values: Sequence[Value]) -> Value:
        (vector,) = values
        return self._maxima(lambda place, lanes: [self._at(vector, place, lanes)], 1)[0]

    def measure(self, values: Sequence[Value]) -> Value:
        (vector,) = values
        if not self.weighted:
            return self.largest(values)
        weights = self.weight_memory
        assert weights is not None

        def weighted(place: Index, lanes: int) -> list[Value]:
            return [self._at(vector, place, lanes) * self._double(weights, place, lanes)]

        return self._maxima(weighted, 1)[0]

    def scale_of(self, state: Value, slopes: Sequence[Value], factor: Value) -> Value:
        b = self.b
        if not self.weighted:
            return self.with_motion(self.largest([state]), slopes, factor)
        weights, (slope,) = self.weight_memory, slopes
        assert weights is not None
        moving = b.fabs(factor)

        def one(_: int, place: Index, lanes: int, none: list[Value]) -> Sequence[Value]:
            moved = b.fabs(self._at(slope, place, lanes) * b.splat(moving, lanes))
            floor = self._double(self.tolerances, place, lanes)
            size = floor + self._maximum(b.fabs(self._at(state, place, lanes)), moved)
            zero = self._nothing(lanes)
            weight = b.select(size > 0, 1 / size, zero)
            b.store(b.select(weight < math.inf, weight, zero), b.at(weights, place))
            return none

        self._each(lambda lanes: [], one)
        return b.constant(1, Type("double"))

    def defect(self, slopes: Sequence[Value], predicted: Value, scale: Value, h: Value) -> Value:
        b, element, (vector,) = self.b, self.rows.element, slopes
        per_scale = b.from_double(1 / scale, element)  # exact
        factor, weights = b.fabs(h / scale), self.weight_memory

        def one(position: int, place: Index, lanes: int, found: list[Value]) -> Sequence[Value]:
            if not self.checked[position]:
                return found
            t = Type(element, lanes)
            value = b.load(t, b.at(vector, place, element))
            expected = b.load(t, b.at(predicted, place, element))
            difference = b.to_double(value * b.splat(per_scale, lanes) - expected)
            if weights is not None:
                most = b.constant(LARGEST_WEIGHT, Type("double", lanes))
                moved = b.fabs(b.to_double(value)) * b.splat(factor, lanes)
                weight = self._double(weights, place, lanes)
                weight = b.select(weight > 0, weight, 1 / moved)
                difference = difference * b.select(weight < most, weight, most)
            return [self._maximum(b.fabs(difference), found[0])]

        rows = self._each(lambda lanes: [self._nothing(lanes)], one)
        return self._tree([self._across(row[0]) for row in rows]) * h


class PlaceNorms(LoopNorms):
    """Of as many places as there are at run time, one by one.

    weights: room for them; found: where the defect is: which NaN comes through depends on the order
        in which its parts are compared, and that is a system's own.
    """

    def __init__(
        self,
        b: Builder,
        rows: StateRows,
        weighted: bool,
        tolerances: Value,
        weights: Value,
        found: Callable[[], Value],
    ) -> None:
        self._room = weights
        self._found = found
        super().__init__(b, rows, weighted, tolerances, ())

    def _weights(self) -> Value | None:
        return self._room if self.weighted else None

    def _each(self, carried: Callable[[int], list[Value]], body: Body) -> list[list[Value]]:
        def one(place: Index, values: list[Value]) -> Sequence[Value]:
            return body(0, place, 0, values)

        return [self.b.fold(0, self.rows.size, carried(0), one)]

    def largest(self, values: Sequence[Value]) -> Value:
        """By a function that has the loop once."""
        (vector,) = values
        given = *vector.parts, cast(Value, self.rows.size)
        return self.b.in_function("taylor.largest", F64, self._largest, *given)

    def _largest(self, b: Builder, *given: Value) -> Value:
        *parts, size = given
        inside = copy(self)
        inside.b, inside.rows = b, replace(self.rows, size=cast(int, size))
        return LoopNorms.largest(inside, [b.pointers(parts)])

    def defect(self, slopes: Sequence[Value], predicted: Value, scale: Value, h: Value) -> Value:
        return self._found()
