"""Arrays that a traced function makes and fills: what stands for an expression that may change.

An expression never changes.  `ArrayUnderConstruction` holds one and takes another in its place when
elements are assigned to: parts put together, a choice, or elements gathered.  In every operation it
counts as the expression that it holds at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from taylor.errors import ArgumentTypeError, UnsupportedFunctionError, user_location
from taylor.expressions.arrays.changes import changed, put_elements
from taylor.expressions.arrays.chosen import Chosen
from taylor.expressions.arrays.placing import assigned, at_places, broadcast_value, with_rows
from taylor.expressions.arrays.settled import known_places, settled
from taylor.nodes import arrays, logic
from taylor.nodes.conversion import Mutable, as_expression
from taylor.nodes.node import CONDITIONS, Node, constant_node
from taylor.nodes.operations.arrays.moves import scatter
from taylor.nodes.sums import add, negate
from taylor.numbers.checks import check_real
from taylor.numbers.data import positions

# --- the array ----------------------------------------------------------


class ArrayUnderConstruction(NDArrayOperatorsMixin, Mutable):
    """An array whose elements can be assigned to while a function is traced.

    Made by ``x.copy()``, `numpy.zeros_like(x)`, `numpy.full_like(x, value)` and the like for array
    expressions x, and by `taylor.zeros`.  Slices, ``.T`` and ``.reshape`` of it are views, as of
    NumPy's arrays: what is assigned to them is assigned to it.  A place may be an expression, as in
    a loop: ``a[i] = value`` changes one element, and where nobody reads the old array any more no
    other is touched.

    >>> from taylor.expressions.leaves import variable
    >>> x = variable("x", shape=3)
    >>> a = x.copy()
    >>> a[1:] *= 2
    >>> a[0] = x[2]
    >>> a.now
    concatenate([[x[2]], 2*x[1:3]])
    """

    __array_priority__ = 2000.0
    __hash__ = object.__hash__

    def __init__(self, now: Any) -> None:
        self._now = now
        # Rows that were assigned to, one by one: put together when the whole is asked for, so that
        # a loop over elements takes time in proportion to their number.
        self._rows: dict[int, Any] = {}

    @property
    def now(self) -> Any:
        """The expression that it stands for at this moment."""
        if self._rows:
            self._become(with_rows(self._now, self._rows))
        return self._now

    def _become(self, e: Any) -> None:
        self._now, self._rows = e, {}

    def _row(self, key: Any) -> int | None:
        """The place of a row that an int means, if this is the array itself and has such a row."""
        if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
            shape = self._now.shape
            if shape and -shape[0] <= key < shape[0]:
                return int(key) % int(shape[0])
        return None

    # --- elements ------------------------------------------------------------------------------
    def __getitem__(self, key: Any) -> Any:
        key = known_places(key)
        row = self._row(key)
        if row is not None and self._now.ndim == 1:
            found = self._rows.get(row)
            return arrays.index(self._now, row) if found is None else found
        if isinstance(key, Node) and key.shape and key.op in CONDITIONS:
            return Chosen(self.now, key)
        part = self.now[key]
        keys = key if isinstance(key, tuple) else (key,)
        if not part.shape or any(getattr(k, "shape", None) or isinstance(k, list) for k in keys):
            return part  # a copy, in NumPy too
        return _View(self, lambda e: e[key], lambda e, new: assigned(e, key, new))

    def __setitem__(self, key: Any, value: Any) -> None:
        key, value = known_places(key), settled(value)
        row = self._row(key)
        if isinstance(value, Chosen):
            self._become(value.where_it_holds(key, self.now))
        elif row is None:
            self._become(assigned(self.now, key, value))
        else:
            self._rows[row] = broadcast_value(as_expression(value), self._now.shape[1:], self._now)

    def __len__(self) -> int:
        return len(self.now)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def fill(self, value: Any) -> None:
        """Assign one value to all elements."""
        self[...] = value

    def sort(self, axis: int = -1, **options: Any) -> None:
        """Put the elements along an axis in rising order."""
        self[...] = np.sort(self.now, axis, **options)

    def partition(self, kth: Any, axis: int = -1) -> None:
        """Put the elements along an axis in an order such as `numpy.partition` gives."""
        self[...] = np.partition(self.now, kth, axis)

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """Assign to elements by their places in row-major order."""
        put_elements(self, indices, values, mode)

    def copy(self, order: str = "C") -> ArrayUnderConstruction:
        """Another array with the same elements."""
        return ArrayUnderConstruction(self.now)

    # --- other shapes --------------------------------------------------------------------------
    @property
    def shape(self) -> Any:
        """The shape, which does not change."""
        return self.now.shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        raise UnsupportedFunctionError(
            f"a.shape = {shape!r} at {user_location()}: an array keeps its shape; write "
            f"a = a.reshape({shape!r})"
        )

    @property
    def T(self) -> Any:
        """The transposed array, a view."""
        return self.transpose()

    def transpose(self, *axes: Any) -> Any:
        """The array with its axes permuted, a view."""
        now = self.now
        order = np.empty(now.shape, np.bool_).transpose(*axes)
        chosen = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        chosen = chosen or tuple(range(order.ndim))[::-1]
        back = [int(i) for i in np.argsort([a % order.ndim for a in chosen])]
        return _View(
            self,
            lambda e: arrays.transpose(e, chosen),
            lambda e, new: arrays.transpose(new, back),
        )

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        """The elements in row-major order with another shape, a view."""
        if order != "C":  # of several axes a copy, in NumPy too
            wanted = shape[0] if len(shape) == 1 else shape
            if len(self.shape) > 1:
                return ArrayUnderConstruction(self.now.reshape(wanted, order=order))
            return _seen_by(np.reshape)(self, wanted, order=order)
        sizes = arrays.reshape(self.now, shape[0] if len(shape) == 1 else shape).shape
        return _View(
            self,
            lambda e: arrays.reshape(e, sizes),
            lambda e, new: arrays.reshape(new, e.shape),
        )

    @property
    def flat(self) -> Any:
        """The elements in row-major order, one after the other."""
        return self.reshape(-1)

    def view(self) -> Any:
        """The array itself, by another name."""
        return _View(self, lambda e: e, lambda e, new: new)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """A copy, or the array itself, which holds real numbers."""
        check_real("astype", dtype)
        return self.copy() if copy else self

    def flatten(self, order: str = "C") -> Any:
        """The elements in one row, a copy."""
        return self.ravel(order).copy()

    def ravel(self, order: str = "C") -> Any:
        """The elements in one row, a view."""
        return self.reshape(-1) if order == "C" else self.now.ravel(order)

    # --- NumPy ---------------------------------------------------------------------------------
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "at":
            return self._add_at(ufunc, *inputs[1:])
        out = options.pop("out", (None,))[0]
        where = True if out is None else settled(options.pop("where", True))
        result = getattr(ufunc, method)(*settled(inputs), **options)
        if out is None:
            return result
        out[...] = result if where is True else logic.where(where, result, settled(out))
        return out

    def _add_at(self, ufunc: Any, key: Any, value: Any = None) -> None:
        """``numpy.add.at`` and ``numpy.subtract.at``: elements named twice change twice."""
        name = ufunc.__name__
        if name not in ("add", "subtract"):
            raise UnsupportedFunctionError(
                f"numpy.{name}.at: only numpy.add and numpy.subtract have .at for expressions"
            )
        e = self.now
        places = np.arange(e.size).reshape(e.shape)[known_places(key)]
        given = arrays.broadcast_to(as_expression(settled(value)), places.shape)
        change = scatter(given, positions(places), e.shape)
        self._become(add(e, change if name == "add" else negate(change)))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        found = changed(func, args, kwargs)
        if found is not NotImplemented:
            return found
        moved = _VIEWS.get(func)
        if moved is not None and args and args[0] is self:
            return moved(self, *args[1:], **kwargs)
        out = kwargs.get("out")
        if not isinstance(out, ArrayUnderConstruction):
            return func(*settled(args), **settled(kwargs))
        out[...] = func(*settled(args), **settled({k: v for k, v in kwargs.items() if k != "out"}))
        return out

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """An object array of the elements, which cannot be assigned to unless it is a copy."""
        e = self.now
        found = np.empty(e.shape, dtype=object)
        for place in np.ndindex(*e.shape):
            found[place] = e[place] if place else e
        found.flags.writeable = bool(copy)
        return found if dtype is None else found.astype(dtype)

    def __taylor_function__(self, name: str, *operands: Any) -> Any:
        from taylor.nodes.elementary import make_function_node

        return make_function_node(name, *map(as_expression, settled(operands)))

    # --- all else is asked of the expression ---------------------------------------------------
    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"ArrayUnderConstruction has no attribute {name!r}")
        if name in ("swapaxes", "squeeze", "diagonal"):
            return partial(getattr(np, name), self)
        if name in ("mT", "real"):
            return self if name == "real" else self.swapaxes(-1, -2)
        return getattr(self.now, name)

    def __bool__(self) -> bool:
        return bool(self.now)

    def __float__(self) -> float:
        return float(self.now)

    def __str__(self) -> str:
        return str(self.now)

    __repr__ = __str__


class _View(ArrayUnderConstruction):
    """Part of an array, or the array in another shape: it reads and writes the array itself."""

    def __init__(
        self,
        whole: ArrayUnderConstruction,
        read: Callable[[Any], Any],
        write: Callable[[Any, Any], Any],
    ) -> None:
        super().__init__(None)
        self._whole, self._read, self._write = whole, read, write

    @property
    def now(self) -> Any:
        return self._read(self._whole.now)

    def _become(self, e: Any) -> None:
        self._whole._become(self._write(self._whole.now, e))

    def _row(self, key: Any) -> int | None:
        return None


def zeros(shape: int | Sequence[int]) -> ArrayUnderConstruction:
    """Return an array of zeros to whose elements expressions can be assigned.

    `numpy.zeros(n)` is an array of floats, which cannot hold an expression.

    >>> import taylor as ty
    >>> a = ty.zeros(3)
    >>> a[1] = ty.variable("x")
    >>> a
    concatenate([full((1,), 0), [x], full((1,), 0)])
    """
    try:
        sizes = np.broadcast_to(np.False_, shape).shape
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            f"zeros: shape={shape!r} is no natural number and no tuple of them"
        ) from None
    return ArrayUnderConstruction(constant_node(0, tuple(map(int, sizes))))


# --- functions of NumPy that give a view ----------------------------------------------------


def _seen_by(function: Any) -> Callable[..., Any]:
    """A function of NumPy that gives a view: it reads and writes the elements where they are."""

    def rule(a: ArrayUnderConstruction, *args: Any, **options: Any) -> Any:
        def write(e: Any, new: Any) -> Any:
            places = function(np.arange(e.size).reshape(e.shape), *args, **options)
            flat = at_places(arrays.reshape(e, -1), (places,), new)
            return arrays.reshape(flat, e.shape)

        return _View(a, lambda e: function(e, *args, **options), write)

    return rule


def _parts_seen_by(function: Any) -> Callable[..., Any]:
    """A function of NumPy that gives several views."""

    def rule(a: ArrayUnderConstruction, *args: Any, **options: Any) -> Any:
        def part(k: int) -> Any:
            return _seen_by(lambda e: function(e, *args, **options)[k])(a)

        found = function(np.empty(a.shape, np.bool_), *args, **options)
        return type(found)(part(k) for k in range(len(found)))

    return rule


def _alone(function: Any, one: Callable[..., Any]) -> Callable[..., Any]:
    """A function that gives a view of one array, and copies of several."""

    def rule(a: ArrayUnderConstruction, *others: Any) -> Any:
        return function(*settled((a, *others))) if others else one(a)

    return rule


_VIEWS: dict[Any, Callable[..., Any]] = {
    np.transpose: lambda a, axes=None: a.transpose() if axes is None else a.transpose(axes),
    np.reshape: lambda a, shape, order="C": a.reshape(shape, order=order),
    np.real: lambda a: a,
    np.ravel: lambda a, order="C": a.ravel(order),
    **{
        getattr(np, name): _seen_by(getattr(np, name))
        for name in (
            *("swapaxes", "moveaxis", "rollaxis", "expand_dims", "squeeze", "diagonal"),
            *("flip", "fliplr", "flipud", "rot90"),
            "matrix_transpose",
        )
        if hasattr(np, name)
    },
    **{
        native: _alone(native, _seen_by(native))
        for native in (np.atleast_1d, np.atleast_2d, np.atleast_3d)
    },
    **{
        getattr(np, name): _parts_seen_by(getattr(np, name))
        for name in ("split", "array_split", "hsplit", "vsplit", "dsplit", "unstack")
        if hasattr(np, name)
    },
}
