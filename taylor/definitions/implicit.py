"""Functions that equations define: y(x) with g(x, y) = 0, with derivatives of every order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any, TypeAlias, overload

import numpy as np

from taylor.control.unrolled import unrolled
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.arguments import argument, captured, kept, traced
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, as_expression, make_function_node
from taylor.expressions.scalars import Spelling, is_element, scalars
from taylor.expressions.substitute import substitute_all
from taylor.expressions.trace import call_user, positional_names
from taylor.expressions.types import ListFunction, Operand, UserFunction
from taylor.functions.apply import Applicable, apply
from taylor.nodes.conversion import object_vector
from taylor.nodes.defined import DefinedName, defined, makes
from taylor.nodes.record import Equations, Function
from taylor.nodes.traverse import inputs, reachable
from taylor.recurrences.decompose import decompose
from taylor.reference.interpreter import mpmath_algebra
from taylor.reference.own_kernels import inverse_value
from taylor.transforms.differentiate import grad_expressions
from taylor.transforms.rounding import rounding_error
from taylor_runtime.program.kernels import InverseKernel, NewtonKernel, NewtonSystem
from taylor_runtime.program.program import Input
from taylor_runtime.program.records import dataclass

Nodes = tuple[Expression, ...]


# A number, for a system several, or a function that builds them.
Start: TypeAlias = "Operand | Sequence[Operand] | np.ndarray | UserFunction"
Bracket: TypeAlias = "Sequence[Operand] | UserFunction"


@overload
def implicit(
    g: Callable[..., Operand],
    start: Start | None = None,
    *,
    bracket: Bracket | None = None,
    arity: int | None = None,
) -> Applicable: ...
@overload
def implicit(
    g: ListFunction, start: Start | None = None, *, bracket: None = None, arity: int | None = None
) -> Callable[..., tuple[Any, ...]]: ...
def implicit(
    g: UserFunction,
    start: Start | None = None,
    *,
    bracket: Bracket | None = None,
    arity: int | None = None,
) -> Callable[..., Any]:
    """Return the function y(x_1, .., x_n) that solves g(x_1, .., x_n, y) = 0.

    g: builds an expression; its last argument is the unknown.  For a system of m equations the
        unknown is an array of m expressions, and g returns a sequence of m.
    start: where Newton's method begins: a number, or a function of x_1, .., x_n that builds an
        expression.  For a system a sequence of m of them, or a function that returns one.  By
        default 0, or the middle of the bracket.
    bracket: for a single equation two numbers, or a function of x_1, .., x_n that returns two,
        at which g has unlike signs.  The root is then one between them.
    arity: n, where the signature of g does not tell.

    The result is used as any function: of expressions it gives an expression (for a system a tuple
    of m), of numbers numbers.  Without a bracket the start decides which root it is: the one that
    Newton's steps lead to, each halved until |g| (of a system the largest) is finite and
    decreases, and computed until g is zero to within its rounding errors.  Where there are several,
    let the start be a function of x that stays near the wanted one: as x moves, a fixed start may
    lead to another root, and the function then jumps (an integration goes on beyond a jump, as
    beyond any other).
    With a bracket, Newton's method never leaves it, and a root in it is found for certain.

    Where there is no root the value is NaN: where |g| has a minimum that is not zero, or does not
    reach zero in 500 tries; where g is not finite at the start; with a bracket where g has like
    signs at its ends, or changes its sign by a jump or through a pole.

    Derivatives of every order follow from the equations, and are not finite where dg/dy is
    singular.  Other variables and parameters in g are arguments, too.

    Raises ArgumentError if the equations do not contain an unknown, or nothing but unknowns,
    ArgumentTypeError for a g that is not callable or does not build expressions, ShapeError for
    another number of equations than unknowns.

    >>> import numpy as np, taylor as ty
    >>> cube_root = ty.implicit(lambda x, y: y**3 + y - x, start=lambda x: x / 2)
    >>> float(cube_root(10.0))
    2.0
    >>> x = ty.variable("x")
    >>> ty.jet(cube_root, 10.0, order=2).round(10).tolist()
    [2.0, 0.0769230769, -0.0027309968]
    >>> cosine = ty.implicit(lambda x, y: ty.cos(y) - x * y, bracket=(0, np.pi / 2))
    >>> float(cosine(1.0))
    0.7390851332151607
    """
    if not callable(g):
        raise ArgumentTypeError(f"implicit: g={g!r} is not callable; give a function of x and y")
    count = _count(g) - 1 if arity is None else arity
    names = positional_names(g) or []
    if len(names) != count + 1:
        names = [*(f"argument {i} of an implicit function" for i in range(count)), "y"]
    x = kept(*map(argument, names[:-1]))
    ends: Nodes = ()
    with traced(x):
        if bracket is not None:
            ends = _elements("bracket", call_user(bracket, *x) if callable(bracket) else bracket)
            if len(ends) != 2:
                raise ShapeError(f"implicit: bracket has {len(ends)} number(s); give its two ends")
        if start is None:
            start = 0.5 * ends[0] + 0.5 * ends[1] if ends else 0
        begin: Any = call_user(start, *x) if callable(start) else start
    single = np.ndim(begin) == 0 and getattr(begin, "shape", ()) == ()
    starts = _elements("start", begin)
    if not starts:
        raise ShapeError("implicit: start is empty; give a number for every unknown")
    unknowns = [names[-1] if single else f"{names[-1]}[{j}]" for j in range(len(starts))]
    y = kept(*map(argument, unknowns))
    with traced((*x, *y)):
        equations = _elements("g", call_user(g, *x, y[0] if single else _array(y)))
    equations = tuple(unrolled("implicit", equations, refuse=False))
    if len(equations) != len(y):
        raise ShapeError(
            f"implicit: g returned {len(equations)} equation(s) for {len(y)} unknown(s); start= "
            "needs one value for every unknown, and g as many equations"
        )
    if ends and (len(y) > 1 or not single):
        raise ArgumentError(
            f"implicit: a bracket is for one equation, and these are {len(y)} in an array; give a "
            "start in its place"
        )
    _check(equations, (*x, *captured([*equations, *starts, *ends], [*x, *y])), y)
    others, parts = _scalar_captures((equations, starts, ends), (*x, *y))
    solved = _System((*x, *others.values()), y, *parts).names

    def function(*args: Any) -> Any:
        if len(args) != count:
            raise ArgumentTypeError(
                f"implicit function: takes {count} argument(s), got {len(args)}"
            )
        values = tuple(apply(name, *args, *others) for name in solved)
        return values[0] if single else values

    return function


def _scalar_captures(
    parts: Sequence[Nodes], own: Nodes
) -> tuple[dict[Expression, Expression], list[Nodes]]:
    """What expressions depend on besides their own arguments, elements of arrays one by one, with
    the argument that stands for each; and the expressions written with these.
    """
    roots = [e for part in parts for e in part]
    known = set(own)
    others = {
        e: kept(argument(str(e)))[0] if is_element(e) else e
        for e in reachable(roots, stop=is_element)
        if is_element(e) or (e.op in ("variable", "parameter", "time") and e not in known)
    }
    elements = {e: stand_in for e, stand_in in others.items() if e is not stand_in}
    return others, [tuple(substitute_all(part, elements)) if elements else part for part in parts]


def _count(g: Callable[..., Any]) -> int:
    try:
        parameters = inspect.signature(g).parameters.values()
    except (TypeError, ValueError):
        parameters = ()  # type: ignore[assignment]
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if not parameters or not all(p.kind in positional for p in parameters):
        raise ArgumentTypeError("implicit: the arguments of g cannot be counted; pass arity=")
    return sum(p.default is p.empty for p in parameters)


def _array(y: Nodes) -> Any:
    from taylor.expressions.object_arrays import expression_array

    array = np.empty(len(y), dtype=object)
    array[:] = y
    return expression_array(array)


def _elements(what: str, values: Any) -> Nodes:
    """The scalars of an expression, a number, or a sequence of them."""
    try:
        if isinstance(values, (list, tuple, np.ndarray)):
            parts = [scalars(as_expression(v)).reshape(-1) for v in np.ravel(object_vector(values))]
            return tuple(e for part in parts for e in part)
        return tuple(scalars(as_expression(values)).reshape(-1))
    except ArgumentTypeError as error:
        raise ArgumentTypeError(
            f"implicit: {what} gave {values!r}, which is no expression or sequence of them"
        ) from error


def _check(equations: Nodes, x: Nodes, y: Nodes) -> None:
    if not x:
        raise ArgumentError("implicit: g depends on nothing but y; solve it once, for a number")
    unknowns = frozenset(y)
    for i, equation in enumerate(equations):
        if unknowns.isdisjoint(inputs([equation])):
            raise ArgumentError(f"implicit: equation {i}, {equation} = 0, contains no unknown")
    present = frozenset(inputs(equations))
    for j, unknown in enumerate(y):
        if unknown not in present:
            raise ArgumentError(f"implicit: unknown {j} does not occur in the equations")


# -- the functions --------------------------------------------------------------------------------


class _System:
    """Equations g(x, y) = 0, and the functions y_1 .. y_m of x that they define: `names`."""

    def __init__(
        self, x: Nodes, y: Nodes, equations: Nodes, starts: Nodes, ends: Nodes = ()
    ) -> None:
        self.x, self.y = x, y
        self.equations, self.starts, self.ends = equations, starts, ends
        gradients = [grad_expressions(g, [*x, *y]) for g in equations]
        self.partials = tuple(tuple(line[: len(x)]) for line in gradients)
        self.jacobian = tuple(tuple(line[len(x) :]) for line in gradients)
        size = range(len(y))
        self.inverse = tuple(tuple(InverseKernel(len(y), i, j) for j in size) for i in size)
        self._compiled: Any = None
        kernel = self._kernel()
        self.kernels = [NewtonKernel(kernel, j) for j in size]
        self.names = tuple(DefinedName(_Unknown(self, j)) for j in size)

    def __reduce__(self) -> tuple[type[_System], tuple[Nodes, ...]]:
        return _System, (self.x, self.y, self.equations, self.starts, self.ends)

    def _kernel(self) -> NewtonSystem:
        """The kernel of all unknowns."""
        slots = {e: Input("parameter", (i,)) for i, e in enumerate((*self.x, *self.y))}
        bounds = [rounding_error(g) for g in self.equations]
        entries = [entry for line in self.jacobian for entry in line]
        program = decompose([*self.equations, *bounds, *entries], slots, order=0)
        given = {e: slots[e] for e in self.x}
        first = decompose(self.starts, given, order=0)
        bracket = decompose(self.ends, given, order=0) if self.ends else None
        return NewtonSystem(len(self.x), first, program, bracket)

    def nodes(self, args: Sequence[Any]) -> Nodes:
        """The unknowns at some arguments."""
        return tuple(make_function_node(name, *args) for name in self.names)

    def _at(self, lines: tuple[Nodes, ...], args: Sequence[Any]) -> tuple[Nodes, ...]:
        actual = dict(zip((*self.x, *self.y), (*args, *self.nodes(args)), strict=True))
        return tuple(tuple(Spelling.replaced(line, actual)) for line in lines)

    def system(self, *args: Expression) -> Equations:
        """What the unknowns' series follow from."""
        jacobian, partials = self._at(self.jacobian, args), self._at(self.partials, args)
        return Equations(self.nodes(args), jacobian, partials, self.inverse)

    def derivative(self, j: int, *args: Expression) -> Nodes:
        """-(dg/dy)**-1 dg/dx_k, one for each argument."""
        matrix, sides = self._at(self.jacobian, args), self._at(self.partials, args)
        size = len(self.y)
        if size == 1:
            return tuple(-side / matrix[0][0] for side in sides[0])
        flat = [entry for line in matrix for entry in line]
        row = [make_function_node(DefinedName(kernel), *flat) for kernel in self.inverse[j]]
        columns = zip(*sides, strict=True)
        return tuple(
            -as_expression(sum((r * s for r, s in zip(row, column, strict=True)), ZERO))
            for column in columns
        )

    def by_machine(self, j: int, *args: Any) -> Any:
        """Unknown j of numbers and arrays."""
        from taylor.points.formula import compile

        if self._compiled is None:
            self._compiled = compile(self.nodes(self.x), list(self.x), name="implicit")
        return self._compiled(*args)[j]

    def by_mpmath(self, j: int, mp: Any, *args: Any) -> Any:
        """Unknown j in the precision of an mpmath context."""
        return mpmath_algebra(mp).kernel(self.kernels[j], list(map(mp.mpf, args)))


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Unknown number j of a system of equations, as a function."""

    system: _System
    number: int

    @property
    def name(self) -> str:
        return self.system.kernels[self.number].name


@makes(_Unknown)
def _unknown(name: DefinedName, unknown: _Unknown) -> Function:
    system, j = unknown.system, unknown.number
    return defined(
        name,
        system.kernels[j],
        arity=len(system.x),
        mpmath=partial(system.by_mpmath, j),
        numpy=partial(system.by_machine, j),
        derivative=partial(system.derivative, j),
        equations=system.system,
        domain="where Newton's method finds a root",
        reference="the equations, solved order by order",
    )


@makes(InverseKernel)
def _inverse(name: DefinedName, kernel: InverseKernel) -> Function:
    """An entry of the inverse of a matrix as a function of its entries, row by row."""
    size = kernel.size

    def by_numpy(*entries: Any) -> Any:
        parts = np.broadcast_arrays(*entries)
        matrix = np.stack(parts, axis=-1).reshape(*parts[0].shape, size, size)
        return np.linalg.inv(matrix)[..., kernel.row, kernel.column][()]

    def derivative(*entries: Expression) -> Nodes:
        def entry(i: int, j: int) -> Expression:
            return make_function_node(DefinedName(InverseKernel(size, i, j)), *entries)

        places = product(range(size), repeat=2)
        return tuple(-entry(kernel.row, k) * entry(m, kernel.column) for k, m in places)

    return defined(
        name,
        kernel,
        arity=size * size,
        mpmath=partial(inverse_value, kernel),
        numpy=by_numpy,
        derivative=derivative,
        domain="regular matrices",
        reference="d(A**-1) = -A**-1 dA A**-1",
    )
