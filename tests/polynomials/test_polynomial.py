"""Arithmetic of truncated polynomials against exact loops over all pairs of coefficients."""

from __future__ import annotations

import copy
import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from polynomial_reference import add, full, largest, product, random_polynomial, terms

import taylor as ty
from taylor.polynomials import arithmetic
from taylor_runtime.program.monomials import monomials

P = ty.Polynomial
KINDS = ["float64", "float32", "double-double"]
SPACES: list[tuple[str, int, tuple[int, ...]]] = [
    ("x", 0, ()),
    ("x", 9, ()),
    ("x y", 1, ()),
    ("x y", 5, ()),
    ("x y z", 4, ()),
    ("x y z", 5, (1, 5, 2)),
    ("a b c d", 4, (0, 2, 4, 1)),
    ("a b c d e", 3, ()),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("names", "order", "limits"), SPACES)
def test_products_are_exact(names: str, order: int, limits: tuple[int, ...], kind: str) -> None:
    for density in (1.0, 0.2):
        p = random_polynomial(0, names, order, (), limits, kind, density)
        q = random_polynomial(1, names, order, (), limits, kind)
        assert terms(p * q) == product(terms(p), terms(q), order, limits)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("names", "order", "limits"), SPACES[2:])
def test_both_ways_make_the_products(
    names: str, order: int, limits: tuple[int, ...], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is chosen by the size of the space gives the same sums everywhere."""
    for small in (True, False):
        monkeypatch.setattr(arithmetic, "is_small", lambda space, small=small: small)
        p = random_polynomial(2, names, order, (3,), limits, kind)
        low = random_polynomial(3, names, min(order, 2), (), (), kind, 0.5)
        q = low.extend(order)
        for k in range(3):
            wanted = product(terms(p[k]), terms(q), order, limits)
            assert terms((p * q)[k]) == terms(q * p[k]) == wanted


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limits", [(), (2, 4, 1, 3)])
def test_products_of_few_coefficients(
    kind: str, limits: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arithmetic, "is_small", lambda space: False)
    for seed in range(5):
        p = random_polynomial(seed, "a b c d", 5, (), limits, kind, 0.05)
        q = random_polynomial(seed + 9, "a b c d", 5, (), limits, kind, 0.1)
        for a, b in ((p, q), (p, p), (q, 0 * p), (p.homogeneous(3), q.truncate(2).extend(5))):
            assert terms(a * b) == product(terms(a), terms(b), 5, limits)


def test_large_product() -> None:
    """Six variables, order 7: polynomials of exponentials of linear forms multiply like those."""
    order, rng = 7, np.random.default_rng(0)
    space = monomials(6, order)
    factorials = np.array([math.prod(map(math.factorial, row)) for row in space.exponents.tolist()])

    def exponential(c: np.ndarray) -> P:
        return P(np.prod(c**space.exponents, axis=1) / factorials, 6, order)

    a, b = rng.uniform(-1, 1, (2, 6))
    wanted = exponential(a + b).coefficients
    found = (exponential(a) * exponential(b)).coefficients
    scale = exponential(abs(a) + abs(b)).coefficients
    assert (abs(found - wanted) <= 1e-14 * scale).all()


def test_products_in_double_double() -> None:
    for names, order in (("x y", 6), ("a b c d", 8)):
        p, q = (full(seed, random_polynomial(0, names, order)) for seed in (1, 2))
        assert largest(terms(p * q), product(terms(p), terms(q), order)) < 1e-30
        assert largest(terms(p + q), add(terms(p), terms(q))) < 1e-31


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("names", "order"), [("a b c d", 4), ("a b c d", 8), ("x", 25)])
def test_batches_give_the_same_bits(names: str, order: int, kind: str) -> None:
    """Many polynomials at a time, and each alone."""
    rng = np.random.default_rng(3)
    size = P.constant(0.0, names, order).size
    p = P(rng.normal(size=(11, 2, size)), names, order).astype(kind)
    q = P(rng.normal(size=(2, size)), names, order).astype(kind)
    together = p * q
    assert together.shape == (11, 2)
    for i in range(11):
        for j in range(2):
            np.testing.assert_array_equal(
                together[i, j].coefficients, (p[i, j] * q[j]).coefficients
            )


def test_threads_share_polynomials() -> None:
    p = random_polynomial(5, "a b c d", 9, (3,)) * 0.1
    wanted = [(p**2).coefficients, ty.exp(p).coefficients, p([[0.1, 0.2, 0.3, 0.4]])]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            jobs = [pool.submit(lambda: [(p**2).coefficients, ty.exp(p).coefficients])] * 4
            for job in jobs:
                for found, known in zip(job.result(), wanted, strict=False):
                    np.testing.assert_array_equal(found, known)
    np.testing.assert_array_equal(p(np.full((999, 4), 0.1), threads=2), p(np.full((999, 4), 0.1)))


def test_sums_powers_quotients() -> None:
    p = random_polynomial(7, "x y", 6)
    q = random_polynomial(8, "x y", 6, constant=False) + 2
    one, cube = terms(P.constant(1.0, "x y", 6)), terms(p)
    for _ in range(2):
        cube = product(cube, terms(p), 6)
    assert terms(p**3) == cube and terms(p**0) == one and terms(p**1) == terms(p)
    assert terms(p - q) == add(terms(p), terms(-q)) and terms(3 - p) == add({(0, 0): 3}, terms(-p))
    for quotient in (p / q, p * q**-1, p / 4 * 4 / q):
        np.testing.assert_allclose((quotient * q).coefficients, p.coefficients, atol=1e-9)
    np.testing.assert_array_equal((p / 3).coefficients, p.coefficients / 3)
    np.testing.assert_array_equal((p * [1, 2]).coefficients[1], 2 * p.coefficients)
    assert (p + np.arange(3)).shape == (3,) and terms((p + np.arange(3))[2] - 2) == terms(p)


def test_division_and_powers_in_double_double() -> None:
    x, y = P.variables("x y", order=9, at=["0.1", "0.7"], precision="double-double")
    found = (1 / (1 + x * y)) * (1 + x * y) - 1
    assert abs(found.coefficients).max() < 1e-30
    third = (1 + x) ** Fraction(1, 3)
    with mpmath.workdps(40):
        for n, c in enumerate(mpmath.taylor(lambda t: mpmath.cbrt(1 + t), mpmath.mpf("0.1"), 9)):
            assert abs(ty.to_mpmath(third.coefficient(n, 0)) - c) < 1e-30


EXPRESSIONS = [
    lambda m, x, y, z: m.sin(x * y) + m.exp(-(z**2)) * m.cos(x),
    lambda m, x, y, z: m.log(x**2 + y**2 + z**2) / m.sqrt(1 + x**2),
    lambda m, x, y, z: x * (x**2 + y**2 + z**2) ** Fraction(-3, 2),
]


@pytest.mark.parametrize("function", EXPRESSIONS)
def test_functions_against_sympy(function: Any) -> None:
    order, point = 4, (sympy.Rational(1, 2), sympy.Rational(1, 3), sympy.Rational(2, 3))
    symbols = sympy.symbols("x y z")
    found = function(ty, *P.variables("x y z", order, at=[float(c) for c in point]))
    exact = function(sympy, *symbols)
    at = dict(zip(symbols, point, strict=True))
    scale = abs(found.coefficients).max()
    for powers in [(0, 0, 0), (1, 0, 0), (0, 2, 1), (1, 1, 2), (4, 0, 0), (0, 1, 3), (2, 2, 0)]:
        wrt = [(s, k) for s, k in zip(symbols, powers, strict=True) if k]
        derivative = sympy.diff(exact, *wrt) if wrt else exact
        wanted = float(derivative.subs(at)) / math.prod(map(math.factorial, powers))
        assert abs(found[powers] - wanted) < 1e-14 * scale


def test_series_of_four_variables_against_sympy() -> None:
    """To order 8, where the coefficients are known: the polynomials of SymPy multiplied out."""
    symbols = sympy.symbols("a b c d")
    form = symbols[0] - symbols[1] / 2 + 2 * symbols[2] + symbols[0] * symbols[3]
    powers = P.from_sympy(form, "a b c d", order=8)
    found = ty.exp(powers)
    series = sum(form**n / sympy.factorial(n) for n in range(9))
    wanted = P.from_sympy(sympy.expand(series), "a b c d", order=8)
    scale = P.from_sympy(
        sympy.expand(series.subs({symbols[1]: -symbols[1]})), "a b c d", order=8
    ).coefficients
    assert (abs(found.coefficients - wanted.coefficients) <= 1e-14 * scale).all()


# -- spaces ------------------------------------------------------------------------------------


def test_operands_meet_in_what_is_known_of_both() -> None:
    x = P.variables("x", order=5)[0]
    a, b = P.variables("y x", order=3)
    total = x**2 + a * b
    assert total.names == ("x", "y") and total.order == 3
    assert terms(total) == {(2, 0): 1, (1, 1): 1}
    low = P.variables("x", order=5, limits=(2,))[0]
    assert (low * x).limits == (2,) and terms(low**2 * x) == {}
    assert (P.constant(np.float32(0.5), "x", 2) + x).precision == "float64"
    assert (x.astype("double-double") + x).precision == "double-double"
    assert (x.astype("float32") * 2.0).coefficients.dtype == np.float32


def test_truncate_extend_homogeneous() -> None:
    p = random_polynomial(2, "x y", 4)
    assert terms(p.truncate(2)) == {k: v for k, v in terms(p).items() if sum(k) <= 2}
    assert p.truncate(2).extend(4) + sum(p.homogeneous(k) for k in (3, 4)) == p
    wide = p.extend(6, "z x y")
    assert wide.names == ("z", "x", "y") and terms(wide.partial(z=0.0).truncate(4)) == terms(p)


def test_equality() -> None:
    x, y = P.variables("x y", order=3)
    assert x * y == y * x and x != y and x**4 == 0 and x + 1 != 1
    assert x == P.variables("x", order=7)[0]
    np.testing.assert_array_equal(P.variables("x y", 3) == x, [True, False])
    assert x != "x" and x != None  # noqa: E711


def test_indices_and_components() -> None:
    m = random_polynomial(3, "x y", 2, (2, 3))
    assert len(m) == 2 and m[1].shape == (3,) and m[:, 1:].shape == (2, 2) and m[..., 0].ndim == 1
    assert m[1, 2][0, 1] == m.coefficients[1, 2, 2] == m.coefficient(0, 1)[1, 2]
    assert [row.shape for row in m] == [(3,), (3,)]
    x = P.variables("x", order=3)[0]
    assert x[1] == 1 and x[()] is x
    assert m.monomials[4] == (1, 1) and m.size == 6 and m.shape == (2, 3)
    np.testing.assert_array_equal(P.variables("x y", 1, at=[2, 3]).constant_part, [2, 3])
    with pytest.raises(ValueError, match="read-only"):
        m.coefficients[0, 0, 0] = 1


def test_pickles_and_copies() -> None:
    for kind in KINDS:
        p = random_polynomial(1, "x y", 3, (2,), (3, 1), kind)
        again = pickle.loads(pickle.dumps(p))
        assert (again == p).all() and again.precision == kind and again.limits == (3, 1)
        np.testing.assert_array_equal(again.coefficients, p.coefficients)
        assert copy.copy(p) is p and copy.deepcopy(p) is p


def test_mappings_and_inferred_orders() -> None:
    p = P({(1, 2): "1/3", (0, 0): 2}, "x y", precision="double-double")
    assert p.order == 3
    assert abs(terms(p)[1, 2] - Fraction(1, 3)) < Fraction(1, 10**32)
    assert P(np.arange(10.0), "x y").order == 3
    assert terms(P({3: 2.0}, "x", order=4)) == {(3,): 2}
    assert P({}, "x y", 2) == 0


def test_printing() -> None:
    x, y = P.variables("x y", order=3)
    assert repr(x - 2.5 * x * y**2) == "x - 2.5*x*y**2 + O(4)"
    assert repr(0 * x) == "0 + O(4)" and repr(1e-20 * y - 1) == "-1 + 1e-20*y + O(4)"
    assert (1e-20 * x**2)._repr_latex_() == r"$1 \cdot 10^{-20} \, x^{2} + O(4)$"
    assert "+ ... + O(4)" in repr((1 + x + y + P.variables("z", 3)[0]) ** 3)
    assert r"\begin{bmatrix}" in P.variables(2, 1)._repr_latex_()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda x: P(np.zeros(5), "x y", 3),
            "5 coefficients: polynomials in x, y to order 3 have 10",
        ),
        (lambda x: P(np.zeros(4), "x y", limits=(1, 1)), "need an order"),
        (lambda x: P(np.zeros(3), "x x"), "differ"),
        (lambda x: P(3.0, "x"), "must be an array"),
        (lambda x: P({(1, 2): 1}, "x"), "one integer for each"),
        (lambda x: P({(4,): 1}, "x", 3), "beyond the order"),
        (lambda x: P.variables("x", order=-1), "must not be negative"),
        (lambda x: P.variables(40, order=12), "more than"),
        (lambda x: P.variables("x y", order=2, at=[1, 2, 3]), "at must be one number"),
        (lambda x: x.truncate(9), "extend"),
        (lambda x: x.extend(1), "no more than"),
        (lambda x: x.homogeneous(9), "beyond the order"),
        (lambda x: x / (0 * x), "constant part is zero"),
        (lambda x: ty.log(x), "Taylor series"),
        (lambda x: x.compose(3), "no polynomial among"),
        (lambda x: x.diff("z"), "not among the variables x"),
        (lambda x: x.diff("x", 5), "use a higher order"),
        (lambda x: x.tensor(9), "beyond the order"),
        (lambda x: x.norms("most"), "kind must be"),
        (lambda x: x.truncation_error(-1), "must not be negative"),
        (lambda x: x(1, 2), "1 coordinate"),
        (lambda x: x(y=2), "all by name"),
        (lambda x: P.variables("x y", 2)[0]([1, 2, 3]), "2 coordinates"),
        (lambda x: np.zeros(2) + P.variables("x y z", 2), "do not broadcast"),
        (lambda x: P.variables("x y", 2) @ np.zeros((3, 2)), "do not fit"),
    ],
)
def test_errors(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(P.variables("x", order=3)[0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: x < 1, "constant_part"),
        (lambda x: bool(x), "truth value"),
        (lambda x: hash(x), "unhashable"),
        (lambda x: len(x), r"len\(\)"),
        (lambda x: P.variables("1x", order=1), "must be names"),
        (lambda x: x + "y", "unsupported operand"),
        (lambda x: P.variables("x", order=1.5), "order must be an integer"),
        (lambda x: np.add(x, 1, out=np.zeros(1)), "never change"),
        (lambda x: np.linalg.inv(x), "no rule"),
        (lambda x: np.gcd(x, 2), "no rule"),
        (lambda x: np.multiply.reduce(x), "not available"),
        (lambda x: ty.hypot(x, x, x), "argument"),
    ],
)
def test_type_errors(call: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call(P.variables("x", order=3)[0])


@pytest.mark.parametrize(
    "call",
    [
        lambda x: abs(x),
        lambda x: ty.sign(x),
        lambda x: ty.floor(x + 2),
        lambda x: np.maximum(x + 1, 1.0),
        lambda x: ty.minimum(x, -x),
        lambda x: ty.relu(P.variables("x y", 2)),
    ],
)
def test_no_series_where_pieces_meet(call: Any) -> None:
    with pytest.raises(ty.ArgumentError, match="where its pieces meet"):
        call(P.variables("x", order=2)[0])


def test_families_of_functions() -> None:
    """Orders are part of a function, not operands: against mpmath."""
    x = P.variables("x", order=8, at=[1.5])
    with mpmath.workdps(40):
        for ours, exact in (
            (ty.besselj(2, x[0]), lambda t: mpmath.besselj(2, t)),
            (ty.besselj(2, x)[0], lambda t: mpmath.besselj(2, t)),
            (ty.polygamma(1, x[0]), lambda t: mpmath.psi(1, t)),
            (2.5 / x[0], lambda t: 2.5 / t),
            (1 / x[0] ** 1.5, lambda t: t**-1.5),
            (3 ** x[0], lambda t: mpmath.mpf(3) ** t),
        ):
            wanted = [float(c) for c in mpmath.taylor(exact, mpmath.mpf(1.5), 8)]
            np.testing.assert_allclose(ours.coefficients, wanted, rtol=2e-13, atol=1e-16)
