"""JAX's functions as functions of expressions, and pytrees of weights as parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from taylor.bridges.jax.reading.call import doubles
from taylor.bridges.jax.reading.reader import Reader
from taylor.control.tracing import as_node, has_nodes
from taylor.control.trees import is_leaf
from taylor.definitions.decorated import Decorated
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import parameter
from taylor.nodes.conversion import Mutable
from taylor.nodes.logic import is_condition
from taylor.programs.quick import is_whole

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


class Traced(Decorated, Generic[P, R]):
    """A function of JAX's that takes expressions as well: they go through what it traces to.

    Made by `taylor.jax.trace`.  Called with numbers alone it is the function itself.

    __wrapped__: the function.

    >>> import jax.numpy as jnp, taylor as ty
    >>> f = ty.jax.trace(lambda x: jnp.exp(2 * x))
    >>> f(ty.variable("x")), float(f(0.0))
    (exp(2*x), 1.0)
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise ArgumentTypeError(f"jax.trace: {function!r} is not a function")
        super().__init__(function)
        self._name: str = getattr(function, "__name__", None) or type(function).__name__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        leaves, tree = jax.tree_util.tree_flatten((args, kwargs))
        leaves = [leaf.now if isinstance(leaf, Mutable) else leaf for leaf in leaves]
        places = [k for k, leaf in enumerate(leaves) if _is_number(leaf)]
        if not any(has_nodes(leaves[k]) for k in places):
            return self.__wrapped__(*args, **kwargs)  # type: ignore[no-any-return]
        nodes = [as_node(leaves[k]) for k in places]
        kinds = [_kind(leaves[k], e) for k, e in zip(places, nodes, strict=True)]

        def called(given: list[Any]) -> Any:
            every = list(leaves)
            for k, x in zip(places, given, strict=True):
                every[k] = x
            positional, named = jax.tree_util.tree_unflatten(tree, every)
            return self.__wrapped__(*positional, **named)

        with doubles():
            jaxpr, shape = jax.make_jaxpr(called, return_shape=True)(kinds)
            found = Reader(self._name).read(jaxpr, nodes)
        results = jax.tree_util.tree_structure(shape)
        return jax.tree_util.tree_unflatten(  # type: ignore[no-any-return]
            results, [x if isinstance(x, Expression) else np.asarray(x) for x in found]
        )

    def __reduce__(self) -> Any:
        return self.__qualname__ if self.is_decorated else (Traced, (self.__wrapped__,))

    def __repr__(self) -> str:
        return f"<jax.trace of {self._name}>"


def _is_number(leaf: Any) -> bool:
    if isinstance(leaf, bool | str):
        return False
    return isinstance(leaf, jax.Array | np.ndarray | np.generic) or is_leaf(leaf)


def _kind(leaf: Any, e: Expression) -> Any:
    """What JAX is told of an argument."""
    if is_condition(e) or getattr(getattr(leaf, "dtype", None), "kind", "") == "b":
        return jax.ShapeDtypeStruct(e.shape, jnp.bool_)
    return jax.ShapeDtypeStruct(e.shape, jnp.int64 if is_whole(leaf) else jnp.float64)


def trace(fun: Callable[P, R]) -> Traced[P, R]:
    """Return a function of JAX's, such as a network, as one that may be called with expressions.

    fun: takes and returns arrays, and JAX's containers (pytrees) of them: an Equinox module is one,
        and so are the weights of a Flax network.  Whatever else is among its arguments stays as it
        is.

    In right-hand sides, in `taylor.jit`, `taylor.grad` and wherever else expressions are, `fun` is
    traced by JAX, in float64, and what it does becomes expressions: so a network is integrated in
    our machine code, with all that goes through it.  Rules that `jax.custom_jvp` and `custom_vjp`
    gave are kept.

    Raises UnsupportedFunctionError that names the primitive of JAX's for which there is no rule:
    sorting, random numbers that depend on arguments, bits of whole numbers and complex numbers are
    among them.

    >>> import jax.numpy as jnp, taylor as ty
    >>> f = ty.jax.trace(lambda x: jnp.sum(jnp.sin(x) ** 2))
    >>> f(ty.variable("x", shape=(2,)))
    sum(sin(x)**2)
    >>> float(ty.grad(lambda x: f(x * jnp.ones(3)))(0.0))
    0.0
    """
    return Traced(fun)


class Weights:
    """The arrays of a pytree as parameters.

    tree:       the pytree with array parameters in the places of its arrays of real numbers.
    parameters: these, in the order of the tree.

    >>> import jax.numpy as jnp, taylor as ty
    >>> w = ty.jax.weights({"scale": jnp.ones(3)})
    >>> w.tree["scale"], w.values[w.tree["scale"]].shape
    (w['scale'], (3,))
    """

    def __init__(self, tree: Any, name: str) -> None:
        pairs, self._structure = jax.tree_util.tree_flatten_with_path(tree)
        self._leaves = [leaf for _, leaf in pairs]
        self._own: dict[int, Expression] = {}
        for k, (path, leaf) in enumerate(pairs):
            if _is_number(leaf) and np.asarray(leaf).dtype.kind == "f":
                shown = name + jax.tree_util.keystr(path)
                self._own[k] = parameter(shown, shape=np.shape(leaf))
        if not self._own:
            raise ArgumentError(f"jax.weights: {tree!r:.60} has no array of real numbers")
        self.parameters: tuple[Expression, ...] = tuple(self._own.values())
        self.tree: Any = self._built(self._own)

    def _built(self, changed: Mapping[int, Any]) -> Any:
        leaves = [changed.get(k, leaf) for k, leaf in enumerate(self._leaves)]
        return jax.tree_util.tree_unflatten(self._structure, leaves)

    @property
    def values(self) -> dict[Expression, np.ndarray]:
        """The arrays of the pytree by parameter, as `parameters=` of an integrator."""
        return {e: np.asarray(self._leaves[k], np.float64) for k, e in self._own.items()}

    def restored(self, values: Mapping[Expression, np.ndarray]) -> Any:
        """The pytree with other arrays, such as new weights or a gradient: JAX's, of its dtypes.

        values: for each parameter an array of its shape; others stay as they are.
        """
        found = {}
        for k, e in self._own.items():
            if e in values:
                array = np.asarray(values[e])
                if array.shape != e.shape:
                    raise ArgumentError(
                        f"jax.weights: {e} has shape {e.shape}, and its value {array.shape}"
                    )
                found[k] = jnp.asarray(array, jnp.asarray(self._leaves[k]).dtype)
        return self._built(found)


def weights(tree: Any, name: str = "w") -> Weights:
    """Return the arrays of a pytree, such as an Equinox module, as array parameters.

    name: what their names begin with.

    >>> import jax.numpy as jnp, taylor as ty
    >>> w = ty.jax.weights({"scale": jnp.ones(3), "bias": jnp.zeros(())})
    >>> w.tree["scale"], w.parameters
    (w['scale'], (w['bias'], w['scale']))
    >>> w.restored({w.tree["bias"]: 2.0})["bias"].item()
    2.0
    """
    return Weights(tree, name)
