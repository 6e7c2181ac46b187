"""JAX: our functions and solutions as functions of its arrays, and its functions as ours.

`taylor.jax` is this room; JAX is imported with it, and with nothing else.
"""

from __future__ import annotations

from taylor.bridges.jax.functions import JaxFunction as JaxFunction
from taylor.bridges.jax.functions import function as function
from taylor.bridges.jax.traced import Traced as Traced
from taylor.bridges.jax.traced import Weights as Weights
from taylor.bridges.jax.traced import trace as trace
from taylor.bridges.jax.traced import weights as weights

__all__ = ["JaxFunction", "Traced", "Weights", "function", "trace", "weights"]
