"""Nodes: immutable, hash-consed, of a directed acyclic graph, with shapes.

A node is (op, args, payload, shape); `taylor/README.md` lists the ops.  Equal expressions are the
same object, kept in a weak table, so identity (`is`) is equality and common subexpressions need no
pass.  The table's key orders the operands of commutative operations; `args` keep the order in which
they were first written, which is the order they print in.
"""

from __future__ import annotations

import ctypes
import gc
import itertools
import math
import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from operator import itemgetter
from typing import Any, NoReturn, Self, TypeVar

import numpy as np

from taylor.errors import ArgumentTypeError, ShapeError, user_location
from taylor.numbers import exact as constants
from taylor.numbers.data import ArrayData
from taylor.numbers.exact import Number

Shape = tuple[int, ...]
N = TypeVar("N", bound="Node")

COMPARISONS = frozenset(("lt", "le", "gt", "ge", "eq", "ne"))
CONDITIONS = COMPARISONS | {"and", "or", "not"}
LEAVES = frozenset(("constant", "variable", "parameter", "time"))
_COMMUTATIVE = frozenset(("mul", "eq", "ne", "and", "or"))


class _Fields:
    """What a node holds, while it is made: its class then changes to one that is immutable."""

    __slots__ = ("__weakref__", "args", "id", "op", "payload", "shape")

    op: str
    args: tuple[Node, ...]
    payload: Any
    shape: Shape
    id: int


class Node(_Fields):
    """One node: a number, an input, or an operation on other nodes; a real scalar or array.

    Made by `node` and the constructors of normal forms, never directly.

    op:      name of the operation.
    args:    operand nodes.
    payload: what else defines the operation (a number, a name, coefficients, indices), hashable.
    shape:   shape of the value; () for a scalar.
    id:      position in the order of creation; operands always have smaller ids than results.
    """

    __slots__ = ()

    args: tuple[Self, ...]

    def __init__(self, *_: object) -> None:
        raise ArgumentTypeError(
            "Expression: nodes are not made directly; use taylor.variable, parameter or constant"
        )

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"Expression: nodes are immutable, {name!r} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"Expression: nodes are immutable, {name!r} cannot be deleted")

    # --- identity, copies, pickles -------------------------------------------------------------
    __hash__ = object.__hash__

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    @property
    def ndim(self) -> int:
        """Number of axes; 0 for a scalar."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements; 1 for a scalar."""
        return math.prod(self.shape)

    def __init_subclass__(cls) -> None:
        """Nodes are made of the class that was defined last, and those there are become of it.

        So operations on nodes can be defined above what makes nodes.
        """
        global _class
        _class = cls
        for entry in _table.values():
            found = entry()
            if found is not None:
                object.__setattr__(found, "__class__", cls)


# --- the table of nodes ----------------------------------------------------------


class _Entry(weakref.ref[Node]):
    __slots__ = ("key",)
    key: Hashable


_table: dict[Hashable, _Entry] = {}
_lock = threading.RLock()
# Keys of nodes that died.  The weak-reference callback may run at any moment in any thread, so it
# only appends here (atomic); entries are removed or replaced under the lock alone.
_dead: deque[Hashable] = deque()
_recent: list[_Entry] = []  # of nodes made since `_settle` ran last
_FEW = 32 - 1  # nodes, less one
_next_id = itertools.count().__next__

_class: type[Node] = Node  # of which nodes are made
_new = object.__new__

_PLAIN = LEAVES | {"linear", "index"}  # whose payloads are names and numbers
# By address: an object as argument takes half as long again.
_untrack = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(("PyObject_GC_UnTrack", ctypes.pythonapi))


def _forget(entry: Any, append: Callable[[Hashable], None] = _dead.append) -> None:
    append(entry.key)


def intern_node(key: Hashable, op: str, args: tuple[N, ...], payload: Any, shape: Shape) -> N:
    """Return the node filed under `key`, creating it if there is none.  No simplification."""
    found: Any
    entry = _table.get(key)
    if entry is not None:
        found = entry()
        if found is not None:
            return found
    number = _next_id()
    created: Any = _new(_Fields)
    created.op = op
    created.args = args
    created.payload = payload
    created.shape = shape
    created.id = number
    created.__class__ = _class
    entry = _Entry(created, _forget)
    entry.key = key
    if _table.setdefault(key, entry) is not entry:
        with _lock:
            present = _table.get(key)
            found = None if present is None else present()
            if found is not None:  # another thread was faster
                return found
            _table[key] = entry  # in the place of a dead one
    _recent.append(entry)
    if not number & _FEW:
        _settle()
    return created


def _settle() -> None:
    """Take entries of dead nodes away, and hide new nodes that cannot be in cycles from Python's
    collector, which would walk over all of them again and again while a large system is written,
    half of the time.  These are plain data, and operations on nodes that are hidden.
    """
    with _lock:
        fresh = _recent[:]
        del _recent[: len(fresh)]
        while _dead:
            gone = _dead.popleft()
            present = _table.get(gone)
            if present is not None and present() is None:
                del _table[gone]
        is_tracked, untrack = gc.is_tracked, _untrack
        for entry in fresh:
            e = entry()
            if e is None:
                continue
            op, args = e.op, e.args
            if (e.payload is not None and op not in _PLAIN) or op.__class__ is not str:
                continue
            for arg in args:
                if is_tracked(arg):
                    break
            else:
                untrack(id(e))
                untrack(id(entry))
                untrack(id(args))


def node(op: str, args: tuple[N, ...], payload: Any, shape: Shape) -> N:
    """Return the hash-consed node with these fields, as they are: no simplification, no checks.

    >>> x = node("variable", (), "x", ())
    >>> node("mul", (x, x), None, ()) is node("mul", (x, x), None, ())
    True
    """
    key: Hashable
    if op == "linear":
        coefficients, offset = payload
        numbers = [constants.key(c) for c in coefficients]
        if len(args) == 1:
            key = (op, numbers[0], constants.key(offset), args[0].id)
        else:
            pairs = sorted(zip((a.id for a in args), numbers, strict=True), key=itemgetter(0))
            key = (op, tuple(c for _, c in pairs), *(i for i, _ in pairs))
    elif op in _COMMUTATIVE:
        key = (op, *sorted(a.id for a in args))
    elif op == "constant":
        key = (op, shape, payload if type(payload) is ArrayData else constants.key(payload))
    elif op in LEAVES:
        key = (op, payload, shape)
    else:
        key = (op, payload, *(a.id for a in args))
    return intern_node(key, op, args, payload, shape)


def constant_node(value: Number, shape: Shape = ()) -> Any:
    """A constant from an int, a Fraction that is normalised, or a float that is not finite.

    Of the class that nodes have by then.
    """
    if type(value) is int and not shape and value in _small:
        return _small[value]
    key = ("constant", shape, value if type(value) is int else constants.key(value))
    made: Any = intern_node(key, "constant", (), value, shape)
    return made


_small: dict[int, Any] = {}
_small |= {value: constant_node(value) for value in range(-2, 17)}
ZERO, ONE, MINUS_ONE, TWO = (_small[value] for value in (0, 1, -1, 2))


def broadcast_shapes(function: str, *operands: Node) -> Shape:
    """The common shape of operands by NumPy's rules; ShapeError names all shapes otherwise."""
    shape = operands[0].shape
    if all(operand.shape == shape for operand in operands):
        return shape
    try:
        return np.broadcast_shapes(*(operand.shape for operand in operands))
    except ValueError:
        shapes = " and ".join(str(operand.shape) for operand in operands)
        raise ShapeError(
            f"{function}: shapes {shapes} do not broadcast together (at {user_location()})"
        ) from None
