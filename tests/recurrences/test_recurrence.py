"""SeriesBuilder: exact arithmetic of series, sharing, steady rows, powers at zero."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import mpmath
import pytest
from function_cases import context
from hypothesis import given, settings
from hypothesis import strategies as st

from taylor.recurrences.builder import SeriesBuilder
from taylor.recurrences.exponents import general_power, power
from taylor.reference.interpreter import Algebra, coefficients, fraction_algebra, mpmath_algebra
from taylor_runtime.program.program import Convolution, Program, Select
from taylor_runtime.program.verify import verify

MP = context()
ORDER = 7
fractions = st.fractions(-4, 4, max_denominator=6)
polynomials = st.lists(fractions, min_size=ORDER + 1, max_size=ORDER + 1)
invertible = polynomials.filter(lambda p: p[0] != 0)


def run(
    rule: Callable[..., int],
    *jets: list,
    parameters: tuple = (),
    algebra: Algebra | None = None,
    order: int = ORDER,
) -> list:
    """Coefficients of rule(builder, *rows), rows being jets and then parameters."""
    program = program_of(rule, len(jets), len(parameters), order)
    inputs = {"jet": jets, "parameter": parameters}
    return coefficients(program, inputs, algebra or fraction_algebra())[0]


def program_of(rule: Callable[..., int], jets: int, parameters: int, order: int) -> Program:
    builder = SeriesBuilder(order)
    rows = [builder.input("jet", i) for i in range(jets)]
    rows += [builder.input("parameter", i) for i in range(parameters)]
    output = rule(builder, *rows)
    output = builder.varying(output) if order else output
    return verify(builder.program([output], [("jet", jets), ("parameter", parameters)]))


def product(a: list, b: list) -> list:
    return [sum(a[j] * b[n - j] for j in range(n + 1)) for n in range(len(a))]


@settings(max_examples=25, deadline=None)
@given(polynomials, polynomials)
def test_products_and_squares_are_exact(a: list, b: list) -> None:
    assert run(lambda s, x, y: s.product(x, y), a, b) == product(a, b)
    assert run(lambda s, x: s.product(x, x), a) == product(a, a)


@settings(max_examples=25, deadline=None)
@given(polynomials, invertible)
def test_quotients_are_exact(a: list, b: list) -> None:
    quotient = run(lambda s, x, y: s.quotient(s.term(1, x), y), a, b)
    assert product(quotient, b) == a
    reciprocal = run(lambda s, x: power(s, x, -1), b)
    assert product(reciprocal, b) == [1] + [0] * ORDER


@settings(max_examples=25, deadline=None)
@given(polynomials, st.integers(0, 13))
def test_natural_powers_are_exact_and_regular_at_zero(a: list, exponent: int) -> None:
    for base in (a, [Fraction(0), *a[1:]]):
        right = [Fraction(1)] + [Fraction(0)] * ORDER
        for _ in range(exponent):
            right = product(right, base)
        assert run(lambda s, x: power(s, x, exponent), base) == right


@settings(max_examples=25, deadline=None)
@given(invertible, st.integers(2, 5))
def test_negative_integer_powers_are_exact(a: list, exponent: int) -> None:
    inverse = run(lambda s, x: power(s, x, -exponent), a)
    natural = run(lambda s, x: power(s, x, exponent), a)
    assert product(inverse, natural) == [1] + [0] * ORDER


@pytest.mark.parametrize(
    "exponent", [Fraction(1, 2), Fraction(-1, 2), Fraction(-3, 2), Fraction(5, 2), Fraction(7, 3)]
)
@pytest.mark.parametrize("scale", [1, Fraction(10) ** 250, Fraction(10) ** -250])
def test_real_powers(exponent: Fraction, scale: Fraction) -> None:
    base = [Fraction(3, 2), Fraction(-1), Fraction(1, 3), Fraction(2), *[Fraction(0)] * 27]
    algebra = mpmath_algebra(MP)
    jet = [algebra.number(c * scale) for c in base]
    found = run(lambda s, x: power(s, x, exponent), jet, algebra=algebra, order=30)
    a = MP.mpf(exponent.numerator) / exponent.denominator
    factor = MP.power(algebra.number(scale), a)
    right = MP.taylor(lambda t: (1.5 - t + t * t / 3 + 2 * t**3) ** a, 0, 30)
    assert all(MP.almosteq(f, r * factor, 1e-40) for f, r in zip(found, right, strict=True))


def test_general_powers() -> None:
    algebra = mpmath_algebra(MP)
    x = [algebra.number(c) for c in (Fraction(3, 2), -1, *[0] * 11)]
    y = [algebra.number(c) for c in (Fraction(1, 4), 2, *[0] * 11)]
    p = algebra.number(Fraction(7, 5))

    def check(found: list, form: Callable) -> None:
        right = MP.taylor(form, 0, 12)
        assert all(MP.almosteq(f, r, 1e-40) for f, r in zip(found, right, strict=True))

    def general(s: SeriesBuilder, a: int, b: int) -> int:
        return general_power(s, a, b)

    check(run(general, x, y, algebra=algebra, order=12), lambda t: (1.5 - t) ** (0.25 + 2 * t))
    check(
        run(general, x, parameters=(p,), algebra=algebra, order=12),
        lambda t: (1.5 - t) ** (MP.mpf(7) / 5),
    )
    check(
        run(lambda s, b, a: general_power(s, a, b), y, parameters=(p,), algebra=algebra, order=12),
        lambda t: (MP.mpf(7) / 5) ** (0.25 + 2 * t),
    )


@settings(max_examples=20, deadline=None)
@given(invertible, invertible)
def test_identities_hold_exactly_in_powers_of_the_argument(a: list, b: list) -> None:
    """(a b)^-2 = a^-2 b^-2 and (a/b) b = a, through different recurrences."""
    left = run(lambda s, x, y: power(s, s.product(x, y), -2), a, b)
    right = run(lambda s, x, y: s.product(power(s, x, -2), power(s, y, -2)), a, b)
    assert left == right


def _squares(s: SeriesBuilder, a: int, sign: int, b: int) -> int:
    return s.linear([(1, s.product(a, a)), (sign, s.product(b, b))])


@pytest.mark.parametrize(
    ("identity", "value"),
    [
        (lambda s, x: _squares(s, s.apply("cos", x), 1, s.apply("sin", x)), 1),
        (lambda s, x: _squares(s, s.apply("cosh", x), -1, s.apply("sinh", x)), 1),
        (lambda s, x: s.product(s.apply("exp", x), s.apply("exp", s.linear([(-1, x)]))), 1),
        (lambda s, x: s.linear([(1, s.apply("erf", x)), (1, s.apply("erfc", x))]), 1),
        (lambda s, x: s.linear([(1, s.apply("log", s.apply("exp", x))), (-1, x)]), 0),
        (lambda s, x: s.linear([(1, s.apply("tan", s.apply("atan", x))), (-1, x)]), 0),
        (lambda s, x: s.linear([(1, s.apply("sinh", s.apply("asinh", x))), (-1, x)]), 0),
        (lambda s, x: s.linear([(1, s.apply("tanh", s.apply("atanh", x))), (-1, x)]), 0),
        (lambda s, x: s.linear([(1, power(s, s.apply("cbrt", x), 3)), (-1, x)]), 0),
    ],
)  # fmt: skip
def test_functional_identities(identity: Callable[..., int], value: int) -> None:
    algebra = mpmath_algebra(MP)
    jet = [algebra.number(c) for c in (Fraction(2, 5), 1, Fraction(-1, 3), 2, *[0] * 27)]
    found = run(identity, jet, algebra=algebra, order=30)
    assert abs(found[0] - value) < 1e-45
    # cancellation among terms of the size of the radius of convergence to the power -n
    assert all(abs(c) < MP.mpf(10) ** (n - 40) for n, c in enumerate(found[1:], 1))


def test_equal_rows_are_made_once() -> None:
    s = SeriesBuilder(5)
    x, y = s.input("jet", 0), s.input("jet", 1)
    before = s.product(x, y), s.apply("tanh", x), s.quotient(s.term(1, x), y), s.derivative(x)
    count = len(s.rows)
    assert (s.product(x, y), s.apply("tanh", x)) == before[:2]
    assert (s.quotient(s.term(1, x), y), s.derivative(x)) == before[2:]
    assert s.apply("sech_squared", x) == s.apply("sech_squared", x)
    assert len(s.rows) == count


def test_steady_rows_never_enter_a_convolution() -> None:
    """Functions of parameters are kernels; their products with series are terms with a head."""

    def rule(s: SeriesBuilder, x: int, p: int) -> int:
        scaled = s.product(s.apply("exp", p), x)
        shifted = s.linear([(1, scaled), (2, p)], offset=1)
        return s.quotient(s.term(3, shifted), s.apply("floor", p))

    program = program_of(rule, 1, 1, ORDER)
    for row in program.rows:
        if row.step is not None:
            assert not any(isinstance(t.operand, Convolution) for t in row.step.terms)
    algebra = mpmath_algebra(MP)
    found = coefficients(
        program, {"jet": [[MP.mpf(2), MP.mpf(5), *[0] * 6]], "parameter": [MP.mpf(2.5)]}, algebra
    )[0]
    right = [(MP.exp(2.5) * 2 + 6) * 1.5, MP.exp(2.5) * 7.5] + [0] * 6
    assert all(MP.almosteq(f, r) for f, r in zip(found, right, strict=True))


def test_a_steady_piecewise_row_is_a_head_as_well() -> None:
    jet = [Fraction(7, 2), Fraction(1), *[Fraction(0)] * 6]
    found = run(lambda s, x: s.product(s.apply("floor", x), x), jet)
    assert found == [Fraction(21, 2), 3, 0, 0, 0, 0, 0, 0]
    found = run(lambda s, x: s.product(s.apply("floor", x), s.apply("sign", x)), jet)
    assert found == [3, 0, 0, 0, 0, 0, 0, 0]


def test_select_reads_constants_at_every_order() -> None:
    def rule(s: SeriesBuilder, x: int, p: int) -> int:
        condition = s.kernel("gt", x, p)
        return s.select("where", (condition, x, p), condition, x, p)

    jet = [Fraction(1), Fraction(2), *[Fraction(3)] * 6]
    assert run(rule, jet, parameters=(Fraction(0),)) == jet
    assert run(rule, jet, parameters=(Fraction(5),)) == [5] + [0] * 7
    program = program_of(rule, 1, 1, ORDER)
    chosen = [t.operand for r in program.rows if r.step for t in r.step.terms]
    selects = [o for o in chosen if isinstance(o, Select)]
    assert len(selects) == 1 and not program.rows[selects[0].b].constant


def test_order_zero_expands_no_recurrence() -> None:
    def rule(s: SeriesBuilder, x: int, y: int) -> int:
        return s.product(s.apply("tanh", x), s.quotient(s.term(1, x), power(s, y, 5)))

    program = program_of(rule, 2, 0, 0)
    assert all(row.constant for row in program.rows)
    assert [getattr(r.start, "function", None) for r in program.rows if r.start][2:] == [
        "tanh",
        "pow",
    ]
    found = coefficients(program, {"jet": [[MP.mpf(3)], [MP.mpf(2)]]}, mpmath_algebra(MP))
    assert MP.almosteq(found[0][0], MP.tanh(3) * 3 / 32)


def test_small_powers_are_products_at_order_zero() -> None:
    for exponent, kernels in ((2, 0), (3, 0), (4, 1), (7, 2)):
        program = program_of(lambda s, x, e=exponent: power(s, x, e), 1, 0, 4)
        assert sum(getattr(r.start, "function", "") == "pow" for r in program.rows) == kernels


def test_division_by_a_number_is_a_division_at_order_zero() -> None:
    program = program_of(lambda s, x: s.divided(x, 3), 1, 0, 2)
    start = program.rows[-1].start
    assert start is not None and start.function == "div" and start.constants == (3,)
    assert run(lambda s, x: s.divided(x, 3), [Fraction(1)] * 8) == [Fraction(1, 3)] * 8


def test_singular_quotients_are_not_finite() -> None:
    algebra = mpmath_algebra(MP)
    jet = [MP.mpf(0), MP.mpf(1), *[MP.mpf(0)] * 6]
    for exponent, first in ((-1, 1), (-2, 1), (Fraction(-1, 2), 1), (Fraction(5, 2), 3)):
        found = run(lambda s, x, e=exponent: power(s, x, e), jet, algebra=algebra)
        assert not any(mpmath.isfinite(c) for c in found[first:])
        assert found[1:first] == [0] * (first - 1)
