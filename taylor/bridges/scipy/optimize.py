"""Derivatives in the shapes in which `scipy.optimize` takes them.

Most need no help: `minimize(ty.value_and_grad(f), x0, jac=True, hess=ty.hessian(f))` or
`hessp=ty.hvp(f)`, `least_squares(r, x0, jac=ty.jacobian(r))`.  The rest is here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.programs.gradients import grad
from taylor.programs.jacobians import hessian, jacobian
from taylor.programs.jit import jit
from taylor.programs.program import Program

UserFunction = Callable[..., Any]


def value_and_jacobian(fun: UserFunction) -> Program[..., tuple[np.ndarray, np.ndarray]]:
    """Return a function of (x, *args) that returns ``fun`` and its Jacobian matrix by x, in one go:
    for `scipy.optimize.root` with ``jac=True``.

    fun: of an array x (n,); returns an array (m,).

    >>> import numpy as np, taylor as ty
    >>> from scipy.optimize import root
    >>> def circle_and_line(x):
    ...     return np.array([x[0] ** 2 + x[1] ** 2 - 1, x[0] - x[1]])
    >>> found = root(ty.scipy.value_and_jacobian(circle_and_line), [1.0, 0.0], jac=True)
    >>> bool(np.abs(found.x - np.sqrt(0.5)).max() < 1e-9)
    True
    """

    def value(x: Any, *args: Any) -> Any:
        return _vector(fun(x, *args))

    derivative = jacobian(value)
    return jit(lambda x, *args: (value(x, *args), derivative(x, *args)))


def value_and_derivatives(fun: UserFunction, order: int = 1) -> Program[..., tuple[float, ...]]:
    """Return a function of (x, *args) that returns ``fun`` and its derivatives by x up to an order:
    for `scipy.optimize.root_scalar` with ``fprime=True`` and, order 2, ``fprime2=True``.

    Raises ArgumentError for an order that is no natural number.

    >>> import taylor as ty
    >>> from scipy.optimize import root_scalar
    >>> cube = ty.scipy.value_and_derivatives(lambda x: x**3 - 2, order=2)
    >>> found = root_scalar(cube, x0=1.0, fprime=True, fprime2=True, method="halley")
    >>> bool(abs(found.root - 2 ** (1 / 3)) < 1e-12)
    True
    """
    if not isinstance(order, int) or isinstance(order, bool) or order < 1:
        raise ArgumentError(f"value_and_derivatives: order has to be 1, 2, ..., got {order!r}")
    functions = [fun]
    for _ in range(order):
        functions.append(grad(functions[-1]))
    return jit(lambda x, *args: tuple(function(x, *args) for function in functions))


def curve_jacobian(model: UserFunction) -> UserFunction:
    """Return the `jac` of `scipy.optimize.curve_fit`: a function of (x, *parameters) that returns
    the derivatives of ``model(x, *parameters)``, (m,), by the parameters, (m, n).

    >>> import numpy as np, taylor as ty
    >>> from scipy.optimize import curve_fit
    >>> def decay(t, size, rate):
    ...     return size * np.exp(-rate * t)
    >>> t = np.linspace(0.0, 2.0, 9)
    >>> best, _ = curve_fit(decay, t, decay(t, 2.0, 1.5), jac=ty.scipy.curve_jacobian(decay))
    >>> best.round(6)
    array([2. , 1.5])
    """

    def by_vector(x: Any, parameters: Any) -> Any:
        return model(x, *[parameters[k] for k in range(len(parameters))])

    derivative = jit(jacobian(by_vector, argnums=1))
    return lambda x, *parameters: derivative(x, np.array(parameters, dtype=float))


def weighted_hessian(fun: UserFunction) -> UserFunction:
    """Return the `hess` of `scipy.optimize.NonlinearConstraint`: a function of (x, v) that returns
    the Hessian matrix of ``v @ fun(x)`` by x, (n, n).

    >>> import numpy as np, taylor as ty
    >>> h = ty.scipy.weighted_hessian(lambda x: np.array([x[0] * x[1], x[0] ** 2]))
    >>> h(np.ones(2), np.array([1.0, 3.0]))
    array([[6., 1.],
           [1., 0.]])
    """
    second: UserFunction = hessian(lambda x, v: (_vector(fun(x)) * v).sum())
    return jit(lambda x, v: second(x, v))


def _vector(value: Any) -> Any:
    """What a user's function returns, which may be a list."""
    return np.stack(value) if isinstance(value, list | tuple) else value
