"""What traced functions read from outside, and what is in their arguments, may change."""

from __future__ import annotations

import array
import collections
import functools
import importlib
import itertools
import math
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import taylor as ty

SOURCE = """
FACTOR = 2.0
LISTED = [2.0]

def scaled(x):
    return FACTOR * x

class Settings:
    factor = 2.0

class Slots:
    __slots__ = ("factor",)

    def __init__(self):
        self.factor = 2.0

class Model:
    def __init__(self):
        self.factor = 2.0
        self.inner = {"array": [2.0]}

    @property
    def half(self):
        return self.factor / 2

    def times(self, x):
        return self.helper() * x

    def helper(self):
        return FACTOR

    def __call__(self, x):
        return self.factor * x
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of the user's own, beside the one of the function."""
    (tmp_path / "factors_of_its_own.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "factors_of_its_own", raising=False)
    return importlib.import_module("factors_of_its_own")


class Settings:
    factor = 2.0


class Doubled:
    def __mul__(self, other: Any) -> Any:
        return 2.0 * other


def tripled(self: Any, x: Any) -> Any:
    return 3.0 * x


def set_item(holder: Any, key: Any = 0) -> None:
    holder[key] = 3.0


# Of a module of the user's own: a function that has the factor 2, and what makes it 3.
Case = Callable[[Any], tuple[Callable[[Any], Any], Callable[[], None]]]
CASES: dict[str, Case] = {}


def case(make: Case) -> Case:
    CASES[make.__name__] = make
    return make


@case
def a_namespace(module: Any) -> Any:
    space = types.SimpleNamespace(factor=2.0)
    return lambda x: space.factor * x, lambda: setattr(space, "factor", 3.0)


@case
def a_namespace_in_a_dictionary_by_a_string(module: Any) -> Any:
    spaces = {"a": types.SimpleNamespace(factor=2.0)}
    return lambda x: getattr(spaces["a"], "factor") * x, lambda: setattr(spaces["a"], "factor", 3.0)  # noqa: B009


@case
def an_object_of_another_module(module: Any) -> Any:
    model = module.Model()
    return lambda x: model.factor * x, lambda: setattr(model, "factor", 3.0)


@case
def deep_in_an_object(module: Any) -> Any:
    model = module.Model()
    return lambda x: model.inner["array"][0] * x, lambda: set_item(model.inner["array"])


@case
def a_property(module: Any) -> Any:
    model = module.Model()
    return lambda x: 2 * model.half * x, lambda: setattr(model, "factor", 3.0)


@case
def what_a_method_of_a_method_reads(module: Any) -> Any:
    model = module.Model()
    return lambda x: model.times(x), lambda: setattr(module, "FACTOR", 3.0)


@case
def what_a_method_reads(module: Any) -> Any:
    return module.Model().times, lambda: setattr(module, "FACTOR", 3.0)


@case
def an_object_that_is_called(module: Any) -> Any:
    model = module.Model()
    return lambda x: model(x), lambda: setattr(type(model), "__call__", tripled)


@case
def a_method(module: Any) -> Any:
    model = module.Model()
    return lambda x: model.times(x), lambda: setattr(type(model), "times", tripled)


@case
def an_operator(module: Any) -> Any:
    doubled = Doubled()
    change = functools.partial(setattr, Doubled, "__mul__", tripled)
    return lambda x: doubled * x, change


@case
def slots(module: Any) -> Any:
    settings = module.Slots()
    return lambda x: settings.factor * x, lambda: setattr(settings, "factor", 3.0)


@case
def a_class(module: Any) -> Any:
    return lambda x: Settings.factor * x, lambda: setattr(Settings, "factor", 3.0)


@case
def a_class_of_another_module(module: Any) -> Any:
    return lambda x: module.Settings.factor * x, lambda: setattr(module.Settings, "factor", 3.0)


@case
def a_class_by_its_instance(module: Any) -> Any:
    settings = module.Settings()
    return lambda x: settings.factor * x, lambda: setattr(module.Settings, "factor", 3.0)


@case
def a_global_of_another_module(module: Any) -> Any:
    return lambda x: module.FACTOR * x, lambda: setattr(module, "FACTOR", 3.0)


@case
def a_list_of_another_module(module: Any) -> Any:
    return lambda x: module.LISTED[0] * x, lambda: set_item(module.LISTED)


@case
def what_a_function_of_another_module_reads(module: Any) -> Any:
    scaled = module.scaled
    return lambda x: scaled(x), lambda: setattr(module, "FACTOR", 3.0)


@case
def another_function_in_its_place(module: Any) -> Any:
    return lambda x: module.scaled(x), lambda: setattr(module, "scaled", lambda x: 3.0 * x)


@case
def a_partial_function(module: Any) -> Any:
    factors = np.array([2.0])
    return functools.partial(lambda a, x: a[0] * x, factors), lambda: set_item(factors)


@case
def a_captured_partial_function(module: Any) -> Any:
    factors = {"a": 2.0}
    given = functools.partial(lambda x, factors: factors["a"] * x, factors=factors)
    return lambda x: given(x), lambda: set_item(factors, "a")


@case
def a_method_of_an_array(module: Any) -> Any:
    factors = np.array([2.0])
    given = factors.dot
    return lambda x: given(np.ones(1)) * x, lambda: set_item(factors)


@case
def a_deque(module: Any) -> Any:
    factors = collections.deque([2.0])
    return lambda x: factors[0] * x, lambda: set_item(factors)


@case
def a_set(module: Any) -> Any:
    factors = {2.0}
    return lambda x: sum(factors) * x, lambda: factors.add(1.0)


@case
def an_array_of_python(module: Any) -> Any:
    factors = array.array("d", [2.0])
    return lambda x: factors[0] * x, lambda: set_item(factors)


@case
def what_numpy_takes_for_an_array(module: Any) -> Any:
    pandas = pytest.importorskip("pandas")
    factors = pandas.Series([2.0])
    return lambda x: factors[0] * x, lambda: set_item(factors)


@case
def a_view_of_a_dictionary(module: Any) -> Any:
    factors = {"a": 2.0}
    given = types.MappingProxyType(factors)
    return lambda x: given["a"] * x, lambda: set_item(factors, "a")


def same_at_many(f: Callable[[Any], Any]) -> Callable[[float], float]:
    return lambda x: ty.vmap(f)(np.full(2, x))[0]


def given_to_another(f: Callable[[Any], Any]) -> Callable[[float], float]:
    made = ty.jit(lambda f, x: f(x))
    return lambda x: made(f, x)


WAYS = {
    "jit": lambda f: ty.jit(f),
    "grad": lambda f: ty.grad(lambda x: f(x)),
    "vmap": same_at_many,
    "jvp": lambda f: lambda x: ty.jvp(f, (x,), (1.0,))[0],
    "jet": lambda f: lambda x: ty.jet(f, x, order=1)[1],
    "argument": given_to_another,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CASES)
def test_all_that_changes_is_seen(name: str, way: str, module: Any) -> None:
    before = Settings.factor, Doubled.__mul__
    try:
        f, change = CASES[name](module)
        made = WAYS[way](f)
        assert [made(1.0) for _ in range(3)] == [2.0] * 3
        change()
        assert [made(1.0) for _ in range(3)] == [3.0] * 3
    finally:
        Settings.factor, Doubled.__mul__ = before  # type: ignore[method-assign]


def test_nothing_is_traced_again_while_all_is_the_same(module: Any) -> None:
    traces = itertools.count()
    model, space = module.Model(), types.SimpleNamespace(factor=2.0, unread=[1.0])

    def f(given: Any, x: Any) -> Any:
        next(traces)
        return model.times(x) + space.factor + module.scaled(x) + given.factor

    g = ty.jit(f)
    for unread in range(4):
        space.unread[0] = float(unread)
        assert g(model, 1.0) == 8.0
    assert next(traces) == 1


def test_what_the_function_of_before_reads_is_not_the_new_ones() -> None:
    def factor(listed: list[float]) -> Callable[[Any], Any]:
        return lambda x: listed[0] * x

    first = [2.0]
    f = factor(first)
    assert ty.jvp(f, (1.0,), (1.0,)) == (2.0, 2.0)
    first[0] = 3.0
    assert ty.jvp(factor([2.0]), (1.0,), (1.0,)) == (2.0, 2.0)
    assert ty.jvp(f, (1.0,), (1.0,)) == (3.0, 3.0)


@pytest.mark.parametrize(
    ("function", "values"),
    [
        (lambda x, s: x * math.copysign(1.0, s), (0.0, -0.0, 0.0)),
        (lambda x, s: x * (2 if isinstance(s[0], int) else 3), ((1,), (1.0,), (1,))),
        (lambda x, s: x * (2 if s[0] is True else 3), ((True,), (1,), (1.0,))),
    ],
)
def test_static_values_that_are_equal_and_not_the_same(function: Any, values: Any) -> None:
    f = ty.jit(function, static_argnums=1)
    for value in values:
        for _ in range(3):
            assert f(1.5, value) == function(1.5, value)


@pytest.mark.parametrize("how", ["jit", "jvp", "vjp", "jet"])
@pytest.mark.parametrize("name", ["__defaults__", "__kwdefaults__"])
def test_defaults_that_are_replaced(how: str, name: str) -> None:
    """The function stays the same object."""

    def scaled(x: Any, factor: float = 2.0, *, shift: float = 1.0) -> Any:
        return factor * (x + shift)

    program = ty.jit(scaled)
    calls: dict[str, Callable[[], float]] = {
        "jit": lambda: float(program(3.0)),
        "jvp": lambda: float(ty.jvp(scaled, (3.0,), (1.0,))[0]),
        "vjp": lambda: float(ty.vjp(scaled, 3.0)[0]),
        "jet": lambda: float(ty.jet(scaled, 3.0, order=1)[0]),
    }
    assert calls[how]() == calls[how]() == 8.0
    if name == "__defaults__":
        scaled.__defaults__ = (5.0,)
    else:
        scaled.__kwdefaults__ = {"shift": 7.0}
    assert calls[how]() == calls[how]() == 20.0


@pytest.mark.parametrize("name", ["median", "unwrap", "trapezoid", "ptp", "average", "gradient"])
def test_functions_of_numpy_by_themselves(name: str) -> None:
    """Their module has more that nobody reads, masked arrays among it."""
    function, x = getattr(np, name), np.array([3.0, 1.0, 2.0, 9.0])
    program = ty.jit(function)
    assert np.allclose(program(x), function(x), rtol=1e-14)
    assert np.allclose(program(x), function(x), rtol=1e-14)


def test_linear_maps_are_those_of_when_they_were_made() -> None:
    x = np.array([1.0, 2.0])
    value, pull = ty.vjp(lambda x: 2 * x["a"] ** 2, {"a": x})
    _, along = ty.linearize(lambda x: 2 * x**2, x)
    x[:] = 7.0  # in place
    for _ in range(3):
        np.testing.assert_array_equal(pull(np.ones(2))[0]["a"], [4.0, 8.0])
        np.testing.assert_array_equal(along(np.ones(2)), [4.0, 8.0])
    np.testing.assert_array_equal(value, [2.0, 8.0])
