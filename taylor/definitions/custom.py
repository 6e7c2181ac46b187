"""Functions whose derivatives users give, and values that have none."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar

from taylor.control.tracing import Value, as_node, check_same, has_nodes, seen_as, value_of
from taylor.control.trees import Tree, flatten, is_leaf, kind_of
from taylor.definitions.decorated import Decorated
from taylor.definitions.ruled import Rule
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.arguments import argument, captured, traced
from taylor.expressions.arrays.settled import settled
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant
from taylor.expressions.trace import positional_names
from taylor.nodes.arrays import broadcast_to
from taylor.nodes.operations.scalars.held import held
from taylor.nodes.regions import Graph, parts, region_node

P = ParamSpec("P")
R = TypeVar("R", covariant=True)
T = TypeVar("T")


def stop_gradient(x: T) -> T:
    """Return x, whose derivatives of every order count as zero.

    x: a number, an array, an expression, or a tuple, list, dictionary or dataclass of these.

    In jets and Taylor series its coefficients beyond the value are zero.  A differential equation
    may hold parameters like this, and what depends on them alone.

    >>> import taylor as ty
    >>> float(ty.grad(lambda x: ty.stop_gradient(x) * x)(3.0))
    3.0
    >>> ty.jet(lambda x: ty.stop_gradient(x) * x, 3.0, order=2).tolist()
    [9.0, 3.0, 0.0]
    """
    value = value_of("stop_gradient: x", x)
    if not value.traced:
        return x
    leaves = [held(as_node(leaf)) if has_nodes(leaf) else leaf for leaf in value.leaves]
    kinds = [kind for kind, _ in value.kinds]
    pairs = zip(kinds, leaves, strict=True)
    seen = [seen_as(kind, x) if isinstance(x, Expression) else x for kind, x in pairs]
    return value.tree.build(seen)  # type: ignore[no-any-return]


class CustomDerivative(Decorated, Generic[P, R]):
    """A function with a derivative of its own, which every transform and order honours.

    Made by `taylor.custom_derivative`; `defjvp` or `defvjp` gives the rule.
    """

    def __init__(self, fun: Callable[P, R]) -> None:
        if not callable(fun):
            raise ArgumentTypeError(f"custom_derivative: {fun!r} is not a function")
        self._forward: Callable[..., Any] | None = None
        self._backward: tuple[Callable[..., Any], Callable[..., Any]] | None = None
        super().__init__(fun)
        self._name: str = getattr(fun, "__name__", type(fun).__name__)

    def defjvp(self, rule: T) -> T:
        """Set the derivative along a direction; also a decorator.

        rule: of (primals, tangents), two tuples as the function's arguments, returns a pair: the
            value, and its derivative along the tangents, in which it must be linear.
        """
        if not callable(rule):
            raise ArgumentTypeError(f"custom_derivative: the rule {rule!r} is not a function")
        self._forward, self._backward = rule, None
        return rule

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        """Set what arguments have of an adjoint of the value.

        forward:  of the arguments, returns a pair: the value, and whatever `backward` needs.
        backward: of that and an adjoint of the value, in which it must be linear, returns a tuple
            with the share of each argument, None for none.
        """
        for rule in (forward, backward):
            if not callable(rule):
                raise ArgumentTypeError(f"custom_derivative: the rule {rule!r} is not a function")
        self._forward, self._backward = None, (forward, backward)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._forward is None and self._backward is None:
            raise ArgumentError(
                f"custom_derivative: {self._name} has no rule; give one with "
                f"{self._name}.defjvp(rule) or {self._name}.defvjp(forward, backward)"
            )
        flat, _ = flatten(self._name, (args, kwargs), opaque=True)
        if not any(is_leaf(leaf) and has_nodes(leaf) for leaf in flat):
            return self.__wrapped__(*args, **kwargs)
        given = self._bound(args, kwargs)
        return _Call(self, given, self._forward, self._backward).result()  # type: ignore[no-any-return]

    def _bound(self, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments by position, with those that have a default."""
        try:
            bound = inspect.signature(self.__wrapped__).bind(*args, **kwargs)
        except ValueError:  # it has no signature
            return tuple(args)
        bound.apply_defaults()
        if bound.kwargs:
            raise ArgumentTypeError(
                f"custom_derivative: {self._name} has arguments that are given by name alone, "
                f"{list(bound.kwargs)}; rules take positional ones"
            )
        return bound.args

    def __reduce__(self) -> Any:
        if self.is_decorated:
            return self.__qualname__
        return _restored, (self.__wrapped__, self._forward, self._backward)

    def __repr__(self) -> str:
        return f"<{self._name} with a derivative of its own>"


def custom_derivative(fun: Callable[P, R]) -> CustomDerivative[P, R]:
    """Return a function with the values of `fun`, whose derivative is given by a rule; a decorator.

    fun: an ordinary function of numbers, NumPy arrays, and tuples, lists, dictionaries or
        dataclasses of these, which it returns as well.

    `defjvp` gives the derivative along a direction, or `defvjp` the shares that arguments have of
    an adjoint, each as JAX's `custom_jvp` and `custom_vjp` have them.  One is enough for gradients,
    Jacobians, jets and batches: the other is its transpose, and derivatives of higher order are
    those of the rule.  What `fun` and its rules take from outside must be numbers.

    Raises ArgumentError where it is called without a rule, or captures arguments of functions
    around it; ArgumentTypeError or ShapeError where a rule returns something else.

    >>> import taylor as ty
    >>> @ty.custom_derivative
    ... def log1pexp(x):
    ...     return ty.log(1 + ty.exp(x))
    >>> @log1pexp.defjvp
    ... def rule(primals, tangents):
    ...     (x,), (dx,) = primals, tangents
    ...     return log1pexp(x), (1 - 1 / (1 + ty.exp(x))) * dx
    >>> float(ty.grad(log1pexp)(800.0))
    1.0
    """
    return CustomDerivative(fun)


def _restored(fun: Any, forward: Any, backward: Any) -> CustomDerivative[..., Any]:
    """What was pickled."""
    made: CustomDerivative[..., Any] = CustomDerivative(fun)
    made._forward, made._backward = forward, backward
    return made


# --- calls ---------------------------------------------------------------------------------------


class _Call:
    """Arguments of one call: the leaves that are numbers have inputs of graphs in their place."""

    def __init__(
        self, function: CustomDerivative[..., Any], args: Sequence[Any], forward: Any, backward: Any
    ) -> None:
        self.function, self.forward, self.backward = function, forward, backward
        self.name = name = function._name
        names = positional_names(function.__wrapped__) or []
        names = names if len(names) == len(args) else [f"argument {k}" for k in range(len(args))]
        self.trees: list[Tree] = []
        self.flat: list[Any] = []  # all leaves, what is no number as it is
        self.paths: list[str] = []
        for own, arg in zip(names, args, strict=True):
            leaves, tree = flatten(f"{name}: {own}", arg, opaque=True)
            self.trees.append(tree)
            self.flat += leaves
            self.paths += tree.paths(own)
        self.numbers = [
            k for k, x in enumerate(self.flat) if is_leaf(x) and not isinstance(x, bool)
        ]
        self.kinds = [kind_of(self.flat[k]) for k in self.numbers]

        self.given = [as_node(self.flat[k]) for k in self.numbers]
        for k in self.numbers:
            self.flat[k] = None

    def result(self) -> Any:
        """What the function returns for them."""
        value, graph = self._traced()
        others = [x for k, x in enumerate(self.flat) if k not in set(self.numbers)]
        trees = tuple((tree, tree.order) for tree in (*self.trees, value.tree))
        token = (self.forward, self.backward, trees, *map(id, others))
        rule = Rule(graph, self.rule, self.backward is None, self.name, token)
        found = parts(region_node("custom", self.given, rule))
        kinds = [kind for kind, _ in value.kinds]
        return value.tree.build([seen_as(k, e) for k, e in zip(kinds, found, strict=True)])

    def rule(self) -> Graph:
        """The graph of the rule."""
        value, _ = self._traced()
        return self._along(value) if self.backward is None else self._back(value)

    def __reduce__(self) -> Any:
        own = {k: getattr(self, k) for k in ("name", "trees", "flat", "paths", "numbers", "kinds")}
        return _loaded, (self.function, self.forward, self.backward, own)

    def _inputs(self, mark: str) -> list[Expression]:
        pairs = zip(self.numbers, self.kinds, strict=True)
        return [argument(mark + self.paths[k], shape) for k, (_, shape) in pairs]

    def _arguments(self, own: Sequence[Expression], is_tangent: bool = False) -> tuple[Any, ...]:
        """The arguments with other numbers."""
        flat = [None] * len(self.flat) if is_tangent else list(self.flat)
        for k, (kind, _), x in zip(self.numbers, self.kinds, own, strict=True):
            flat[k] = x if is_tangent else seen_as(kind, x)
        built, first = [], 0
        for tree in self.trees:
            count = len(tree.paths(""))
            built.append(tree.build(flat[first : first + count]))
            first += count
        return tuple(built)

    def _traced(self) -> tuple[Value, Graph]:
        own = self._inputs("")
        with traced(own):
            found = settled(self.function.__wrapped__(*self._arguments(own)))
            value = value_of(f"{self.name}: the value", found)
        return value, self._graph(own, value.nodes)

    def _graph(self, own: Sequence[Expression], nodes: Sequence[Expression]) -> Graph:
        others = captured(nodes, own)
        if others:
            raise ArgumentError(
                f"custom_derivative: {self.name} or its rule takes {others[0]} from outside, by "
                "which it would have no derivative; make it an argument"
            )
        return Graph(own, nodes)

    def _along(self, value: Value) -> Graph:
        own, directions = self._inputs(""), self._inputs("d ")
        with traced([*own, *directions]):
            given = self._arguments(own), self._arguments(directions, True)
            found = value_of(f"{self.name}: the value of its rule", settled(self.forward(*given)))
            _, tangent = _pair(self.name, "defjvp", found)
            found_kinds = [shape for _, shape in tangent.kinds]
            if tangent.tree != value.tree or found_kinds != [shape for _, shape in value.kinds]:
                check_same(
                    f"custom_derivative: {self.name}",
                    ("the value", value),
                    ("the tangent", tangent),
                )
            nodes = tangent.nodes
        return self._graph([*own, *directions], nodes)

    def _back(self, value: Value) -> Graph:
        forth, back = self.backward
        own = self._inputs("")
        bars = [argument("adjoint", shape) for _, shape in value.kinds]
        with traced([*own, *bars]):
            found = settled(forth(*self._arguments(own)))
            if not isinstance(found, tuple) or len(found) != 2:
                raise ArgumentTypeError(
                    f"custom_derivative: forward of {self.name} must return a pair (value, what "
                    f"backward needs), got {found!r:.80}"
                )
            shares = settled(back(found[1], value.tree.build(bars)))
            nodes = self._shares(shares)
        return self._graph([*own, *bars], nodes)

    def _shares(self, shares: Any) -> list[Expression]:
        """The share of each number."""
        if not isinstance(shares, tuple) or len(shares) != len(self.trees):
            raise ArgumentTypeError(
                f"custom_derivative: backward of {self.name} must return a tuple with "
                f"{len(self.trees)} share(s), one for each argument; got {shares!r:.80}"
            )
        flat: list[Any] = []
        for k, (share, tree) in enumerate(zip(shares, self.trees, strict=True)):
            count = len(tree.paths(""))
            if share is None:
                flat += [None] * count
                continue
            leaves, own = flatten(f"{self.name}: share {k}", share, opaque=True)
            if own != tree:
                raise ArgumentTypeError(
                    f"custom_derivative: backward of {self.name} returned {share!r:.60} for "
                    f"argument {k}, of another structure"
                )
            flat += leaves
        nodes = []
        for k, (_, shape) in zip(self.numbers, self.kinds, strict=True):
            share = constant(0, shape) if flat[k] is None else as_node(flat[k])
            if share.shape not in ((), shape):
                raise ShapeError(
                    f"custom_derivative: backward of {self.name} returned shape {share.shape} for "
                    f"{self.paths[k]}, which has shape {shape}"
                )
            nodes.append(broadcast_to(share, shape))
        return nodes


def _loaded(function: Any, forward: Any, backward: Any, own: dict[str, Any]) -> _Call:
    """What was pickled: a call without its numbers."""
    made = object.__new__(_Call)
    made.function, made.forward, made.backward = function, forward, backward
    made.__dict__.update(own)
    return made


def _pair(name: str, rule: str, result: Value) -> tuple[Value, Value]:
    """The two values that a rule returns."""
    pair = result.pair
    if pair is None:
        raise ArgumentTypeError(
            f"custom_derivative: the rule that {rule} gave {name} must return a pair (value, "
            f"tangent), got {result}"
        )
    return pair
