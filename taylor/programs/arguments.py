"""Arguments of users' functions taken apart: numbers, arrays, and the containers of these."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.control.tracing import has_nodes
from taylor.control.trees import CONDITION, flatten, is_leaf, kind_of
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.nodes.logic import condition
from taylor.numbers.precision import FLOAT64, Precision, as_array
from taylor.programs.quick import (
    LARGE,
    REAL,
    WHOLE,
    Read,
    Sort,
    Static,
    has_large,
    is_whole,
    reader,
    told,
)


class Arguments:
    """What a call has given: leaves, and how they are put together.

    leaves: numbers, arrays and expressions, in order; what is static is not among them.
    traced: whether expressions are among them.
    key:    equal for calls that one trace serves.
    """

    __slots__ = ("_count", "_function", "_places", "_static", "_tree", "key", "leaves", "traced")

    def __init__(
        self,
        name: str,
        function: Any,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        static: Sequence[int | str],
    ) -> None:
        args = tuple(args)
        chosen = {k if k >= 0 else k + len(args) for k in static if isinstance(k, int)}
        given = tuple(Static(x) if k in chosen else x for k, x in enumerate(args))
        named = {k: Static(x) if k in static else x for k, x in kwargs.items()}
        flat, self._tree = flatten(name, (given, named), opaque=True)
        self._function, self._count = function, len(args)
        self.leaves: list[Any] = []
        self._static: dict[int, Any] = {}
        self._places: list[int] = []
        self.traced = False
        kinds: list[Hashable] = []
        for place, leaf in enumerate(flat):
            if isinstance(leaf, bool) or not is_leaf(leaf):
                value = leaf.value if isinstance(leaf, Static) else leaf
                self._static[place] = value
                kinds.append(told(_hashable(name, value)))
                continue
            self.traced = self.traced or has_nodes(leaf)
            self.leaves.append(leaf)
            self._places.append(place)
        self.key: Hashable = (self._tree, self._tree.order, tuple(kinds), tuple(self._static))

    @property
    def objects(self) -> list[Any]:
        """What is static and may change within: functions, objects."""
        plain = (bool, str, bytes, int, float, complex, type(None))
        return [value for value in self._static.values() if not isinstance(value, plain)]

    @property
    def is_flat(self) -> bool:
        """Whether all are numbers and arrays, given by position, outside containers."""
        args, named = self._tree.children
        inside = any(child.kind is not None for child in args.children) or bool(named.children)
        return not (inside or self._static)

    def reader(self) -> Read:
        """What gives the leaves of pairs (args, kwargs) like these."""
        sorts: list[Sort] = [REAL] * (len(self._places) + len(self._static))
        for place, leaf in zip(self._places, self.leaves, strict=True):
            sorts[place] = WHOLE if is_whole(leaf) else REAL
        for place, value in self._static.items():
            sorts[place] = Static(value)
        return reader(self._tree, sorts)

    def as_arrays(self, kind: Precision) -> tuple[list[np.ndarray], Hashable]:
        """The numbers as arrays of a kind, and what they are: truth values, whole or real numbers,
        and their shapes.

        Raises ArgumentTypeError for what is no real number.
        """
        found, kinds = [], []
        for number, leaf in enumerate(self.leaves):
            if kind is FLOAT64 and _is_float64(leaf):
                array = np.asarray(leaf)
            else:
                array = as_array(leaf, kind, self.paths[number])
            shape = array.shape[: array.ndim - len(kind.axes)]
            kinds.append((_sort(leaf), shape))
            found.append(array)
        return found, tuple(kinds)

    @property
    def paths(self) -> list[str]:
        """How one would write each leaf."""
        paths = self._all_paths()
        return [paths[place] for place in self._places]

    @property
    def unlike_numbers(self) -> str:
        """What is handed on as it is though it may have been meant as a number, in words."""
        paths = self._all_paths()
        return ", ".join(
            f"{paths[place]} = {value!r:.40} of type {type(value).__name__}"
            for place, value in self._static.items()
            if not callable(value) and not isinstance(value, bool)
        )

    def _all_paths(self) -> list[str]:
        args, named = self._tree.children
        names = argument_names(self._function, self._count)
        paths = [p for n, child in zip(names, args.children, strict=True) for p in child.paths(n)]
        for key, child in zip(named.names, named.children, strict=True):
            paths += child.paths(str(key))
        return paths

    def rebuilt(self, leaves: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with other leaves."""
        flat: dict[int, Any] = dict(zip(self._places, leaves, strict=True)) | self._static
        args, kwargs = self._tree.build([flat[place] for place in range(len(flat))])
        return args, kwargs


def _sort(leaf: Any) -> str:
    if not is_whole(leaf):
        return kind_of(leaf)[0]
    return LARGE if has_large(leaf) else WHOLE


def _is_float64(leaf: Any) -> bool:
    return isinstance(leaf, float) or (type(leaf) is np.ndarray and leaf.dtype == np.float64)


def argument_names(function: Any, count: int) -> list[str]:
    """What the function calls its positional arguments."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "argument")
    return [*named, *[f"{rest}[{k}]" for k in range(count - len(named))]][:count]


def static_both_ways(
    name: str, function: Any, static: Sequence[int | str]
) -> tuple[int | str, ...]:
    """Static arguments by position and by name, since a call may give them in either way.

    Raises ArgumentError for a name that the function has not.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return tuple(static)
    kinds = {p.kind for p in parameters}
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = {p.name: k for k, p in enumerate(places) if p.kind is p.POSITIONAL_OR_KEYWORD}
    others = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    found: dict[int | str, None] = {}
    for one in static:
        found[one] = None
        if isinstance(one, str):
            if one in names:
                found[names[one]] = None
            elif one not in others and inspect.Parameter.VAR_KEYWORD not in kinds:
                raise ArgumentError(f"{name}: static argument {one!r} is none of the function's")
        elif one >= 0 or inspect.Parameter.VAR_POSITIONAL not in kinds:
            place = one if one >= 0 else one + len(places)
            found |= {key: None for key, k in names.items() if k == place}
    return tuple(found)


def _hashable(name: str, value: Any) -> Hashable:
    try:
        hash(value)
    except (TypeError, ValueError):
        others = "use numbers, arrays, and tuples, lists, dictionaries, dataclasses of these"
        remedy = others
        if isinstance(value, Mapping | Sequence | deque):
            kind = "dict" if isinstance(value, Mapping) else "list"
            remedy = f"{kind}(...) of it is one of the containers that are taken apart"
        elif hasattr(value, "__array__") and not isinstance(value, np.ndarray):
            remedy = "numpy.asarray(...) makes an array of it"
        raise ArgumentTypeError(
            f"{name}: {' '.join(repr(value).split()):.60} of type {type(value).__name__} is "
            f"neither numbers nor can it be told from others (it has no hash); {remedy}"
        ) from None
    return value  # type: ignore[no-any-return]


_SORTS = {WHOLE: "whole", CONDITION: "whole", LARGE: "began whole"}


def stand_in(path: str, kind: str, shape: tuple[int, ...]) -> tuple[Expression, Expression]:
    """A new argument, and what the function sees of it: a condition, where that was given."""
    own = argument(path, shape)
    own.payload.whole = kind in (WHOLE, LARGE, CONDITION)  # type: ignore[attr-defined]
    own.payload.sort = _SORTS.get(kind, "real")  # type: ignore[attr-defined]
    return own, condition(own) if kind == CONDITION else own


def is_differentiable(leaf: Any) -> bool:
    """Whether a leaf is real: neither whole numbers by their type, nor truth values."""
    return not is_whole(leaf) and kind_of(leaf)[0] != CONDITION


def checked_argnums(name: str, argnums: Any) -> None:
    """Raise ArgumentTypeError for what is no position of an argument, nor several."""
    listed = argnums if isinstance(argnums, tuple | list) else (argnums,)
    for number in listed:
        if isinstance(number, bool) or not isinstance(number, int | np.integer):
            raise ArgumentTypeError(
                f"{name}: argnums={argnums!r} has to be an int or a tuple of ints"
            )
    if not listed:
        raise ArgumentError(f"{name}: argnums is empty; name at least one argument")


def chosen_places(name: str, numbers: Sequence[int], count: int) -> list[int]:
    """Positions counted from the front; ArgumentError for arguments that are not there."""
    found = [number + count if number < 0 else number for number in numbers]
    for number, place in zip(numbers, found, strict=True):
        if not 0 <= place < count:
            raise ArgumentError(
                f"{name}: argnums has {number}, and the call has {count} positional argument(s)"
            )
    if len(set(found)) < len(found):
        raise ArgumentError(f"{name}: argnums={tuple(numbers)} names an argument twice")
    return found
