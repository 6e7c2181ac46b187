"""Every elementary function against its closed form, and the completeness of the registry."""

from __future__ import annotations

import inspect
import math
import pickle
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from function_cases import (
    CASES,
    CLOSED_FORMS,
    SINGULAR_CASES,
    Case,
    context,
    expected,
    jets,
    members,
    neighbourhood,
    polynomials,
)

import taylor as ty
from taylor.bridges.sympy import sympy_form
from taylor.errors import ArgumentError, ArgumentTypeError, UnsupportedFunctionError
from taylor.expressions.leaves import variable
from taylor.nodes.registry import functions, get
from taylor.recurrences.builder import SeriesBuilder
from taylor.recurrences.decompose import decompose
from taylor.recurrences.rules import coupled_pair
from taylor.reference.interpreter import coefficients, mpmath_algebra
from taylor.reference.kernels import kernel_definition, kernel_definitions
from taylor_runtime.program.kernels import CallbackKernel
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.verify import verify

NAMES = list(CLOSED_FORMS)  # those that come with taylor; other tests may register more
MP = context()


def arguments_of(name: str) -> list[ty.Expression]:
    """A variable for each argument that is not an order and may vary."""
    record = get(name)
    return [variable(f"x{i}") for i in range(record.arity - record.leading)]


def partials_of(name: str, arguments: list[ty.Expression]) -> list[ty.Expression]:
    """The partial derivatives of a function of the registry."""
    record = get(name)
    if record.expression is None:
        return list(record.derivative(*arguments))
    return ty.grad_expressions(record.expression(*arguments), arguments)


def program_of(name: str, order: int, orders: tuple[int, ...]) -> Program:
    """The program of a function of one or two arguments given as jets."""
    arguments = arguments_of(name)
    inputs = {x: Input("jet", (i,)) for i, x in enumerate(arguments)}
    return verify(decompose([ty.functions.apply(name, *orders, *arguments)], inputs, order))


def series(case: Case, order: int) -> list:
    algebra = mpmath_algebra(MP)
    inputs = {"jet": jets(case, algebra.number, order)}
    return coefficients(program_of(case.name, order, case.orders), inputs, algebra)[0]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_coefficients_agree_with_the_closed_form(case: Case) -> None:
    (right, noise), found = expected(case, MP), series(case, case.order)
    for n in range(case.order + 1):
        error = abs(found[n] - right[n])
        assert error <= 1e-36 * neighbourhood(right, n) + noise, (n, found[n], right[n])


@pytest.mark.parametrize("case", SINGULAR_CASES, ids=str)
def test_singular_points_give_no_finite_coefficient(case: Case) -> None:
    found = series(case, order=6)
    assert not any(mpmath.isfinite(c) for c in found[1:]), found


@pytest.mark.parametrize("name", NAMES)
def test_record_is_complete(name: str) -> None:
    record = get(name)
    assert record.name == name and record.domain and record.reference
    assert record.recurrence is None or record.expression is None
    assert len(members(name)[0]) == record.leading
    arguments = [*map(ty.constant, members(name)[0]), *arguments_of(name)]
    partials = partials_of(name, arguments)
    assert len(partials) == record.arity
    assert all(isinstance(p, ty.Expression) for p in partials)
    assert getattr(ty, name).__doc__ and name in ty.functions.__all__
    assert any(case.name == name for case in CASES)


def test_every_function_of_the_registry_is_tested() -> None:
    ours = [f.name for f in functions.values() if f.built_in]
    assert sorted(ours) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_record_values_agree_with_numpy_and_closed_form(name: str) -> None:
    record, wide = get(name), context(800)
    for case in (c for c in CASES if c.name == name):
        right = CLOSED_FORMS[name](wide, *case.orders, *(wide.mpf(x) for x in case.point))
        value = record.mpmath(MP, *case.orders, *(MP.mpf(x) for x in case.point))
        assert float(value) == pytest.approx(float(right), rel=1e-15, abs=0)
        assert float(record.numpy(*case.orders, *case.point)) == pytest.approx(
            float(right), rel=1e-14, abs=0
        )


@pytest.mark.parametrize("name", NAMES)
def test_derivative_is_accurate_wherever_the_function_is(name: str) -> None:
    """Partial derivatives, evaluated in float64, against numerical differentiation at 50 digits."""
    if name in ("sign", "floor", "floor_divide", "rint", "round_decimal"):
        return
    arguments = arguments_of(name)
    for case in (c for c in CASES if c.name == name and c.inner != "curved"):
        family = map(ty.constant, case.orders)
        partials = partials_of(name, [*family, *arguments])[len(case.orders) :]
        values = dict(zip(arguments, case.point, strict=True))
        chain = [float(p[1]) if p[1:] else 0.0 for p in polynomials(case)]
        with np.errstate(all="ignore"):
            terms = [float(p.evaluate(values)) * c for p, c in zip(partials, chain, strict=True)]
        (_, right), noise = expected(case, MP, order=1)
        underflow = 1e-307 * (1 + max(abs(c) for c in chain))
        allowed = 4e-15 * sum(abs(t) for t in terms) + underflow + noise
        assert abs(sum(terms) - right) <= allowed, (case.point, terms, right)


@pytest.mark.parametrize("name", NAMES)
def test_sympy_form_has_the_same_value(name: str) -> None:
    import sympy

    record = get(name)
    for case in [c for c in CASES if c.name == name][:3]:
        family = [sympy.Rational(n) for n in case.orders]
        try:
            form = sympy_form(record, *family, *(sympy.Float(x, 30) for x in case.point))
        except NotImplementedError:
            assert name.startswith("kepler")  # SymPy cannot solve Kepler's equation
            return
        right = CLOSED_FORMS[name](MP, *case.orders, *(MP.mpf(x) for x in case.point))
        assert float(form) == pytest.approx(float(right), rel=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_tables_name_existing_things(name: str) -> None:
    import scipy.special
    import sympy

    record = get(name)
    assert all(hasattr(np, n) or hasattr(scipy.special, n) for n in record.numpy_names)
    assert all(hasattr(sympy, n) for n in record.sympy_names)


def test_kernels_of_every_program_are_listed() -> None:
    listed = kernel_definitions()
    for name in NAMES:
        for order in (0, 4):
            for row in program_of(name, order, members(name)[0]).rows:
                kernel = getattr(row.start, "function", None)
                if kernel is not None:
                    arguments = len(row.start.arguments) + len(row.start.constants)
                    assert listed[kernel].arity == arguments
    for definition in listed.values():
        assert definition.definition and definition.domain
        assert len(inspect.signature(definition.mpmath).parameters) == definition.arity + 1


def test_kernel_definitions_hold_their_special_values() -> None:
    def value(name: str, *args: float) -> float:
        return float(mpmath_algebra(MP).kernel(name, [MP.mpf(a) for a in args]))

    assert value("direction", 0.0) == 1 and value("direction", -2.0) == -1
    assert math.isnan(value("direction", math.nan)) and math.isnan(value("minimum", 1.0, math.nan))
    assert value("where", 1, 2.0, math.nan) == 2 and value("where", 0, math.nan, 3.0) == 3
    assert value("ne", math.nan, 1.0) == 1 and value("eq", math.nan, math.nan) == 0
    assert value("pow", -2.0, 3.0) == -8 and math.isnan(value("pow", -2.0, 0.5))
    assert value("pow", 0.0, 0.0) == 1 and value("difference_of_squares", 5.0, 3.0) == 16
    for x, y in ((3.0, 0.1), (1e-300, 0.0), (1e300, -1e200)):
        scaled = value("scale", x, y) * max(abs(x), abs(y))
        assert 1 <= scaled < 2


def test_sine_and_cosine_share_their_rows() -> None:
    x = variable("x")
    both = decompose([ty.sin(x), ty.cos(x)], {x: Input("jet")}, 5)
    one = decompose([ty.cos(x)], {x: Input("jet")}, 5)
    assert len(both.rows) == len(one.rows) == 4


def test_a_pair_is_made_once() -> None:
    builder = SeriesBuilder(3)
    x = builder.input("jet")
    assert coupled_pair(builder, "sin", "cos", -1, x) is coupled_pair(builder, "sin", "cos", -1, x)


def test_branches_in_force_at_ties() -> None:
    """abs, minimum and maximum go on as the mean of both branches, relu(0) as 0."""
    x, y = variable("x"), variable("y")
    inputs = {x: Input("jet", (0,)), y: Input("jet", (1,))}
    outputs = [abs(x), ty.minimum(x, y), ty.maximum(x, y), ty.relu(x), ty.leaky_relu(x)]
    outputs += [ty.where(x > 0, x, y), ty.where(x >= 0, x, y)]
    found = coefficients(
        decompose(outputs, inputs, 1),
        {"jet": [[MP.mpf(0), MP.mpf(5)], [MP.mpf(0), MP.mpf(7)]]},
        mpmath_algebra(MP),
    )
    slopes = [float(c[1]) for c in found]
    assert slopes == pytest.approx([0, 6, 6, 0, 0.05, 7, 5])


def test_the_branch_not_taken_does_not_matter() -> None:
    x = variable("x")
    chosen = ty.where(x > 0, ty.sqrt(x), ty.log(-x)) + ty.minimum(x, 2) + ty.maximum(x, -3)
    program = decompose([chosen], {x: Input("jet")}, 4)
    jet = [MP.mpf(-1), MP.mpf(1), *[MP.mpf(0)] * 3]
    found = coefficients(program, {"jet": [jet]}, mpmath_algebra(MP))[0]
    right = MP.taylor(lambda t: MP.log(1 - t) + 2 * (t - 1), 0, 4)
    assert all(MP.almosteq(a, b) for a, b in zip(found, right, strict=True))


def test_unknown_function_names_near_matches() -> None:
    with pytest.raises(UnsupportedFunctionError, match="sinh"):
        get("snh")
    with pytest.raises(UnsupportedFunctionError, match="register_function"):
        ty.functions.apply("zzzz", 1.0)


def test_public_callables_take_numbers_arrays_and_expressions() -> None:
    x, y = ty.variables("x y")
    assert isinstance(ty.sin(0.5), float) and ty.sin(0.5) == np.sin(0.5)
    assert ty.sin(Fraction(1, 2)) == np.sin(0.5)
    assert np.array_equal(ty.hypot([3.0, 5.0], [4.0, 12.0]), [5, 13])
    assert isinstance(ty.sin(MP.mpf(1) / 3), MP.mpf)
    assert ty.sin(MP.mpf(1) / 3) == MP.sin(MP.mpf(1) / 3)
    assert ty.sin(1 + 2j) == np.sin(1 + 2j)
    assert [str(e) for e in ty.sin(np.array([x, y]))] == ["sin(x)", "sin(y)"]
    assert [str(e) for e in ty.atan2([x, y], 2)] == ["atan2(x, 2)", "atan2(y, 2)"]
    assert ty.sum([x, y, 1]) is x + y + 1 and ty.prod([x, y, 2]) is 2 * x * y
    assert ty.sum([]) == 0 and ty.prod([]) == 1 and ty.sum([1.0, 2.0]) == 3
    assert ty.where(True, 1.0, 2.0) == 1
    assert np.array_equal(ty.sum(np.arange(6.0).reshape(2, 3), axis=0), [3, 5, 7])
    assert pickle.loads(pickle.dumps(ty.sin)) is ty.sin
    with pytest.raises(ArgumentTypeError, match="sin: takes 1 argument"):
        ty.sin(x, y)


def test_registered_expression_is_as_good_as_its_body() -> None:
    logistic = ty.register_function("my_logistic", lambda x: 1 / (1 + ty.exp(-x)))
    x = variable("x")
    assert logistic(x) is 1 / (1 + ty.exp(-x))
    assert logistic(0.0) == 0.5
    assert np.allclose(logistic(np.array([0.0, 1.0])), [0.5, 1 / (1 + math.exp(-1))])


def test_registered_number_function_gets_every_order_from_its_derivative() -> None:
    """The Lambert W function: W' = W / (x (1 + W)), a derivative that contains the function."""
    from scipy.special import lambertw

    def derivative(x: ty.Expression) -> ty.Expression:
        w = ty.functions.apply("lambert_w", x)
        return w / (x * (1 + w))

    w = ty.register_function("lambert_w", lambda x: float(lambertw(x).real), derivative)
    x = variable("x")
    program = verify(decompose([w(x * x + 1)], {x: Input("jet")}, 12))
    assert any(str(getattr(r.start, "function", "")) == "user:lambert_w" for r in program.rows)
    algebra = mpmath_algebra(MP)
    case = Case("exp", (0.5,), "curved")
    found = coefficients(program, {"jet": jets(case, algebra.number, 12)}, algebra)[0]
    inner = [Fraction(1, 2), Fraction(1, 2), Fraction(-1, 3), Fraction(1, 5)]

    def closed(t: object) -> object:
        p = sum(MP.mpf(c.numerator) / c.denominator * t**k for k, c in enumerate(inner))
        return MP.lambertw(p * p + 1)

    right = MP.taylor(closed, 0, 12)
    assert all(abs(a - b) < 1e-13 * (1 + abs(b)) for a, b in zip(found, right, strict=True))
    assert w(1.0) == pytest.approx(0.5671432904097838)


def test_register_function_explains_what_is_missing() -> None:
    with pytest.raises(ArgumentTypeError, match="derivative="):
        ty.register_function("no_slope", math.gamma)
    with pytest.raises(ArgumentError, match="exists already"):
        ty.register_function("sin", lambda x: x)
    with pytest.raises(ArgumentError, match="identifier"):
        ty.register_function("not a name", lambda x: x)
    with pytest.raises(ArgumentTypeError, match="arity="):
        ty.register_function("variadic", lambda *args: 1.0, lambda x: x)
    f = ty.register_function("bad_slope", math.gamma, lambda x: (x, x))
    x = variable("x")
    with pytest.raises(ArgumentError, match="2 partial"):
        decompose([f(x)], {x: Input("jet")}, 3)
    assert kernel_definition(CallbackKernel("bad_slope")).arity == 1
