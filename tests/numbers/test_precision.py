"""Numbers on their way into double-double and back."""

from __future__ import annotations

import copyreg
import pickle
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.nodes.registry import functions
from taylor.numbers.precision import Precision, as_array, as_precision


def test_every_kind_of_number_keeps_31_digits() -> None:
    third = Fraction(1, 3)
    with mpmath.workdps(50):
        values = [third, "1/3", Decimal(1) / 3, mpmath.mpf(1) / 3]
    pairs = ty.from_mpmath(values)
    assert pairs.shape == (4, 2)
    for high, low in pairs[[0, 1, 3]]:
        assert abs(Fraction(high) + Fraction(low) - third) < Fraction(1, 10**32)
    decimal = Fraction(Decimal(1) / 3)
    assert abs(sum(map(Fraction, pairs[2])) - decimal) < Fraction(1, 10**32)


def test_floats_are_exact_and_python_has_rounded_them_before() -> None:
    np.testing.assert_array_equal(ty.from_mpmath([0.1, 2, -0.0]), [[0.1, 0], [2, 0], [0, 0]])


def test_there_and_back() -> None:
    with mpmath.workdps(31):
        numbers = np.array([[mpmath.pi(), mpmath.e()], [mpmath.mpf(1e-300), mpmath.mpf(0)]])
        back = ty.to_mpmath(ty.from_mpmath(numbers))
        assert back.shape == (2, 2)
        for before, after in zip(numbers.ravel(), back.ravel(), strict=True):
            assert abs(after - before) <= mpmath.mpf(2) ** -105 * abs(before)
    assert isinstance(ty.to_mpmath([1.0, 2.0**-80]), mpmath.mpf)
    assert ty.to_mpmath([1.0, 2.0**-80]) - 1 == mpmath.mpf(2) ** -80


def test_what_is_not_finite_has_no_low_part() -> None:
    np.testing.assert_array_equal(
        ty.from_mpmath([np.inf, -np.inf, Fraction(10**400)]),
        [[np.inf, 0], [-np.inf, 0], [np.inf, 0]],
    )


def test_arrays_are_taken_as_pairs_where_they_are() -> None:
    kind = as_precision("double-double")
    pairs = np.array([[1.0, 2.0**-60], [3.0, 0.0]])
    np.testing.assert_array_equal(as_array(pairs, kind, "x", 1), pairs)
    np.testing.assert_array_equal(as_array([1.0, 3.0], kind, "x", 1), [[1, 0], [3, 0]])
    np.testing.assert_array_equal(as_array([[1.0, 1.0]], kind, "x", 1), [[2.0, 0.0]])
    np.testing.assert_array_equal(as_array(["1/4", 1], kind, "x", 1), [[0.25, 0], [1, 0]])


def test_float32_and_float64_take_strings_too() -> None:
    assert as_array(["0.1", Fraction(1, 4)], as_precision("float64"), "x").tolist() == [0.1, 0.25]
    assert as_array([0.1], as_precision("float32"), "x").dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: as_precision("float128"), ValueError, "'double-double'; got 'float128'"),
        (lambda: ty.from_mpmath("one"), ValueError, "'one' is not a finite decimal"),
        (lambda: ty.from_mpmath([1j]), TypeError, "must be a float, an int"),
        (lambda: ty.to_mpmath([1.0, 2.0, 3.0]), ValueError, "last axis"),
        (
            lambda: as_array(np.zeros((4, 3)), as_precision("double-double"), "state", 1),
            ValueError,
            "trailing axis of length 2",
        ),
    ],
)
def test_errors(call: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words.replace("(", r"\(")):
        call()  # type: ignore[operator]


def test_floor_of_numbers_of_mpmath_takes_all_their_digits() -> None:
    mp = mpmath.MPContext()
    mp.prec = 300
    x = ty.variable("x")
    f = ty.compile(ty.floor(x), [x])
    large = mp.mpf(2) ** 200 + mp.mpf(2) ** 100 + mp.mpf(1) / 3
    floor = functions["floor"].mpmath
    assert floor(mp, large) == large - mp.mpf(1) / 3
    assert floor(mp, 3 - mp.ldexp(1, -200)) == 2
    assert floor(None, Fraction(7, 2)) == 3 and f(3.5) == 3


@pytest.mark.parametrize("name", ("float64", "float32", "double-double"))
def test_there_is_one_of_each_kind_behind_pickles_too(name: str) -> None:
    kind = as_precision(name)
    assert pickle.loads(pickle.dumps(kind)) is kind
    assert pickle.loads(pickle.dumps(kind.record)) is kind.record
    # Checkpoints of before there were records have their four fields.
    old = copyreg.__newobj__(Precision)
    old.__setstate__([kind.name, kind.dtype, kind.parts, kind.epsilon])
    assert (old.record, old.arithmetic, old.is_finer) == (
        kind.record,
        kind.arithmetic,
        kind.is_finer,
    )
