"""Plain evaluation of expressions: floats, complex numbers, arrays, Fractions, mpmath numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.operators import Operators
from taylor.expressions.scalars import scalars
from taylor.nodes.conversion import as_expression
from taylor.nodes.node import Node
from taylor.nodes.operations.scalars.quotients import as_written
from taylor.nodes.operations.table import operation
from taylor.nodes.regions import REGIONS
from taylor.nodes.registry import get
from taylor.nodes.traverse import reachable
from taylor.numbers import exact as constants
from taylor.numbers.exact import Number
from taylor.numbers.types import Numbers, Real


class Floats:
    """float64 and complex numbers, alone or in arrays; IEEE rules, no exceptions.

    What the records of operations ask for their values (`Operation.value`): `number`, `input`,
    `power`, `truth`, `choose` and `call`.  Other algebras are subclasses.

    known: values of inputs, by node or name.
    """

    def __init__(self) -> None:
        self.known: dict[Any, Any] = {}

    def number(self, value: Number) -> Any:
        return np.float64(constants.to_float(value))

    def value(self, value: Any) -> Any:
        array = np.asarray(value)
        kind = np.complex128 if np.iscomplexobj(array) else np.float64
        try:
            return array.astype(kind)[()]
        except (TypeError, ValueError):
            raise ArgumentTypeError(
                f"evaluate: {value!r:.60} is no number and no array of numbers"
            ) from None

    def input(self, e: Node, name: str | None) -> Any:
        """The value of an input that is given by its name: it is not given by its node."""
        if e.shape:
            return None  # of an array input only the elements have values
        if name in self.known:
            return self.known[name]
        raise ArgumentError(
            f"evaluate: no value is given for {e}; add it to values, as in {{{e}: 1.0}}"
        )

    def array(self, numbers: np.ndarray) -> Any:
        """The numbers of a constant array."""
        if numbers.dtype == np.float64:
            return numbers
        flat = [constants.to_float(number) for number in numbers.reshape(-1).tolist()]
        return np.array(flat).reshape(numbers.shape)

    def whole_input(self, e: Node) -> Any:
        """The value of an input, scalar or array, that is given by its name."""
        return self.known[e.payload] if e.shape else self.input(e, e.payload)

    def power(self, base: Any, exponent: Any) -> Any:
        return np.power(base, exponent)

    def truth(self, value: Any) -> Any:
        return np.float64(value) if np.ndim(value) == 0 else np.asarray(value, dtype=np.float64)

    def choose(self, test: Any, a: Any, b: Any) -> Any:
        return np.where(test != 0, a, b)[()]

    def call(self, name: str, args: list[Any]) -> Any:
        return get(name).numpy(*args)

    def function(
        self, inputs: Sequence[Node], outputs: Sequence[Node]
    ) -> Callable[[Sequence[Any]], list[Any]]:
        """Outputs as a function of the values of inputs, on which alone they depend."""
        return self._by(self.operate, inputs, outputs)

    def whole(
        self, inputs: Sequence[Node], outputs: Sequence[Node]
    ) -> Callable[[Sequence[Any]], list[Any]]:
        """The same of whole arrays, by NumPy's own functions."""
        return self._by(self._whole_value, inputs, outputs)

    @staticmethod
    def _by(
        value: Callable[[Node, list[Any]], Any], inputs: Sequence[Node], outputs: Sequence[Node]
    ) -> Callable[[Sequence[Any]], list[Any]]:
        """The outputs as a function of the inputs' values, node by node."""
        given = set(inputs)
        order = [e for e in reachable(outputs, stop=given.__contains__) if e not in given]
        fixed = {e: value(e, []) for e in order if e.op == "constant"}
        order = [e for e in order if e not in fixed]

        def values(arguments: Sequence[Any]) -> list[Any]:
            done = {**fixed, **dict(zip(inputs, arguments, strict=True))}
            for e in order:
                done[e] = value(e, [done[arg] for arg in e.args])
            return [done[output] for output in outputs]

        return values

    def _whole_value(self, e: Node, operands: list[Any]) -> Any:
        record = operation(e.op)
        if record.moves:
            assert record.elements is not None
            return record.elements(e, [np.asarray(value) for value in operands])
        if record.whole is not None:
            return record.whole(self, e, operands)
        return self.operate(e, operands)

    def operate(self, e: Node, args: list[Any]) -> Any:
        """The value of a node, from those of its operands."""
        return operation(e.op).value(self, e, args)


class _Fractions(Floats):
    """Exact rational numbers as long as there are only rational operations, else float64."""

    def number(self, value: Number) -> Any:
        return value if type(value) is float else Fraction(value)

    def value(self, value: Any) -> Any:
        number = constants.exact(value)
        if number is None:
            raise ArgumentTypeError(
                f"evaluate: {value!r} is given together with a Fraction or mpmath number; "
                "exact results need real numbers"
            )
        return self.number(number)

    def power(self, base: Any, exponent: Any) -> Any:
        if type(base) is Fraction and type(exponent) is Fraction:
            exact = constants.power(
                base, exponent.numerator if exponent.denominator == 1 else exponent
            )
            if exact is not None:
                return Fraction(exact)
        return np.power(np.float64(base), np.float64(exponent))

    def truth(self, value: Any) -> Any:
        return Fraction(int(value))

    def choose(self, test: Any, a: Any, b: Any) -> Any:
        return a if test != 0 else b

    def call(self, name: str, args: list[Any]) -> Any:
        if all(type(arg) is Fraction for arg in args):
            folded = constants.fold_function(name, tuple(constants.normalised(arg) for arg in args))
            if folded is not None:
                return Fraction(folded)
        return super().call(name, [np.float64(constants.to_float(arg)) for arg in args])


class Multiprecision(_Fractions):
    """mpmath numbers, in the precision that the context has at the time of the call."""

    def __init__(self, context: Any) -> None:
        super().__init__()
        self.context = context

    def number(self, value: Number) -> Any:
        if type(value) is Fraction:
            return self.context.mpf(value.numerator) / value.denominator
        return self.context.mpf(value)

    def value(self, value: Any) -> Any:
        number = constants.exact(value)
        return self.context.convert(value) if number is None else self.number(number)

    def power(self, base: Any, exponent: Any) -> Any:
        return self.context.power(base, exponent)

    def truth(self, value: Any) -> Any:
        return self.context.mpf(int(value))

    def call(self, name: str, args: list[Any]) -> Any:
        return get(name).mpmath(self.context, *args)


def algebra_of(values: Iterable[Any]) -> Floats:
    """The algebra that has numbers such as all of these."""
    items = [item for value in values for item in np.asarray(value, dtype=object).reshape(-1)[:1]]
    for item in items:
        if hasattr(item, "_mpf_") or hasattr(item, "_mpc_"):
            return Multiprecision(item.context)
    return _Fractions() if any(type(item) is Fraction for item in items) else Floats()


# By inputs or their names.
Values: TypeAlias = "Mapping[Any, Numbers | complex]"
# float64, complex128, a Fraction, a number of mpmath or an array of these: by the values.
Value: TypeAlias = Any


def evaluate(
    expression: Node | Sequence[Any] | np.ndarray | Real, values: Values | None = None
) -> Value:
    """Return the value of an expression for given inputs.

    expression: an expression, a scalar or an array.
    values: variables, parameters and time (or their names) with their values.  Any mpmath number
        makes the evaluation an mpmath one, else any Fraction an exact one where only rational
        operations occur; otherwise float64 or complex128.  Arrays given for scalar inputs
        broadcast; the value of an array input has the shape of that input.

    Returns a float64, an array, a Fraction or an mpmath number; for an array expression an array of
    its shape, followed by the shape of broadcast inputs.

    Raises ArgumentError for a missing input, ShapeError for a value without the shape of its array
    input.

    >>> import taylor as ty
    >>> from fractions import Fraction
    >>> x, y = ty.variables("x y")
    >>> ty.evaluate(x / y + 1, {x: Fraction(1), y: 3})
    Fraction(4, 3)
    """
    root = as_expression(expression)
    given = {} if values is None else dict(values)
    algebra = algebra_of(given.values())
    if type(algebra) is Floats and _is_whole(root, given):
        return _by_arrays(root, given, algebra)
    elements = scalars(root)
    results = evaluate_in(list(elements.reshape(-1)), given, algebra)
    if not root.shape:
        return results[0]
    if isinstance(algebra, (_Fractions, Multiprecision)):
        array = np.empty(root.shape, dtype=object)
        array.reshape(-1)[:] = results
        return array
    stacked = np.stack(np.broadcast_arrays(*results)) if results else np.empty(0)
    return stacked.reshape(root.shape + stacked.shape[1:])


def _is_whole(root: Node, given: Mapping[Any, Any]) -> bool:
    """Whether arrays need not be spelled out: all of theirs are given, and nothing broadcasts."""
    for key, value in given.items():
        shape = key.shape if isinstance(key, Node) else ()
        if not isinstance(key, (Node, str)) or np.shape(value) != shape:
            return False
    if not any(e.shape for e in reachable([root], stop=given.__contains__)):
        return False
    return _all_whole([root], set(given))


def _all_whole(roots: Sequence[Node], given: Collection[Any]) -> bool:
    """Whether all operations are of whole arrays."""
    for e in reachable(roots, stop=given.__contains__):
        record = operation(e.op)
        if e in given:
            continue
        if record.elements is not None and not record.moves and record.whole is None:
            return False
        if e.shape and e.op in ("variable", "parameter"):
            return False
        if e.op in REGIONS and not all(
            _all_whole(g.outputs, {*g.inputs}) for g in e.payload.graphs
        ):
            return False
    return True


def _by_arrays(root: Node, given: Mapping[Any, Any], algebra: Floats) -> Any:
    """The value by NumPy's own functions of whole arrays."""
    algebra.known = {key: algebra.value(value) for key, value in given.items()}
    inputs = [key for key in algebra.known if isinstance(key, Node)]
    (root,) = as_written([root])
    with np.errstate(all="ignore"):
        (value,) = algebra.whole(inputs, [root])([algebra.known[x] for x in inputs])
    if isinstance(value, np.ndarray) and not value.flags.writeable:
        value = value.copy()  # of a constant or an operand
    return value if root.shape else value[()]


def _known(given: Mapping[Any, Any], algebra: Floats) -> dict[Any, Any]:
    """Values by scalar input: an array input's value is spread over its elements."""
    known: dict[Any, Any] = {}
    for key, value in given.items():
        if isinstance(key, Operators) and key.shape:
            array = np.asarray(value, dtype=object)
            if array.shape != key.shape:
                raise ShapeError(
                    f"evaluate: the value of {key} has shape {array.shape}, not {key.shape}"
                )
            for position in np.ndindex(*key.shape):
                known[key[position]] = algebra.value(array[position])
        elif isinstance(key, (Node, str)):
            known[key] = algebra.value(value)
        else:
            raise ArgumentTypeError(
                f"evaluate: {key!r} is neither an expression nor the name of an input"
            )
    return known


def evaluate_in(roots: Sequence[Node], values: Mapping[Any, Any], algebra: Floats) -> list[Any]:
    """The values of scalar expressions in an algebra, `values` being those of their inputs."""
    done: dict[Node, Any] = {}
    algebra.known = known = _known(values, algebra)
    roots = as_written(roots)
    with np.errstate(all="ignore"):
        for e in reachable(roots, stop=known.__contains__):
            if e in known:
                done[e] = known[e]
            else:
                done[e] = algebra.operate(e, [done[arg] for arg in e.args])
    return [done[root] for root in roots]
