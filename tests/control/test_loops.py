"""Loops: values of numbers, of expressions and of machine code are those of Python's own loops."""

from __future__ import annotations

import dataclasses
import math
import pickle
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor_runtime.program.text import from_text, to_text

RNG = np.random.default_rng(14)
X, Y = RNG.normal(size=37), 3 * RNG.normal(size=37)


def agree(function, python, *points, tol=1e-13):
    """Machine code, evaluation and a direct call against a function of plain numbers."""
    code = ty.compile(function)
    program, _ = code._lowered()
    assert from_text(to_text(program)) == program
    found = code(*points)
    found = found if isinstance(found, tuple) else (found,)
    arguments = [ty.variable(f"a{k}") for k in range(len(points))]
    formulas = function(*arguments)
    formulas = formulas if isinstance(formulas, tuple) else (formulas,)
    for i, point in enumerate(zip(*points, strict=True)):
        wanted = python(*map(float, point))
        direct = function(*map(float, point))
        alone = code(*map(float, point))
        if not isinstance(wanted, tuple):
            wanted, direct, alone = (wanted,), (direct,), (alone,)
        known = dict(zip(arguments, point, strict=True))
        for k, right in enumerate(wanted):
            assert found[k][i] == pytest.approx(right, rel=tol, abs=tol)
            assert direct[k] == pytest.approx(right, rel=tol, abs=tol)
            assert float(formulas[k].evaluate(known)) == pytest.approx(right, rel=tol, abs=tol)
            # A point alone has the bits that it has among others.
            np.testing.assert_array_equal(alone[k], found[k][i])


def escape(x, y):
    """Turns of z**2 + c until |z| > 2."""
    start = (0.0, 0.0, 0)
    return ty.while_loop(
        lambda v: (v[0] * v[0] + v[1] * v[1] < 4) & (v[2] < 50),
        lambda v: (v[0] * v[0] - v[1] * v[1] + x, 2 * v[0] * v[1] + y, v[2] + 1),
        start,
    )[2]


def escape_in_python(x, y):
    a = b = 0.0
    n = 0
    while a * a + b * b < 4 and n < 50:
        a, b, n = a * a - b * b + x, 2 * a * b + y, n + 1
    return n


def test_while_loops_end_lane_by_lane() -> None:
    agree(escape, escape_in_python, X, Y / 3)


def test_bounds_at_run_time() -> None:
    def total(x, n):
        return ty.fori_loop(ty.floor(-n), ty.floor(n), lambda i, s: s * x + i, 1.0)

    def python(x, n):
        s = 1.0
        for i in range(math.floor(-n), math.floor(n)):
            s = s * x + i
        return s

    agree(total, python, X, Y)


def test_no_turn() -> None:
    f = ty.compile(lambda x, n: ty.fori_loop(2, n, lambda i, y: y / 0, x))
    assert f([1.0, 2.0], [2.0, -5.0]).tolist() == [1.0, 2.0]
    g = ty.compile(lambda x: ty.while_loop(lambda y: y > 10, lambda y: y / 2, x))
    assert g([1.0, 10.0, 11.0, np.nan])[:2].tolist() == [1.0, 10.0]
    assert ty.fori_loop(5, 2, lambda i, y: None, 3.5) == 3.5
    assert ty.while_loop(lambda y: y > 10, lambda y: None, (1, 2)[0]) == 1


def test_loops_inside_loops_wait_for_no_lane_that_is_done() -> None:
    """The inner loop would never end for the values that the outer one has left."""

    def function(x, y):
        def body(s):
            inner = ty.while_loop(lambda t: (t > s - 1) & (s < 10), lambda t: t - 0.25, s)
            endless = ty.while_loop(lambda t: t < 10, lambda t: t + (10 - s), s)
            return s + 1 + 0.125 * (inner - s) + (endless - endless)

        return ty.while_loop(lambda s: s < 10, body, y + 0 * x)

    def python(x, y):
        s = y
        while s < 10:
            t = s
            while t > s - 1 and s < 10:
                t -= 0.25
            s = s + 1 + 0.125 * (t - s)
        return s

    agree(function, python, X, Y)


def test_a_loop_of_known_length_inside_one_that_is_not() -> None:
    def function(x):
        def turn(v):
            return ty.fori_loop(0, 3, lambda i, w: w + x * i, v) + 1

        return ty.while_loop(lambda v: v < 5, turn, abs(x))

    def python(x):
        v = abs(x)
        while v < 5:
            for i in range(3):
                v = v + x * i
            v += 1
        return v

    agree(function, python, np.abs(X))


def test_functions_inside_turns() -> None:
    def function(x, y):
        return ty.fori_loop(
            1, 4, lambda i, s: (ty.sin(s[0]) + ty.exp(-(s[1] ** 2)) / i, ty.atan(s[0] * y)), (x, y)
        )

    def python(x, y):
        a, b = x, y
        for i in range(1, 4):
            a, b = math.sin(a) + math.exp(-(b**2)) / i, math.atan(a * y)
        return a, b

    agree(function, python, X, Y)


class State(NamedTuple):
    a: Any
    b: Any


@dataclasses.dataclass
class Body:
    at: Any
    more: Any


@pytest.mark.parametrize(
    ("wrap", "unwrap"),
    [
        (lambda a, b: (a, b), lambda s: (s[0], s[1])),
        (lambda a, b: [a, [b, None]], lambda s: (s[0], s[1][0])),
        (lambda a, b: {"b": b, "a": a}, lambda s: (s["a"], s["b"])),
        (State, lambda s: (s.a, s.b)),
        (lambda a, b: Body(a, {"x": (b,)}), lambda s: (s.at, s.more["x"][0])),
    ],
    ids=["tuple", "list", "dict", "namedtuple", "dataclass"],
)
def test_carries_of_every_structure(wrap, unwrap) -> None:
    def function(x, y):
        def turn(i, s):
            a, b = unwrap(s)
            return wrap(a * b + i, b - x)

        return unwrap(ty.fori_loop(0, 4, turn, wrap(x, y)))

    def python(x, y):
        a, b = x, y
        for i in range(4):
            a, b = a * b + i, b - x
        return a, b

    agree(function, python, X, Y)


def test_conditions_are_carried_as_such() -> None:
    def function(x):
        def turn(i, s):
            found, where = s
            now = ty.sin(x * i) > 0.5
            return found | now, ty.where(~found & now, i, where)

        return ty.fori_loop(0, 20, turn, (False, -1.0))[1]

    def python(x):
        return next((float(i) for i in range(20) if math.sin(x * i) > 0.5), -1.0)

    code = ty.compile(function)
    assert code(X).tolist() == [python(x) for x in X]
    e = ty.fori_loop(0, 3, lambda i, s: s | (ty.variable("x") > i), False)
    assert str(e).endswith("!= 0") and e.evaluate({"x": 0.5}) == 1


def test_arrays_are_carried() -> None:
    a = RNG.normal(size=(3, 3)) / 3

    def function(q):
        return ty.fori_loop(0, 10, lambda i, v: a @ v + i * q, q)

    q = RNG.normal(size=3)
    wanted = q
    for i in range(10):
        wanted = a @ wanted + i * q
    np.testing.assert_allclose(ty.compile(function, shapes=[3])(q), wanted, rtol=1e-13)
    np.testing.assert_allclose(function(q), wanted, rtol=1e-15)
    e = ty.variable("q", 3)
    np.testing.assert_allclose(function(e).evaluate({e: q}), wanted, rtol=1e-13)


# --- scan ----------------------------------------------------------------------------------------


def scanned(f, init, xs, reverse=False):
    """scan of numbers, in Python."""
    carry, ys = init, [None] * len(xs)
    for t in reversed(range(len(xs))) if reverse else range(len(xs)):
        carry, ys[t] = f(carry, xs[t])
    return carry, ys


@pytest.mark.parametrize("reverse", [False, True])
def test_scan_over_arrays(reverse) -> None:
    xs = RNG.normal(size=7)

    def turn(c, x):
        return c * x + 1, (c, c * x)

    x = ty.variable("x")
    carry, (first, second) = ty.scan(turn, x, xs, reverse=reverse)
    assert carry.shape == () and first.shape == second.shape == (7,)
    wanted, ys = scanned(turn, 0.3, xs, reverse)
    code = ty.compile([carry, first, second], [x])
    for found in (code(0.3), [e.evaluate({x: 0.3}) for e in (carry, first, second)]):
        assert found[0] == pytest.approx(wanted, rel=1e-14)
        np.testing.assert_allclose(found[1], [a for a, _ in ys], rtol=1e-14)
        np.testing.assert_allclose(found[2], [b for _, b in ys], rtol=1e-14)
    direct = ty.scan(turn, 0.3, xs, reverse=reverse)
    assert direct[0] == wanted and direct[1][0].tolist() == [a for a, _ in ys]


def test_scan_over_array_nodes_and_matrices() -> None:
    q, w = ty.variable("q", (4, 2)), RNG.normal(size=(4, 2))

    def turn(c, x):
        a, b = x
        return c + a * b[0], c[::-1] * b

    carry, ys = ty.scan(turn, np.array([1.0, 2.0]), (q, w))
    assert carry.shape == (2,) and ys.shape == (4, 2)
    value = RNG.normal(size=(4, 2))
    wanted = scanned(turn, np.array([1.0, 2.0]), list(zip(value, w, strict=True)))
    found = ty.compile([carry, ys], [q])(value)
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-14)
    np.testing.assert_allclose(found[1], wanted[1], rtol=1e-14)


def test_scan_without_arrays_is_a_loop() -> None:
    def turn(c, _):
        return (c[1], c[0] + c[1]), None

    def function(x, y):
        return ty.scan(turn, (x, y), length=1000)[0]

    small = ty.compile(lambda x, y: ty.scan(turn, (x, y), length=30)[0])
    assert small(0.0, 1.0) == (832040.0, 1346269.0)  # Fibonacci's numbers 30 and 31
    long, longer = (
        ty.compile(lambda x, y, n=n: ty.scan(turn, (x, y), length=n)[0]) for n in (30, 10**6)
    )
    assert abs(longer.explain().code_bytes - long.explain().code_bytes) < 64
    assert function(0, 1)[0] == scanned(turn, (0, 1), [None] * 1000)[0][0]


def test_scan_of_nothing() -> None:
    carry, ys = ty.scan(lambda c, x: (c + x, c * x), 1.5, np.zeros(0))
    assert carry == 1.5 and ys.shape == (0,)
    x = ty.variable("x")
    carry, ys = ty.scan(lambda c, row: (c + row[0], row), x, np.zeros((0, 3)))
    assert carry is x and ys.shape == (0, 3)


# --- numbers of other kinds ----------------------------------------------------------------------


def test_double_double() -> None:
    code = ty.compile(
        lambda x: ty.fori_loop(0, 30, lambda i, s: ty.sin(s) + x / 3, 0.5),
        precision="double-double",
    )
    with mpmath.workdps(50):
        x = mpmath.mpf("0.3")
        wanted = mpmath.mpf("0.5")
        for _ in range(30):
            wanted = mpmath.sin(wanted) + x / 3
        assert abs(ty.to_mpmath(code("0.3")) - wanted) < 1e-30


def test_float32() -> None:
    code = ty.compile(
        lambda x: ty.while_loop(lambda y: y > 1, lambda y: y / 2, x), precision="float32"
    )
    found = code(np.float32([3.0, 5.0, 0.25]))
    assert found.dtype == np.float32 and found.tolist() == [0.75, 0.625, 0.25]


def test_mpmath_and_fractions_are_evaluated_in_their_own_arithmetic() -> None:
    from fractions import Fraction

    x = ty.variable("x")
    e = ty.fori_loop(0, 3, lambda i, s: s * x + i, 1)
    assert e.evaluate({x: Fraction(1, 3)}) == Fraction(1, 27) + Fraction(1, 3) + 2
    with mpmath.workdps(40):
        third = mpmath.mpf(1) / 3
        assert abs(e.evaluate({x: third}) - (third**3 + third + 2)) < 1e-38
        assert (
            abs(ty.fori_loop(0, 3, lambda i, s: s * third + i, 1) - (third**3 + third + 2)) < 1e-38
        )


def test_polynomials_go_through_loops_of_numbers() -> None:
    (x,) = ty.Polynomial.variables("x", order=3, at=[0.5])
    found = ty.fori_loop(0, 2, lambda i, y: y * x + ty.sin(y), x)
    wanted = (x * x + ty.sin(x)) * x + ty.sin(x * x + ty.sin(x))
    np.testing.assert_allclose(found.coefficients, wanted.coefficients, rtol=1e-15)


# --- what is compiled ----------------------------------------------------------------------------


def test_the_number_of_turns_is_not_in_the_code() -> None:
    def pendulum(n):
        def turn(i, s):
            q, p = s
            p = p - 0.01 * ty.sin(q)
            return q + 0.01 * p, p

        return ty.compile(lambda q, p: ty.fori_loop(0, n, turn, (q, p)))

    few, many = pendulum(10), pendulum(10**5)
    assert abs(many.explain().code_bytes - few.explain().code_bytes) < 64
    q, p = 0.5, 0.0
    for _ in range(10**5):
        p = p - 0.01 * math.sin(q)
        q = q + 0.01 * p
    np.testing.assert_allclose(many(0.5, 0.0), (q, p), rtol=1e-9)


def test_compiled_loops_pickle_and_take_expressions() -> None:
    code = ty.compile(escape)
    again = pickle.loads(pickle.dumps(code))
    assert again(X, Y).tolist() == code(X, Y).tolist()
    x, y = ty.variables("x y")
    assert code(x, y) is escape(x, y)


def test_a_result_that_nobody_wants_costs_nothing_to_ask_for() -> None:
    code = ty.compile(
        lambda x: ty.fori_loop(0, 9, lambda i, s: (s[0] + x, s[1] * x), (0.0, 1.0))[0]
    )
    assert code(0.5) == 4.5


def test_captured_numbers_may_be_known_or_not() -> None:
    """Without expressions among its operands a loop runs, unless what it captures is one."""
    x = ty.variable("x")
    e = ty.fori_loop(0, 3, lambda i, s: s + i * x, 0.0)
    assert e.evaluate({x: 2.0}) == 6.0
    e = ty.while_loop(lambda s: s < x, lambda s: s + 1, 0.0)
    assert e.evaluate({x: 2.5}) == 3.0
    _, ys = ty.scan(lambda c, s: (c + 1, x * s), 0.0, np.arange(3.0))
    assert ys.evaluate({x: 2.0}).tolist() == [0.0, 2.0, 4.0]
    assert type(ty.fori_loop(0, 3, lambda i, s: s + i, 0)) is int


# --- errors --------------------------------------------------------------------------------------

V, Q = ty.variable("v"), ty.variable("q", shape=(3,))
MISTAKES = [
    (
        lambda: ty.while_loop(lambda v: v[0] < 3, lambda v: v[0], (0.0, V)),
        r"structure.*\n.*: \(number, number\)\n.*: number",
    ),
    (
        lambda: ty.while_loop(lambda v: v < 3, lambda v: Q, V),
        r"other shapes.*\n.*: number\n.*: number\[3\]",
    ),
    (lambda: ty.while_loop(lambda v: v, lambda v: v, V), r"must return one condition.*got number"),
    (
        lambda: ty.while_loop(lambda v: v, lambda v: v, 1.0),
        r"must return one condition.*got number",
    ),
    (lambda: ty.while_loop(lambda v: v < Q, lambda v: v, V), r"got condition\[3\]"),
    (lambda: ty.while_loop(3, lambda v: v, V), r"while_loop: cond_fun=3 is not a function"),
    (
        lambda: ty.fori_loop(0, 3, lambda i, s: (s[0], s[1] + 1), (V, True)),
        r"other kinds.*\n.*\(number, condition\)\n.*\(number, number\)",
    ),
    (
        lambda: ty.fori_loop(0, 3, lambda i, s: None, V),
        r"another structure.*\n.*: number\n.*: None",
    ),
    (lambda: ty.fori_loop(0, Q, lambda i, s: s, V), r"upper has shape \(3,\)"),
    (lambda: ty.fori_loop("a", 3, lambda i, s: s, V), r"lower='a' is not a real number"),
    (lambda: ty.fori_loop(0, 3, lambda i, s: (s[0],), (1.0, 2.0)), r"another structure"),
    (
        lambda: ty.scan(lambda c, x: c, V, length=3),
        r"f must return a pair \(carry, output\), got number",
    ),
    (lambda: ty.scan(lambda c, x: (c, None), V), r"give length="),
    (lambda: ty.scan(lambda c, x: (c, None), V, length=-1), r"length=-1"),
    (lambda: ty.scan(lambda c, x: (c, None), V, (np.zeros(3), np.zeros(4))), r"different lengths"),
    (
        lambda: ty.scan(lambda c, x: (c, None), V, np.zeros(3), length=4),
        r"different lengths, and length=4",
    ),
    (lambda: ty.scan(lambda c, x: (c, None), V, 3.0), r"has to consist of arrays"),
    (
        lambda: ty.scan(lambda c, x: ((c, c), None), V, np.zeros(3)),
        r"scan: what f returned has another",
    ),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES)
def test_mistakes_are_named(mistake, message) -> None:
    with pytest.raises(ty.TaylorError, match=message):
        mistake()


def test_values_of_turns_are_not_asked_for() -> None:
    with pytest.raises(ty.TracingError, match=r"taylor\.where"):
        ty.fori_loop(0, 3, lambda i, s: s + (1 if s > 0 else 2), V)


def test_arguments_of_a_turn_do_not_get_out() -> None:
    kept = []

    def leaking(i, s):
        kept.append(s)
        return s + 1

    ty.fori_loop(0, 3, leaking, V)
    with pytest.raises(ty.ArgumentError, match="an argument of another function"):
        ty.fori_loop(0, 3, lambda i, s: s + kept[0], V)


def test_the_reference_carries_programs_with_loops_out() -> None:
    """In the precision of mpmath, as it does for all programs."""
    from taylor.reference.interpreter import coefficients, mpmath_algebra

    def function(x, n):
        def turn(i, s):
            inner = ty.while_loop(lambda t: t > 1, lambda t: t / 3, s * s + i)
            return ty.cond(s > 1, lambda: ty.exp(-s) + x + ty.sin(ty.cos(s)), lambda: s + inner)

        known = ty.fori_loop(0, 3, turn, x)
        return ty.fori_loop(1, n, turn, known) + ty.switch(n, [ty.sin, ty.erf, ty.gamma], x)

    program, _ = ty.compile(function)._lowered()
    with mpmath.workdps(40):
        x, n = mpmath.mpf("0.3"), mpmath.mpf(4)
        (found,) = coefficients(program, {"parameter": [x, n]}, mpmath_algebra(mpmath.mp))
        a, b = ty.variables("a b")
        assert abs(found[0] - function(a, b).evaluate({a: x, b: n})) < 1e-38
        assert abs(found[0] - ty.compile(function)(0.3, 4.0)) < 1e-15


def test_bounds_that_are_no_whole_numbers_of_machines() -> None:
    f = ty.compile(lambda x: ty.fori_loop(0.5, 3, lambda i, s: s * x + i, x))
    assert f(2.0) == ((2.0 * 2 + 0.5) * 2 + 1.5) * 2 + 2.5
    start = 2**60
    g = ty.compile(lambda x: ty.fori_loop(start, start - 1, lambda i, s: s + i, x))
    assert g(2.0) == 2.0


def test_numbers_of_mpmath_may_be_of_any_size() -> None:
    found = ty.fori_loop(0, 70, lambda i, s: s * s, mpmath.mpf(2))
    assert mpmath.log(found, 2) == 2**70


def test_what_jax_programs_say() -> None:
    def turn(s: Any, x: Any) -> Any:
        return s + x, s

    plain, written = (ty.scan(turn, 0.0, np.arange(5.0), unroll=u) for u in (1, 3))
    assert plain[0] == written[0] == 10.0 and plain[1].tolist() == written[1].tolist()
    assert ty.fori_loop(0, 4, lambda i, s: s * 2 + i, 1.0, unroll=True) == 27.0
    with pytest.raises(ty.ArgumentTypeError, match="is a function, not a condition"):
        ty.cond(lambda x: x > 0, lambda x: x, lambda x: -x, 1.0)
