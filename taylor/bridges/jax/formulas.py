"""Functions of arrays as values that JAX's programs carry: what they compute, and what is made of
them by our transforms, each once and when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.solutions.solution import Solution
from taylor.transforms.batching import batched
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints

Which = tuple[bool, ...]  # one for each input


class Formula:
    """Expressions of inputs.

    inputs, outputs: the expressions.
    name: for messages and for what JAX prints.
    targets: under which names XLA knows it, by dtype.
    solution: what the outputs are the results of, where the inputs are its arguments.
    """

    def __init__(
        self, inputs: Sequence[Expression], outputs: Sequence[Expression], name: str
    ) -> None:
        self.inputs, self.outputs, self.name = tuple(inputs), tuple(outputs), name
        self.targets: dict[str, str] = {}
        self.solution: Solution | None = None
        self._along: dict[Which, Linear] = {}
        self._many: dict[tuple[Which, int], Formula] = {}

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def along(self, which: Which) -> Linear:
        """The derivative along a direction, whose components for some inputs are further inputs."""
        found = self._along.get(which)
        if found is None:
            found = self._along[which] = _along(self, which)
        return found

    def many(self, wide: Which, size: int) -> Formula:
        """The same for many values of some inputs: these and the outputs have one axis more, the
        first.
        """
        found = self._many.get((wide, size))
        if found is None:
            found = self._many[wide, size] = self._made_many(wide, size)
        return found

    def _made_many(self, wide: Which, size: int) -> Formula:
        return Formula(*self._widened(wide, size), f"vmap of {self.name}")

    def _widened(self, wide: Which, size: int) -> tuple[list[Expression], list[Expression]]:
        pairs = list(zip(self.inputs, wide, strict=True))
        inputs = [argument(str(x), (size, *x.shape)) if does else x for x, does in pairs]
        seeds = {x: own for (x, does), own in zip(pairs, inputs, strict=True) if does}
        return inputs, batched(self.outputs, seeds, size)


class Linear(Formula):
    """A formula that is linear in its last inputs.

    fixed: how many inputs come before these.
    """

    def __init__(
        self,
        inputs: Sequence[Expression],
        outputs: Sequence[Expression],
        name: str,
        fixed: int,
        transpose: Callable[[], Linear],
    ) -> None:
        super().__init__(inputs, outputs, name)
        self.fixed = fixed
        self._transpose = transpose
        self._transposed: Linear | None = None

    @property
    def transposed(self) -> Linear:
        """What takes adjoints of the outputs in the place of the last inputs, to those of these."""
        if self._transposed is None:
            self._transposed = self._transpose()
        return self._transposed

    def _made_many(self, wide: Which, size: int) -> Linear:
        """All of the last inputs have to be wide, as the outputs are: so has the transposed."""
        fixed = wide[: self.fixed]

        def transpose() -> Linear:
            other = self.transposed
            found = other.many((*fixed, *[True] * (len(other.inputs) - other.fixed)), size)
            assert isinstance(found, Linear)
            return found

        found = self._widened(wide, size)
        return Linear(*found, f"vmap of {self.name}", self.fixed, transpose)


def _along(formula: Formula, which: Which) -> Linear:
    chosen = [x for x, does in zip(formula.inputs, which, strict=True) if does]
    directions = [argument(f"d{x}", x.shape) for x in chosen]
    outputs = tangents(formula.outputs, dict(zip(chosen, directions, strict=True)))
    return Linear(
        [*formula.inputs, *directions],
        outputs,
        f"jvp of {formula.name}",
        len(formula.inputs),
        lambda: _pulled(formula, which),
    )


def _pulled(formula: Formula, which: Which) -> Linear:
    chosen = [x for x, does in zip(formula.inputs, which, strict=True) if does]
    cotangents = [argument("adjoint", e.shape) for e in formula.outputs]
    return Linear(
        [*formula.inputs, *cotangents],
        adjoints(formula.outputs, cotangents, chosen),
        f"vjp of {formula.name}",
        len(formula.inputs),
        lambda: formula.along(which),
    )
