"""Solutions of equations, found by iteration, with derivatives of every order from the equations.

With F(x, k) = 0 a change dk of what F takes from outside changes x by dx with
dF/dx dx = -dF/dk dk: one linear system for a direction, whatever the iteration did.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from taylor.control.loops import while_loop
from taylor.control.tracing import Traced, Value, check_callable, closed, seen_as, trace, value_of
from taylor.definitions.linear import solve
from taylor.definitions.ruled import Rule
from taylor.errors import ArgumentError, ShapeError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, as_expression, concatenate, constant
from taylor.expressions.substitute import substitute_all
from taylor.nodes.arrays import reshape, transpose
from taylor.nodes.logic import logical, where
from taylor.nodes.operations.arrays.reductions import over_axes
from taylor.nodes.operations.scalars.held import held
from taylor.nodes.regions import Graph, inner_input, parts, region_node
from taylor.transforms.batching import batched
from taylor.transforms.forward import tangents

HALVINGS = 100  # of a step that leads away
TINY = 1e-300
Nodes = Sequence[Expression]


def root(
    fun: Callable[..., Any],
    guess: Any,
    *args: Any,
    tolerance: float = 1e-12,
    iterations: int = 100,
) -> Any:
    """Return x with fun(x, *args) = 0, by Newton's method from a guess.

    fun: of x, returns as many numbers as x has: a number, an array, or a tuple, list, dictionary or
        dataclass of these.  It may use values of functions around it.
    guess: a number, an array or such a container; x has its structure and shapes.
    tolerance: it ends with a step that is smaller than this, relative to the largest number in x,
        or where rounding errors keep fun from getting smaller.
    iterations: how many steps there may be.

    Steps are halved until the largest number in fun(x) decreases.  Where no root is found x is NaN.
    Derivatives of every order, by `args` and whatever else `fun` takes from outside, follow from
    the equations, with one linear system each; the guess has none.  `taylor.implicit` makes
    functions of such roots that differential equations may have.

    Raises ShapeError for another number of equations than unknowns.

    >>> import taylor as ty
    >>> sqrt = ty.jit(lambda a: ty.root(lambda x: x * x - a, 1.0))
    >>> float(sqrt(9.0)), round(float(ty.grad(sqrt)(9.0)), 15)
    (3.0, 0.166666666666667)
    """
    given = _Problem("root", fun, guess, args, False, float(tolerance), iterations)
    return given.solution(guess)


def fixed_point(
    fun: Callable[..., Any],
    guess: Any,
    *args: Any,
    tolerance: float = 1e-16,
    iterations: int = 10_000,
) -> Any:
    """Return x with fun(x, *args) = x, by calling `fun` again and again from a guess.

    fun: of x, returns the like of it.
    guess, iterations: as for `taylor.root`.
    tolerance: it ends when x changes by less than this, relative to the largest number in it, or
        when changes are small and get no smaller: by default with rounding errors.

    Where it does not settle x is NaN.  Derivatives are those of the equation, as those of
    `taylor.root`; no turn is differentiated.

    >>> import numpy as np, taylor as ty
    >>> dottie = ty.fixed_point(np.cos, 1.0)
    >>> round(float(dottie), 13)
    0.7390851332152
    >>> kepler = lambda e: ty.fixed_point(lambda E: 1.0 + e * np.sin(E), 1.0)
    >>> slope = ty.grad(kepler)(0.1)
    """
    given = _Problem("fixed_point", fun, guess, args, True, float(tolerance), iterations)
    return given.solution(guess)


# --- equations -----------------------------------------------------------------------------------


class _Problem:
    """Equations as graphs of what they take from outside, and of the unknowns as one array.

    residual: of constants and unknowns; jacobian: its derivatives by the unknowns.
    """

    def __init__(
        self,
        name: str,
        fun: Any,
        guess: Any,
        args: Sequence[Any],
        fixed: bool,
        tolerance: float,
        iterations: int,
    ) -> None:
        check_callable(name, fun=fun)
        if not tolerance > 0:
            raise ArgumentError(f"{name}: tolerance={tolerance!r} has to be positive")
        self.name, self.fixed, self.tolerance = name, fixed, tolerance
        whole = isinstance(iterations, int | np.integer) and not isinstance(iterations, bool)
        if not whole or iterations < 1:
            raise ArgumentError(f"{name}: iterations={iterations!r} has to be an int of at least 1")
        self.iterations = int(iterations)
        start = value_of(f"{name}: guess", guess)
        self.tree, self.kinds = start.tree, start.kinds
        if not start.leaves:
            raise ArgumentError(f"{name}: the guess has no numbers")
        found = trace(f"{name}: the value of fun", lambda x: fun(x, *args), [start])
        self._check(found, start)
        sizes = [math.prod(shape) for _, shape in self.kinds]
        single = len(sizes) == 1 and not self.kinds[0][1]
        self.shape: tuple[int, ...] = () if single else (sum(sizes),)
        equations = closed([found])
        self.constants = equations.constants
        (graph,) = equations.graphs
        count = len(equations.constants)
        own = inner_input("x", self.shape)
        table = dict(zip(graph.inputs[count:], self.taken_apart(own), strict=True))
        values = self.put_together(substitute_all(graph.outputs, table))
        inputs = [*graph.inputs[:count], own]
        self.map = Graph(inputs, [values])
        self.residual = Graph(inputs, [own - values if fixed else values])
        self.jacobian = Graph(inputs, [self._derivatives(own)])

    def _check(self, found: Traced, start: Value) -> None:
        given, sizes = found.result, [math.prod(shape) for _, shape in start.kinds]
        result = [math.prod(shape) for _, shape in given.kinds]
        same = [shape for _, shape in given.kinds] == [shape for _, shape in start.kinds]
        if sum(result) != sum(sizes) or (self.fixed and not same):
            what = "another shape" if self.fixed else f"{sum(result)} equation(s)"
            raise ShapeError(
                f"{self.name}: fun returned {what} for {sum(sizes)} unknown(s):\n  x: {start}\n"
                f"  fun(x): {given}"
            )

    def taken_apart(self, x: Expression) -> list[Expression]:
        """The leaves of the array of unknowns."""
        if not self.shape:
            return [x]
        leaves, first = [], 0
        for _, shape in self.kinds:
            size = math.prod(shape)
            leaves.append(reshape(x[first : first + size], shape))
            first += size
        return leaves

    def put_together(self, leaves: Nodes) -> Expression:
        """The inverse."""
        if not self.shape:
            return reshape(leaves[0], ())
        return concatenate([reshape(leaf, -1) for leaf in leaves])

    def _derivatives(self, own: Expression) -> Expression:
        """The matrix of derivatives of the residual; of a single equation the derivative."""
        if not self.shape:
            return tangents(self.residual.outputs, {own: ONE})[0]
        direction = argument("direction", self.shape)
        along = tangents(self.residual.outputs, {own: direction})
        units = as_expression(np.eye(self.shape[0]))
        (rows,) = batched(along, {direction: units}, self.shape[0])
        return transpose(rows)

    def at(self, graph: Graph, constants: Nodes, x: Expression) -> Expression:
        """A graph at other constants and unknowns."""
        return substitute_all(graph.outputs, dict(zip(graph.inputs, [*constants, x], strict=True)))[
            0
        ]

    def solved(self, matrix: Expression, side: Expression) -> Expression:
        """The solution of a linear system."""
        return solve(matrix, side) if self.shape else side / matrix  # type: ignore[no-any-return]

    # -- nodes ------------------------------------------------------------------------------------

    def solution(self, guess: Any) -> Any:
        """The unknowns, in the structure of the guess; numbers where nothing is traced."""
        start = value_of(f"{self.name}: guess", guess)
        operands = [*map(held, start.nodes), *self.constants]
        found = parts(region_node("custom", operands, self.rule()))
        if not (start.traced or self.constants):
            return self.tree.build([e.evaluate() for e in found])
        kinds = [kind for kind, _ in self.kinds]
        return self.tree.build([seen_as(k, e) for k, e in zip(kinds, found, strict=True)])

    def rule(self) -> Rule:
        """The function of guess and constants."""
        token = (self.fixed, self.tolerance, self.iterations, self.residual.key)
        return Rule(self._value(), partial(_along, self), True, self.name, token)

    def inputs(self, mark: str) -> list[Expression]:
        """Inputs for guess and constants."""
        own = [inner_input(f"{mark}guess {k}", shape) for k, (_, shape) in enumerate(self.kinds)]
        others = [inner_input(f"{mark}k{k}", e.shape) for k, e in enumerate(self.constants)]
        return [*own, *others]

    def _value(self) -> Graph:
        own = self.inputs("")
        start, constants = self.put_together(own[: len(self.kinds)]), own[len(self.kinds) :]
        find = self._iterated if self.fixed else self._newton
        found, settled = find(constants, start)
        x = where(settled, found, constant(math.nan, self.shape))
        return Graph(own, self.taken_apart(x))

    # -- iterations -------------------------------------------------------------------------------

    def _newton(self, constants: Nodes, start: Expression) -> tuple[Expression, Expression]:
        """Newton's method: x, and whether it is a root."""

        def size_at(x: Expression) -> Expression:
            return _largest(self.at(self.residual, constants, x))

        def turn(carry: Any) -> Any:
            x, before, _, _, count = carry
            value = self.at(self.residual, constants, x)
            step = self.solved(self.at(self.jacobian, constants, x), value)
            part, after = while_loop(
                lambda c: logical("and", _not_below(c[1], before), c[0] > 0.5**HALVINGS),
                lambda c: (c[0] / 2, size_at(x - c[0] / 2 * step)),
                (1.0, size_at(x - step)),
            )
            better = after < before
            moved = where(better, x - part * step, x)
            return moved, where(better, after, before), _largest(step), better, count + 1

        def goes_on(carry: Any) -> Any:
            x, size, step, better, count = carry
            large = logical("and", size > 0, step > self.tolerance * _largest(x))
            return logical("and", logical("and", better, large), count < self.iterations)

        first = start, size_at(start), constant(math.inf), constant(0) < 1, 0
        x, size, step, _, _ = while_loop(goes_on, turn, first)
        scale = _largest(x) + _largest(x - start) + TINY
        near = logical("or", step <= 1e-4 * scale, step <= self.tolerance)
        return x, logical("or", size <= 0, logical("and", near, size < math.inf))

    def _iterated(self, constants: Nodes, start: Expression) -> tuple[Expression, Expression]:
        """Calls again and again: x, and whether it stays."""
        rough = math.sqrt(self.tolerance)

        def turn(carry: Any) -> Any:
            x, _, change, count = carry
            following = self.at(self.map, constants, x)
            return following, change, _largest(following - x), count + 1

        def goes_on(carry: Any) -> Any:
            x, before, change, count = carry
            size = _largest(x)
            noise = logical("and", change >= before, change <= rough * size)
            ended = logical("or", change <= self.tolerance * size, noise)
            goes = logical("and", ended < 1, size < math.inf)
            return logical("and", goes, count < self.iterations)

        first = start, constant(math.inf), constant(math.inf), 0
        x, _, change, _ = while_loop(goes_on, turn, first)
        size = _largest(x)
        return x, logical("and", change <= rough * size, size < math.inf)


def _along(problem: _Problem) -> Graph:
    """The rule: how the unknowns change with constants."""
    own, directions = problem.inputs(""), problem.inputs("d ")
    count = len(problem.kinds)
    constants = own[count:]
    x = problem.put_together(parts(region_node("custom", own, problem.rule())))
    unknown = inner_input("x", problem.shape)
    residual = problem.at(problem.residual, constants, unknown)
    (along,) = tangents([residual], dict(zip(constants, directions[count:], strict=True)))
    side, matrix = substitute_all(
        [along, problem.at(problem.jacobian, constants, unknown)], {unknown: x}
    )
    return Graph([*own, *directions], problem.taken_apart(-problem.solved(matrix, side)))


def _largest(e: Expression) -> Expression:
    """The largest size of an element; NaN where there is one."""
    size = abs(e)
    return over_axes("max", size) if e.shape else size


def _not_below(a: Expression, b: Expression) -> Expression:
    """Whether a number is not less than another, as NaN is."""
    return (a < b) < 1
