"""a[condition] of an array that is being filled, for the time until it is assigned to again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.lib.mixins import NDArrayOperatorsMixin

from taylor.errors import TaylorError, TracingError, user_location
from taylor.expressions.arrays.settled import settled
from taylor.nodes import arrays, logic
from taylor.nodes.conversion import as_expression


class Chosen(NDArrayOperatorsMixin):
    """a[condition]: elements of which nobody knows yet how many there are.

    They take part in functions of each element, and may be assigned to the same elements again, as
    in ``a[condition] *= 2``.

    fault: what is raised for all other uses.
    """

    def __init__(self, whole: Any, test: Any, fault: TaylorError | None = None) -> None:
        self._whole, self._test = whole, test
        self.fault = fault or TracingError(
            f"a[condition] at {user_location()}: which elements hold is not known before "
            "evaluation; numpy.where(condition, value, other) chooses"
        )

    def where_it_holds(self, key: Any, now: Any) -> Any:
        """The array with these elements where the condition, the key, holds."""
        if key is not self._test:
            raise self.fault
        test = arrays.reshape(self._test, (*key.shape, *[1] * (now.ndim - key.ndim)))
        return logic.where(test, self._whole, now)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        (out,) = options.pop("out", None) or (None,)
        wholes = []
        for value in inputs:
            if isinstance(value, Chosen):
                fits, e = value._test is self._test, value._whole
            else:
                e = as_expression(settled(value))
                fits = not e.shape
            if not fits:
                raise self.fault
            wholes.append(e)
        if method != "__call__" or options or not (out is None or out is self):
            raise self.fault
        found = ufunc(*wholes)
        if out is None:
            return Chosen(found, self._test, self.fault)
        self._whole = found
        return self

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise self.fault

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "fault":
            raise AttributeError(name)
        raise self.fault

    def __len__(self) -> int:
        raise self.fault

    def __iter__(self) -> Iterator[Any]:
        raise self.fault

    def __getitem__(self, key: Any) -> Any:
        raise self.fault
