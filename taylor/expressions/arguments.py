"""What functions are traced with: arguments that are nodes of their own, never found by name.

Every tracing makes new ones, so that two functions inside one another cannot confuse theirs, nor
one of them a variable of the user's of the same name.  An argument prints with the name that it has
in the function.  Where equal functions should meet in a cache, `structure` says what they compute
of their arguments, whichever these are.

While a function is traced its arguments are *open*.  What another function captures of them is a
value that is not known yet, and derivatives inside (`taylor.jet` and the like) become expressions
of it.  An argument that got out of a finished trace stands for nothing any more.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.nodes.node import node
from taylor.nodes.traverse import inputs, reachable
from taylor.numbers import exact as constants

_number = itertools.count().__next__
_PROCESS = os.urandom(8).hex()
_known: WeakValueDictionary[tuple[str, int], ArgumentName] = WeakValueDictionary()


class ArgumentName(str):
    """The name of an argument; two are equal only where they are one.

    open: whether the function that has it is being traced.
    kept: whether it has a meaning afterwards, as the states of a traced right-hand side have.
    whole: whether it stands for whole numbers, by their type.
    sort: what programs know of it: "whole", "real", "turn" of a loop, "began whole" where turns may
        make something else of it, or "" for nothing.
    """

    __slots__ = ("__weakref__", "_key", "kept", "open", "sort", "whole")

    _key: tuple[str, int]
    kept: bool
    open: bool
    whole: bool
    sort: str

    def __new__(cls, name: str, key: tuple[str, int] | None = None) -> ArgumentName:
        made = super().__new__(cls, name)
        made._key = key or (_PROCESS, _number())
        made.kept = key is not None
        made.open = made.whole = False
        made.sort = ""
        _known[made._key] = made
        return made

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __copy__(self) -> ArgumentName:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> ArgumentName:
        return self

    def __reduce__(self) -> tuple[Callable[..., ArgumentName], tuple[Any, ...]]:
        return _loaded, (str(self), self._key)


def _loaded(name: str, key: tuple[str, int]) -> ArgumentName:
    """The argument with this key: the same object for all that is unpickled."""
    found = _known.get(key)
    return ArgumentName(name, key) if found is None else found


def argument(name: str, shape: int | Sequence[int] = (), kind: str = "variable") -> Expression:
    """A new argument, which is no other's equal.

    kind: "variable" or "parameter".

    >>> argument("x"), argument("x") is argument("x")
    (x, False)
    """
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    return node(kind, (), ArgumentName(name), sizes)


def kept(*made: Expression) -> tuple[Expression, ...]:
    """Arguments that keep their meaning when nothing is traced: placeholders of definitions."""
    for e in made:
        e.payload.kept = True
    return made


@contextmanager
def traced(arguments: Sequence[Expression]) -> Iterator[None]:
    """A function is called with these arguments meanwhile."""
    leaves = _leaves(arguments)
    names = [leaf.payload for leaf in leaves if isinstance(leaf.payload, ArgumentName)]
    for name in names:
        name.open = True
    try:
        yield
    finally:
        for name in names:
            name.open = False


def captured(results: Sequence[Expression], arguments: Sequence[Expression]) -> list[Expression]:
    """What else than its arguments the results of a function depend on, in order of creation.

    Raises ArgumentError for an argument of a trace that is over.
    """
    own = set(_leaves(arguments))
    found = [leaf for leaf in inputs(results) if leaf not in own]
    for leaf in found:
        if isinstance(leaf.payload, ArgumentName) and not (leaf.payload.open or leaf.payload.kept):
            raise ArgumentError(
                f"the function uses {leaf}, an argument of another function that was called "
                "before: something has kept it (a cache, a global, an attribute); return results "
                "from functions instead"
            )
    return found


def _leaves(arguments: Sequence[Expression]) -> Sequence[Expression]:
    """The inputs that arguments are made of: most are inputs themselves."""
    return inputs(arguments) if any(e.args for e in arguments) else arguments


def has_expressions(value: Any) -> bool:
    """Whether numbers are given as expressions, in part at least."""
    if isinstance(value, Expression):
        return True
    if isinstance(value, np.ndarray):
        return value.dtype == object and any(isinstance(v, Expression) for v in value.flat)
    return isinstance(value, list | tuple) and any(has_expressions(v) for v in value)


def structure(roots: Sequence[Expression], arguments: Sequence[Expression]) -> Hashable:
    """What scalar roots compute of the arguments: equal for functions that do the same.

    A node is told by its operation, its payload and the places of its operands, an argument by its
    position, any other leaf by its id: keep the roots as long as the result.

    >>> x, y = argument("x"), argument("y")
    >>> structure([2 * x + 1], [x]) == structure([2 * y + 1], [y])
    True
    """
    places = {x: -1 - i for i, x in enumerate(arguments)}
    records: list[tuple[Hashable, ...]] = []
    for e in reachable(roots, stop=places.__contains__):
        if e in places:
            continue
        if not e.args:
            record: tuple[Hashable, ...] = (e.id,)
        elif e.op == "linear":
            numbers, offset = e.payload
            record = (constants.key(offset), *map(constants.key, numbers))
            record = (e.op, record, *[places[arg] for arg in e.args])
        else:
            record = (e.op, e.payload, *[places[arg] for arg in e.args])
        places[e] = len(records)
        records.append(record)
    return (*records, *[places[root] for root in roots])
