"""Random functions of arrays, written with NumPy: for what computes with them in several ways.

A function is a list of steps, each a NumPy function of values before it.  It is made beside its
values at a point: these are kept of moderate size, and away from where a function is not smooth.
"""

from __future__ import annotations

import math
import random
import string
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression
from taylor.nodes.operations.arrays.moves import scatter
from taylor.numbers.data import positions
from taylor_runtime.program.records import dataclass

Shape = tuple[int, ...]
Made = tuple[str, Callable[..., Any], tuple[int, ...]]  # words, a function, which values it takes
LARGEST = 30.0  # size of a value
GAP = 0.03  # between what is compared


class Unfit(Exception):
    """A step that does not work for these values; another one is tried."""


@dataclass(frozen=True)
class ArrayFunction:
    """A function of as many arrays as there are shapes, which returns some of its values.

    point: where it was made; text: its steps in words.
    """

    shapes: tuple[Shape, ...]
    steps: tuple[Made, ...]
    results: tuple[int, ...]
    point: tuple[np.ndarray, ...]

    def __call__(self, *given: Any, after: Callable[[Any], Any] | None = None) -> tuple[Any, ...]:
        """The results; `after` is applied to every value that a step has made."""
        values = list(given)
        for _, function, used in self.steps:
            value = function(*(values[k] for k in used))
            values.append(value if after is None else after(value))
        return tuple(values[k] for k in self.results)

    @property
    def text(self) -> str:
        first = len(self.shapes)
        lines = [f"v{k}: an array of shape {shape}" for k, shape in enumerate(self.shapes)]
        for k, (words, _, used) in enumerate(self.steps):
            lines.append(f"v{first + k} = {words} of {', '.join(f'v{u}' for u in used)}")
        return "\n".join([*lines, f"returns {self.results}"])


def random_function(
    rng: random.Random,
    shapes: Sequence[Shape] | None = None,
    steps: int = 8,
    largest: int = 400,
    smooth: bool = True,
    longest: int = 40,
    least: int = 0,
) -> ArrayFunction:
    """A function of arrays of these shapes, by default of random ones.

    least, largest: elements of a value; longest: of an axis of an argument; smooth: whether its
    derivatives are wanted, so that nothing counts or rounds.
    """
    maker = _Maker(rng, (least, largest), smooth, longest)
    given = tuple(shapes) if shapes is not None else maker.shapes()
    seed = rng.getrandbits(32)
    point = tuple(
        np.random.default_rng([seed, k]).uniform(-1.5, 1.5, s) for k, s in enumerate(given)
    )
    maker.values = list(point)
    made: list[Made] = []
    attempts = 0
    while len(made) < steps and attempts < 40 * steps:
        attempts += 1
        try:
            made.append(maker.step())
        except (Unfit, ValueError, IndexError):
            continue
    count = rng.choice([1, 1, 2, 3])
    first = len(given)
    ends = [k for k in range(first, len(maker.values)) if maker.values[k].size <= largest]
    used = {u for _, _, operands in made for u in operands}
    unread = [k for k in ends if k not in used] or ends or list(range(first))
    results = tuple(sorted(rng.sample(unread, min(count, len(unread)))))
    return ArrayFunction(given, tuple(made), results, point)


class _Maker:
    """Chooses steps; `values` are those at the point."""

    def __init__(
        self, rng: random.Random, sizes: tuple[int, int], smooth: bool, longest: int
    ) -> None:
        self.rng, self.smooth, self.longest = rng, smooth, longest
        self.least, self.largest = sizes
        self.values: list[np.ndarray] = []

    def size(self) -> int:
        return self.rng.choice([0, 1, 1, 2, 3, 3, 4, 5, 7, 8, 9, 16, 17, self.longest])

    def shapes(self) -> tuple[Shape, ...]:
        found = []
        for _ in range(self.rng.choice([1, 2, 2, 3])):
            shape = tuple(self.size() for _ in range(self.rng.choice([0, 1, 1, 2, 2, 3])))
            shape = tuple(max(size, 1) for size in shape) if self.least else shape
            while math.prod(shape) > self.largest:
                shape = shape[:-1]
            found.append(shape)
        return tuple(found)

    def step(self) -> Made:
        ways = _WAYS if self.smooth else _WAYS + _ROUGH
        words, function, used = self.rng.choice(ways)(self)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # means of nothing
            value = np.asarray(function(*(self.values[k] for k in used)), dtype=float)
        if not self.least <= value.size <= self.largest or value.ndim > 4:
            raise Unfit
        if value.size and not np.abs(value).max() <= LARGEST:
            raise Unfit
        self.values.append(value)
        return words, function, used

    def any(self, least: int = 0, size: int = 0) -> int:
        """A value, rather a new one, with axes and elements enough."""
        fits = [k for k, v in enumerate(self.values) if v.ndim >= least and v.size >= size]
        if not fits:
            raise Unfit
        return max(self.rng.choice(fits), self.rng.choice(fits))

    def axis(self, value: np.ndarray) -> int:
        """One of its axes, from the front or from the back."""
        return self.rng.randrange(-value.ndim, value.ndim)

    def axes(self, value: np.ndarray) -> Any:
        """Axes to sum: all, one, or several."""
        way = self.rng.randrange(4)
        if way == 0 or not value.ndim:
            return None
        if way < 3:
            return self.axis(value)
        chosen = self.rng.sample(range(value.ndim), self.rng.randint(1, value.ndim))
        return tuple(axis - value.ndim if self.rng.random() < 0.3 else axis for axis in chosen)

    def pair(self) -> tuple[Callable[[Any], Any], int, int]:
        """Two values and what makes the second one fit to the first."""
        a, b = self.any(), self.any()
        first, second = self.values[a].shape, self.values[b].shape
        at = self.rng.randint(0, len(first))
        trials: list[Callable[[Any], Any]] = [lambda y: y]
        if len(second) == 1:
            trials.append(lambda y: y[:, None])
            trials.append(lambda y: y[(None,) * at])
        if len(second) == 2:
            trials.append(lambda y: y[:, None, :])
            trials.append(lambda y: y.T)
        self.rng.shuffle(trials)
        for trial in [*trials, lambda y: np.sum(y) * 0.25]:
            try:
                shape = np.broadcast_shapes(first, np.shape(trial(np.zeros(second))))
            except ValueError:
                continue
            if math.prod(shape) <= self.largest:
                return trial, a, b
        raise Unfit


Way = Callable[[_Maker], Made]

# -- element by element ---------------------------------------------------------------------------

UNARY: dict[str, Callable[[Any], Any]] = {
    "sin": np.sin,
    "cos": np.cos,
    "exp": lambda x: np.exp(x / 4),
    "tanh": np.tanh,
    "arctan": np.arctan,
    "square": lambda x: x * x,
    "cube": lambda x: x**3 / 8,
    "reciprocal": lambda x: 1 / (2 + x * x),
    "sqrt": lambda x: np.sqrt(1 + x * x),
    "log": lambda x: np.log(2 + x * x),
    "power": lambda x: (1 + x * x) ** 1.5 / 4,
    "negative power": lambda x: (1.5 + np.cos(x)) ** -2,
    "arcsinh": np.arcsinh,
    "opposite": lambda x: -x,
    "line": lambda x: 0.75 * x + 0.5,
    "third": lambda x: x / 3,
    "constants": lambda x: x * np.linspace(-1.0, 2.0, np.shape(x)[-1]) if np.ndim(x) else 3 * x,
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda x, y: x + y,
    "difference": lambda x, y: x - y,
    "product": lambda x, y: x * y,
    "product of a sum": lambda x, y: (x + 1) * (y - x),
    "quotient": lambda x, y: x / (2 + y * y),
    "mixed": lambda x, y: np.sin(x) * y + x,
    "power of two": lambda x, y: (1.5 + np.sin(x)) ** (y / 8),
    "arctan2": lambda x, y: np.arctan2(x, 3 + y * y),
    "hypot": lambda x, y: np.hypot(1 + x * x, y),
}


def _unary(m: _Maker) -> Made:
    name = m.rng.choice(list(UNARY))
    return name, UNARY[name], (m.any(),)


def _binary(m: _Maker) -> Made:
    name = m.rng.choice(list(BINARY))
    fit, a, b = m.pair()
    function = BINARY[name]
    return name, lambda x, y: function(x, fit(y)), (a, b)


def _extreme(m: _Maker) -> Made:
    function = m.rng.choice([np.maximum, np.minimum])
    fit, a, b = m.pair()
    _needs_gap(m.values[a] - fit(m.values[b]))
    return function.__name__, lambda x, y: function(x, fit(y)), (a, b)


def _chosen(m: _Maker) -> Made:
    fit, a, b = m.pair()
    level = m.rng.uniform(-1, 1)
    way = m.rng.randrange(4)
    if way == 0:
        _needs_gap(m.values[a] - level)
        return "where above", lambda x, y: np.where(x > level, x * fit(y), x), (a, b)
    if way == 1:
        _needs_gap(m.values[a] - fit(m.values[b]))
        return "where less", lambda x, y: np.where(x < fit(y), x, 0.5 * fit(y)), (a, b)
    if way == 2:
        _needs_gap(
            np.concatenate([np.ravel(m.values[a] - level), np.ravel(m.values[a] - level - 1)])
        )
        return "clip", lambda x: np.clip(x, level, level + 1), (a,)
    _needs_gap(m.values[a])
    return "abs", np.abs, (a,)


def _needs_gap(difference: Any) -> None:
    if np.size(difference) and np.abs(difference).min() < GAP:
        raise Unfit


# -- moved ----------------------------------------------------------------------------------------


def _indexed(m: _Maker) -> Made:
    a = m.any(1)
    entries: list[Any] = []
    for size in m.values[a].shape:
        way = m.rng.randrange(8)
        if way < 3:
            entries.append(slice(None))
        elif way == 3 and size:
            entries.append(m.rng.randrange(-size, size))
        elif way == 4:
            entries.append(slice(None, None, m.rng.choice([-1, -2, 2, 3])))
        elif way == 5:
            entries += [None, slice(None)]
        else:
            low, high = sorted(m.rng.randint(-size, size) for _ in range(2))
            entries.append(slice(low, high, m.rng.choice([1, 1, 2])))
    if m.rng.random() < 0.2:
        entries = [*entries[: m.rng.randint(0, len(entries))], ...]
    index = tuple(entries)
    return f"index {index}", lambda x: x[index], (a,)


def _taken(m: _Maker) -> Made:
    a = m.any(1, 1)
    axis = m.axis(m.values[a])
    size = m.values[a].shape[axis]
    if not size:
        raise Unfit
    positions = [m.rng.randrange(-size, size) for _ in range(m.rng.randint(1, 9))]
    if axis == 0 and m.rng.random() < 0.5:
        return f"elements {positions}", lambda x: x[positions], (a,)
    return f"take {positions} {axis}", lambda x: np.take(x, positions, axis=axis), (a,)


def _turned(m: _Maker) -> Made:
    a = m.any(1)
    value = m.values[a]
    order = list(range(value.ndim))
    m.rng.shuffle(order)
    axis, other, shift = m.axis(value), m.axis(value), m.rng.randint(-9, 9)
    chosen: list[tuple[str, Callable[[Any], Any]]] = [
        (f"transpose {order}", lambda x: np.transpose(x, order)),
        (f"flip {axis}", lambda x: np.flip(x, axis)),
        (f"swap {axis} {other}", lambda x: np.swapaxes(x, axis, other)),
        (f"roll {shift} {axis}", lambda x: np.roll(x, shift, axis=axis)),
        (f"roll {shift}", lambda x: np.roll(x, shift)),
        ("ravel", np.ravel),
        (f"expand {axis}", lambda x: np.expand_dims(x, axis)),
        (f"moveaxis {axis} {other}", lambda x: np.moveaxis(x, axis, other)),
        ("squeeze", np.squeeze),
    ]
    words, function = m.rng.choice(chosen)
    return words, function, (a,)


def _reshaped(m: _Maker) -> Made:
    a = m.any(1, 1)
    size = m.values[a].size
    first = m.rng.choice([d for d in range(1, size + 1) if size % d == 0])
    shape = m.rng.choice([(first, size // first), (-1, first), (1, first, size // first), (size,)])
    return f"reshape {shape}", lambda x: np.reshape(x, shape), (a,)


def _enlarged(m: _Maker) -> Made:
    a = m.any(0)
    value, count = m.values[a], m.rng.randint(1, 3)
    axis = m.axis(value) if value.ndim else 0
    widths = tuple((m.rng.randint(0, 2), m.rng.randint(0, 2)) for _ in range(value.ndim))
    broad = (count, *value.shape)
    chosen: list[tuple[str, Callable[[Any], Any]]] = [
        (f"broadcast {broad}", lambda x: np.broadcast_to(x, broad)),
        (f"tile {count}", lambda x: np.tile(x, count)),
    ]
    if value.ndim:
        chosen += [
            (f"repeat {count} {axis}", lambda x: np.repeat(x, count, axis=axis)),
            (f"pad {widths}", lambda x: np.pad(x, widths)),
        ]
    words, function = m.rng.choice(chosen)
    return words, function, (a,)


def _diagonals(m: _Maker) -> Made:
    a = m.any(2)
    offset = m.rng.randint(-2, 2)
    chosen: list[tuple[str, Callable[[Any], Any]]] = [
        (f"diagonal {offset}", lambda x: np.diagonal(x, offset)),
        (f"trace {offset}", lambda x: np.trace(x, offset)),
        (f"tril {offset}", lambda x: np.tril(x, offset)),
        (f"triu {offset}", lambda x: np.triu(x, offset)),
    ]
    words, function = m.rng.choice(chosen)
    return words, function, (a,)


def _joined(m: _Maker) -> Made:
    a = m.any(1)
    same = [k for k, v in enumerate(m.values) if v.ndim == m.values[a].ndim]
    axis = m.axis(m.values[a])
    operands = (a, *(m.rng.choice(same) for _ in range(m.rng.randint(0, 2))))
    if m.rng.random() < 0.4:
        return f"stack {axis}", lambda *x: np.stack(x, axis=axis), operands
    return f"concatenate {axis}", lambda *x: np.concatenate(x, axis=axis), operands


def _assigned(m: _Maker) -> Made:
    a = m.any(1, 1)
    shape = m.values[a].shape
    if not shape[0]:
        raise Unfit
    step, position = m.rng.choice([1, 2, -1]), m.rng.randrange(shape[0])
    way = m.rng.randrange(4)

    def assign(x: Any) -> Any:
        new = x.copy()
        if way == 0:
            new[::step] = 0.5 * x[::step]
        elif way == 1:
            new[position] = new[position] * x[0]
        elif way == 2:
            new[::step] += x[0]
        else:
            new[[position, 0]] = x[[0, position]] + 1
        return new

    return f"assignment {way} {step} {position}", assign, (a,)


def added_at(x: Any, places: Sequence[int], size: int) -> Any:
    """Zeros, to which the elements of x are added at places."""
    listed = np.asarray(places, dtype=np.int64).reshape(np.shape(x))
    if isinstance(x, Expression):
        return scatter(x, positions(listed), (size,))
    found: list[Any] = [0.0] * size
    for place, value in zip(listed.ravel().tolist(), np.ravel(x), strict=True):
        found[place] = found[place] + value
    return np.stack(found)


def _scattered(m: _Maker) -> Made:
    a = m.any()
    size = m.rng.randint(1, 9)
    places = [m.rng.randrange(size) for _ in range(m.values[a].size)]
    return f"scatter to {size}", lambda x: added_at(x, places, size), (a,)


# -- sums -----------------------------------------------------------------------------------------


def _reduced(m: _Maker) -> Made:
    a = m.any()
    axes, keep = m.axes(m.values[a]), m.rng.random() < 0.3
    name = m.rng.choice(["sum", "sum", "sum", "mean", "prod"])
    function = getattr(np, name)
    return f"{name} {axes} {keep}", lambda x: function(x, axis=axes, keepdims=keep), (a,)


def _norms(m: _Maker) -> Made:
    a = m.any(1)
    axis = m.axis(m.values[a])
    if m.rng.random() < 0.5:
        return f"sum of squares {axis}", lambda x: np.sqrt(1 + np.sum(x * x, axis=axis)), (a,)

    def log_sum_exp(x: Any) -> Any:
        return np.log(1 + np.sum(np.exp(x / 4), axis=axis))

    return f"log of exponentials {axis}", log_sum_exp, (a,)


def _largest(m: _Maker) -> Made:
    a = m.any(1, 1)
    value = m.values[a]
    axes, keep = m.axes(value), m.rng.random() < 0.3
    function = m.rng.choice([np.max, np.min])
    axis = axes if isinstance(axes, int) else None
    ordered = np.sort(value, axis=axis) if axis is not None else np.sort(value, axis=None)
    _needs_gap(np.diff(ordered, axis=-1 if axis is None else axis))
    return (
        f"{function.__name__} {axis} {keep}",
        lambda x: function(x, axis=axis, keepdims=keep),
        (a,),
    )


def _running(m: _Maker) -> Made:
    a = m.any(1)
    axis: int | None = m.axis(m.values[a])
    axis = None if m.rng.random() < 0.2 else axis
    function = m.rng.choice([np.cumsum, np.cumsum, np.cumprod])
    return f"{function.__name__} {axis}", lambda x: function(x, axis=axis), (a,)


def _differences(m: _Maker) -> Made:
    a = m.any(1)
    axis = m.axis(m.values[a])
    return f"diff {axis}", lambda x: np.diff(x, axis=axis), (a,)


def _contracted(m: _Maker) -> Made:
    a, b = m.any(1), m.any(1)
    first, second = m.values[a].shape, m.values[b].shape
    letters = iter(string.ascii_letters)
    left = [next(letters) for _ in first]
    right = [next(letters) for _ in second]
    for k, size in enumerate(second):
        fits = [x for x, n in zip(left, first, strict=True) if n == size and x not in right]
        if fits and m.rng.random() < 0.8:
            right[k] = m.rng.choice(fits)
    both = list(dict.fromkeys([*left, *right]))
    kept = [x for x in both if m.rng.random() < (0.25 if x in left and x in right else 0.8)]
    m.rng.shuffle(kept)
    subscripts = f"{''.join(left)},{''.join(right)}->{''.join(kept)}"
    return f"einsum {subscripts}", lambda x, y: np.einsum(subscripts, x, y) * 0.25, (a, b)


def _multiplied(m: _Maker) -> Made:
    a, b = m.any(1), m.any(1)
    x, y = m.values[a], m.values[b]
    chosen: list[tuple[str, Callable[[Any, Any], Any]]] = [
        ("matmul", lambda x, y: x @ y),
        ("matmul of the transposed", lambda x, y: x @ np.swapaxes(y, -1, -2)),
        ("outer", np.outer),
        ("inner", np.inner),
        ("tensordot", lambda x, y: np.tensordot(x, y, axes=1)),
        ("kron", np.kron),
    ]
    if x.ndim < 3 and y.ndim < 3:
        chosen.append(("dot", np.dot))
    words, function = m.rng.choice(chosen)
    return words, lambda x, y: function(x, y) * 0.25, (a, b)


# -- what has no derivatives ----------------------------------------------------------------------


def _counted(m: _Maker) -> Made:
    a = m.any(1, 1)
    function = m.rng.choice([np.argmax, np.argmin])
    axis: int | None = m.axis(m.values[a])
    axis = None if m.rng.random() < 0.3 else axis
    return f"{function.__name__} {axis}", lambda x: function(x, axis=axis) * 1.0, (a,)


def _rounded(m: _Maker) -> Made:
    a = m.any()
    function = m.rng.choice([np.floor, np.ceil, np.sign])
    _needs_gap(m.values[a] - np.round(m.values[a]))
    return function.__name__, function, (a,)


_WAYS: list[Way] = [
    *[_unary] * 4, *[_binary] * 6, _extreme, *[_chosen] * 2, *[_indexed] * 3, _taken,
    *[_turned] * 2, _reshaped, _enlarged, _diagonals, *[_joined] * 2, _assigned, _scattered,
    *[_reduced] * 4, _norms, _largest, *[_running] * 2, _differences, *[_contracted] * 2,
    *[_multiplied] * 2,
]  # fmt: skip
_ROUGH: list[Way] = [_counted, _rounded]
