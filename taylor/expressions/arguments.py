"""What functions are traced with: arguments that are nodes of their own, never found by name.

Every tracing makes new ones, so that two functions inside one another cannot confuse theirs, nor
one of them a variable of the user's of the same name.  An argument prints with the name that it has
in the function.  Where equal functions should meet in a cache, `canonical` puts equal arguments in
their places.

While a function is traced its arguments are *open*.  What another function captures of them is a
value that is not known yet, and derivatives inside (`taylor.jet` and the like) become expressions
of it.  An argument that got out of a finished trace stands for nothing any more.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.nodes.node import node
from taylor.nodes.traverse import inputs, reachable

_number = itertools.count().__next__
_PROCESS = os.urandom(8).hex()
_known: WeakValueDictionary[tuple[str, int], ArgumentName] = WeakValueDictionary()


class ArgumentName(str):
    """The name of an argument; two are equal only where they are one.

    open: whether the function that has it is being traced.
    kept: whether it has a meaning afterwards, as the states of a traced right-hand side have.
    """

    __slots__ = ("__weakref__", "_key", "kept", "open")

    _key: tuple[str, int]
    kept: bool
    open: bool

    def __new__(cls, name: str, key: tuple[str, int] | None = None) -> ArgumentName:
        made = super().__new__(cls, name)
        made._key = key or (_PROCESS, _number())
        made.kept = key is not None
        made.open = False
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
    names = [leaf.payload for leaf in inputs(arguments) if isinstance(leaf.payload, ArgumentName)]
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
    own = set(inputs(arguments))
    found = [leaf for leaf in inputs(results) if leaf not in own]
    for leaf in found:
        if isinstance(leaf.payload, ArgumentName) and not (leaf.payload.open or leaf.payload.kept):
            raise ArgumentError(
                f"the function uses {leaf}, an argument of another function that was called "
                "before: something has kept it (a cache, a global, an attribute); return results "
                "from functions instead"
            )
    return found


def has_expressions(value: Any) -> bool:
    """Whether numbers are given as expressions, in part at least."""
    if isinstance(value, Expression):
        return True
    if isinstance(value, np.ndarray):
        return value.dtype == object and any(isinstance(v, Expression) for v in value.flat)
    return isinstance(value, list | tuple) and any(has_expressions(v) for v in value)


@cache
def canonical(count: int) -> tuple[Expression, ...]:
    """Arguments that stand for those of any function of so many, in keys of caches."""
    return kept(*(argument(f"x{i}" if count > 1 else "x") for i in range(count)))


def renamed(
    roots: Sequence[Expression], names: Mapping[Expression, Expression]
) -> list[Expression]:
    """The same expressions of other inputs; nothing is simplified, as nothing else changes.

    >>> x, y = argument("x"), argument("y")
    >>> renamed([x * 2 + 1], {x: y})
    [2*y + 1]
    """
    done: dict[Expression, Expression] = dict(names)
    for e in reachable(roots, stop=names.__contains__):
        if e not in done:
            args = tuple(done[arg] for arg in e.args)
            unchanged = all(new is old for new, old in zip(args, e.args, strict=True))
            done[e] = e if unchanged else node(e.op, args, e.payload, e.shape)
    return [done[root] for root in roots]
