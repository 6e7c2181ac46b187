"""The run-time parameters of an integrator, by name or by expression."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.numbers.precision import FLOAT64, Precision, as_array, leading
from taylor.numbers.types import Numbers
from taylor.systems.names import UNUSED, Key, Names


class Parameters(MutableMapping[Key, Any]):
    """A fixed set of parameters with values that may be set at any time: `parameters[k] = 9.8`.

    Keys are the parameter expressions or their names; an array parameter has an array of its
    shape, NaN where the system does not use an element. Iteration gives the names of scalars.
    Initial values are a mapping, or a sequence in the order of the parameters (as for a function
    rhs(t, y, p)).
    Values are floats; in double-double they are whatever `taylor.from_mpmath` takes, or pairs
    (high, low), and come back as mpmath numbers.
    """

    def __init__(
        self, expressions: Sequence[Expression], values: Any, kind: Precision = FLOAT64
    ) -> None:
        self._kind = kind
        self._names = Names(expressions, "parameter", partial=True)
        self._plain: dict[Key, int] = {}  # places of keys of single numbers, once they are known
        self._values = np.full((len(expressions), *kind.axes), np.nan, dtype=kind.dtype)
        for key, value in self._named(values).items():
            self[key] = value
        first = leading(self._values, kind)
        if np.isnan(first).any():
            name = next(name for name, i in self._names.places.items() if math.isnan(first[i]))
            raise ArgumentError(f"no value for parameter {name!r}; pass parameters={{{name}: ...}}")

    def _named(self, values: Any) -> Mapping[Key, Any]:
        if values is None:
            return {}
        if isinstance(values, Mapping):
            return values
        given = np.atleast_1d(np.array(values, dtype=object))
        whole = given.ndim > 1 and given.shape[1:] == self._kind.axes
        if len(given) != len(self._names) or not (given.ndim == 1 or whole):
            raise ArgumentError(
                "parameters must be a mapping or one number for each of "
                f"({', '.join(self._names.places) or 'no parameter'}), got shape {given.shape}"
            )
        return dict(zip(self._names.places, given, strict=True))

    def __getitem__(self, key: Key) -> Any:
        places = self._names[key]
        values = self._values[places]
        if not places.shape:
            return self._kind.for_users(values)
        values[places == UNUSED] = np.nan
        return self._kind.for_users(values)

    def __setitem__(self, key: Key, value: Numbers) -> None:
        if type(value) is float and math.isfinite(value):
            try:
                self._values[self._plain[key]] = value
                return
            except (KeyError, TypeError):  # it may be no key at all
                pass
        if self._set_plainly(key, value):
            return
        spread = self._names.spread(key, value, len(self._kind.axes))
        numbers = [(place, self._number(key, number)) for place, number in spread]
        for place, number in numbers:
            self._values[place] = number
        if self._kind is FLOAT64 and len(spread) == 1 and not self._names[key].shape:
            self._plain[key] = spread[0][0]

    def _set_plainly(self, key: Key, value: Any) -> bool:
        """Whether the value is a whole array of finite floats, which is then set at once."""
        if type(value) is not np.ndarray or value.dtype != np.float64 or self._kind.axes:
            return False
        places = self._names[key]
        if not value.ndim or value.shape != places.shape or not np.isfinite(value).all():
            return False
        known = places != UNUSED
        with np.errstate(over="ignore"):
            rounded = value[known].astype(self._kind.dtype)
        if not np.isfinite(rounded).all():
            return False
        self._values[places[known]] = rounded
        return True

    def _number(self, key: Key, value: Any) -> np.ndarray:
        try:
            with np.errstate(over="ignore"):
                array = as_array(value, self._kind, f"the value of parameter {key}", 0)
        except ArgumentTypeError:
            array = np.empty(0)
        if array.shape != self._kind.axes:
            raise ArgumentTypeError(f"the value of parameter {key} must be a number, got {value!r}")
        number = leading(array, self._kind)
        if not np.isfinite(number):
            raise ArgumentError(
                f"the value of parameter {key} must be finite, got {float(number)!r}"
            )
        return array

    def __delitem__(self, key: Key) -> None:
        raise ArgumentTypeError("parameters of a compiled system cannot be removed")

    def __iter__(self) -> Iterator[Key]:
        return iter(self._names.places)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"Parameters({dict(self.items())!r})"

    def __copy__(self) -> Parameters:
        """Parameters of their own with the same values."""
        other = object.__new__(Parameters)
        other.__dict__ = self.__dict__.copy()
        other._plain = {}
        other._values = self._values.copy()
        return other

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_plain"}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.__dict__.update(kept, _plain={})

    def array(self) -> np.ndarray:
        """The values in the order of the compiled system, shape (m,), or (m, 2) of pairs."""
        return self._values.copy()
