"""Values, composition, inversion, derivatives and estimates of truncated polynomials."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from polynomial_reference import add, compose, full, largest, product, random_polynomial, terms

import taylor as ty

P = ty.Polynomial
KINDS = ["float64", "float32", "double-double"]


def value(p: ty.Polynomial, point: Any) -> Fraction:
    """p(point) exactly."""
    return sum(
        (
            c * math.prod(Fraction(x) ** k for x, k in zip(point, powers, strict=True))
            for powers, c in terms(p).items()
        ),
        Fraction(0),
    )


# -- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("names", "order"), [("x y z", 4), ("x y", 0), ("a b c d e", 3)])
def test_values_are_exact(names: str, order: int, kind: str) -> None:
    p = random_polynomial(1, names, order, (7,), (), kind)
    count = len(p.names)
    points = np.random.default_rng(2).integers(-2, 3, (19, count)).astype(float)
    given = np.stack([points, 0 * points], -1) if kind == "double-double" else points
    found = p(given)
    for n, point in enumerate(points):
        for k in range(7):
            exact = found[n, k].sum() if kind == "double-double" else found[n, k]
            assert exact == value(p[k], point)
    np.testing.assert_array_equal(p(given[3]), found[3])
    np.testing.assert_array_equal(p[5](given), found[:, 5])
    np.testing.assert_array_equal(p(given.reshape(19, 1, *given.shape[1:]))[:, 0], found)


def test_ways_to_give_points() -> None:
    p = random_polynomial(4, "x y", 3)
    grid = np.linspace(0, 1, 5)
    columns = p(grid[:, None], grid)
    assert columns.shape == (5, 5)
    assert columns[1, 3] == p([grid[1], grid[3]]) == p(y=grid[3], x=grid[1])
    single = random_polynomial(5, "x", 3)
    assert single(grid).shape == (5,) and single(grid.reshape(5, 1)).shape == (5, 1)
    np.testing.assert_allclose(single(grid), single.to_numpy()(grid), rtol=1e-14)
    assert p(np.zeros((0, 2))).shape == (0,) and type(p(0.5, 0.5)) is np.float64


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("names", "order"), [("x", 0), ("x y", 2), ("x y z", 5), ("a b c d", 4)])
def test_values_of_few_and_many_points_are_the_same_bits(names: str, order: int, kind: str) -> None:
    p = full(3, random_polynomial(0, names, order, (3,))).astype(kind)
    points = np.random.default_rng(1).uniform(-1, 1, (21, len(p.names)))
    given: Any = ty.from_mpmath(points) if kind == "double-double" else points
    together = p(given) if len(p.names) > 1 else p(given[:, 0])
    for n in range(21):
        alone = p(given[n]) if len(p.names) > 1 else p(given[n, 0])
        np.testing.assert_array_equal(alone, together[n])


def test_values_in_double_double() -> None:
    p = full(3, random_polynomial(0, "x y z", 7))
    point = [Fraction(1, 3), Fraction(2, 7), Fraction(-5, 9)]
    near = [sum(map(Fraction, pair.tolist())) for pair in ty.from_mpmath(point)]
    found = sum(map(Fraction, p(*point).tolist()))
    assert abs(found - value(p, near)) < Fraction(1, 10**30)


def test_partial_values() -> None:
    p = random_polynomial(6, "x y z", 4, (2,))
    found = p.partial(y=2)
    assert found.names == ("x", "z") and found.shape == (2,)
    for point in ([1, -1], [0, 3]):
        np.testing.assert_array_equal(found(point), p([point[0], 2, point[1]]))
    np.testing.assert_array_equal(p.partial({0: 1, "z": -2}, y=3), p([1, 3, -2]))
    limited = random_polynomial(7, "x y", 4, (), (1, 3))
    assert limited.partial(x=1.0).limits == (3,)
    assert limited.partial(y=2.0)(3.0) == limited(3.0, 2.0)
    deep = full(1, random_polynomial(0, "x y", 9))
    with mpmath.workdps(40):
        assert abs(ty.to_mpmath(deep.partial(x="0.3")("0.2") - deep("0.3", "0.2"))) < 1e-30


@pytest.mark.parametrize("kind", ["float64", "double-double"])
def test_another_expansion_point(kind: str) -> None:
    p = random_polynomial(8, "x y z", 5, (2,), (), kind)
    moved = p.shift([1, 0, -2])
    for point in ([0, 0, 0], [1, 2, -1]):
        shifted = np.add(point, [1, 0, -2])
        wanted = p(*shifted.tolist())
        np.testing.assert_array_equal(moved(*point), wanted)
    assert (moved.shift([-1, 0, 2]) == p).all()


# -- composition ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("density", [1.0, 0.15])
@pytest.mark.parametrize(
    ("outer", "inner", "orders", "limits"),
    [
        ("x", "x", (6, 6), ()),
        ("x y", "a b c", (4, 4), ()),
        ("x y z", "a", (3, 5), ()),
        ("x y", "a b", (5, 3), ()),
        ("x y", "a b c", (4, 4), (2, 4, 1)),
    ],
)
def test_compositions_are_exact(
    outer: str,
    inner: str,
    orders: tuple[int, int],
    limits: tuple[int, ...],
    density: float,
    kind: str,
) -> None:
    f = random_polynomial(1, outer, orders[0], (9,), (), kind, density)
    g = random_polynomial(2, inner, orders[1], (len(f.names),), limits, kind, density, False)
    found = f.compose(g)
    order = min(orders)
    assert found.names == g.names and found.order == order and found.shape == (9,)
    factors = [terms(component) for component in g]
    for k in range(9):
        zero = {(0,) * len(g.names): Fraction(0)}
        factors = [factor or zero for factor in factors]
        assert terms(found[k]) == compose(terms(f[k]), factors, order, limits)


def test_composition_at_a_constant_part() -> None:
    f, g = random_polynomial(3, "x y", 4), random_polynomial(4, "a b", 4, (2,))
    assert g.constant_part.any()
    exact = compose(terms(f), [terms(g[0]), terms(g[1])], 4)
    assert terms(f.compose(g)) == exact
    assert f(g) == f(g[0], g[1]) == f(x=g[0], y=g[1]) == f.compose(g)
    assert f.compose(P.constant([1.0, 2.0], "a b", 4)) == f(1.0, 2.0)
    assert terms(f(g[0], 2)) == compose(terms(f), [terms(g[0]), {(0, 0): Fraction(2)}], 4)


def test_composition_is_associative() -> None:
    f, g, h = (random_polynomial(k, "x y z", 4, (3,), constant=False) for k in range(3))
    assert (f.compose(g).compose(h) == f.compose(g.compose(h))).all()


def test_composition_in_double_double() -> None:
    f, g = (full(k, random_polynomial(0, "x y", 6, (2,), constant=False)) for k in (1, 2))
    planes = np.array(g.coefficients)
    planes[:, 0] = 0
    g = P(planes, "x y", precision="double-double")
    wanted = compose(terms(f[0]), [terms(g[0]), terms(g[1])], 6)
    assert largest(terms(f.compose(g)[0]), wanted) < 1e-30


@pytest.mark.parametrize("function", ["exp", "sin", "log1p"])
def test_composition_with_a_function(function: str) -> None:
    """The series of a function composed with a polynomial is the function of the polynomial."""
    t = P.variables("t", order=8)[0]
    g = random_polynomial(5, "x y", 8, constant=False) * 0.1
    f = getattr(ty, function)
    np.testing.assert_allclose(
        f(t).compose([g]).coefficients, f(g).coefficients, rtol=1e-13, atol=1e-13
    )


# -- inverse --------------------------------------------------------------------------------------


def near_identity(seed: int, count: int, order: int, kind: str = "float64") -> ty.Polynomial:
    p = random_polynomial(seed, " ".join("abcdef"[:count]), order, (count,), (), kind)
    return p * 0.03 + P.variables(p.names, order, precision=kind)


@pytest.mark.parametrize(("count", "order"), [(1, 9), (2, 7), (3, 6), (3, 1), (4, 4)])
def test_inverse_composed_with_the_map(count: int, order: int) -> None:
    p = near_identity(1, count, order)
    w = p.inverse()
    one = P.variables(p.names, order)
    assert (w.constant_part == 0).all()
    displacement = p - p.constant_part
    np.testing.assert_allclose((w(displacement) - one).coefficients, 0, atol=1e-12)
    np.testing.assert_allclose((displacement(w) - one).coefficients, 0, atol=1e-12)
    np.testing.assert_allclose((p(w) - p.constant_part - one).coefficients, 0, atol=1e-12)


def test_inverse_in_double_double() -> None:
    p = near_identity(2, 2, 6, "double-double")
    p = p + 0 * P.variables(p.names, 6, precision="double-double")
    p = p - p.constant_part
    rest = (p.inverse()(p) - P.variables(p.names, 6, precision="double-double")).coefficients
    assert abs(rest.sum(axis=-1)).max() < 1e-29


def test_inverse_of_a_known_series() -> None:
    """sin and arcsin, x exp(x) and Lambert's W: coefficients (-n)**(n-1)/n!."""
    x = P.variables("x", order=15)
    np.testing.assert_allclose(
        np.sin(x).inverse().coefficients, np.arcsin(x).coefficients, atol=1e-15
    )
    found = (x * np.exp(x)).inverse().coefficients[0]
    wanted = [(-n) ** (n - 1) / math.factorial(n) for n in range(1, 16)]
    np.testing.assert_allclose(found[1:], wanted, rtol=1e-11)


def exact_inverse(p: list[Any], order: int) -> list[Any]:
    """The inverse of a map of two variables in fractions: w = A**-1 (x - q(w)), order by order."""
    units = [(1, 0), (0, 1)]
    (a, b), (c, d) = [[component.get(unit, Fraction(0)) for unit in units] for component in p]
    matrix = [
        [d / (a * d - b * c), -b / (a * d - b * c)],
        [-c / (a * d - b * c), a / (a * d - b * c)],
    ]
    rest = [{powers: -v for powers, v in f.items() if sum(powers) > 1} for f in p]
    found: list[Any] = []
    for _ in range(order):
        moved = [compose(f, found, order) if found else {} for f in rest]
        moved = [add(f, {unit: Fraction(1)}) for f, unit in zip(moved, units, strict=True)]
        scaled = [
            [{k: r * v for k, v in f.items()} for r, f in zip(row, moved, strict=True)]
            for row in matrix
        ]
        found = [add(*row) for row in scaled]
    return found


def test_inverses_of_ill_conditioned_maps(scale: int) -> None:
    """p(w) - x is as small as if w were the inverse rounded, but for a factor, for p = A(x + q).

    In w itself, relative to its largest coefficient, errors are the condition of A, times some
    units of rounding; without the last step of refinement up to 1e6 times more.
    """
    order, names = 4, "x y"
    one = [{(1, 0): Fraction(-1)}, {(0, 1): Fraction(-1)}]
    for case in range(12 * scale):
        rng = np.random.default_rng(case)
        condition = 10 ** rng.uniform(0, 5)
        turns = [np.linalg.qr(rng.normal(size=(2, 2)))[0] for _ in range(2)]
        p = np.array(P.variables(names, order).coefficients)
        p[:, 3:] = rng.normal(size=(2, p.shape[1] - 3)) * 0.1
        p = P(turns[0] @ np.diag([1, 1 / condition]) @ turns[1] @ p, names, order)
        wanted = exact_inverse([terms(f) for f in p], order)
        rounded = [{k: Fraction(float(v)) for k, v in f.items()} for f in wanted]
        found = [terms(f) for f in p.inverse()]
        residuals = []
        for w in (found, rounded):
            left = [add(compose(terms(f), w, order), e) for f, e in zip(p, one, strict=True)]
            residuals.append(max(abs(v) for f in left for v in f.values()))
        assert residuals[0] < 100 * residuals[1] + 2.0**-50, (case, condition)
        error = max(largest(f, w) for f, w in zip(found, wanted, strict=True))
        assert error < 200 * condition * 2.0**-53 + 2.0**-50, (case, condition)


# -- derivatives ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limits", [(), (4, 2, 3)])
def test_derivatives_and_integrals(kind: str, limits: tuple[int, ...]) -> None:
    p = random_polynomial(1, "x y z", 5, (2,), limits, kind) * 60
    for v in range(3):
        whole = p.integrate(v)
        assert whole.order == 6
        assert (whole.diff(v) == p).all()
        assert (whole.partial({v: 0}) == 0).all()
    assert (p.diff("x").diff("y") == p.diff("y").diff("x")).all()
    assert (p.diff("x", 2) == p.diff("x").diff("x")).all()
    assert p.diff("y", 2).order == 3 and (p.diff("y", 0) == p).all()


def test_product_and_chain_rule() -> None:
    p, q = random_polynomial(1, "x y", 5), random_polynomial(2, "x y", 5)
    assert (p * q).diff("x") == p.diff("x") * q + p * q.diff("x")
    g = random_polynomial(3, "a b", 5, (2,), constant=False)
    slopes = p.diff("x").compose(g) * g[0].diff("a") + p.diff("y").compose(g) * g[1].diff("a")
    assert p.compose(g).diff("a") == slopes


def test_slices_by_order_against_sympy() -> None:
    symbols = sympy.symbols("x y")
    text = "(x + 2*y)**3 * (1 - x*y) + x*y**2"
    exact = sympy.sympify(text)
    p = P.from_sympy(exact, "x y").shift([1, 2])
    at = dict(zip(symbols, (1, 2), strict=True))
    gradient = [int(exact.diff(s).subs(at)) for s in symbols]
    hessian = [[int(exact.diff(s, t).subs(at)) for t in symbols] for s in symbols]
    third = [
        [[int(exact.diff(s, t, u).subs(at)) for u in symbols] for t in symbols] for s in symbols
    ]
    np.testing.assert_array_equal(p.gradient, gradient)
    np.testing.assert_array_equal(p.hessian, hessian)
    np.testing.assert_array_equal(p.tensor(3), third)
    assert p.tensor(0) == p.constant_part == int(exact.subs(at))
    pair = np.stack([p, 2 * p])
    np.testing.assert_array_equal(pair.jacobian, [gradient, [2 * g for g in gradient]])
    deep = p.astype("double-double")
    assert deep.hessian.shape == (2, 2, 2) and deep.gradient[0, 0] == gradient[0]


# -- estimates ------------------------------------------------------------------------------------


def test_norms() -> None:
    p = P({(0, 0): -1, (1, 0): 3, (0, 1): -4, (1, 1): 2}, "x y")
    assert p.norms().tolist() == [1, 4, 2] and p.norms("sum").tolist() == [1, 7, 2]
    assert p.norms(2).tolist() == [1, 5, 2] and p.norms("max", "x").tolist() == [4, 3, 0]
    assert np.stack([p, p]).norms().shape == (2, 3)


def test_radius_and_truncation_error() -> None:
    x, y = P.variables("x y", order=12)
    p = 1 / ((1 - x / 3) * (1 - y / 5))
    assert abs(p.convergence_radius("x") / 3 - 1) < 0.1
    assert abs(p.convergence_radius("y") / 5 - 1) < 0.1
    assert 1.5 < p.convergence_radius() < 3.5
    for radius in (0.5, 1.0):
        true = 1 / ((1 - radius / 3) * (1 - radius / 5)) - float(p(radius, radius))
        assert true / 10 < p.truncation_error(radius) < 10 * true
    assert p.truncation_error(10.0) == np.inf
    one = 1 + x
    assert one.convergence_radius() == np.inf and one.truncation_error(5.0) == 0
    both = np.stack([p, one])
    np.testing.assert_allclose(both.truncation_error(1.0), [p.truncation_error(1.0), 0], rtol=1e-12)


# -- exchange -------------------------------------------------------------------------------------


def test_to_and_from_sympy() -> None:
    p = random_polynomial(1, "x y", 4, (2,)) / 8
    shown = p.to_sympy()
    for k in range(2):
        assert P.from_sympy(shown[k], "x y", 4) == p[k]
    a, b = sympy.symbols("a b")
    assert sympy.expand(p[0].to_sympy([a, b]) - p[0].to_sympy().subs({"x": a, "y": b})) == 0
    exact = P.from_sympy(sympy.pi * a + b / 3, "a b", precision="double-double")
    with mpmath.workdps(40):
        assert abs(ty.to_mpmath(exact[1, 0]) - mpmath.pi) < 1e-31
        assert abs(ty.to_mpmath(exact[0, 1]) - mpmath.mpf(1) / 3) < 1e-32
    assert P.from_sympy(a**3 + a, "a", order=2) == P.variables("a", 2)[0]
    for wrong in (sympy.sin(a), a * b, 1 / a):
        with pytest.raises(ValueError, match="no polynomial in a"):
            P.from_sympy(wrong, "a")


def test_to_and_from_numpy() -> None:
    series = np.polynomial.Polynomial([1.0, 2.0, 3.0], domain=[0, 2], window=[-1, 1])
    p = P.from_numpy(series, "t")
    points = np.linspace(0, 2, 5)
    np.testing.assert_allclose(p(points), series(points), rtol=1e-14)
    np.testing.assert_array_equal(
        P.from_numpy(p.to_numpy(), "t", 4).coefficients[:3], p.coefficients
    )
    assert P.from_numpy(series, order=1).order == 1
    with pytest.raises(TypeError, match="one variable"):
        P.variables("x y", 2)[0].to_numpy()
    with pytest.raises(TypeError, match="is needed"):
        P.from_numpy([1, 2])  # type: ignore[arg-type]


# -- NumPy ----------------------------------------------------------------------------------------


def test_ufuncs() -> None:
    x, y = P.variables("x y", order=4, at=[0.3, 0.4])
    for name in ("exp", "sin", "arctan", "sqrt", "log", "cosh", "tanh", "expm1"):
        found = getattr(np, name)(x * y)
        own = getattr(ty, name.replace("arc", "a"))(x * y)
        assert found == own
        assert abs(found.constant_part - getattr(np, name)(0.12)) < 1e-15
    np.testing.assert_allclose((np.sin(x) ** 2 + np.cos(x) ** 2 - 1).coefficients, 0, atol=1e-15)
    np.testing.assert_allclose((np.log(np.exp(x)) - x).coefficients, 0, atol=1e-15)
    assert np.add(x, 1) == x + 1 and np.subtract(1, x) == 1 - x and np.square(x) == x * x
    assert np.reciprocal(x) == 1 / x and np.power(x, 3) == x**3 and np.negative(x) == -x
    assert np.float64(2) * x == x * 2 and (np.array([1.0, 2.0]) * x).shape == (2,)
    assert (np.array([x, y], dtype=object) * 2)[1] == 2 * y
    assert (
        abs(-x).constant_part == 0.3
        and ty.maximum(x, 0) == x
        and np.degrees(x) == x * (180 / np.pi)
    )


def test_powers_of_all_sorts() -> None:
    x, y = P.variables("x y", order=5, at=[0.7, 1.3])
    root = x**0.5
    np.testing.assert_allclose((root * root - x).coefficients, 0, atol=1e-15)
    np.testing.assert_allclose((x**y - ty.exp(y * ty.log(x))).coefficients, 0, atol=1e-13)
    np.testing.assert_allclose((2**x - ty.exp2(x)).coefficients, 0, atol=1e-14)
    assert x**2.0 == x * x


def test_array_functions() -> None:
    m = random_polynomial(1, "x y", 3, (2, 3))
    np.testing.assert_array_equal(np.sum(m, axis=0).coefficients, m.coefficients.sum(axis=0))
    assert np.sum(m) == m.sum() == m[0].sum() + m[1].sum()
    assert m.sum(axis=1, keepdims=True).shape == (2, 1) and np.add.reduce(m).shape == (3,)
    assert np.stack([m[0], m[1]], axis=1).shape == (3, 2) and m.T.shape == (3, 2)
    assert (np.stack([m[0], m[1]]) == m).all() and np.array_equal(m, m)
    assert np.concatenate([m, m], axis=1).shape == (2, 6) and np.shape(m) == (2, 3)
    assert np.reshape(m, (3, 2)).shape == m.reshape(3, -1).shape == (3, 2)
    assert np.mean(m, axis=1)[0] == m[0].sum() / 3 and (m[0] == [m[0, 0], m[0, 1], m[0, 2]]).all()
    assert np.ravel(m).shape == (6,) and (np.transpose(m, (1, 0))[2] == m[:, 2]).all()
    assert np.stack([m[0, 0], 1.0])[1] == 1


@pytest.mark.parametrize("kind", ["float64", "double-double"])
def test_matrix_products(kind: str) -> None:
    a = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    given: Any = ty.from_mpmath(a) if kind == "double-double" else a
    m = random_polynomial(1, "x y", 3, (2, 3), (), kind)
    wanted = np.tensordot(a, random_polynomial(1, "x y", 3, (2, 3)).coefficients, axes=(1, 0))
    for found in (given @ m if kind == "float64" else m.__rmatmul__(given),):
        exact = found.coefficients.sum(axis=-1) if kind == "double-double" else found.coefficients
        np.testing.assert_array_equal(exact, wanted)
    vector = m[:, 0]
    assert vector @ vector == vector[0] ** 2 + vector[1] ** 2
    assert (m.T @ vector)[1] == m[0, 1] * vector[0] + m[1, 1] * vector[1]
    assert (m @ m.T).shape == (2, 2) and (m @ m.T)[0, 1] == (m[0] * m[1]).sum()
    assert (vector @ m)[2] == vector[0] * m[0, 2] + vector[1] * m[1, 2]
    assert (np.dot(m[0, 0], 2.0) == 2 * m[0, 0]) and (product(terms(m[0, 0]), {(0, 0): 1}, 3))
