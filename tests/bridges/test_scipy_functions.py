"""Low-level callables, and derivatives in the shapes that `scipy.optimize` takes."""

from __future__ import annotations

import ctypes
import gc
import math
from typing import Any

import numpy as np
import pytest

import taylor as ty

optimize = pytest.importorskip("scipy.optimize")
from scipy import ndimage  # noqa: E402 - after it is known to be there
from scipy.integrate import nquad, quad  # noqa: E402

low_level_callable = ty.scipy.low_level_callable
FILTER = "int (double *, npy_intp, double *, void *)"


def gauss(x: Any, k: Any) -> Any:
    return ty.exp(-k * x**2)


def test_quad_in_machine_code() -> None:
    one = low_level_callable(lambda x: gauss(x, 4.0))
    several = low_level_callable(gauss)
    with_data = low_level_callable(gauss, data=[4.0])
    assert [f.signature for f in (one, several, with_data)] == [
        "double (double)",
        "double (int, double *)",
        "double (double, void *)",
    ]
    wanted = math.sqrt(math.pi) / 2
    for f, args in ((one, ()), (several, (4.0,)), (with_data, ())):
        assert quad(f, -np.inf, np.inf, args=args)[0] == pytest.approx(wanted, rel=1e-13)


def test_nquad_in_machine_code() -> None:
    """exp(-a x^2 - b y^2) over the plane is pi / sqrt(a b)."""
    f = low_level_callable(
        lambda x, y, p: gauss(x, p[0]) * gauss(y, p[1]), data=[2.0, 3.0], shapes=[(), (), (2,)]
    )
    assert f.signature == "double (int, double *, void *)"
    found = nquad(f, [[-6, 6], [-5, 5]])[0]
    assert found == pytest.approx(math.pi / math.sqrt(6) * math.erf(6 * math.sqrt(2)), rel=1e-9)


def test_functions_of_arrays_with_loops_and_of_many_numbers() -> None:
    f = low_level_callable(lambda x: (x**2).sum(), shapes=[(3,)])
    assert nquad(f, [[0, 1]] * 3)[0] == pytest.approx(1.0, rel=1e-13)
    f = low_level_callable(lambda x: ty.fori_loop(1, 5, lambda i, s: s + ty.sin(i * x), 0.0))
    wanted = sum((1 - math.cos(i)) / i for i in range(1, 5))
    assert quad(f, 0, 1)[0] == pytest.approx(wanted, rel=1e-13)
    names = ty.variables(" ".join(f"a{i}" for i in range(70)))
    f = low_level_callable(ty.compile(sum(names[1:], names[0] ** 2), names))
    assert quad(f, 0, 1, args=tuple(range(69)))[0] == pytest.approx(1 / 3 + 69 * 34, rel=1e-13)
    assert quad(low_level_callable(ty.jit(lambda x: x**2)), 0, 1)[0] == pytest.approx(1 / 3)


def test_the_code_lives_as_long_as_what_scipy_holds() -> None:
    f = low_level_callable(lambda x, k: k * x, data=np.array([3.0]))
    gc.collect()
    _ = [low_level_callable(lambda x, k, i=i: k * x + i, data=[1.0]) for i in range(20)]
    gc.collect()
    assert quad(f, 0, 2)[0] == pytest.approx(6.0)


def test_a_wrong_count_of_numbers_reads_no_memory() -> None:
    """NaN, or an error, where another number of arguments is given than the function has."""
    f = low_level_callable(gauss)
    prototype = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int, ctypes.POINTER(ctypes.c_double))
    call = prototype(ctypes.cast(f.function, ctypes.c_void_p).value)
    numbers = (ctypes.c_double * 2)(0.5, 2.0)
    assert call(2, numbers) == pytest.approx(math.exp(-0.5), rel=1e-15)
    assert math.isnan(call(1, numbers)) and math.isnan(call(3, numbers))
    mean = low_level_callable(lambda w: w.sum() / 9, shapes=[(9,)], signature=FILTER)
    with pytest.raises(RuntimeError):
        ndimage.generic_filter(np.ones((4, 4)), mean, size=2)


def test_filters_of_images() -> None:
    image = np.random.default_rng(0).normal(size=(30, 20))
    f = low_level_callable(lambda w: (w * w).sum() ** 0.5, shapes=[(9,)], signature=FILTER)
    wanted = np.sqrt(ndimage.convolve(image**2, np.ones((3, 3)), mode="reflect"))
    assert np.abs(ndimage.generic_filter(image, f, size=3) - wanted).max() < 1e-13
    scaled = low_level_callable(
        lambda w, k: k * w.sum(), shapes=[(9,), ()], signature=FILTER, data=[0.5]
    )
    half = ndimage.convolve(image, np.full((3, 3), 0.5), mode="reflect")
    assert np.abs(ndimage.generic_filter(image, scaled, size=3) - half).max() < 1e-13


def test_what_is_no_low_level_callable() -> None:
    wrong: list[tuple[Any, dict[str, Any]]] = [
        (lambda x: (x, x), {}),
        (lambda x: x, {"data": [1.0]}),
        (lambda x, y: x, {"signature": "double (double)"}),
        (lambda x, y: x, {"signature": "double (float)"}),
        (lambda x, y: x, {"signature": "double (int, double *)", "data": [1.0]}),
        (ty.compile(lambda x: x, precision="double-double"), {}),
    ]
    for function, options in wrong:
        with pytest.raises((ty.ArgumentError, ty.ArgumentTypeError), match="low_level_callable"):
            low_level_callable(function, **options)
    slow = ty.register_function("slow_of_scipy", lambda x: math.ldexp(x, 1), lambda x: 2.0)
    with pytest.raises(ty.UnsupportedFunctionError, match="Python"):
        low_level_callable(lambda x: slow(x))


# -- optimisation ------------------------------------------------------------------------------


def valley(x: Any, height: Any = 100.0) -> Any:
    """Rosenbrock's, smallest at ones."""
    return ((1 - x[:-1]) ** 2 + height * (x[1:] - x[:-1] ** 2) ** 2).sum()


START = np.array([-1.2, 1.0, 0.5])


@pytest.mark.parametrize("args", [(), (50.0,)])
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("BFGS", {}),
        ("CG", {}),
        ("L-BFGS-B", {"bounds": [(-2, 2)] * 3}),
        ("Newton-CG", {"hessp": ty.hvp(valley)}),
        ("Newton-CG", {"hess": ty.hessian(valley)}),
        ("trust-exact", {"hess": ty.hessian(valley)}),
        ("trust-krylov", {"hessp": ty.hvp(valley)}),
        ("SLSQP", {}),
        ("trust-constr", {"hess": ty.hessian(valley)}),
    ],
)
def test_minimize(method: str, options: dict[str, Any], args: tuple[float, ...]) -> None:
    """A value and its gradient in one go, and every way of giving second derivatives."""
    fun = ty.value_and_grad(valley)
    found = optimize.minimize(fun, START, args, method, jac=True, **options)
    assert found.success and np.abs(found.x - 1).max() < 1e-3
    found = optimize.minimize(valley, START.tolist(), args, method, ty.grad(valley), **options)
    assert np.abs(found.x - 1).max() < 1e-3


def test_least_squares_and_roots() -> None:
    def residuals(x: np.ndarray) -> Any:
        return np.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])

    found = optimize.least_squares(residuals, START, jac=ty.jacobian(residuals))
    assert found.success and np.abs(found.x - 1).max() < 1e-8

    def two(x: np.ndarray, a: float = 0.5) -> Any:
        return [x[0] + a * (x[0] - x[1]) ** 3 - 1, a * (x[1] - x[0]) ** 3 + x[1]]

    for args in ((), (0.5,)):
        together = ty.scipy.value_and_jacobian(two)
        found = optimize.root(together, np.zeros(2), args, jac=True)
        assert found.success and np.abs(two(found.x)).max() < 1e-12
    value, matrix = together(np.array([0.3, 0.1]), 0.5)
    assert np.abs(value - two([0.3, 0.1])).max() < 1e-15
    slope = 1.5 * 0.2**2
    assert np.abs(matrix - [[1 + slope, -slope], [-slope, 1 + slope]]).max() < 1e-15


def test_scalar_roots_and_curves() -> None:
    together = ty.scipy.value_and_derivatives(lambda x, a: x**3 - a, order=2)
    assert np.abs(np.array(together(2.0, 3.0)) - [5.0, 12.0, 12.0]).max() < 1e-15
    found = optimize.root_scalar(
        together, args=(2.0,), x0=1.0, fprime=True, fprime2=True, method="halley"
    )
    assert found.root == pytest.approx(2 ** (1 / 3), rel=1e-14)
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(ty.ArgumentError, match="order"):
            ty.scipy.value_and_derivatives(lambda x: x, order=wrong)

    def decay(t: Any, size: Any, rate: Any) -> Any:
        return size * np.exp(-rate * t)

    t = np.linspace(0.0, 2.0, 7)
    slopes = ty.scipy.curve_jacobian(decay)
    wanted = np.stack([np.exp(-1.5 * t), -2 * t * np.exp(-1.5 * t)], axis=1)
    assert np.abs(slopes(t, 2.0, 1.5) - wanted).max() < 1e-15
    best, _ = optimize.curve_fit(decay, t, decay(t, 2.0, 1.5), jac=slopes)
    assert np.abs(best - [2.0, 1.5]).max() < 1e-8


def test_constraints() -> None:
    """The point of a circle that is nearest to (2, 1)."""

    def circle(x: np.ndarray) -> Any:
        return np.array([x[0] ** 2 + x[1] ** 2])

    limit = optimize.NonlinearConstraint(
        circle, 1.0, 1.0, jac=ty.jacobian(circle), hess=ty.scipy.weighted_hessian(circle)
    )

    def distance(x: np.ndarray) -> Any:
        return (x[0] - 2) ** 2 + (x[1] - 1) ** 2

    found = optimize.minimize(
        ty.value_and_grad(distance), [1.0, 0.5], jac=True, hess=ty.hessian(distance),
        method="trust-constr", constraints=[limit],
    )  # fmt: skip
    assert np.abs(found.x - np.array([2.0, 1.0]) / math.sqrt(5)).max() < 1e-6
    matrix = ty.scipy.weighted_hessian(lambda x: [x[0] * x[1], x[0] ** 3])(
        np.array([2.0, 1.0]), np.array([1.0, 0.5])
    )
    assert np.array_equal(matrix, [[6.0, 1.0], [1.0, 0.0]])
