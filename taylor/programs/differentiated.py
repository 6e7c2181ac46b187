"""A function with new arguments that it is differentiated by, on which nothing else depends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from taylor.control.tracing import Value, as_node, value_of
from taylor.control.trees import Tree
from taylor.errors import (
    ArgumentError,
    ArgumentTypeError,
    DifferentiationWarning,
    ShapeError,
    warn_user,
)
from taylor.expressions.arguments import traced
from taylor.expressions.expression import Expression
from taylor.expressions.substitute import substitute_all
from taylor.nodes.traverse import inputs
from taylor.programs.arguments import (
    argument_names,
    chosen_places,
    is_differentiable,
    stand_in,
)
from taylor.programs.program import called
from taylor.programs.remembered import names_of


class Differentiated:
    """A call of a function, with new arguments in the place of those that are differentiated by.

    own:   new arguments, one for each leaf that is real.
    given: the values that they stand for, as expressions.
    single: whether one argument was asked for, and no tuple of them.
    value: what the function returned for them; aux: its second part, which is not differentiated.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        argnums: int | Sequence[int],
        has_aux: bool,
    ) -> None:
        self.name, self.function = name, function
        self.single = isinstance(argnums, int)
        listed = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        self.value: Value
        self.aux: Value | None
        places = chosen_places(name, listed, len(args))
        self.trees: list[Tree] = []
        self.real: list[list[bool]] = []  # of each argument, which leaves are
        self.own: list[Expression] = []
        self.given: list[Expression] = []
        self._real_paths: list[str] = []
        self._constants: list[tuple[str, Any]] = []  # by path, what is not differentiated by
        changed = list(args)
        self._names = argument_names(function, len(args))
        for place in places:
            value = value_of(f"{name}: argument {place} of {names_of(function)}", args[place])
            changed[place] = self._argument(place, value)
        if not self.own:
            raise ArgumentTypeError(
                f"{name}: argument {places[0]} of {names_of(function)}, {args[places[0]]!r:.60}, "
                "has nothing real to differentiate by; whole numbers and truth values are constants"
            )
        with traced(self.own):
            result = called(name, function, function, changed, kwargs)
            self.value, self.aux = result, None
            if has_aux:
                self.value, self.aux = _split(name, function, result)
            self.outputs = self.value.nodes
        self._warn()

    def _argument(self, place: int, value: Value) -> Any:
        alone = len(value.leaves) == 1 and not value.tree.children
        real = [alone or is_differentiable(leaf) for leaf in value.leaves]
        leaves = []
        paths = value.tree.paths(self._names[place])
        for leaf, kind, path, does in zip(value.leaves, value.kinds, paths, real, strict=True):
            if not does:
                leaves.append(leaf)
                self._constants.append((path, leaf))
                continue
            self._real_paths.append(path)
            own, seen = stand_in(path, *kind)
            self.own.append(own)
            self.given.append(as_node(leaf))
            leaves.append(seen)
        self.trees.append(value.tree)
        self.real.append(real)
        return value.tree.build(leaves)

    def _warn(self) -> None:
        """Say of whole numbers in a list, beside real ones, that they count as constants: somebody
        may have written 2 for 2.0.
        """
        beside = {_container(path) for path in self._real_paths} - {None}
        doubtful = {
            leaf: path
            for path, leaf in self._constants
            if isinstance(leaf, Expression) and not leaf.shape and _container(path) in beside
        }
        if doubtful and not doubtful.keys().isdisjoint(inputs(self.outputs)):
            path = next(iter(doubtful.values()))
            warn_user(
                f"{self.name}: {path} is a whole number, which counts as a constant: its "
                "derivative is given as 0; write it with a point to differentiate by it",
                DifferentiationWarning,
            )

    @property
    def loss(self) -> Expression:
        """The only output.

        Raises ShapeError or ArgumentTypeError unless it is a single number.
        """
        if len(self.outputs) != 1 or self.value.tree.children:
            raise ArgumentTypeError(
                f"{self.name}: {names_of(self.function)} returned {self.value}; only a single "
                "number has a gradient (use ty.jacobian, or has_aux=True for a number and more)"
            )
        if self.outputs[0].shape:
            raise ShapeError(
                f"{self.name}: {names_of(self.function)} returned an array of shape "
                f"{self.outputs[0].shape}; only a single number has a gradient (use ty.jacobian, "
                "or sum it)"
            )
        return self.outputs[0]

    def at_given(self, *groups: Sequence[Expression]) -> list[list[Expression]]:
        """Expressions of the new arguments, at the values that these stand for."""
        flat = [e for group in groups for e in group]
        found = substitute_all(flat, dict(zip(self.own, self.given, strict=True)))
        result, first = [], 0
        for group in groups:
            result.append(found[first : first + len(group)])
            first += len(group)
        return result

    def of_arguments(self, leaves: Sequence[Any], rest: Any = 0) -> Any:
        """One value for each real leaf, put together as the arguments are; `rest` for others."""
        following = iter(leaves)
        built = [
            tree.build([next(following) if does else rest for does in real])
            for tree, real in zip(self.trees, self.real, strict=True)
        ]
        return built[0] if self.single else tuple(built)


def _container(path: str) -> str | None:
    """The path of the list or tuple that a leaf is an item of; None for all others."""
    head, _, last = path.rpartition("[")
    return head if last[:-1].isdigit() else None


def directions_of(name: str, found: Differentiated, vectors: Sequence[Any]) -> list[Expression]:
    """What the new arguments change by, in order; one vector for each chosen argument.

    Raises ArgumentTypeError or ShapeError where structure or shapes are not theirs.
    """
    flat: list[Expression] = []
    for tree, real, vector in zip(found.trees, found.real, vectors, strict=True):
        value = value_of(f"{name}: the tangent", vector)
        if value.tree != tree:
            raise ArgumentTypeError(
                f"{name}: the tangent is {value}, of another structure than the argument"
            )
        flat += [e for e, does in zip(value.nodes, real, strict=True) if does]
    for x, direction in zip(found.own, flat, strict=True):
        if direction.shape != x.shape:
            raise ShapeError(
                f"{name}: {x} has shape {x.shape}, and its tangent has shape {direction.shape}"
            )
    return flat


def _split(name: str, function: Any, result: Value) -> tuple[Value, Value]:
    """The value and what comes with it."""
    pair = result.pair
    if pair is None:
        raise ArgumentError(
            f"{name}: with has_aux=True {names_of(function)} must return a pair (value, aux), got "
            f"{result}"
        )
    return pair
