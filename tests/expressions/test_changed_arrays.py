"""NumPy's functions that change their argument, and conditions as places, beside NumPy itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

GIVEN = np.array([[1.0, 2.0, 3.5], [4.0, 5.0, 6.25]])
MASK = np.array([[True, False, True], [False, True, True]])
ORDER = np.array([[2, 0, 1], [0, 2, 1]])


def assigned(places: Callable[[Any], Any], value: Callable[[Any], Any]) -> Callable[[Any], None]:
    """What assigns to places of an array."""

    def change(a: Any) -> None:
        a[places(a)] = value(a)

    return change


def halved(a: Any) -> None:
    a[a > 3] /= 2


def of_rows(a: Any) -> None:
    a[a[:, 0] > 2] *= 3.0


def twice(a: Any) -> None:
    big = a > 3
    a[big] = np.sqrt(a[big]) + 2 * a[big] ** 2
    a[~big] -= 1


CHANGES: dict[str, Callable[[Any], object]] = {
    "copyto": lambda a: np.copyto(a, 2 * a),
    "copyto by name": lambda a: np.copyto(dst=a, src=2 * a, where=a > 3),
    "fill_diagonal by name": lambda a: np.fill_diagonal(a=a, val=7.0),
    "put": lambda a: np.put(a, [0, 4], [9.0, a[0, 1]]),
    "put by name": lambda a: np.put(a=a, ind=[0, 5], v=9.0),
    "put, a method": lambda a: a.put([1], 3.0),
    "put_along_axis": lambda a: np.put_along_axis(a, ORDER, 2 * a, axis=1),
    "put_along_axis, one value": lambda a: np.put_along_axis(a, ORDER[:, :1], 9.0, axis=1),
    "put_along_axis by name": lambda a: np.put_along_axis(
        arr=a, indices=np.array([[1, 0, 0]]), values=a[:1] * 10, axis=0
    ),
    "put_along_axis, flat": lambda a: np.put_along_axis(
        a, np.array([3, 0]), np.array([7.0, 8.0]), axis=None
    ),
    "putmask": lambda a: np.putmask(a, a > 3, a * 10),
    "putmask, a number": lambda a: np.putmask(a, a > 3, 9.0),
    "putmask, again and again": lambda a: np.putmask(a, a > 3, np.array([5.0, 6.0, 7.0, 8.0])),
    "putmask, known": lambda a: np.putmask(a, MASK, -a),
    "place": lambda a: np.place(a, MASK, np.array([5.0, 6.0, 7.0])),
    "place, a number": lambda a: np.place(a, a > 3, 9.0),
    "nan_to_num": lambda a: np.nan_to_num(a, copy=False, nan=3.0),
    "add.at": lambda a: np.add.at(a, (np.array([0, 0, 1]), np.array([1, 1, 0])), 2.0),
    "out": lambda a: np.sin(a, out=a),
    "out where": lambda a: np.sin(a, out=a, where=a > 3),
    "out of a sum": lambda a: np.sum(2 * a, axis=0, out=a[0]),
    "out of a running sum": lambda a: np.cumsum(a, axis=1, out=a),
    "out of clip": lambda a: np.clip(a, 2.0, 4.5, out=a),
    "sort": lambda a: a[:, ::-1].sort(),
    "sort along": lambda a: a.sort(axis=0),
    "flat": lambda a: a.flat.__setitem__(slice(1, 4), 9.0),
    "flatten is a copy": lambda a: a.flatten().__setitem__(0, 9.0),
    "halved": halved,
    "of rows": of_rows,
    "twice": twice,
    "a known condition": assigned(lambda a: MASK, lambda a: a[MASK] * 2),
    "a condition": assigned(lambda a: a > 3, lambda a: a[a > 3] * 2 - a[a > 3] / 3),
}


def changed(name: str, make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function that makes an array, changes it and returns it."""
    change = CHANGES[name]

    def function(x: Any) -> Any:
        a = make(x)
        change(a)
        return a

    return function


def like(x: Any) -> Any:
    a = np.zeros_like(x)
    a[...] = x
    return a


VIEWS: dict[str, Callable[[Any], Any]] = {
    "split": lambda a: np.split(a, 3, axis=1)[1],
    "array_split": lambda a: np.array_split(a, 2)[1],
    "hsplit": lambda a: np.hsplit(a, [1])[0],
    "vsplit": lambda a: np.vsplit(a, 2)[0],
    "unstack": lambda a: np.unstack(a)[1],
    "atleast_2d": np.atleast_2d,
    "atleast_3d": np.atleast_3d,
    "real": lambda a: np.real(a)[0],
    ".real": lambda a: a.real[0],
    ".mT": lambda a: a.mT[0],
    "matrix_transpose": lambda a: np.matrix_transpose(a)[1],
    "view": lambda a: a.view()[1],
    "astype": lambda a: a.astype(float, copy=False)[1],
    "a copy of astype": lambda a: a.astype(float)[1],
    "by columns, a copy": lambda a: a.reshape((3, 2), order="F")[0],
    "by columns, a row": lambda a: np.reshape(a[0], (3, 1), order="F")[1],
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_are_those_of_numpy(name: str) -> None:
    def function(x: Any) -> Any:
        a = x.copy()
        part = VIEWS[name](a)
        part[...] = 9.0
        return a

    wanted = function(GIVEN)
    assert ty.jit(function)(GIVEN).tolist() == wanted.tolist()
    assert ty.jit(ty.program(function))(GIVEN).tolist() == wanted.tolist()


def test_object_arrays_of_them_are_no_views_in_silence() -> None:
    def function(x: Any) -> Any:
        a = x.copy()
        np.asarray(a)[0, 0] = 9.0
        return a

    with pytest.raises(ValueError, match="read-only"):
        ty.jit(function)(GIVEN)
    assert ty.jit(ty.program(function))(GIVEN)[0, 0] == 9.0
    assert ty.jit(lambda x: np.array(x.copy()) * 2)(GIVEN).tolist() == (2 * GIVEN).tolist()


@pytest.mark.parametrize("make", [lambda x: x.copy(), like], ids=["copy", "zeros_like"])
@pytest.mark.parametrize("name", CHANGES)
def test_changes_are_those_of_numpy(name: str, make: Any) -> None:
    function = changed(name, make)
    wanted = function(GIVEN)
    np.testing.assert_allclose(ty.jit(function)(GIVEN), wanted, rtol=1e-14)
    np.testing.assert_allclose(ty.jit(ty.program(function))(GIVEN), wanted, rtol=1e-14)


@pytest.mark.parametrize("name", [name for name in CHANGES if "sum" not in name])
def test_arrays_that_depend_on_one_number(name: str) -> None:
    """These are NumPy's object arrays, of scalar expressions."""

    def function(t: Any) -> Any:
        a = GIVEN + t * np.array([[0.3, -1.0, 0.2], [0.7, 0.1, -0.4]])
        CHANGES[name](a)
        return a

    wanted = function(0.25)
    np.testing.assert_allclose(ty.jit(function)(0.25), wanted, rtol=1e-14)
    np.testing.assert_allclose(ty.jet(function, 0.25, order=1)[0], wanted, rtol=1e-14)
    slope = (function(0.25 + 1e-5) - function(0.25 - 1e-5)) / 2e-5
    np.testing.assert_allclose(ty.jacobian(function)(0.25), slope, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", ["putmask", "put_along_axis", "out where", "halved", "twice"])
def test_their_derivatives_are_limits_of_differences(name: str) -> None:
    function = changed(name, lambda x: x.copy())
    along = np.array([[0.3, -1.0, 0.2], [0.7, 0.1, -0.4]])
    step = 1e-5
    wanted = (function(GIVEN + step * along) - function(GIVEN - step * along)) / (2 * step)
    _, found = ty.jvp(function, (GIVEN,), (along,))
    np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-8)
    weights = np.arange(6.0).reshape(2, 3) - 2
    (back,) = ty.vjp(function, GIVEN)[1](weights)
    np.testing.assert_allclose(np.sum(back * along), np.sum(weights * wanted), rtol=1e-7)
    batch = np.stack([GIVEN, 2 * GIVEN])
    np.testing.assert_allclose(
        ty.vmap(function)(batch), [function(GIVEN), function(2 * GIVEN)], rtol=1e-14
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda x: np.fill_diagonal(x, 0.0),
        lambda x: np.put(x, [0], 9.0),
        lambda x: np.copyto(x, 2 * x),
        lambda x: np.copyto(dst=x, src=2 * x),
        lambda x: np.put_along_axis(x, np.array([[0], [1]]), 9.0, axis=1),
        lambda x: np.putmask(x, x > 1, 9.0),
        lambda x: np.place(x, MASK, 9.0),
        lambda x: np.nan_to_num(x, copy=False),
        lambda x: x.sort(),
        lambda x: x.fill(0.0),
    ],
)
def test_arguments_are_not_changed_in_silence(change: Any) -> None:
    def function(x: Any) -> Any:
        change(x)
        return x

    with pytest.raises(ty.TracingError, match=r"never changes.*test_changed_arrays\.py|x\.copy"):
        ty.jit(function)(GIVEN)
    with pytest.raises(ty.TaylorError):
        ty.jit(ty.program(function))(GIVEN)


def test_what_changed_places_cannot_do_is_said() -> None:
    def by_other_condition(x: Any) -> Any:
        a = x.copy()
        a[x > 1] = a[x > 2]
        return a

    def shaped(x: Any) -> Any:
        a = x.copy()
        a.shape = (6,)
        return a

    def summed(x: Any) -> Any:
        a = x.copy()
        return np.sum(a[x > 1])

    for function in (by_other_condition, summed):
        with pytest.raises(ty.TracingError, match=r"a\[condition\].*numpy\.where"):
            ty.jit(function)(GIVEN)
    with pytest.raises(ty.UnsupportedFunctionError, match=r"a = a\.reshape\(\(6,\)\)"):
        ty.jit(shaped)(GIVEN)


def test_names_that_functions_ask_arrays_for() -> None:
    def function(x: Any) -> Any:
        parts = [x.real, x.imag, x.conj(), x.conjugate(), np.swapaxes(x.mT, -1, -2)]
        return sum(parts) + x.item(4) + sum(x.flat)

    x = GIVEN.copy()
    wanted = 4 * x + 5.0 + x.sum()
    np.testing.assert_allclose(ty.jit(function)(x), wanted, rtol=1e-15)
    assert ty.grad(lambda y: y.item() ** 2)(3.0) == 6.0
    with pytest.raises(ty.UnsupportedFunctionError, match=r"a = x\.copy\(\); a\[i\] = value"):
        ty.jit(lambda x: x.at[0].set(1.0))(GIVEN)


def test_choices_and_averages() -> None:
    cases: list[Callable[[Any], Any]] = [
        lambda x: np.extract(MASK, x),
        lambda x: np.choose(np.array([0, 1, 0]), [x[0], 3 * x[1]]),
        lambda x: np.choose(np.array([0, 7, -1]), [x[0], 3 * x[1]], mode="clip"),
        lambda x: np.choose(np.array([0, 7, -1]), [x[0], 3 * x[1]], mode="wrap"),
        lambda x: np.average(x, axis=1, weights=[1.0, 2.0, 3.0], returned=True),
        lambda x: np.average(x, axis=0, returned=True),
    ]
    for case in cases:
        for found, wanted in zip(ty.jit(case)(GIVEN), case(GIVEN), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-14)
    with pytest.raises(ty.ShapeError, match="need an axis"):
        ty.jit(lambda x: np.average(x, weights=np.ones(3)))(GIVEN)
