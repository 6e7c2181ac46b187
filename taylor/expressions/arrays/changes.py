"""NumPy's functions that change their argument, where that is an array that is being filled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.errors import TracingError, user_location
from taylor.expressions.arrays.settled import known_places, settled
from taylor.nodes import logic
from taylor.nodes.conversion import Mutable, as_expression
from taylor.nodes.node import Node


def _copy_to(a: Any, src: Any, casting: str = "", where: Any = True) -> None:
    now, new = a.now, as_expression(settled(src))
    a[...] = new if where is True else logic.where(settled(where), new, now)


def _fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    places = np.zeros(a.now.shape, np.bool_)
    np.fill_diagonal(places, True, wrap=wrap)
    value = as_expression(settled(val))
    if value.shape:  # repeated, or cut off, as NumPy does it
        count = int(places.sum())
        value = value.reshape(-1)[np.arange(count) % value.size]
    a[places] = value


def put_elements(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    places: Any = known_places(ind)
    _put_at(a, np.take(np.arange(a.now.size), places, mode=mode), v)  # type: ignore[call-overload]


def _put_at(a: Any, places: Any, given: Any) -> None:
    """Assign to places in row-major order, one value after the other, again from the first."""
    chosen, values = np.ravel(places), as_expression(settled(given)).reshape(-1)
    a.reshape(-1)[chosen] = values[np.arange(chosen.size) % values.size]


def _put_along(arr: Any, indices: Any, values: Any, axis: int | None = -1) -> None:
    places, shape = known_places(indices), arr.now.shape
    if isinstance(places, Node):
        raise TracingError(
            f"numpy.put_along_axis at {user_location()}: the indices are not known before "
            "evaluation; a[i] = value takes places that are expressions"
        )
    every = np.arange(arr.now.size).reshape(shape if axis is not None else -1)
    arr.reshape(-1)[np.take_along_axis(every, np.asarray(places), axis)] = values


def _put_mask(a: Any, mask: Any, values: Any) -> None:
    e, new = a.now, as_expression(settled(values))
    if new.shape not in ((), e.shape):
        new = new.reshape(-1)[np.arange(e.size) % new.size].reshape(e.shape)
    a[...] = logic.where(as_expression(settled(mask)), new, e)


def _place(arr: Any, mask: Any, vals: Any) -> None:
    test = known_places(mask)
    if (
        isinstance(test, Node) or np.asarray(test).dtype == object
    ):  # the next value for each element that holds, which may be any
        if np.size(settled(vals)) != 1:
            raise TracingError(
                f"numpy.place at {user_location()}: which elements hold is not known before "
                "evaluation; numpy.putmask and numpy.where take a value for each"
            )
        return _put_mask(arr, mask, np.reshape(settled(vals), ()))
    return _put_at(arr, np.flatnonzero(test), vals)


def _without_nan(x: Any, copy: bool = True, *args: Any, **options: Any) -> Any:
    found = np.nan_to_num(settled(x), True, *settled(args), **settled(options))
    if copy:
        return found
    x[...] = found
    return x


# The name of what is changed, and the rule.
CHANGES: dict[Any, tuple[str, Callable[..., Any]]] = {
    np.copyto: ("dst", _copy_to),
    np.fill_diagonal: ("a", _fill_diagonal),
    np.put: ("a", put_elements),
    np.put_along_axis: ("arr", _put_along),
    np.putmask: ("a", _put_mask),
    np.place: ("arr", _place),
    np.nan_to_num: ("x", _without_nan),
}


def changed(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """What a function of NumPy's returns that changes its argument; NotImplemented for others.

    Raises TracingError for an expression, which never changes.
    """
    if func not in CHANGES:
        return NotImplemented
    name, rule = CHANGES[func]
    rest = {key: value for key, value in kwargs.items() if key != name}
    target = args[0] if args else kwargs.get(name)
    if isinstance(target, Mutable):
        return rule(target, *args[1:], **rest)
    if isinstance(target, np.ndarray) and target.dtype == object and type(target) is not np.ndarray:
        made = as_expression(target).copy()
        found = rule(made, *args[1:], **rest)
        for place in np.ndindex(*target.shape):
            target[place] = made[place]
        return target if found is made else found
    copied = func is np.nan_to_num and (args[1] if len(args) > 1 else rest.get("copy", True))
    if isinstance(target, Node) and not copied:
        raise TracingError(
            f"numpy.{func.__name__} at {user_location()}: an expression never changes; make an "
            "array that does with a = x.copy(), numpy.zeros_like(x) or taylor.zeros(shape)"
        )
    return NotImplemented
