"""The run-time parameters of an integrator, by name or by expression."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from taylor.expression import Expression

Key = Expression | str


class Parameters(MutableMapping[Key, float]):
    """A fixed set of parameters with values that may be set at any time: `parameters[k] = 9.8`.

    Keys are the parameter expressions or their names; iteration gives the names. Initial values
    are a mapping, or a sequence in the order of the parameters (as for a function rhs(t, y, p)).
    """

    def __init__(self, expressions: Sequence[Expression], values: Any) -> None:
        self._places = {str(e): i for i, e in enumerate(expressions)}
        self._values = np.full(len(expressions), np.nan)
        for key, value in self._named(values).items():
            self[key] = value
        missing = [name for name, i in self._places.items() if math.isnan(self._values[i])]
        if missing:
            raise ValueError(
                f"no value for parameter {missing[0]!r}; pass parameters={{{missing[0]}: ...}}"
            )

    def _named(self, values: Any) -> Mapping[Key, Any]:
        if values is None:
            return {}
        if isinstance(values, Mapping):
            return values
        given = np.atleast_1d(values)
        if given.ndim != 1 or len(given) != len(self._places):
            raise ValueError(
                "parameters must be a mapping or one number for each of "
                f"({', '.join(self._places) or 'no parameter'}), got shape {given.shape}"
            )
        return dict(zip(self._places, given.tolist(), strict=True))

    def _place(self, key: Key) -> int:
        name = str(key)
        if name not in self._places:
            known = ", ".join(self._places) or "none"
            raise ValueError(f"the system has no parameter {name!r}; it has: {known}")
        return self._places[name]

    def __getitem__(self, key: Key) -> float:
        return float(self._values[self._place(key)])

    def __setitem__(self, key: Key, value: Any) -> None:
        place = self._place(key)
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"the value of parameter {key} must be a number, got {value!r}"
            ) from None
        if not math.isfinite(number):
            raise ValueError(f"the value of parameter {key} must be finite, got {number!r}")
        self._values[place] = number

    def __delitem__(self, key: Key) -> None:
        raise TypeError("parameters of a compiled system cannot be removed")

    def __iter__(self) -> Iterator[Key]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return f"Parameters({dict(self.items())!r})"

    def array(self) -> np.ndarray:
        """The values in the order of the compiled system."""
        return self._values.copy()
