"""Expressions: immutable, hash-consed nodes of a directed acyclic graph, with shapes and operators.

A node is (op, args, payload, shape); `taylor/README.md` lists the ops.  Equal expressions are the
same object, kept in a weak table, so identity (`is`) is equality and common subexpressions need no
pass.  The table's key orders the operands of commutative operations; `args` keep the order in which
they were first written, which is the order they print in.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NoReturn

import numpy as np

from taylor import constants
from taylor.constants import Number
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.operators import Operators

Shape = tuple[int, ...]

COMPARISONS = frozenset(("lt", "le", "gt", "ge", "eq", "ne"))
CONDITIONS = COMPARISONS | {"and", "or", "not"}
LEAVES = frozenset(("constant", "variable", "parameter", "time"))
_COMMUTATIVE = frozenset(("mul", "eq", "ne", "and", "or"))


class Expression(Operators):
    """One node: a number, an input, or an operation on other nodes; a real scalar or array.

    Made by `variable`, `parameter`, `time`, `constant` and by operators, never directly.

    op:      name of the operation.
    args:    operand nodes.
    payload: what else defines the operation (a number, a name, coefficients, indices), hashable.
    shape:   shape of the value; () for a scalar.
    id:      position in the order of creation; operands always have smaller ids than results.
    """

    __slots__ = ("__weakref__", "args", "id", "op", "payload", "shape")

    op: str
    args: tuple[Expression, ...]
    payload: Any
    shape: Shape
    id: int

    __array_priority__ = 1000.0

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

    def __copy__(self) -> Expression:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Expression:
        return self

    def __reduce__(self) -> tuple[Callable[..., Expression], tuple[Any, ...]]:
        from taylor.traverse import load_one, to_records

        return load_one, (to_records((self,)),)

    # --- conveniences --------------------------------------------------------------------------
    def evaluate(self, values: Any = None) -> Any:
        """Value for given inputs; see `taylor.evaluate`."""
        from taylor.evaluate import evaluate

        return evaluate(self, values)

    def __str__(self) -> str:
        from taylor.printing import to_string

        return to_string(self)

    __repr__ = __str__

    def to_text(self) -> str:
        """The whole expression, a numbered line per shared part; see `taylor.printing.to_text`."""
        from taylor.printing import to_text

        return to_text(self)


# --- the table of nodes ----------------------------------------------------------


class _Entry(weakref.ref[Expression]):
    __slots__ = ("key",)
    key: Hashable


_table: dict[Hashable, _Entry] = {}
_lock = threading.RLock()
# Keys of nodes that died.  The weak-reference callback may run at any moment in any thread, so it
# only appends here (atomic); the dictionary changes under the lock alone.
_dead: deque[Hashable] = deque()
_next_id = itertools.count().__next__

_new = object.__new__
_set_op = Expression.__dict__["op"].__set__
_set_args = Expression.__dict__["args"].__set__
_set_payload = Expression.__dict__["payload"].__set__
_set_shape = Expression.__dict__["shape"].__set__
_set_id = Expression.__dict__["id"].__set__


def _forget(entry: Any, append: Callable[[Hashable], None] = _dead.append) -> None:
    append(entry.key)


def intern_node(
    key: Hashable, op: str, args: tuple[Expression, ...], payload: Any, shape: Shape
) -> Expression:
    """Return the node filed under `key`, creating it if there is none.  No simplification."""
    entry = _table.get(key)
    if entry is not None:
        found = entry()
        if found is not None:
            return found
    created: Expression = _new(Expression)
    _set_op(created, op)
    _set_args(created, args)
    _set_payload(created, payload)
    _set_shape(created, shape)
    _set_id(created, _next_id())
    entry = _Entry(created, _forget)
    entry.key = key
    with _lock:
        present = _table.get(key)
        if present is not None:  # another thread was faster, or a dead entry awaits its removal
            found = present()
            if found is not None:
                return found
        _table[key] = entry
        while _dead:
            gone = _dead.popleft()
            present = _table.get(gone)
            if present is not None and present() is None:
                del _table[gone]
    return created


def node(op: str, args: tuple[Expression, ...], payload: Any, shape: Shape) -> Expression:
    """Return the hash-consed node with these fields, as they are: no simplification, no checks.

    >>> x = variable("x")
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
        values = payload if type(payload) is tuple else (payload,)
        key = (op, shape, *map(constants.key, values))
    elif op in LEAVES:
        key = (op, payload, shape)
    else:
        key = (op, payload, *(a.id for a in args))
    return intern_node(key, op, args, payload, shape)


# --- leaves and conversion ----------------------------------------------------------


def constant(value: Any, shape: Shape = ()) -> Expression:
    """Return a constant node; finite numbers and decimal strings are kept exactly.

    A `shape` other than () makes an array filled with the value.

    >>> constant("0.1").payload
    Fraction(1, 10)
    """
    number = constants.parse(value) if isinstance(value, str) else constants.exact(value)
    if number is None:
        raise ArgumentTypeError(
            f"constant: {value!r} is not a real number; use an int, float, Fraction, Decimal, "
            "mpmath number or decimal string"
        )
    return constant_node(number, shape)


def constant_node(value: Number, shape: Shape = ()) -> Expression:
    """Constant from an int, a Fraction that is normalised, or a float that is not finite."""
    key = ("constant", shape, value if type(value) is int else constants.key(value))
    return intern_node(key, "constant", (), value, shape)


def _check_name(kind: str, name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ArgumentTypeError(f"{kind}: the name {name!r} has to be a string that is not empty")
    return name


def _check_shape(kind: str, shape: int | Sequence[int]) -> Shape:
    try:
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        sizes = tuple(int(np.intp(s)) for s in sizes)
    except TypeError:
        raise ArgumentTypeError(f"{kind}: shape={shape!r} is not a tuple of ints") from None
    if any(s < 0 for s in sizes):
        raise ShapeError(f"{kind}: shape={shape!r} has a negative size")
    return sizes


def variable(name: str, shape: int | Sequence[int] = ()) -> Expression:
    """Return the variable with this name and shape; the same name and shape give the same node.

    >>> variable("x") is variable("x"), variable("q", shape=(3, 2)).shape
    (True, (3, 2))
    """
    return node("variable", (), _check_name("variable", name), _check_shape("variable", shape))


def parameter(name: str, shape: int | Sequence[int] = ()) -> Expression:
    """Return the parameter with this name and shape: constant in time, set at run time."""
    return node("parameter", (), _check_name("parameter", name), _check_shape("parameter", shape))


def _many(kind: str, names: str, make: Callable[[str], Expression]) -> tuple[Expression, ...]:
    if not isinstance(names, str | Iterable):
        raise ArgumentTypeError(f"{kind}: names={names!r} must be a string, as in '{kind} x v'")
    found = names.replace(",", " ").split() if isinstance(names, str) else list(names)
    if not found or len(set(found)) != len(found):
        raise ArgumentError(
            f"{kind}: names={names!r} must list different names, as in '{kind} x v'"
        )
    return tuple(make(name) for name in found)


def variables(names: str) -> tuple[Expression, ...]:
    """Return scalar variables, names separated by spaces or commas.

    >>> variables("x v")
    (x, v)
    """
    return _many("variables", names, variable)


def parameters(names: str) -> tuple[Expression, ...]:
    """Return scalar parameters, names separated by spaces or commas."""
    return _many("parameters", names, parameter)


def try_expression(value: Any, sequences: bool = True) -> Expression | None:
    """Convert a number, array or (with `sequences`) nested list to a node; None if impossible."""
    if type(value) is Expression:
        return value
    number = constants.exact(value)
    if number is not None:
        return constant_node(number)
    if isinstance(value, np.ndarray) or (sequences and isinstance(value, (list, tuple))):
        return arrays.from_array(value)
    return None


def as_expression(value: Any) -> Expression:
    """Convert a number, array or nested list to a node.

    Raises ArgumentTypeError for what is neither (complex numbers, strings, other objects).
    """
    converted = try_expression(value)
    if converted is None:
        raise ArgumentTypeError(
            f"{value!r} of type {type(value).__name__} cannot be part of an expression; use real "
            "numbers, arrays of them, or expressions"
        )
    return converted


time: Expression = node("time", (), None, ())
pi: Expression = constant_node(constants.PI)
ZERO: Expression = constant_node(0)
ONE: Expression = constant_node(1)
MINUS_ONE: Expression = constant_node(-1)
TWO: Expression = constant_node(2)


def broadcast_shapes(function: str, *operands: Expression) -> Shape:
    """The common shape of operands by NumPy's rules; ShapeError names all shapes otherwise."""
    shape = operands[0].shape
    if all(operand.shape == shape for operand in operands):
        return shape
    try:
        return np.broadcast_shapes(*(operand.shape for operand in operands))
    except ValueError:
        shapes = " and ".join(str(operand.shape) for operand in operands)
        raise ShapeError(f"{function}: shapes {shapes} do not broadcast together") from None


# Operators build through the simplifying constructors, and those build Expressions: the one
# deliberate cycle of the package, closed here after everything that they need has been defined.
from taylor import arrays, logic, numpy_functions, numpy_protocol, operators, simplify, sums  # noqa: E402
from taylor.logic import where  # noqa: E402
from taylor.lower import scalars  # noqa: E402
from taylor.simplify import make_function_node  # noqa: E402

operators.arrays = arrays
operators.logic = logic
operators.numpy_functions = numpy_functions
operators.numpy_protocol = numpy_protocol
operators.simplify = simplify
operators.sums = sums
operators.try_expression = try_expression

__all__ = [
    "Expression",
    "as_expression",
    "constant",
    "make_function_node",
    "node",
    "parameter",
    "parameters",
    "scalars",
    "time",
    "variable",
    "variables",
    "where",
]
