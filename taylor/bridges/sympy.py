"""Expressions to SymPy and back, with shared parts shared and without recursion on our side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, as_expression, constant, make_function_node, pi, variable
from taylor.expressions.scalars import scalars
from taylor.expressions.types import ExpressionLike
from taylor.nodes import conversion, elementary, logic, products, sums
from taylor.nodes.node import CONDITIONS
from taylor.nodes.operations.table import operation
from taylor.nodes.record import Function
from taylor.nodes.registry import functions, get
from taylor.nodes.traverse import reachable
from taylor.numbers import exact as constants
from taylor.numbers.types import SympyExpression

_CONSTANT_DIGITS = 320  # pi, E and the like are replaced by a Fraction of so many digits

_LONG = 10**60  # denominators beyond are those of pi and its multiples

# SymPy functions of x that are functions in the registry of 1/x.
_OF_RECIPROCALS = {
    "asec": "acos",
    "acsc": "asin",
    "asech": "acosh",
    "acsch": "asinh",
    "acoth": "atanh",
}

# Those of sympy.codegen.cfunctions that have our names.
_C_FUNCTIONS = ("expm1", "log1p", "exp2", "log2", "log10", "hypot")

# SymPy functions that are reciprocals of functions in the registry.
_RECIPROCALS = {
    "sec": "cos",
    "csc": "sin",
    "cot": "tan",
    "sech": "cosh",
    "csch": "sinh",
    "coth": "tanh",
}


def to_sympy(
    expression: ExpressionLike, symbols: Mapping[Expression, SympyExpression] | None = None
) -> SympyExpression:
    """Return the expression as a SymPy expression, an array as an `ImmutableDenseNDimArray`.

    symbols: SymPy expressions for some inputs; others become ``Symbol(name)``, time
        ``Symbol("t")``, an element of an array a symbol named like ``q[0, 1]``.

    `from_sympy` takes the symbols back to the inputs that they were made from.

    Raises UnsupportedFunctionError for functions that SymPy does not have, ArgumentError for two
    inputs of one name, which would become one symbol.

    >>> import taylor as ty
    >>> x, k = ty.variables("x k")
    >>> ty.to_sympy(k * x**2 + x)
    k*x**2 + x
    """
    import sympy

    root = as_expression(expression)
    elements = scalars(root)
    done: dict[Expression, Any] = dict(symbols or {})
    translation = _Translation(done)
    named: dict[str, Expression] = {}
    for e in reachable(elements.reshape(-1), stop=done.__contains__):
        if e not in done:
            done[e] = operation(e.op).sympy(translation, e)
            if isinstance(done[e], sympy.Symbol):
                _remember(done[e].name, e, named)
    results = [translation.number(e) for e in elements.reshape(-1)]
    return results[0] if not root.shape else sympy.ImmutableDenseNDimArray(results, root.shape)


def sympy_form(record: Function, *args: Any) -> Any:
    """The SymPy expression of a function of the registry at SymPy arguments.

    Raises NotImplementedError for a function that SymPy does not have.

    >>> import sympy
    >>> sympy_form(get("xlogy"), sympy.Integer(2), sympy.Symbol("y")).subs("y", sympy.E)
    2
    """
    import sympy

    if record.expression is None:
        return record.sympy(sympy, *args)
    placeholders = [variable(f"argument {i} of {record.name}") for i in range(record.arity)]
    form = to_sympy(record.expression(*placeholders))
    symbols = map(to_sympy, placeholders)
    return form.subs(dict(zip(symbols, args, strict=True)), simultaneous=True)


# Inputs by the name of the symbol that was last made of them.
_inputs: dict[str, Expression] = {}


def _remember(name: str, e: Expression, named: dict[str, Expression]) -> None:
    other = named.setdefault(name, e)
    if other is not e:
        raise ArgumentError(
            f"to_sympy: the {other.op} and the {e.op} {name!r} would be one symbol; give one of "
            "them a symbol in symbols"
        )
    _inputs[name] = e


def _input(name: str) -> Expression:
    """What a symbol stands for: the input that it was made from, else a variable."""
    known = _inputs.get(name)
    return variable(name) if known is None else known


class _Translation:
    """What the records of operations ask for their SymPy form (`Operation.sympy`).

    sympy: the module.
    done:  translations of operands.
    """

    def __init__(self, done: dict[Expression, Any]) -> None:
        import sympy

        self.sympy = sympy
        self.done = done

    def exact(self, value: constants.Number) -> Any:
        """A number of ours."""
        return _to_sympy_number(value)

    def number(self, e: Expression) -> Any:
        """An operand as a number: a condition counts 1 where it holds and 0 where not."""
        value = self.done[e]
        return self.sympy.Piecewise((1, value), (0, True)) if e.op in CONDITIONS else value

    def condition(self, e: Expression) -> Any:
        """An operand as a condition."""
        return self.done[e] if e.op in CONDITIONS else self.sympy.Ne(self.done[e], 0)

    def call(self, e: Expression) -> Any:
        """The form of an elementary function."""
        try:
            return get(e.op).sympy(self.sympy, *map(self.number, e.args))
        except (AttributeError, NotImplementedError) as error:
            message = f"to_sympy: SymPy has no function for {e.op!r}"
            raise UnsupportedFunctionError(message) from error


def _to_sympy_number(value: constants.Number) -> Any:
    import sympy

    if isinstance(value, float):
        return sympy.nan if value != value else sympy.oo if value > 0 else -sympy.oo
    if value.denominator > _LONG:
        for multiple, unit in (
            (value / constants.PI, sympy.pi),
            (value * constants.PI, 1 / sympy.pi),
        ):
            if multiple.denominator < _LONG:
                return sympy.Rational(multiple.numerator, multiple.denominator) * unit
    return sympy.Rational(value.numerator, value.denominator)


# --- from SymPy ----------------------------------------------------------


def from_sympy(
    expression: SympyExpression, symbols: Mapping[SympyExpression, ExpressionLike] | None = None
) -> Expression:
    """Return a SymPy expression, Matrix or array as an Expression.

    symbols: what some SymPy symbols (or other subexpressions, such as f(t)) stand for.  Others
        become the parameter, time or variable that `to_sympy` made them from, else variables of
        their name.  Exact numbers stay exact, a Float keeps its binary value, pi is `taylor.pi`,
        E and the like become fractions of 320 digits.

    Raises UnsupportedFunctionError, naming it, for anything without a counterpart.

    >>> import taylor as ty
    >>> import sympy
    >>> x, y = sympy.symbols("x y")
    >>> ty.from_sympy(sympy.sin(x) / y + sympy.Rational(1, 3))
    sin(x)/y + 1/3
    """
    import sympy

    if isinstance(expression, (sympy.MatrixBase, sympy.NDimArray)):
        elements = np.empty(expression.shape, dtype=object)
        for position in np.ndindex(*expression.shape):
            elements[position] = from_sympy(expression[position], symbols)
        return conversion.from_elements(elements)
    try:
        root = sympy.sympify(expression)
    except sympy.SympifyError as error:
        raise ArgumentTypeError(f"from_sympy: {expression!r} is not a SymPy expression") from error
    done: dict[Any, Expression] = {
        sympy.sympify(key): as_expression(value) for key, value in (symbols or {}).items()
    }
    pending = [root]
    while pending:
        current = pending[-1]
        if current in done:
            pending.pop()
            continue
        _check_known(current)
        missing = [arg for arg in current.args if arg not in done]
        if missing:
            pending.extend(missing)
            continue
        done[pending.pop()] = _from_sympy(current, [done[arg] for arg in current.args])
    return done[root]


def _from_sympy(e: Any, args: list[Expression]) -> Expression:
    import sympy

    if isinstance(e, sympy.Symbol):
        return _input(e.name)
    if not e.args:
        return _from_atom(e)
    name = type(e).__name__
    rule = _RULES.get(name)
    if rule is not None:
        return rule(args)
    if name in _RECIPROCALS:
        return products.reciprocal(make_function_node(_RECIPROCALS[name], *args))
    if name in _OF_RECIPROCALS:
        return make_function_node(_OF_RECIPROCALS[name], products.reciprocal(args[0]))
    return make_function_node(_registered()[name], *args)


def _registered() -> dict[str, str]:
    """Functions by the name of the SymPy class."""
    found = {name: name for name in _C_FUNCTIONS}
    for record in functions.values():
        found.update(dict.fromkeys(record.sympy_names, record.name))
    return found


def _check_known(e: Any) -> None:
    """Say what has no counterpart before its parts are looked at."""
    name = type(e).__name__
    if not e.args or name in _RULES or name in _RECIPROCALS or name in _OF_RECIPROCALS:
        return
    if name not in _registered():
        raise UnsupportedFunctionError(
            f"from_sympy: no counterpart for {name} in {e}; rewrite it with SymPy first (doit, "
            "rewrite), or give a replacement in symbols"
        )


def _from_atom(e: Any) -> Expression:
    import sympy

    if e is sympy.pi:
        return pi
    if isinstance(e, sympy.NumberSymbol):
        digits = sympy.Float(e.evalf(_CONSTANT_DIGITS), _CONSTANT_DIGITS)
        return constant(digits)
    if e is sympy.true or e is sympy.false:
        return constant(int(bool(e)))
    if e is sympy.oo or e is -sympy.oo or e is sympy.nan:
        return constant(float(e))
    if isinstance(e, (sympy.Rational, sympy.Float)):
        return constant(e)
    raise UnsupportedFunctionError(
        f"from_sympy: {e} ({type(e).__name__}) has no counterpart; expressions are real"
    )


def _product(args: list[Expression]) -> Expression:
    """SymPy writes x/y as x*y**-1: collect reciprocals into one quotient again."""
    above: list[Expression] = []
    below: list[Expression] = []
    for arg in args:
        if arg.op == "div" and arg.args[0] is ONE:
            below.append(arg.args[1])
        else:
            above.append(arg)
    numerator = reduce(products.multiply, above, ONE)
    return products.divide(numerator, reduce(products.multiply, below)) if below else numerator


def _piecewise(args: list[Expression]) -> Expression:
    """Nested choices from the last piece up; a point outside all pieces has no value."""
    result = constant(float("nan"))
    for piece in reversed(args):
        result = logic.where(piece[1], piece[0], result)
    return result


def _heaviside(args: list[Expression]) -> Expression:
    at_zero = args[1] if len(args) > 1 else constant(Fraction(1, 2))
    x = args[0]
    return logic.where(x < 0, 0, logic.where(x > 0, 1, at_zero))


def _arc_cotangent(args: list[Expression]) -> Expression:
    """SymPy's branch, atan(1/x): it jumps at 0, where it is pi/2."""
    half = pi / 2
    return logic.where(args[0] >= 0, half, -half) - make_function_node("atan", args[0])


def _lower_gamma(args: list[Expression]) -> Expression:
    return make_function_node("gammainc", *args) * make_function_node("gamma", args[0])


def _upper_gamma(args: list[Expression]) -> Expression:
    return make_function_node("gammaincc", *args) * make_function_node("gamma", args[0])


def _erfi(args: list[Expression]) -> Expression:
    """2/sqrt(pi) exp(x**2) dawsn(x)."""
    (x,) = args
    scaled = make_function_node("dawsn", x) / make_function_node(
        "sqrt", as_expression(constants.PI)
    )
    return 2 * make_function_node("exp", x**2) * scaled


def _fold(build: Callable[..., Expression]) -> Callable[[list[Expression]], Expression]:
    return lambda args: reduce(build, args)


def _call(name: str) -> Callable[..., Expression]:
    return lambda *args: make_function_node(name, *args)


def _rounded_down(args: list[Expression]) -> Expression:
    """Of a quotient exactly, as SymPy means it."""
    (e,) = args
    return elementary.floor_divide(*e.args) if e.op == "div" else make_function_node("floor", e)


_RULES: dict[str, Callable[[list[Expression]], Expression]] = {
    "Add": sums.add_many,
    "Mul": _product,
    "Pow": lambda args: products.power(*args),
    "floor": _rounded_down,
    "ceiling": lambda args: -make_function_node("floor", -args[0]),
    "Max": _fold(_call("maximum")),
    "Min": _fold(_call("minimum")),
    "Heaviside": _heaviside,
    "trigamma": lambda args: make_function_node("polygamma", 1, *args),
    "Piecewise": _piecewise,
    "ExprCondPair": lambda args: conversion.stack(args),
    "And": _fold(lambda a, b: logic.logical("and", a, b)),
    "Or": _fold(lambda a, b: logic.logical("or", a, b)),
    "Xor": _fold(lambda a, b: logic.different(logic.condition(a), logic.condition(b))),
    "ITE": lambda args: logic.where(*args),
    "frac": lambda args: args[0] - make_function_node("floor", args[0]),
    "acot": _arc_cotangent,
    "factorial": lambda args: make_function_node("gamma", args[0] + 1),
    "lowergamma": _lower_gamma,
    "uppergamma": _upper_gamma,
    "erfi": _erfi,
    "Cbrt": lambda args: make_function_node("cbrt", *args),
    "Sqrt": lambda args: make_function_node("sqrt", *args),
    "UnevaluatedExpr": lambda args: args[0],
    "Not": lambda args: logic.logical_not(args[0]),
    "StrictLessThan": lambda args: args[0] < args[1],
    "LessThan": lambda args: args[0] <= args[1],
    "StrictGreaterThan": lambda args: args[0] > args[1],
    "GreaterThan": lambda args: args[0] >= args[1],
    "Equality": lambda args: logic.equal(*args),
    "Unequality": lambda args: logic.not_equal(*args),
}
