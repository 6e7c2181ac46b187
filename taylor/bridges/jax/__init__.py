"""JAX: our functions and solutions as functions of its arrays, and its functions as ours.

`taylor.jax` is this room; JAX is imported with it, and with nothing else.
"""

from __future__ import annotations

try:
    import jax as _jax  # noqa: F401
except ImportError as error:  # pragma: no cover - JAX is there where this is tested
    from taylor.displays.tables import MissingPackageError

    raise MissingPackageError("ty.jax needs JAX: pip install 'taylor-jit[jax]'") from error

from taylor.bridges.jax.functions import JaxFunction as JaxFunction
from taylor.bridges.jax.functions import function as function
from taylor.bridges.jax.traced import Traced as Traced
from taylor.bridges.jax.traced import Weights as Weights
from taylor.bridges.jax.traced import trace as trace
from taylor.bridges.jax.traced import weights as weights

__all__ = ["JaxFunction", "Traced", "Weights", "function", "trace", "weights"]
