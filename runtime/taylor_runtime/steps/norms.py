"""Maximum norms over the state, as the step-size control wants them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import make_type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.verify import operand_rows
from taylor_runtime.series.protocol import Series
from taylor_runtime.steps.states import StateRows

CONFIRMED = 2.0**-1000  # a weight by which no defect is anything
LARGEST_WEIGHT = 2.0**860  # a component may be off by its reciprocal, whatever its size


class StateNorms:
    """Norms of state-shaped values: one absolute maximum, or per component relative to s_i.

    With weights, s_i = floor_i + max(|x_i|, |h x'_i|), floor_i = atol_i / rtol_i, is computed by
    `scale_of`; the norm N is then 1.  With a batch all of it is per trajectory, in lanes.
    """

    def __init__(
        self,
        b: Builder,
        rows: StateRows,
        weighted: bool,
        tolerances: Value,
        checked: Sequence[bool],
    ) -> None:
        """checked: the rows whose slopes are to be confirmed, see `checked_rows`."""
        self.b = b
        self.rows = rows
        self.lanes = rows.lanes
        self.weighted = weighted
        self.tolerances = tolerances
        self.checked = checked
        self.weight_memory = self._weights()

    def _weights(self) -> Value | None:
        """Room for the weights of all places of the state vector."""
        return self.b.alloca("double", self.rows.size) if self.weighted else None

    def begin(self) -> None:
        """What a call of the step loop finds: a step that waits has been confirmed before the last
        one was left, when its weights were known; with these here it is so again.
        """
        if self.weight_memory is not None and not self.lanes:
            least, place = self.b.constant(CONFIRMED, make_type("double", 0)), self.weight_memory

            def one(k: Index, _: list[Value]) -> Sequence[Value]:
                self.b.store(least, self.b.at(place, k))
                return []

            self.b.fold(0, self.rows.size, [], one)

    def values(self, make: Callable[[int, Chunk], Value], steps: bool = True) -> list[Value]:
        """State-shaped values: make(row, chunk) for all chunks of all state rows.

        steps: whether `make` speaks of rows that a state row's step uses.
        """
        return self.rows.values(make)

    def read(self, vector: Value) -> list[Value]:
        """State-shaped values from memory, of the kind of number of the state."""
        return self.rows.load_all(self.b, vector)

    def finite(self, groups: Sequence[list[Value]]) -> Value:
        """i1: no infinity and no NaN among the values (0 * x is 0 for finite x alone)."""
        by_lanes: dict[int, Value] = {}
        for value in (self.b.to_double(value) for group in groups for value in group):
            total = by_lanes.get(value.lanes)
            zero = self.b.constant(0, value.type) if total is None else total
            by_lanes[value.lanes] = self.b.fma(value, 0.0, zero)
        result: Value | None = None
        for total in by_lanes.values():
            bad = self.b.ne(total, 0)
            good = ~(bad if self.lanes else self.b.any_lane(bad))
            result = good if result is None else result & good
        assert result is not None
        return result

    def _maximum(self, a: Value, b: Value) -> Value:
        return self.b.select(a > b, a, b)

    def largest(self, values: Sequence[Value]) -> Value:
        """max |value| of a trajectory; NaN is passed over."""
        absolute = [self.b.fabs(value) for value in self._doubles(values)]
        by_lanes: dict[int, list[Value]] = {}
        for value in absolute:
            by_lanes.setdefault(value.lanes, []).append(value)
        return self._tree([self._across(self._tree(group)) for group in by_lanes.values()])

    def _tree(self, values: list[Value]) -> Value:
        while len(values) > 1:
            paired = [self._maximum(a, c) for a, c in zip(values[::2], values[1::2], strict=False)]
            values = paired + ([values[-1]] if len(values) % 2 else [])
        return values[0]

    def _across(self, value: Value) -> Value:
        """Maximum over the lanes of one trajectory."""
        if self.lanes:
            return value
        lanes = value.lanes
        while lanes > 1:
            lanes //= 2
            low = self.b.shuffle(value, None, list(range(lanes)))
            high = self.b.shuffle(value, None, list(range(lanes, 2 * lanes)))
            value = self._maximum(low, high)
        return self.b.extract(value, 0) if value.lanes else value

    def largest_state(self, state: Value) -> Value:
        return self.largest(self.read(state))

    def _doubles(self, values: Sequence[Value]) -> list[Value]:
        """State numbers of any kind, rounded: sizes and steps are estimated in double."""
        return [self.b.to_double(value) for value in values]

    def measure(self, values: Sequence[Value]) -> Value:
        """The norm of state-shaped values."""
        values = self._doubles(values)
        if self.weighted:
            values = [v * w for v, w in zip(values, self._current_weights(), strict=True)]
        return self.largest(values)

    def scale_of(self, state: Value, slopes: Sequence[Value], factor: Value) -> Value:
        """N for the coming step; `factor` times the scaled slopes is h_previous x'."""
        b = self.b
        x, slopes = self._doubles(self.rows.load_all(b, state)), self._doubles(slopes)
        if not self.weighted:
            return self.with_motion(self.largest(x), slopes, factor)
        assert self.weight_memory is not None
        floors = self.rows.load_all(b, self.tolerances, "double")
        targets = self._addresses(self.weight_memory)
        for value, slope, floor, target in zip(x, slopes, floors, targets, strict=True):
            moved = b.fabs(slope * b.splat(b.fabs(factor), slope.lanes))
            size = floor + self._maximum(b.fabs(value), moved)
            weight = b.select(size > 0, 1 / size, b.constant(0, size.type))
            b.store(b.select(weight < math.inf, weight, b.constant(0, size.type)), target)
        return b.constant(1, make_type("double", self.lanes))

    def with_motion(self, norm: Value, slopes: Sequence[Value], factor: Value) -> Value:
        """max(N, |h x'|), `factor` times the slopes being h x'; N itself with weights."""
        if self.weighted:
            return norm
        return self._maximum(norm, self.largest(slopes) * self.b.fabs(factor))

    def _addresses(self, base: Value) -> list[Value]:
        return [
            self.b.at(base, start + chunk.offset)
            for start, width in zip(self.rows.starts, self.rows.widths, strict=True)
            for chunk in self.rows.chunks(width)
        ]

    def _current_weights(self) -> list[Value]:
        assert self.weight_memory is not None
        return self.rows.load_all(self.b, self.weight_memory, "double")

    def defect(self, slopes: Sequence[Value], predicted: Value, scale: Value, h: Value) -> Value:
        """The norm of h (predicted slope - f); `slopes` are scaled by the power of two `scale`."""
        per_scale = self.b.from_double(1 / scale, self.rows.element)  # exact
        counts = [len(self.rows.chunks(width)) for width in self.rows.widths]
        checked = [c for c, many in zip(self.checked, counts, strict=True) for _ in range(many)]
        differences = []
        loaded = self.rows.load_all(self.b, predicted)
        for wanted, value, expected in zip(checked, slopes, loaded, strict=True):
            difference = self.b.to_double(value * per_scale - expected)
            differences.append(difference if wanted else self.b.constant(0, difference.type))
        if self.weighted:
            moved = self._by_motion(differences, self._doubles(slopes), h / scale)
            return self.largest(moved) * h
        return self.measure(differences) * h

    def _by_motion(
        self, differences: Sequence[Value], slopes: Sequence[Value], factor: Value
    ) -> list[Value]:
        """Weighted, but what began at rest at zero (weight 0) by its motion, `factor` * slope."""
        b, result = self.b, []
        for value, weight, slope in zip(differences, self._current_weights(), slopes, strict=True):
            moved = b.fabs(slope) * b.splat(b.fabs(factor), slope.lanes)
            most = b.constant(LARGEST_WEIGHT, weight.type)
            weight = b.select(weight > 0, weight, 1 / moved)
            result.append(value * b.select(weight < most, weight, most))
        return result


def checked_rows(series: Series, rows: StateRows) -> tuple[bool, ...]:
    """Whether the slope of a state row has to be confirmed: not where it is itself a state.

    Then it is off by that state's last term alone, which the step size bounds already.
    """
    program = series.program
    states = set(rows.rows)

    def is_state(row: int) -> bool:
        gather = program.rows[row].gather
        return all(source in states for source, _ in gather.sources) if gather else row in states

    return tuple(
        not all(is_state(used) for term in step.terms for used in operand_rows(term.operand))
        if (step := program.rows[row].step) is not None
        else False
        for row in rows.rows
    )
