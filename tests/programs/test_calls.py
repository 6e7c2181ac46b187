"""When functions are traced: once for each structure, and again where what they read changed."""

from __future__ import annotations

import itertools
import threading
import types

import numpy as np
import pytest

import taylor as ty

FACTOR = 2.0


def test_one_trace_for_each_structure():
    counter = itertools.count()

    @ty.jit
    def f(x, options):
        next(counter)
        return options["a"] * x if options["up"] else -x

    assert f(2.0, {"a": 3.0, "up": True}) == 6.0
    assert f(3.0, {"a": 4.0, "up": True}) == 12.0
    assert repr(counter) == "count(1)"
    assert f(3.0, {"a": 4.0, "up": False}) == -3.0
    assert f(np.ones(2), {"a": 4.0, "up": True}).tolist() == [4.0, 4.0]
    assert f(np.ones(3), {"a": 4.0, "up": True}).tolist() == [4.0, 4.0, 4.0]
    assert f(np.zeros(2), {"a": 4.0, "up": True}).tolist() == [0.0, 0.0]
    assert f(np.float32(2), {"a": 1.0, "up": True}) == 2.0
    assert repr(counter) == "count(4)"
    assert f(2, {"a": 1, "up": True}) == 2.0  # whole numbers are another kind, as in JAX
    assert repr(counter) == "count(5)"


def test_kinds_in_repeated_calls():
    """The quick way of later calls takes nothing for what it is not."""
    slope = ty.grad(lambda p, x: p["a"] * p["n"] * np.sum(x))
    for _ in range(2):
        for _ in range(4):
            assert slope({"a": 2.0, "n": 3}, np.ones(2)) == {"a": 6.0, "n": 0.0}
        for _ in range(4):
            assert slope({"a": 2.0, "n": 3.0}, np.ones(2)) == {"a": 6.0, "n": 4.0}
        for _ in range(4):
            assert slope({"a": 2.0, "n": np.int64(3)}, np.ones(3)) == {"a": 9.0, "n": 0.0}
        for given in ({"a": 2.0}, {"a": 2.0, "n": 3.0, "m": 1.0}, [2.0, 3.0], {"a": 2.0, "n": "3"}):
            with pytest.raises((KeyError, TypeError, IndexError, ty.TaylorError)):
                slope(given, 1.0) if "m" not in given else slope(given)
    f = ty.jit(lambda x, y: x - y)
    a = np.arange(6.0).reshape(2, 3)
    for _ in range(3):
        assert f(3.0, 1.0) == 2.0
        assert f(3, 1) == 2.0
        assert f(a, 1.0).tolist() == (a - 1).tolist()
        assert f(a.T, a.T[:, ::-1]).tolist() == (a.T - a.T[:, ::-1]).tolist()
        assert f(a.astype(np.float32), a[0]).tolist() == (a - a[0]).tolist()
        assert f(a.astype(int), a[::-1, 0, None]).tolist() == (a - a[::-1, 0, None]).tolist()
        assert f(np.float64(3), np.asarray(1.0)) == 2.0
        assert f(y=1.0, x=5.0) == 4.0
    results = [f(a, float(k)) for k in range(3)]
    assert [r[0, 0] for r in results] == [0.0, -1.0, -2.0]  # arrays of the caller's own


def test_static():
    traces = []

    def power(x, n, how="up"):
        traces.append(n)
        for _ in range(n - 1):
            x = x * x if how == "up" else x
        return x

    f = ty.jit(power, static_argnums=1)
    assert [f(2.0, 3), f(2.0, 3), f(2.0, 2), f(2.0, 3, how="down")] == [16.0, 16.0, 4.0, 2.0]
    assert traces == [3, 2, 3]
    g = ty.jit(static_argnames="n")(power)
    assert g(2.0, n=3) == 16.0 == g(2.0, 3) == f(2.0, n=3)  # by name or by place
    assert ty.jit(power, static_argnums=-2)(2.0, n=3) == 16.0
    bare = ty.program(lambda x, n: sum([x] * n), static_argnames="n")
    assert bare(2.0, 3) == bare(2.0, n=3) == 6.0
    with pytest.raises(ty.TracingError, match="static_argnums"):
        ty.jit(power)(2.0, 3)
    with pytest.raises(ty.ArgumentError, match="'m' is none of the function's"):
        ty.jit(power, static_argnames="m")


def test_places_in_arrays_of_numbers_are_named():
    table = np.array([1.0, 2.0, 4.0])
    with pytest.raises(ty.TracingError, match=r"test_calls\.py.*taylor\.constant\(a\)\[i\]"):
        ty.jit(lambda x: ty.fori_loop(0, 3, lambda i, s: s + table[i], x))(1.0)
    summed = ty.jit(lambda x: ty.fori_loop(0, 3, lambda i, s: s + ty.constant(table)[i], x))
    assert summed(1.0) == 8.0


def test_what_is_captured():
    a, items, array = 2.0, [1.0], np.ones(2)
    space = types.SimpleNamespace(k=1.0)
    f = ty.grad(lambda x: a * x * items[0] * np.sum(array) * space.k)
    assert f(1.0) == 4.0
    assert f(1.0) == 4.0
    a = 3.0
    assert f(1.0) == 6.0
    items[0] = 2.0
    assert f(1.0) == 12.0
    array[0] = 0.0
    assert f(1.0) == 6.0


def test_globals_and_helpers(monkeypatch):
    f = ty.grad(lambda x: helper(x) ** 2)
    assert f(1.0) == 8.0
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert f(1.0) == 18.0
    monkeypatch.setitem(globals(), "helper", np.sin)
    assert f(0.0) == 0.0


def helper(x):
    return FACTOR * x


class Model:
    def __init__(self, scale):
        self.scale = scale

    def loss(self, x):
        return self.scale * x**2

    @ty.jit
    def twice(self, x):
        return 2 * x

    def __call__(self, x):
        return self.scale * x


def test_methods():
    model = Model(2.0)
    slope = ty.grad(model.loss)
    assert slope(3.0) == 12.0
    model.scale = 3.0
    assert slope(3.0) == 18.0
    assert model.twice(4.0) == 8.0
    f = ty.jit(model)
    assert f(2.0) == 6.0
    model.scale = 1.0
    assert f(2.0) == 2.0


def test_new_functions_of_old_code():
    counter = itertools.count()

    def make(k):
        def f(x):
            next(counter)
            return k * x**2

        return f

    for _ in range(3):
        assert ty.vjp(make(2.0), 3.0)[1](1.0) == (12.0,)
    assert repr(counter) == "count(2)"  # of the value, and of what it pulls back
    assert ty.vjp(make(5.0), 3.0)[1](1.0) == (30.0,)
    assert repr(counter) == "count(4)"
    ones = [
        ty.jvp(make(np.full(2, k)), (np.ones(2),), (np.ones(2),))[1][0] for k in (1.0, 2.0, 1.0)
    ]
    assert ones == [2.0, 4.0, 2.0]


def test_errors_leave_the_trace():
    def f(x):
        if state["bad"]:
            raise RuntimeError("of the user's")
        return x**2

    state = {"bad": True}
    slope = ty.grad(f)
    with pytest.raises(RuntimeError, match="of the user's"):
        slope(1.0)
    state["bad"] = False
    assert slope(1.0) == 2.0


def test_threads():
    slope = ty.grad(lambda x: np.sum(np.sin(x) ** 2))
    points = [np.linspace(0, 1, n) for n in (3, 5, 3, 7, 5, 3)] * 5
    found = [None] * len(points)

    def work(k):
        found[k] = slope(points[k])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(points))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for x, own in zip(points, found, strict=True):
        np.testing.assert_allclose(own, np.sin(2 * x), rtol=1e-14)


def test_nothing_in_or_out():
    assert ty.jit(lambda: (1.0, np.arange(2.0)))()[1].tolist() == [0.0, 1.0]
    assert ty.jit(lambda x: ())(1.0) == ()
    assert ty.jit(lambda x: {"a": None})(1.0) == {"a": None}
    assert ty.jit(lambda x: x > 0)(1.0) is np.True_ or ty.jit(lambda x: x > 0)(1.0)
    assert ty.jit(lambda x: x > 0)(np.array([1.0, -1.0])).tolist() == [True, False]
    assert ty.jit(lambda x: np.sum(x))(np.zeros((0, 3))) == 0.0
