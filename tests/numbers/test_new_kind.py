"""A kind of number is one record, its values, its kernels and its arrays: here is a new one.

A triplet is three doubles that never meet: whatever is computed with it is computed three times, so
that each part must have the bits of float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.numbers import precision
from taylor.numbers.array_arithmetic import ArrayArithmetic
from taylor_runtime.ir import kinds as values
from taylor_runtime.ir.types import COMPOUND, make_type
from taylor_runtime.ir.values import CompoundNumber, Value
from taylor_runtime.mathlib import families
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.program.kinds import ELEMENTS, KINDS, Exact, Kind, nearest_float

NAME = "triplet"


def split(number: Exact) -> tuple[float, ...]:
    return (nearest_float(number),) * 3


TRIPLET = Kind(
    name=NAME,
    element=NAME,
    short="t3",
    part="double",
    parts=3,
    split=split,
    epsilon=2.0**-52,
    rounding=2.0**-53,
    rounds_once=True,
    kernels=NAME,
    operations=1,
    chains=12,
    products=6000,
    least=2.0**-500,
    slow=2.0**-30,
)


class Triplet(CompoundNumber):
    __slots__ = ()

    def _each(self, operation: Callable[..., Value], *others: Any) -> Triplet:
        listed = [self, *(self.builder.like(self, other) for other in others)]
        return triplet(operation(*parts) for parts in zip(*(x.parts for x in listed), strict=True))

    @classmethod
    def of_doubles(cls, high: Value, low: Value | None = None) -> Triplet:
        return triplet([high] * 3)

    def to_double(self) -> Value:
        return self.parts[0]

    def to_doubles(self) -> tuple[Value, Value]:
        return self.parts[0], self.builder.constant(0, self.parts[0].type)

    def __add__(self, other: Any) -> Triplet:
        return self._each(lambda x, y: x + y, other)

    def __radd__(self, other: Any) -> Triplet:
        return self._each(lambda x, y: y + x, other)

    def __sub__(self, other: Any) -> Triplet:
        return self._each(lambda x, y: x - y, other)

    def __rsub__(self, other: Any) -> Triplet:
        return self._each(lambda x, y: y - x, other)

    def __mul__(self, other: Any) -> Triplet:
        return self._each(lambda x, y: x * y, other)

    def __rmul__(self, other: Any) -> Triplet:
        return self._each(lambda x, y: y * x, other)

    def __truediv__(self, other: Any) -> Triplet:
        return self._each(lambda x, y: x / y, other)

    def __rtruediv__(self, other: Any) -> Triplet:
        return self._each(lambda x, y: y / x, other)

    def __neg__(self) -> Triplet:
        return self._each(lambda x: -x)

    def multiply_add(self, x: Value, total: Value) -> Triplet:
        return self._each(self.builder.fma, x, total)

    def normal(self) -> Triplet:
        return self

    def sqrt(self) -> Triplet:
        return self._each(self.builder.sqrt)

    def fabs(self) -> Triplet:
        return self._each(self.builder.fabs)

    def floor(self) -> Triplet:
        return self._each(self.builder.floor)

    def copysign(self, sign: Value) -> Triplet:
        return self._each(self.builder.copysign, sign)

    def compare(self, relation: str, other: Value) -> Value:
        return self.builder.compare(relation, self.parts[0], other.parts[0])


def triplet(parts: Any) -> Triplet:
    listed = tuple(parts)
    return Triplet(listed[0].builder, make_type(NAME, listed[0].lanes), listed)


def kernel(plain: KernelFunction) -> KernelFunction:
    """A kernel of doubles, three times."""

    def emit(b: Any, *arguments: Value) -> Sequence[Value]:
        each = [plain.emit(b, *given) for given in zip(*(x.parts for x in arguments), strict=True)]
        return [triplet(parts) for parts in zip(*each, strict=True)]

    return KernelFunction(plain.name, plain.arity, emit, plain.results, plain.inline)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the recipe in CONTRIBUTING.md says, and no more."""
    for table in (KINDS, ELEMENTS, COMPOUND):
        monkeypatch.setitem(table, NAME, TRIPLET)
    monkeypatch.setitem(values.NUMBERS, NAME, Triplet)
    found = {name: kernel(plain) for name, plain in families.kernels.items() if not plain.generic}
    monkeypatch.setitem(families.BY_ELEMENT, NAME, found)
    arrays = ArrayArithmetic(np.add, np.multiply, np.reciprocal, lambda x: x, lambda x: True)
    monkeypatch.setitem(precision.ARITHMETIC, NAME, arrays)
    monkeypatch.setitem(precision._KINDS, NAME, precision.Precision.of(TRIPLET))


def thrice(numbers: Any) -> np.ndarray:
    return np.stack([np.asarray(numbers, float)] * 3, axis=-1)


def same(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == (*np.shape(wanted), 3)
    for k in range(3):
        np.testing.assert_array_equal(found[..., k], wanted)


x, y, v = ty.variables("x y v")
WELLS = {
    "pendulum": ([(x, v), (v, -ty.sin(x))], [1.0, 0.5]),
    "products": ([(x, x * y - x), (y, 1 - x * y / 3), (v, ty.cos(x) * v)], [0.3, 0.7, 1.0]),
}


@pytest.mark.parametrize("name", WELLS)
def test_a_trajectory_has_the_bits_of_float64_thrice(name: str) -> None:
    equations, start = WELLS[name]
    outcomes = []
    for kind, initial in (("float64", np.array(start)), (NAME, thrice(start))):
        ta = ty.Integrator(equations, initial, precision=kind, events=[ty.Event(x - 0.4)])
        outcome = ta.propagate_until(6.0, dense=True)
        outcomes.append((ta, outcome))
    (plain, first), (wide, second) = outcomes
    assert first.steps == second.steps
    same(wide.state, plain.state)
    assert len(first.events[0].states) == len(second.events[0].states)
    same(second.events[0].states, first.events[0].states)


def test_functions_at_points() -> None:
    points = np.linspace(0.1, 2.0, 11)
    f = lambda z: ty.sin(z) * ty.exp(-z) + z**3  # noqa: E731
    same(ty.jet(f, thrice(points), 6, precision=NAME), ty.jet(f, points, 6))
    code = ty.compile(ty.sqrt(x) / (1 + x), [x])
    same(ty.compile(ty.sqrt(x) / (1 + x), [x], precision=NAME)(thrice(points)), code(points))
    g = lambda a, b: ty.sin(a * b) + a**2  # noqa: E731
    wide = ty.derivatives(g, (thrice(0.3), thrice(0.7)), 4, precision=NAME)
    same(wide.coefficients, ty.derivatives(g, (0.3, 0.7), 4).coefficients)


def test_polynomials() -> None:
    names = "x y"
    plain = ty.Polynomial.variables(names, order=4, at=[0.3, 0.2])
    wide = ty.Polynomial.variables(names, order=4, at=thrice([0.3, 0.2]), precision=NAME)
    for p, q in zip(plain, wide, strict=True):
        same((q * q + q).coefficients, (p * p + p).coefficients)
        same(ty.sin(q).coefficients, ty.sin(p).coefficients)
