"""Our functions in JAX, and JAX's functions in our programs; needs the package `jax`.

JAX is imported when one of these is first called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from taylor.bridges.jax.functions import JaxFunction

P = ParamSpec("P")
R = TypeVar("R")

__all__ = ["function"]


def function(fun: Callable[P, R]) -> JaxFunction[P, R]:
    """Return `fun` as a function of JAX arrays that machine code of ours computes.

    fun: a compiled function (`taylor.compile`), a program (`taylor.jit`, `taylor.value_and_grad`
        and the like), a solution (`Integrator.as_function`), or an ordinary function of numbers and
        NumPy arrays.  Arguments and results may be any of JAX's containers (pytrees).

    The result may be called under `jax.jit`, `grad`, `jvp`, `vjp`, `vmap`, `scan`, `hessian`, ...:
    derivatives of every order are our own transforms of the function, and many values at once are
    one call of machine code.  XLA calls it through its foreign function interface, on the CPU,
    without the GIL.

    float64 and float32 arrays are computed with as they are, narrower ones in float32; where x64 is
    not enabled in JAX all are float32.  Whole numbers and truth values are constants to derivatives.
    What `fun` reads from outside must be numbers.

    Raises ArgumentError or ArgumentTypeError for what is no such function.

    >>> import taylor as ty, jax  # doctest: +SKIP
    >>> f = ty.jax.function(lambda x, k: ty.sin(k * x))  # doctest: +SKIP
    >>> jax.jit(jax.grad(f))(0.0, 2.0)  # doctest: +SKIP
    Array(2., dtype=float32, weak_type=True)
    """
    from taylor.bridges.jax.functions import JaxFunction

    return JaxFunction(fun)
