"""Typed access to the fields of structures in memory."""

from __future__ import annotations

from functools import cache

import numpy as np

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import F64, I64, PTR, Type, make_type
from taylor_runtime.ir.values import Index, Value


@cache
def _places(dtype: np.dtype) -> dict[str, tuple[int, Type]]:
    """Where fields are, and their types."""
    kinds = [(name, dtype[name].kind) for name in dtype.names or ()]
    return {name: (k, F64 if kind == "f" else I64) for k, (name, kind) in enumerate(kinds)}


class Fields:
    """Typed access to the fields, 8 bytes each, of a structure at a pointer.

    lanes: of a batch, whose structures lie side by side: all first fields, then all second ones.
    lane:  one of them alone; its fields are scalars.
    """

    def __init__(
        self, b: Builder, pointer: Value, dtype: np.dtype, lanes: int = 0, lane: Index | None = None
    ) -> None:
        self.b = b
        self.pointer = pointer
        self.dtype = dtype
        self.lanes = lanes
        self.lane = lane
        self._places = _places(dtype)

    def _place(self, name: str) -> tuple[Type, Value]:
        index, t = self._places[name]
        if not self.lanes:
            return t, self.b.at(self.pointer, index, "i64")
        place: Index = index * self.lanes
        if self.lane is not None:
            return t, self.b.at(self.pointer, self.lane + place, "i64")
        return make_type(t.element, self.lanes), self.b.at(self.pointer, place, "i64")

    def of_lane(self, lane: Index) -> Fields:
        """The structure of one of them."""
        return Fields(self.b, self.pointer, self.dtype, self.lanes, lane)

    def get(self, name: str) -> Value:
        return self.b.load(*self._place(name))

    def address(self, name: str) -> Value:
        """A field that holds an address."""
        return self.b.load(PTR, self._place(name)[1])

    def shared(self, name: str) -> Value:
        """An integer that functions which are called may change meanwhile."""
        return self.b.load_shared(self._place(name)[1])

    def set(self, name: str, value: Value | float | int, where: Value | None = None) -> None:
        """Set a field, in lanes where the condition holds."""
        t, place = self._place(name)
        if not isinstance(value, Value):
            value = self.b.constant(value, t)
        if where is not None and not self.b.decided(where):
            value = self.b.select(where, value, self.b.load(t, place))
        self.b.store(value, place)
