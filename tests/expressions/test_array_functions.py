"""NumPy's functions of array expressions: NumPy's values, and as many nodes for all shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from counting import calls
from hypothesis import given, settings
from hypothesis import strategies as st

import taylor as ty
from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.leaves import as_expression
from taylor.nodes.traverse import reachable

x = ty.variable("x")
windows = np.lib.stride_tricks.sliding_window_view

# Functions of a vector v, a matrix m, an array t of three axes (2, n, n), a vector c of 3 n
# elements, and a number x. Numbers of nodes may not depend on n.
CASES: dict[str, Callable[..., Any]] = {
    # axes and shapes
    "swapaxes": lambda v, m, t, c, x: np.swapaxes(t, 0, -1),
    "moveaxis": lambda v, m, t, c, x: np.moveaxis(t, [0, 1], [-1, 0]),
    "rollaxis": lambda v, m, t, c, x: np.rollaxis(t, 2),
    "transpose": lambda v, m, t, c, x: np.transpose(t) + np.transpose(t, (2, 1, 0)),
    "matrix_transpose": lambda v, m, t, c, x: np.matrix_transpose(t),
    "reshape": lambda v, m, t, c, x: np.reshape(t, (-1, 2)),
    "reshape F": lambda v, m, t, c, x: np.reshape(t, (-1, 2), order="F"),
    "ravel": lambda v, m, t, c, x: np.ravel(t),
    "ravel F": lambda v, m, t, c, x: np.ravel(t, order="F"),
    "expand_dims": lambda v, m, t, c, x: np.expand_dims(m, (0, -1)),
    "squeeze": lambda v, m, t, c, x: np.squeeze(m[None, :, None], (0, 2)),
    "atleast": lambda v, m, t, c, x: np.atleast_2d(v) @ m + np.atleast_1d(v),
    "atleast_3d": lambda v, m, t, c, x: np.atleast_3d(m) * np.atleast_3d(v),
    "broadcast_to": lambda v, m, t, c, x: np.broadcast_to(v, (2, len(v))),
    "broadcast_arrays": lambda v, m, t, c, x: np.broadcast_arrays(v, m, x),
    "meshgrid": lambda v, m, t, c, x: np.meshgrid(v, c),
    "meshgrid ij": lambda v, m, t, c, x: np.meshgrid(v, c, v, indexing="ij"),
    "meshgrid sparse": lambda v, m, t, c, x: np.meshgrid(v, c, sparse=True),
    # order of elements
    "flip": lambda v, m, t, c, x: np.flip(t) + np.flip(t, (0, -1)) * np.flip(t, 1),
    "fliplr": lambda v, m, t, c, x: np.fliplr(m) - np.flipud(m),
    "rot90": lambda v, m, t, c, x: [np.rot90(m, k) for k in range(-2, 5)],
    "rot90 axes": lambda v, m, t, c, x: np.rot90(t, 1, (2, 0)),
    "roll": lambda v, m, t, c, x: np.roll(v, 1) - np.roll(v, -2),
    "roll axes": lambda v, m, t, c, x: np.roll(m, (1, -1), (0, 1)) + np.roll(m, 1, axis=1),
    "roll all": lambda v, m, t, c, x: np.roll(m, 5),
    # arrays put together and taken apart
    "concatenate": lambda v, m, t, c, x: np.concatenate([m, 2 * m], axis=1),
    "concatenate flat": lambda v, m, t, c, x: np.concatenate([m, v], axis=None),
    "stack": lambda v, m, t, c, x: np.stack([m, m.T], -1),
    "vstack": lambda v, m, t, c, x: np.vstack([v, m]),
    "hstack": lambda v, m, t, c, x: np.hstack([v, c]) + 0 * np.hstack([c, v]),
    "hstack matrices": lambda v, m, t, c, x: np.hstack([m, m]),
    "dstack": lambda v, m, t, c, x: np.dstack([m, m.T]),
    "dstack of vectors": lambda v, m, t, c, x: np.dstack([v, v]),
    "column_stack": lambda v, m, t, c, x: np.column_stack([v, m, v]),
    "block": lambda v, m, t, c, x: np.block([[m, m.T], [0 * m, m]]),
    "block of vectors": lambda v, m, t, c, x: np.block([v, c, 1.0]),
    "append": lambda v, m, t, c, x: np.append(v, m),
    "append axis": lambda v, m, t, c, x: np.append(m, m, axis=1),
    "split": lambda v, m, t, c, x: np.split(c, 3),
    "split places": lambda v, m, t, c, x: np.split(c, [1, 2]),
    "array_split": lambda v, m, t, c, x: np.array_split(np.concatenate([c, c[:1]]), 3),
    "hsplit": lambda v, m, t, c, x: np.hsplit(c.reshape(-1, 3), 3),
    "vsplit": lambda v, m, t, c, x: np.vsplit(t, 2),
    "dsplit": lambda v, m, t, c, x: np.dsplit(np.moveaxis(t, 0, 2), 2),
    "tile": lambda v, m, t, c, x: np.tile(v, 3),
    "tile more": lambda v, m, t, c, x: np.tile(m, (2, 1, 3)),
    "tile fewer": lambda v, m, t, c, x: np.tile(t, 2),
    "repeat": lambda v, m, t, c, x: np.repeat(m, 3),
    "repeat axis": lambda v, m, t, c, x: np.repeat(m, 2, axis=0),
    "repeat unlike": lambda v, m, t, c, x: np.repeat(v, np.arange(len(v)) % 3),
    "resize": lambda v, m, t, c, x: np.resize(v, (2, 5)),
    "resize more": lambda v, m, t, c, x: np.resize(v, (3, 2 * len(v))),
    "delete": lambda v, m, t, c, x: np.delete(m, 0, axis=1),
    "delete several": lambda v, m, t, c, x: np.delete(c, [0, 2]),
    "insert": lambda v, m, t, c, x: np.insert(v, 1, 7.5),
    "insert several": lambda v, m, t, c, x: np.insert(v, [0, 1], [x, 2.0]),
    "insert column": lambda v, m, t, c, x: np.insert(m, 0, v, axis=1),
    "pad": lambda v, m, t, c, x: np.pad(v, (1, 2)),
    "pad values": lambda v, m, t, c, x: np.pad(m, ((1, 0), (2, 1)), constant_values=(x, 3)),
    "pad edge": lambda v, m, t, c, x: np.pad(m, ((2, 1), (0, 1)), mode="edge"),
    "pad wrap": lambda v, m, t, c, x: np.pad(c, 2, mode="wrap"),
    "pad reflect": lambda v, m, t, c, x: np.pad(c, (1, 2), mode="reflect"),
    "pad symmetric": lambda v, m, t, c, x: np.pad(c, (3, 1), mode="symmetric"),
    # parts
    "diagonal": lambda v, m, t, c, x: np.diagonal(m, 0) + m.diagonal(),
    "diagonal of axes": lambda v, m, t, c, x: np.diagonal(t, -1, 1, 2) + 0 * np.diagonal(m, 1),
    "diag": lambda v, m, t, c, x: np.diag(m) + np.diag(np.diag(v, 1), 1),
    "diag below": lambda v, m, t, c, x: np.diag(v, -2),
    "diagflat": lambda v, m, t, c, x: np.diagflat(m, 1),
    "tril": lambda v, m, t, c, x: np.tril(m) + np.triu(t, 1),
    "tril of a vector": lambda v, m, t, c, x: np.tril(v, -1),
    "windows": lambda v, m, t, c, x: windows(c, 3),
    "windows of matrices": lambda v, m, t, c, x: windows(t, (1, 1), (1, 2)).sum(axis=(-1, -2)),
    "take": lambda v, m, t, c, x: np.take(m, [[0, -1], [0, 0]], axis=1),
    "take flat": lambda v, m, t, c, x: np.take(m, [0, -1]),
    "take one": lambda v, m, t, c, x: np.take(m, -1, axis=0),
    "take wrapped": lambda v, m, t, c, x: np.take(v, [7, -8, 1], mode="wrap"),
    "take_along_axis": lambda v, m, t, c, x: np.take_along_axis(
        m, np.zeros((len(v), 1), dtype=int), axis=1
    ),
    "compress": lambda v, m, t, c, x: np.compress([True], m, axis=0),
    "choose": lambda v, m, t, c, x: np.where(m > v, m, v) + np.select([m > 1, m > 0], [m, v], x),
    # like others
    "zeros_like": lambda v, m, t, c, x: np.zeros_like(m) + v,
    "ones_like": lambda v, m, t, c, x: np.ones_like(v) * x,
    "full_like": lambda v, m, t, c, x: np.full_like(m, v),
    "empty_like": lambda v, m, t, c, x: 0 * np.empty_like(v),
    "copy": lambda v, m, t, c, x: np.copy(m) + m.copy(),
    "linspace": lambda v, m, t, c, x: np.linspace(v, 2 * v, 5),
    "linspace of numbers": lambda v, m, t, c, x: np.linspace(x, 3, 7 * len(v)),
    "linspace open": lambda v, m, t, c, x: np.linspace(x, x + 2, 4, endpoint=False),
    "linspace axis": lambda v, m, t, c, x: np.linspace(v, 0.5, 3, axis=-1),
    "linspace step": lambda v, m, t, c, x: list(np.linspace(x, 3, 3, retstep=True)),
    "logspace": lambda v, m, t, c, x: np.logspace(x, 2, 4, base=2.0),
    # products
    "outer": lambda v, m, t, c, x: np.outer(v, m),
    "multiply.outer": lambda v, m, t, c, x: np.multiply.outer(v, m),
    "inner": lambda v, m, t, c, x: np.inner(t, m),
    "vdot": lambda v, m, t, c, x: np.vdot(m, m),
    "dot": lambda v, m, t, c, x: np.dot(m, v) + v.dot(m),
    "dot of three axes": lambda v, m, t, c, x: np.dot(m, t),
    "dot of a vector": lambda v, m, t, c, x: np.dot(v, t),
    "matmul": lambda v, m, t, c, x: t @ m,
    "tensordot": lambda v, m, t, c, x: np.tensordot(t, m),
    "tensordot one": lambda v, m, t, c, x: np.tensordot(t, m, 1),
    "tensordot none": lambda v, m, t, c, x: np.tensordot(v, m, 0),
    "tensordot pairs": lambda v, m, t, c, x: np.tensordot(t, t, ([2, 0], [1, 0])),
    "kron": lambda v, m, t, c, x: np.kron(m, m),
    "kron of unlike": lambda v, m, t, c, x: np.kron(v, t),
    "cross": lambda v, m, t, c, x: np.cross(c.reshape(-1, 3), c[:3] + 1),
    "cross in planes": lambda v, m, t, c, x: np.linalg.norm(
        np.cross(c[:2], c.reshape(-1, 3)[:, :3]), axis=-1
    ),
    "cross axes": lambda v, m, t, c, x: np.cross(
        c.reshape(3, -1), c[::-1].reshape(-1, 3), axisa=0, axisc=0
    ),
    "trace": lambda v, m, t, c, x: np.trace(m) + m.trace(1),
    "trace of axes": lambda v, m, t, c, x: np.trace(t, 0, 1, 2),
    "convolve": lambda v, m, t, c, x: np.convolve(v, c),
    "convolve same": lambda v, m, t, c, x: np.convolve(c, [1.0, -2.0], "same"),
    "convolve valid": lambda v, m, t, c, x: np.convolve(c, [1.0, -2.0, 1.0], "valid"),
    "correlate": lambda v, m, t, c, x: np.correlate(c, v),
    "correlate same": lambda v, m, t, c, x: np.correlate(c, [1.0, 2.0], "same"),
    "correlate short": lambda v, m, t, c, x: np.correlate([1.0, 2.0], c, "full"),
    "vecdot": lambda v, m, t, c, x: np.vecdot(m, v),
    "linalg.trace": lambda v, m, t, c, x: np.linalg.trace(t),
    "linalg.diagonal": lambda v, m, t, c, x: np.linalg.diagonal(t),
    "linalg.outer": lambda v, m, t, c, x: np.linalg.outer(v, c),
    "linalg.matmul": lambda v, m, t, c, x: np.linalg.matmul(t, m),
    "linalg.tensordot": lambda v, m, t, c, x: np.linalg.tensordot(t, m),
    "linalg.cross": lambda v, m, t, c, x: np.linalg.cross(c.reshape(-1, 3), c[:3]),
    "linalg.vecdot": lambda v, m, t, c, x: np.linalg.vecdot(m, v),
    "linalg.matrix_transpose": lambda v, m, t, c, x: np.linalg.matrix_transpose(t),
    # reductions
    "sum": lambda v, m, t, c, x: np.sum(t, axis=(0, -1), keepdims=True),
    "sum where": lambda v, m, t, c, x: np.sum(m, where=m > 0) + np.prod(v, where=v > 0),
    "prod": lambda v, m, t, c, x: np.prod(t, axis=1),
    "max": lambda v, m, t, c, x: np.max(t, axis=(1, 2)) - m.min(),
    "max initial": lambda v, m, t, c, x: np.max(v, initial=0.5) + np.sum(v, initial=2.0),
    "amin": lambda v, m, t, c, x: np.amin(m, 0, keepdims=True),
    "ptp": lambda v, m, t, c, x: np.ptp(m, axis=1),
    "argmax": lambda v, m, t, c, x: np.argmax(m, axis=1) + m.argmin(),
    "argmin": lambda v, m, t, c, x: np.argmin(m, keepdims=True),
    "mean": lambda v, m, t, c, x: np.mean(t, axis=-1) + t.mean(),
    "average": lambda v, m, t, c, x: np.average(m, axis=0, weights=np.abs(v)),
    "var": lambda v, m, t, c, x: np.var(m, axis=1) + np.std(m, axis=0),
    "any": lambda v, m, t, c, x: np.any(m > 1, axis=0) + 2.0 * np.all(m > -1, axis=0),
    "count_nonzero": lambda v, m, t, c, x: np.count_nonzero(m > 0, axis=1),
    "cumsum": lambda v, m, t, c, x: np.cumsum(m) + np.cumsum(m, axis=1).reshape(-1),
    "cumprod": lambda v, m, t, c, x: np.cumprod(m, axis=0) * m.cumprod(axis=-1),
    "add.accumulate": lambda v, m, t, c, x: np.add.accumulate(m, 1),
    "cumulative_sum": lambda v, m, t, c, x: np.cumulative_sum(v, include_initial=True),
    "cumulative_prod": lambda v, m, t, c, x: np.cumulative_prod(m, axis=1, include_initial=True),
    "nansum": lambda v, m, t, c, x: np.nansum(np.log(m), axis=0) + np.nanprod(np.sqrt(v)),
    "nanmax": lambda v, m, t, c, x: np.nanmax(np.log(m), axis=0) - np.nanmin(np.log(np.abs(v))),
    "nancumsum": lambda v, m, t, c, x: np.nancumsum(np.log(v)) * np.nancumprod(np.log(v)),
    "nanmean": lambda v, m, t, c, x: np.nanmean(np.sqrt(np.append(m, 1.0))),
    "logsumexp": lambda v, m, t, c, x: np.log(np.sum(np.exp(m - np.max(m)), axis=1)) + np.max(m),
    "logaddexp": lambda v, m, t, c, x: np.logaddexp(m, v),
    "norm": lambda v, m, t, c, x: np.linalg.norm(m, axis=1) + np.linalg.norm(v),
    "norms": lambda v, m, t, c, x: [np.linalg.norm(m, ord) for ord in (1, -1, np.inf, "fro")],
    "vector norms": lambda v, m, t, c, x: [np.linalg.norm(v, ord) for ord in (1, 3, np.inf, 0)],
    # differences
    "diff": lambda v, m, t, c, x: np.diff(c, 2),
    "diff axis": lambda v, m, t, c, x: np.diff(m, axis=0, prepend=0, append=v[None]),
    "ediff1d": lambda v, m, t, c, x: np.ediff1d(c, to_end=[x, 1.0], to_begin=2),
    "gradient": lambda v, m, t, c, x: np.gradient(c),
    "gradient steps": lambda v, m, t, c, x: np.gradient(c, 0.5, edge_order=2),
    "gradient axes": lambda v, m, t, c, x: np.gradient(np.tile(m, (2, 2)), 0.5, 2.0),
    "gradient coordinates": lambda v, m, t, c, x: np.gradient(
        c, np.arange(len(c)) ** 1.5, edge_order=2
    ),
    "gradient one axis": lambda v, m, t, c, x: np.gradient(np.tile(m, (2, 1)), x, axis=0),
    "trapezoid": lambda v, m, t, c, x: np.trapezoid(m, dx=0.5) + np.trapezoid(c),
    "trapezoid places": lambda v, m, t, c, x: np.trapezoid(m, v**2, axis=0),
    "unwrap": lambda v, m, t, c, x: np.unwrap(9 * c),
    "cov": lambda v, m, t, c, x: np.cov(c.reshape(-1, 3).T),
    "cov of two": lambda v, m, t, c, x: np.cov(c, c[::-1] ** 2, bias=True),
    # others
    "clip": lambda v, m, t, c, x: np.clip(m, -0.5, v),
    "nan_to_num": lambda v, m, t, c, x: np.nan_to_num(np.log(m)),
    "interp": lambda v, m, t, c, x: np.interp(m, [-1.0, 0.0, 2.0], [3.0, x, 4.0]),
    "round": lambda v, m, t, c, x: np.round(m, 1),
    "sinc": lambda v, m, t, c, x: np.sinc(m),
    "corrcoef": lambda v, m, t, c, x: np.corrcoef(np.stack([c, c**2])) + np.corrcoef(c),
    "nanvar": lambda v, m, t, c, x: np.nanvar(np.sqrt(np.append(m, 1.0)), ddof=0),
    "nanstd": lambda v, m, t, c, x: np.nanstd(np.log(m), axis=0, keepdims=True),
    "nanargmax": lambda v, m, t, c, x: np.nanargmax(np.sqrt(np.append(m, 1.0))),
    "nanargmin": lambda v, m, t, c, x: np.nanargmin(np.append(np.log(m), m), axis=0),
    "array_equiv": lambda v, m, t, c, x: np.array_equiv(m, v) + np.array_equiv(v, v[None]),
    "geomspace": lambda v, m, t, c, x: np.geomspace(np.abs(v) + 0.1, 3.0, 4, axis=1),
    "geomspace open": lambda v, m, t, c, x: np.geomspace(-np.abs(v) - 0.1, -3.0, 3, False),
    "polyadd": lambda v, m, t, c, x: np.polyadd(c, v) - np.polysub(v, c),
    "polymul": lambda v, m, t, c, x: np.polymul(c, [1.0, 2.0]),
    "polyder": lambda v, m, t, c, x: np.polyder(c, 2),
    "polyint": lambda v, m, t, c, x: np.polyint(v, 2, [1.0, x]),
    "fftshift": lambda v, m, t, c, x: np.fft.fftshift(m) + np.fft.ifftshift(m, axes=0),
    "astype": lambda v, m, t, c, x: m.astype(float) + v,
    "vander": lambda v, m, t, c, x: np.vander(v, 3) + np.vander(v, 3, increasing=True),
    "polyval": lambda v, m, t, c, x: np.polyval([1.0, x, 2.0], m),
    "maximum": lambda v, m, t, c, x: np.maximum(m, v) * np.fmin(v, x) + np.hypot(m, v),
    "comparisons": lambda v, m, t, c, x: (m > v) & (m < 1) | np.isfinite(m),
    "isclose": lambda v, m, t, c, x: np.isclose(m, v) + np.array_equal(m, m),
    "add.outer": lambda v, m, t, c, x: np.add.outer(v, c),
    "softmax": lambda v, m, t, c, x: np.exp(m) / np.sum(np.exp(m), axis=1, keepdims=True),
    "index arrays": lambda v, m, t, c, x: m[[0, -1], :] + c[np.array([0, 1])][:, None],
    "mask": lambda v, m, t, c, x: c[np.arange(len(c)) % 2 == 0],
}
EINSUMS = {
    "ij,jk->ik": "m m",
    "ij,jk": "m m",
    "ii": "m",
    "ii->i": "m",
    "ij->ji": "m",
    "ij->": "m",
    "i,i->": "v v",
    "i,j->ij": "v v",
    "i,ij,j": "v m v",
    "ij,jk,kl->il": "m m m",
    "aij,jk,aki->a": "t m t",
    "...ij,...jk->...ik": "t m",
    "...ii->...i": "t",
    "i...,i": "m v",
    "aij,aij->": "t t",
    "aii,ai->a": "t=",
    "ij,ij,ij->ij": "m m m",
    "a...,b...->ab...": "m m",
    "ij,kl->ijkl": "m m",
    "ij,ik->ijk": "m m",
}


def arguments(n: int, seed: int = 0) -> tuple[dict[Any, Any], list[Any]]:
    """Values by inputs, with numbers that are away from the places where branches meet."""
    generator = np.random.default_rng(seed)
    shapes = {"v": (n,), "m": (n, n), "t": (2, n, n), "c": (3 * n,)}
    values: dict[Any, Any] = {
        ty.variable(f"{name}{n}", shape=shape): generator.normal(size=shape)
        for name, shape in shapes.items()
    }
    values[x] = 0.75
    return values, list(values.values())


def as_list(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]


def agree(built: Any, right: Any, values: dict[Any, Any], compiled: bool = True) -> list[Any]:
    """Also the nodes, each with the right numbers, that have elements."""
    nodes, numbers = as_list(built), [np.asarray(number, dtype=float) for number in as_list(right)]
    assert len(nodes) == len(numbers)
    for e, number in zip(nodes, numbers, strict=True):
        assert isinstance(e, (ty.Expression, ArrayUnderConstruction)), type(e)
        assert e.shape == number.shape
        close(ty.evaluate(e, values), number)
    pairs = [(e, number) for e, number in zip(nodes, numbers, strict=True) if number.size]
    if compiled:
        agree_compiled(pairs, values)
    return pairs


def agree_compiled(pairs: Sequence[Any], values: dict[Any, Any]) -> None:
    """In one piece of machine code, which takes a quarter of the time that many take."""
    if pairs:
        found = ty.compile([e for e, _ in pairs], list(values))(*values.values())
        for value, (_, number) in zip(found, pairs, strict=True):
            close(value, number)


def close(value: Any, number: Any) -> None:
    np.testing.assert_allclose(value, number, rtol=1e-11, atol=1e-13)


def called(function: Callable[..., Any], values: list[Any]) -> Any:
    with np.errstate(all="ignore"):
        return function(*values)


# Where NumPy has NaN or zeros for arrays without elements, and expressions an error.
FILLED = {"take", "average", "vector norms", "cov", "cov of two", "corrcoef", "polymul"}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore")
def test_values_are_numpys(name: str) -> None:
    function, together, everything = CASES[name], [], {}
    for n in (3, 2, 1, 4, 0) if name not in FILLED else (3, 2, 1, 4):
        values, numbers = arguments(n)
        try:
            right = called(function, numbers)
        except (ValueError, IndexError):  # too few elements, for NumPy too
            assert n < 3
            with pytest.raises((ty.TaylorError, IndexError)):
                function(*values)
            continue
        pairs = agree(function(*values), right, values, compiled=False)
        if n < 4:
            together += pairs
            everything |= values
    agree_compiled(together, everything)


# Of few elements they are slices put together.
TABLES = {"repeat unlike", "resize", "take wrapped"}


@pytest.mark.parametrize("name", CASES)
def test_the_number_of_nodes_does_not_depend_on_shapes(name: str) -> None:
    counts = []
    for n in (9, 30) if name not in TABLES else (60, 70):
        built = as_list(CASES[name](*arguments(n)[0]))
        counts.append(len(reachable([as_expression(e) for e in built])))
    assert counts[0] == counts[1] < 120


def test_large_arrays_take_no_work() -> None:
    """What spells out anything makes millions of calls: a matrix has 10**6 elements."""
    inputs = list(arguments(1000)[0])
    slow = {"kron", "outer", "multiply.outer", "tensordot none", "diagflat", "meshgrid ij"}
    for name, function in CASES.items():
        if name not in slow | {"kron of unlike"}:  # results of 10**9 elements and more
            assert calls(lambda function=function: function(*inputs)) < 20_000, name


@pytest.mark.parametrize("subscripts", EINSUMS)
def test_einsum(subscripts: str) -> None:
    counts, together, everything = [], [], {}
    for n in (2, 3, 1, 9, 30):
        values, numbers = arguments(n)
        chosen = []
        for operands in (list(values), numbers):
            named = dict(zip("vmtc", operands, strict=False))
            if EINSUMS[subscripts] == "t=":
                chosen.append([named["t"], named["t"][:, 0]])
            else:
                chosen.append([named[k] for k in EINSUMS[subscripts].split()])
        built = np.einsum(subscripts, *chosen[0])
        counts.append(len(reachable([built])))
        if n < 9:
            right = np.einsum(subscripts, *chosen[1])
            together += agree(built, right, values, compiled=False)
            everything |= values
    agree_compiled(together, everything)
    assert counts[-1] == counts[-2] < 20


def test_einsum_with_lists_of_axes_and_axes_of_one_element() -> None:
    values, (v, m, *_) = arguments(3)
    nv, nm = list(values)[:2]
    agree(np.einsum(nm, [0, 1], nv, [1]), np.einsum(m, [0, 1], v, [1]), values)
    agree(np.einsum(nm, [0, 1], nv, [1], [0]), np.einsum(m, [0, 1], v, [1], [0]), values)
    agree(np.einsum(nm, [0, ...], nv, [0]), np.einsum(m, [0, ...], v, [0]), values)
    agree(
        np.einsum("ij,jk->ik", nm, nv[None, :][:1]),
        np.einsum("ij,jk->ik", m, v[None, :]),
        values,
    )


def test_products_of_many_are_made_two_at_a_time_small_ones_first() -> None:
    a, b, c = (ty.variable(f"a{k}", shape=s) for k, s in enumerate(((200, 3), (3, 200), (200, 2))))
    product = np.einsum("ij,jk,kl->il", a, b, c)
    assert max(e.size for e in reachable([product]) if e.args) == 400  # a (b c)
    assert [e.op for e in reachable([product]) if e.args] == ["einsum", "einsum"]


# --- what is refused ------------------------------------------------------------------------------

V, M = ty.variable("v", shape=3), ty.variable("m", shape=(3, 4))
REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: np.unique(V), ty.UnsupportedFunctionError, r"numpy\.unique.*taylor\.where"),
    (lambda: np.nonzero(V), ty.UnsupportedFunctionError, r"numpy\.nonzero.*taylor\.where"),
    (lambda: np.fft.fft(V), ty.UnsupportedFunctionError, r"fft.*complex"),
    (lambda: np.fft.rfft2(M), ty.UnsupportedFunctionError, r"fft\.rfft2.*complex.*numpy\.cos"),
    (lambda: np.linalg.eig(M[:, :3]), ty.UnsupportedFunctionError, r"linalg\.eig.*complex"),
    (
        lambda: np.maximum.accumulate(np.tile(V, 10**5)),
        ty.UnsupportedFunctionError,
        r"maximum\.accumulate: .*300000 elements.*test_array_functions",
    ),
    (
        lambda: np.nanmedian(np.tile(V, 10**5)),
        ty.UnsupportedFunctionError,
        r"nanmedian: .*test_array_functions",
    ),
    (
        lambda: np.apply_along_axis(np.sin, 0, np.tile(V, 10**5)),
        ty.UnsupportedFunctionError,
        r"apply_along_axis: has no rule .*300000 elements",
    ),
    (lambda: V.astype(int), ty.UnsupportedFunctionError, r"astype: .*int.*numpy\.trunc"),
    (lambda: np.take(V, V), ty.UnsupportedFunctionError, r"numpy\.take.*taylor\.where"),
    (lambda: np.pad(V, 1, mode="mean"), ty.UnsupportedFunctionError, r"numpy\.pad: mode='mean'"),
    (lambda: np.cov(V, fweights=[1, 2, 3]), ty.UnsupportedFunctionError, r"numpy\.cov: weights"),
    (lambda: V + M, ty.ShapeError, r"add: shapes \(3,\) and \(3, 4\)"),
    (lambda: V @ M.T, ty.ShapeError, r"matmul: shapes \(3,\) and \(4, 3\)"),
    (lambda: np.tensordot(V, M, ([0], [1])), ty.ShapeError, r"tensordot: shapes \(3,\) and"),
    (lambda: np.einsum("ij,i->j", M, M[0]), ty.ShapeError, r"einsum: shapes \(3, 4\) and \(4,\)"),
    (lambda: np.einsum("ij,jk", M), ty.ArgumentError, r"einsum: 'ij,jk'.*2 operand"),
    (lambda: np.einsum("ijk", M), ty.ShapeError, r"einsum: 'ijk'.*\(3, 4\)"),
    (lambda: np.einsum("ij->k", M), ty.ArgumentError, r"einsum: 'ij->k'"),
    (lambda: np.einsum("ii", M), ty.ShapeError, r"einsum: 'ii'.*\(3, 4\)"),
    (lambda: np.concatenate([V, M]), ty.ShapeError, r"concatenate: shapes \(3,\), \(3, 4\)"),
    (lambda: np.reshape(M, (5, 2)), ty.ShapeError, r"reshape: .*\(3, 4\).*\(5, 2\)"),
    (lambda: np.broadcast_to(V, (4,)), ty.ShapeError, r"broadcast_to: shape \(3,\).*\(4,\)"),
    (lambda: np.split(V, 2), ty.ShapeError, r"numpy\.split: 3 elements.*array_split"),
    (lambda: np.cross(M, M), ty.ShapeError, r"numpy\.cross: a of shape \(3, 4\)"),
    (lambda: np.convolve(M, V), ty.ShapeError, r"numpy\.convolve: shapes \(3, 4\) and \(3,\)"),
    (lambda: np.gradient(V[:1]), ty.ShapeError, r"numpy\.gradient: shape \(1,\)"),
    (lambda: np.swapaxes(V, 0, 1), ty.ArgumentError, r"numpy\.swapaxes: .*axis"),
    (lambda: np.stack([V, M]), ty.ShapeError, r"stack: .*\(3,\), \(3, 4\)"),
    (lambda: np.max(np.zeros((0, 3)) * M[:0, :3]), ty.ShapeError, r"max: shape \(0, 3\)"),
]


@pytest.mark.parametrize(("build", "error", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_is_refused(
    build: Callable[[], Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        build()
    if error is ty.ShapeError:  # the user's line
        assert "test_array_functions.py:" in str(caught.value)


# --- random programs ------------------------------------------------------------------------------

STEPS: list[Callable[..., Any]] = [
    lambda a, b: a + b,
    lambda a, b: np.sin(a) * b - a,
    lambda a, b: a[::-1],
    lambda a, b: a[..., ::-2],
    lambda a, b: a.T,
    lambda a, b: np.roll(a, 1, axis=0),
    lambda a, b: np.flip(a),
    lambda a, b: np.cumsum(a, axis=-1),
    lambda a, b: np.max(a, axis=0, keepdims=True) - a,
    lambda a, b: np.sum(a, axis=-1, keepdims=True) * a,
    lambda a, b: a - np.mean(a),
    lambda a, b: np.where(a > b, a, -a),
    lambda a, b: np.concatenate([a, a[:1]], axis=0),
    lambda a, b: np.concatenate([a, b], axis=-1),
    lambda a, b: np.diff(a, axis=0, append=b[:1]),
    lambda a, b: np.tile(a, (1, 2)),
    lambda a, b: np.repeat(a, 2, axis=0)[::2],
    lambda a, b: np.pad(a, ((1, 0), (0, 1)), mode="edge")[1:, :-1],
    lambda a, b: np.einsum("ij,kj->ik", a, b) @ a[: len(b)],
    lambda a, b: np.einsum("ij,ij->j", a, a)[None] + a,
    lambda a, b: np.outer(a[:, 0], a[0]),
    lambda a, b: np.tril(a) + np.triu(b, 1),
    lambda a, b: windows(a, 1, axis=0)[..., 0],
    lambda a, b: np.diagonal(a)[:1] * a,
    lambda a, b: a.reshape(-1)[::-1].reshape(a.shape),
    lambda a, b: np.swapaxes(np.stack([a, b])[0], 0, 1),
    lambda a, b: a[np.arange(len(a)) % 2 == 0],
    lambda a, b: np.broadcast_to(a[:1], a.shape) + b,
    lambda a, b: np.take(a, [0, -1, 0], axis=0),
]


@given(st.data())
@settings(max_examples=100, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_random_programs(data: Any) -> None:
    """Steps one after the other: shapes with axes of one element, strides of all kinds."""
    shape = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    first, second = generator.normal(size=shape), generator.normal(size=shape)
    p, q = ty.variable("p", shape=shape), ty.variable("q", shape=shape)
    numbers: list[Any] = [first, second]
    nodes: list[Any] = [p, q]
    for _ in range(data.draw(st.integers(1, 6))):
        step = data.draw(st.sampled_from(STEPS))
        i, j = (data.draw(st.integers(0, len(nodes) - 1)) for _ in range(2))
        try:
            found = step(numbers[i], numbers[j])
        except (ValueError, IndexError):
            with pytest.raises((ty.TaylorError, IndexError)):
                step(nodes[i], nodes[j])
            continue
        if found.ndim != 2 or found.size > 60:
            continue
        numbers.append(found / (1 + np.abs(found).max(initial=0)))
        built = step(nodes[i], nodes[j])
        nodes.append(built / (1 + np.max(np.abs(built), initial=0)))
    e = as_expression(nodes[-1])
    compiled = ty.compile(e, [p, q])(first, second) if e.size else numbers[-1]
    for value in (ty.evaluate(e, {p: first, q: second}), compiled):
        np.testing.assert_allclose(value, numbers[-1], rtol=1e-9, atol=1e-12)
