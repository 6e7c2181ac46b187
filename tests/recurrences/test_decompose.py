"""From expressions to rows: right coefficients, few rows, deterministic order, large DAGs."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest
from function_cases import context

import taylor as ty
from taylor.errors import ArgumentError, UnsupportedFunctionError
from taylor.expressions.scalars import scalars
from taylor.recurrences.decompose import MOST_CONVOLUTIONS, decompose
from taylor.recurrences.degree import polynomial_degree
from taylor.reference.interpreter import coefficients, fraction_algebra, mpmath_algebra
from taylor_runtime.program.program import Convolution, Input, Program
from taylor_runtime.program.verify import verify

MP = context()
MP_ALGEBRA = mpmath_algebra(MP)
x, y, z, w = ty.variables("x y z w")
k = ty.parameter("k")


def states(*variables: ty.Expression) -> dict:
    return {v: Input("state", (i,)) for i, v in enumerate(variables)}


def jets(*variables: ty.Expression) -> dict:
    return {v: Input("jet", (i,)) for i, v in enumerate(variables)}


def formula(*outputs: ty.Expression) -> Program:
    inputs = {v: Input("parameter", (i,)) for i, v in enumerate((x, y, z, w, k))}
    return verify(decompose(outputs, inputs, 0))


def flow(variables: list, rates: list, order: int, **inputs: dict) -> Program:
    extra = inputs.get("inputs", {})
    return verify(decompose(variables, states(*variables) | extra, order, rates))


def convolutions(program: Program) -> list[list[Convolution]]:
    """The convolutions of every row that has any."""
    found = [
        [t.operand for t in row.step.terms if isinstance(t.operand, Convolution)]
        for row in program.rows
        if row.step is not None
    ]
    return [c for c in found if c]


def mp_series(program: Program, **inputs: list) -> list[list]:
    return coefficients(program, inputs, mpmath_algebra(MP))


def assert_close(found: list, right: list) -> None:
    assert all(MP.almosteq(f, r, 1e-40, 1e-40) for f, r in zip(found, right, strict=True)), found


# --- differential equations against exact solutions ---


def test_harmonic_oscillator() -> None:
    program = flow([x, y], [y, -x], 20)
    assert len(program.rows) == 2
    position, velocity = mp_series(program, state=[MP.mpf(0), MP.mpf(1)])
    assert_close(position, MP.taylor(MP.sin, 0, 20))
    assert_close(velocity, MP.taylor(MP.cos, 0, 20))


def test_riccati_equation() -> None:
    """x' = 1 + x**2, x(0) = 0 is tan t; the square at 0 is regular."""
    found = mp_series(flow([x], [1 + x**2], 25), state=[MP.mpf(0)])[0]
    assert_close(found, MP.taylor(MP.tan, 0, 25))


def test_cubic_force_from_zero_is_exact() -> None:
    """x' = v, v' = -x**3 from x = 0, by exact arithmetic and by hand to order 6."""
    found = coefficients(
        flow([x, y], [y, -(x**3)], 6), {"state": [0, Fraction(2)]}, fraction_algebra()
    )
    assert found[0] == [0, 2, 0, 0, 0, Fraction(-8, 20), 0]


def test_time_dependent_equation_with_parameter() -> None:
    """x' = k x cos t has the solution exp(k sin t)."""
    program = flow([x], [k * x * ty.cos(ty.time)], 24, inputs={k: Input("parameter", (0,))})
    found = mp_series(program, state=[MP.mpf(1)], parameter=[MP.mpf(3) / 2], time=[MP.mpf(0)])[0]
    assert_close(found, MP.taylor(lambda t: MP.exp(MP.mpf(3) / 2 * MP.sin(t)), 0, 24))


def test_time_scale_scales_every_order() -> None:
    program = flow([x], [x + ty.time], 8)
    plain = coefficients(
        program, {"state": [Fraction(1)], "time": [Fraction(0)]}, fraction_algebra()
    )
    inputs = {"state": [Fraction(1)], "time": [Fraction(0)]}
    halved = coefficients(program, inputs, fraction_algebra(), Fraction(1, 2))
    assert halved[0] == [c / 2**n for n, c in enumerate(plain[0])]


def test_kepler_problem_from_a_circle() -> None:
    r2 = x**2 + y**2
    rates = [z, w, -x * r2 ** Fraction(-3, 2), -y * r2 ** Fraction(-3, 2)]
    program = flow([x, y, z, w], rates, 30)
    found = mp_series(program, state=[MP.mpf(1), MP.mpf(0), MP.mpf(0), MP.mpf(1)])
    assert_close(found[0], MP.taylor(MP.cos, 0, 30))
    assert_close(found[3], MP.taylor(MP.cos, 0, 30))
    assert len(program.rows) == 8  # 4 states, r**2, r**-3 and two products


def test_constant_rates_and_constant_states() -> None:
    rates = [ty.constant(3), ty.constant(0), k]
    program = flow([x, y, z], rates, 4, inputs={k: Input("parameter", (0,))})
    inputs = {"state": [Fraction(1)] * 3, "parameter": [Fraction(7)]}
    found = coefficients(program, inputs, fraction_algebra())
    assert found == [[1, 3, 0, 0, 0], [1, 0, 0, 0, 0], [1, 7, 0, 0, 0]]


def test_outputs_besides_the_states() -> None:
    program = verify(
        decompose([x * x, k, ty.constant(2)], states(x) | {k: Input("parameter")}, 3, [x])
    )
    found = coefficients(
        program, {"state": [Fraction(1)], "parameter": [Fraction(5)]}, fraction_algebra()
    )
    assert found == [[1, 2, 2, Fraction(4, 3)], [5, 0, 0, 0], [2, 0, 0, 0]]


# --- jets and formulas ---


def test_composite_function_agrees_with_its_closed_form() -> None:
    """The function of JAX's jet benchmark, to order 30."""
    expression = ty.sin(ty.exp(x)) * ty.log(1 + x**2) / ty.sqrt(1 + x**2)
    program = verify(decompose([expression], jets(x), 30))
    jet = [MP.mpf("0.7"), MP.mpf(1), *[MP.mpf(0)] * 29]
    found = mp_series(program, jet=[jet])[0]

    def closed(t: object) -> object:
        return MP.sin(MP.exp(t)) * MP.log(1 + t * t) / MP.sqrt(1 + t * t)

    with MP.workdps(60):
        right = MP.taylor(closed, MP.mpf("0.7"), 30)
    assert all(abs(f - r) < 1e-40 * abs(r) for f, r in zip(found, right, strict=True))
    assert abs(found[30] * MP.factorial(30) / MP.mpf("2.464932629628841e29") - 1) < 1e-14


def test_nested_piecewise_functions() -> None:
    expression = ty.where((x > 0) & ~(x > 2), ty.maximum(x, x**2), ty.floor(x) * x)
    for at, right in ((0.5, [0.5, 1, 0, 0]), (1.5, [2.25, 3, 1, 0]), (2.5, [5, 2, 0, 0])):
        program = verify(decompose([expression], jets(x), 3))
        jet = [Fraction(at), Fraction(1), Fraction(0), Fraction(0)]
        assert coefficients(program, {"jet": [jet]}, fraction_algebra())[0] == right


def test_order_zero_is_a_plain_formula() -> None:
    program = formula(ty.sin(x * y) + k / z)
    assert all(row.constant for row in program.rows)
    assert program.inputs == (("parameter", 5),)
    values = [Fraction(2), Fraction(3), Fraction(4), Fraction(0), Fraction(5)]
    found = mp_series(program, parameter=[MP.mpf(int(v)) for v in values])[0]
    assert_close(found, [MP.sin(6) + MP.mpf(5) / 4])


def test_division_by_small_integers_is_a_division() -> None:
    for expression, constant in ((x / 3, 3), (-x / 7, -7), (2 * x / 3, Fraction(3, 2))):
        starts = [row.start for row in formula(expression).rows]
        kernel = next(s for s in starts if getattr(s, "function", "") == "div")
        assert kernel.constants == (constant,)
    for expression in (x / 4, 3 * x, 0.1 * x):
        assert not any(getattr(r.start, "function", "") for r in formula(expression).rows)


def test_a_number_over_an_expression_is_one_division() -> None:
    program = formula(3 / x)
    divisions = [r for r in program.rows if r.step and r.step.divisor is not None]
    assert len(divisions) == 1
    assert coefficients(program, {"parameter": [Fraction(7)] * 5}, fraction_algebra()) == [
        [Fraction(3, 7)]
    ]


# --- what is absorbed ---


def test_sum_of_squares_is_one_row() -> None:
    program = verify(decompose([x**2 + y**2 + z**2], jets(x, y, z), 5))
    assert len(program.rows) == 4
    assert [len(c) for c in convolutions(program)] == [3]


def test_shared_products_are_not_absorbed() -> None:
    program = verify(decompose([x * y + z, x * y - z], jets(x, y, z), 5))
    assert [len(c) for c in convolutions(program)] == [1]
    program = verify(decompose([x * y + z, x * y], jets(x, y, z), 5))
    assert [len(c) for c in convolutions(program)] == [1]


def test_constants_go_to_the_terms() -> None:
    program = verify(decompose([3 * x * y - 2 * z], jets(x, y, z), 5))
    assert len(program.rows) == 4
    assert sorted(t.constant for t in program.rows[-1].step.terms) == [-2, 3]


def test_a_row_takes_only_so_many_convolutions() -> None:
    variables = ty.variables(" ".join(f"v{i}" for i in range(20)))
    program = verify(decompose([ty.sum([v * v for v in variables])], jets(*variables), 3))
    counts = [len(c) for c in convolutions(program)]
    assert sum(counts) == 20 and max(counts) <= MOST_CONVOLUTIONS


def test_brackets_of_the_user_are_kept() -> None:
    """x + (y - z) with y and z nearly equal: y - z has to be formed first."""
    program = formula(x + (y - z))
    assert len([r for r in program.rows if r.step is not None]) == 2
    assert len([r for r in formula((x - y) - z).rows if r.step is not None]) == 1


def test_products_become_numerators() -> None:
    program = verify(decompose([x * y / z], jets(x, y, z), 4))
    assert len(program.rows) == 4
    jet = [[Fraction(n + 1, 2 + i) for n in range(5)] for i in range(3)]
    found = coefficients(program, {"jet": jet}, fraction_algebra())[0]
    product = [sum(jet[0][j] * jet[1][n - j] for j in range(n + 1)) for n in range(5)]
    back = [sum(found[j] * jet[2][n - j] for j in range(n + 1)) for n in range(5)]
    assert back == product


def test_everything_absorbed_keeps_its_value() -> None:
    """Random nests of sums, products, quotients: values and slopes, exactly."""
    import random

    rng = random.Random(5)
    for _ in range(60):
        pool = [x, y, z, ty.constant(Fraction(2, 3))]
        for _ in range(12):
            a, b = rng.choice(pool), rng.choice(pool)
            pool.append(
                rng.choice([a + b, a - b, a * b, 3 * a - b, a * b / 2 + a, a / (x + 5), a**2])
            )
        outputs = rng.sample(pool[-6:], 2)
        program = verify(decompose(outputs, jets(x, y, z), 0))
        deep = verify(decompose(outputs, jets(x, y, z), 3))
        point = [Fraction(rng.randint(1, 9), rng.randint(1, 5)) for _ in range(3)]
        line = [[p, Fraction(i + 1), Fraction(0), Fraction(0)] for i, p in enumerate(point)]
        found = coefficients(deep, {"jet": line}, fraction_algebra())
        values = dict(zip((x, y, z), point, strict=True))
        for output, series in zip(outputs, found, strict=True):
            assert series[0] == output.evaluate(values)
            slopes = [ty.diff(output, v).evaluate(values) for v in (x, y, z)]
            assert series[1] == slopes[0] + 2 * slopes[1] + 3 * slopes[2]
        flat = coefficients(program, {"jet": [c[:1] for c in line]}, fraction_algebra())
        assert [c[0] for c in flat] == [c[0] for c in found]


# --- polynomials in time ---


def test_polynomial_degree() -> None:
    one, t = ty.constant(1), ty.time

    def degree(variables: list, rates: list) -> int | None:
        return polynomial_degree(flow(variables, rates, 5))

    assert degree([x], [one]) == 1
    assert degree([x], [2 * t]) == 2
    assert degree([x], [t**40]) == 41
    assert degree([x, y], [y, one]) == 2
    assert degree([x, y], [y * y * t, one]) == 4
    assert degree([x], [ty.constant(0)]) == 0
    assert degree([x], [x]) is None
    assert degree([x, y], [one, ty.sin(y)]) is None
    assert degree([x], [ty.floor(t)]) is None
    assert degree([x], [1 / (1 + t)]) is None
    with_parameter = flow([x], [k * t + ty.sin(k)], 5, inputs={k: Input("parameter")})
    assert polynomial_degree(with_parameter) == 2


def test_products_with_what_is_linear_in_time_are_no_sums() -> None:
    """Two coefficients are all that such a factor has; so do its sines and cosines know it."""
    line = (2 * ty.time - k) / 3
    rates = [x * line, ty.cos(line) * k, line * line, y * ty.time * ty.time]
    program = flow([x, y, z, w], rates, 6, inputs={k: Input("parameter")})
    operands = [t.operand for row in program.rows if row.step for t in row.step.terms]
    assert not any(isinstance(operand, Convolution) for operand in operands)
    given = {"state": [1, 2, 3, 5], "parameter": [7], "time": [0.5]}
    found = coefficients(program, {n: list(map(MP.mpf, v)) for n, v in given.items()}, MP_ALGEBRA)
    start = MP.mpf(0.5)
    exact = MP.taylor(lambda t: 2 + 7 * MP.sin((2 * t - 7) / 3) * 1.5, start, 6)
    exact[0] = MP.mpf(2)
    assert all(abs(c - e) < 1e-12 for c, e in zip(found[1], exact, strict=True))
    squares = MP.taylor(lambda t: ((2 * t - 7) / 3) ** 3 / 2, start, 6)
    assert all(abs(c - e) < 1e-12 for c, e in zip(found[2][1:], squares[1:], strict=True))


# --- order, size, errors ---


def test_rows_do_not_depend_on_the_hash_seed() -> None:
    code = (
        "import taylor as ty; from taylor.recurrences.decompose import decompose\n"
        "from taylor_runtime.program.program import Input\n"
        "x, y, z = ty.variables('x y z')\n"
        "f = ty.sin(x*y) + ty.tanh(z)/(x + y) + ty.atan2(x, z)**3\n"
        "g = ty.exp(f - z) * ty.sqrt(f*f + 1)\n"
        "jets = {v: Input('jet', (i,)) for i, v in enumerate((x, y, z))}\n"
        "print(decompose([f, g], jets, 7))"
    )
    paths = ":".join(p for p in sys.path if p)
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "77")
    }
    assert len(texts) == 1


def test_large_dags_are_decomposed() -> None:
    chain = x
    for _ in range(5_000):
        chain = ty.sin(chain) * 0.5 + y
    decompose([chain], jets(x, y), 0)
    total = x
    for i in range(15_000):
        total = total + (i + 2) * ty.variable(f"wide{i % 500}") * x
    inputs = jets(x, *(ty.variable(f"wide{i}") for i in range(500)))
    program = decompose([total], inputs, 3)
    assert program.order == 3


def test_array_elements_are_leaves() -> None:
    q = ty.variable("q", shape=(3,))
    elements = list(scalars(q))
    program = verify(decompose([scalars((q * q).sum())[()]], jets(*elements), 2))
    jet = [[Fraction(i), Fraction(1), Fraction(0)] for i in range(1, 4)]
    assert coefficients(program, {"jet": jet}, fraction_algebra())[0] == [14, 12, 3]


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ArgumentError, match="y occurs"):
        decompose([x + y], jets(x), 3)
    with pytest.raises(ArgumentError, match="negative"):
        decompose([x], jets(x), -1)
    with pytest.raises(ArgumentError, match="slots"):
        decompose([x], states(x), 3, [x, y])
    q = ty.variable("q", shape=(3,))
    with pytest.raises(UnsupportedFunctionError, match="scalars"):
        decompose([(q * q).sum()], jets(x), 3)


def test_a_multiple_of_a_parameter_in_a_numerator_comes_before_the_quotient() -> None:
    quotient = (y + k / 8) / (2 + x * x)
    parameter = {k: Input("parameter", (0,))}
    flow([x, y], [quotient, -x], 4, inputs=parameter)  # a legal program
    program = verify(decompose([quotient], jets(x, y) | parameter, 3))
    given = [[Fraction(1, 2), 1, 0, 0], [Fraction(1, 3), 0, 2, 0]]
    inputs = {"jet": given, "parameter": [Fraction(5)]}
    ((a, b, c, d),) = coefficients(program, inputs, fraction_algebra())
    # times 2 + x**2 = 9/4 + s + s**2 it is y + k/8
    assert [a * Fraction(9, 4), b * Fraction(9, 4) + a] == [Fraction(1, 3) + Fraction(5, 8), 0]
    assert [c * Fraction(9, 4) + b + a, d * Fraction(9, 4) + c + b] == [2, 0]
