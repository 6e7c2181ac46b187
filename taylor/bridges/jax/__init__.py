"""JAX: our functions and solutions as functions of its arrays, and its functions as ours.

`taylor.jax` is this room; JAX is imported with it, and with nothing else.
"""

from __future__ import annotations

from taylor.bridges.jax.functions import JaxFunction as JaxFunction
from taylor.bridges.jax.functions import function as function

__all__ = ["JaxFunction", "function"]
