"""What a function with a derivative of its own is made of, and what follows from its rule.

The rule says how outputs change along a direction of the inputs (forward), or what inputs have of
adjoints of outputs (backward); the other one is its transpose.  Taylor coefficients follow from the
first: with the Euler operator E, which multiplies what is of degree n by n, E f(x) is the
derivative of f along E x, so that the part of degree n of f(x) is 1/n of that of the rule there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextvars import ContextVar
from fractions import Fraction
from functools import partial
from typing import Any

from taylor.errors import ArgumentError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant
from taylor.expressions.substitute import substitute_all
from taylor.nodes.arrays import broadcast_to, reshape
from taylor.nodes.logic import where
from taylor.nodes.operations.arrays.batched import inputs_of_many
from taylor.nodes.operations.arrays.places import pick
from taylor.nodes.operations.arrays.reductions import arg_extreme
from taylor.nodes.regions import Graph, Region, has_regions, part, parts, region_node
from taylor.nodes.sums import scale
from taylor.nodes.traverse import from_records, inputs, to_records
from taylor.numbers.exact import normalised
from taylor.transforms.batching import Many
from taylor.transforms.reverse import adjoints

Nodes = Sequence[Expression]

Missing = Sequence[Expression | None]

# Up to which degree functions matter inside their own rules.
_limits: ContextVar[Mapping[Hashable, int] | None] = ContextVar("limits", default=None)


class Rule(Region):
    """A function with its rule, as data: the payload of a node `custom`.

    The rule is traced when a derivative is first asked for: it may use the function itself.

    graphs:  the value alone.
    make:    what gives the graph of the rule: of inputs, and directions or adjoints.
    forward: whether the rule gives derivatives along directions of all inputs.
    name:    of the function.
    token:   equal for the same rule.
    """

    __slots__ = ("_rule", "_transposed", "forward", "make", "name", "token")

    def __init__(
        self, value: Graph, make: Callable[[], Graph], forward: bool, name: str, token: Hashable
    ) -> None:
        super().__init__([value], len(value.inputs))
        self.make, self.forward, self.name, self.token = make, forward, name, token
        self.key = (*self.key, forward, name, token)
        self._hash = hash(self.key)
        self._rule: Graph | None = None
        self._transposed: Graph | None = None

    def __reduce__(self) -> tuple[Callable[..., Rule], tuple[Any, ...]]:
        roots = [*self.body.inputs, *self.body.outputs]
        rest = (self.make, self.forward, self.name, self.token)
        return _load, (to_records(roots), len(self.body.inputs), *rest)

    def with_value(self, value: Graph, make: Callable[[], Graph]) -> Rule:
        """The same rule for inputs of other shapes."""
        return Rule(value, make, self.forward, self.name, self.token)

    @property
    def rule(self) -> Graph:
        """What users gave, as a graph."""
        if self._rule is None:
            self._rule = self.make()
        return self._rule

    # -- both directions --------------------------------------------------------------------------

    @property
    def along(self) -> Graph:
        """Of inputs and directions: the derivatives of outputs."""
        return self.rule if self.forward else self._transpose()

    @property
    def back(self) -> Graph:
        """Of inputs and adjoints of outputs: the shares of inputs."""
        return self._transpose() if self.forward else self.rule

    def _transpose(self) -> Graph:
        """The rule the other way: it is linear in its last inputs."""
        if self._transposed is None:
            rule, count = self.rule, len(self.body.inputs)
            own, weights = rule.inputs[:count], rule.inputs[count:]
            others = [argument("weight", e.shape) for e in rule.outputs]
            found = adjoints(rule.outputs, others, weights)
            if not set(weights).isdisjoint(inputs(found)):
                raise ArgumentError(
                    f"custom_derivative: the rule of {self.name} is not linear in "
                    f"{'tangents' if self.forward else 'cotangents'}"
                )
            self._transposed = Graph([*own, *others], found)
        return self._transposed

    # -- what transforms ask for ------------------------------------------------------------------

    def widened(self, e: Any, extras: Sequence[Any], expand: Any) -> list[list[Any]]:
        """All results with tangents, or Taylor coefficients beyond the value."""
        if all(extra is None for extra in extras):
            return [[result] for result in parts(e)]
        width = next(len(extra) for extra in extras if extra is not None)
        degrees = getattr(expand, "degrees", [1] * width)
        if max(degrees) == 1:
            columns = [self._tangents(e.args, extras, k) for k in range(width)]
        else:
            columns = self._coefficients(e.args, extras, degrees, expand)
        return [[part(e, k), *row] for k, row in enumerate(zip(*columns, strict=True))]

    def _tangents(self, operands: Nodes, extras: Sequence[Any], number: int) -> list[Expression]:
        given = [
            _zeros(x) if extra is None else extra[number] for x, extra in _both(operands, extras)
        ]
        return _of(self.along, [*operands, *given])

    def _coefficients(
        self, operands: Nodes, extras: Sequence[Any], degrees: Sequence[int], expand: Any
    ) -> list[list[Expression]]:
        return coefficients_along(self.along, operands, extras, degrees, expand, self.key)

    def pulled(self, operands: Nodes, cotangents: Missing) -> list[Expression]:
        """What operands have of adjoints of the results."""
        pairs = _both(self.body.outputs, cotangents)
        given = [_zeros(one) if bar is None else bar for one, bar in pairs]
        return _of(self.back, [*operands, *given])

    def of_many(self, e: Any, operands: Nodes, many: Any) -> list[Any]:
        """All results for many at once: the value and the rule for each."""
        wide = self.with_value(_of_many(self.body, many), partial(_rule_of_many, self, many.size))
        pairs = _both(operands, e.args)
        given = [broadcast_to(x, (many.size, *one.shape)) for x, one in pairs]
        if many.matters is not None and many.size and has_regions(self.body.outputs):
            given = [_of_those_that_matter(x, many.matters) for x in given]
        return list(parts(region_node(e.op, given, wide)))


def coefficients_along(
    rule: Graph,
    operands: Nodes,
    extras: Sequence[Any],
    degrees: Sequence[int],
    expand: Any,
    key: Hashable,
) -> list[list[Expression]]:
    """By degree the coefficients of outputs beyond the value, from a rule along directions: that
    at x along E x, divided by the degree.

    rule: of inputs and directions; extras: further components by operand, None where it has none;
    key: of the functions that the rule may have in it, which matter there to one degree less.
    """
    limits = _limits.get() or {}
    highest = limits.get(key, max(degrees))
    if highest < 1:
        return [[constant(0, e.shape) for e in rule.outputs] for _ in degrees]
    count = len(operands)
    own, directions = rule.inputs[:count], rule.inputs[count:]
    seeds, table = {}, dict(zip(own, operands, strict=True))
    for x, direction, extra in zip(own, directions, extras, strict=True):
        table[direction] = constant(0, x.shape)
        if extra is not None:
            seeds[x] = list(extra)
            pairs = zip(degrees, extra, strict=True)
            seeds[direction] = [scale(degree, c) for degree, c in pairs]
    # E x has no part of degree zero: what the rule itself has of the highest does not matter.
    token = _limits.set({**limits, key: highest - 1})
    try:
        found = expand(rule.outputs, seeds)
    finally:
        _limits.reset(token)
    columns: list[list[Expression]] = []
    for k, degree in enumerate(degrees):
        both = zip(rule.outputs, found, strict=True)
        parts_of = [constant(0, e.shape) if row is None else row[k] for e, row in both]
        ratio = normalised(Fraction(1, degree))
        columns.append([scale(ratio, c) for c in substitute_all(parts_of, table)])
    return columns


def _of_those_that_matter(x: Expression, matters: Expression) -> Expression:
    """Values of many, for those whose results do not matter those of one whose do: loops that are
    never to run for them end when its do.
    """
    one = pick(x, arg_extreme("argmax", matters, 0))
    return where(reshape(matters, (x.shape[0], *[1] * (x.ndim - 1))), x, one)  # type: ignore[no-any-return]


def _of_many(graph: Graph, many: Any) -> Graph:
    """A graph all of whose inputs and outputs have one axis more."""
    wide = inputs_of_many(graph.inputs, [True] * len(graph.inputs), many.size)
    found = many.inside(graph.outputs, dict(zip(graph.inputs, wide, strict=True)), None)
    pairs = _both(found, graph.outputs)
    return Graph(wide, [broadcast_to(x, (many.size, *one.shape)) for x, one in pairs])


def _rule_of_many(rule: Rule, size: int) -> Graph:
    return _of_many(rule.rule, Many(size))


def _load(records: Any, count: int, *rest: Any) -> Rule:
    """Rebuild a pickled rule."""
    roots = list(from_records(records))
    return Rule(Graph(roots[:count], roots[count:]), *rest)


def _both(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return zip(a, b, strict=True)


def _of(graph: Graph, given: Nodes) -> list[Expression]:
    return substitute_all(graph.outputs, dict(zip(graph.inputs, given, strict=True)))


def _zeros(e: Expression) -> Expression:
    return constant(0, e.shape)
