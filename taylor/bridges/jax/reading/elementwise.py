"""Primitives that work element by element."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from taylor import functions
from taylor.bridges.jax.reading.call import Call, Operand, Rule, is_known, kind_of, number, truth
from taylor.definitions.custom import stop_gradient
from taylor.expressions.expression import Expression
from taylor.expressions.ufunc_builders import remainder_towards_zero
from taylor.functions.apply import where
from taylor.nodes.operations.scalars.held import shift


def _plain(function: Callable[..., Any]) -> Rule:
    """The rule of a function of ours."""
    return lambda call, *operands: function(*map(number, operands))


def _compared(function: Callable[[Any, Any], Any]) -> Rule:
    """A comparison; of truth values, as numbers."""

    def rule(call: Call, a: Operand, b: Operand) -> Expression:
        x, y = map(number, (a, b))
        if call.kind == "b":
            x, y = where(truth(x), 1, 0), where(truth(y), 1, 0)
        if call.kind != "f" and function in (operator.eq, operator.ne):
            # Of whole numbers this is no condition that holds at single points.
            apart = functions.abs(x - y) > 0.5
            return apart if function is operator.ne else ~apart
        found: Expression = function(x, y)
        return found

    return rule


def _connective(function: Callable[..., Any]) -> Rule:
    """And, or, not of truth values."""

    def rule(call: Call, *operands: Operand) -> Expression:
        if call.kind != "b":
            raise call.refuse("on the bits of whole numbers, which are real numbers here")
        found: Expression = function(*map(truth, operands))
        return found

    return rule


def _exclusive(a: Any, b: Any) -> Any:
    return (a & ~b) | (~a & b)


def _cut(e: Expression) -> Expression:
    """The whole part."""
    return where(e < 0, -functions.floor(-e), functions.floor(e))


def _quotient(call: Call, a: Operand, b: Operand) -> Expression:
    x, y = number(a), number(b)
    return x / y if call.kind == "f" else _cut(x / y)


def _power(call: Call, a: Operand, b: Operand) -> Expression:
    if is_known(b) and not np.shape(b):
        exponent = float(b)
        return number(a) ** (int(exponent) if exponent.is_integer() else exponent)
    return number(a) ** number(b)


def _whole_power(call: Call, a: Operand) -> Expression:
    return number(a) ** call.params["y"]


def _bounded(function: Callable[..., Any]) -> Rule:
    """The larger or the smaller one; infinite bounds, as of maxima of nothing, are none."""
    end = -np.inf if function is functions.maximum else np.inf

    def rule(call: Call, a: Operand, b: Operand) -> Expression:
        for x, other in ((a, b), (b, a)):
            if is_known(x) and np.all(np.asarray(x) == end):
                return number(other)
        if call.kind == "b":
            return truth(a) | truth(b) if function is functions.maximum else truth(a) & truth(b)
        found: Expression = function(number(a), number(b))
        return found

    return rule


def _clamped(call: Call, low: Operand, x: Operand, high: Operand) -> Expression:
    return functions.minimum(functions.maximum(number(x), number(low)), number(high))


def _selected(call: Call, which: Operand, *cases: Operand) -> Operand:
    """Case k where `which` is k; false is 0."""
    if call.kind == "b":
        chosen = truth(which)
        if call.wanted == "b":
            no, yes = map(truth, cases)
            return (chosen & yes) | (~chosen & no)
        return where(chosen, number(cases[1]), number(cases[0]))
    place, found = number(which), number(cases[-1])
    for k in range(len(cases) - 2, -1, -1):
        found = where(place <= k, number(cases[k]), found)
    return found


def _converted(call: Call, x: Operand) -> Expression:
    """Kinds of numbers: real ones are cut off to whole ones, and are else as they are."""
    e, wanted = number(x), kind_of_dtype(call.params["new_dtype"])
    if wanted == call.kind:
        return e
    if call.kind == "b":
        return where(truth(e), 1, 0)
    if wanted == "b":
        return e != 0
    if wanted == "i":
        return _cut(e)
    if wanted == "f":
        return e
    raise call.refuse(f"to {call.params['new_dtype']}; only real numbers are supported")


def kind_of_dtype(dtype: Any) -> str:
    """As `kind_of`."""
    return kind_of(jnp.zeros((), dtype))


def _of_order(function: Callable[[Any, Expression], Expression]) -> Rule:
    """A function whose first operand has to be known: a number."""

    def rule(call: Call, order: Operand, x: Operand) -> Expression:
        if not is_known(order):
            raise call.refuse("with an order that is not known when it is read")
        orders = np.unique(np.asarray(order))
        if orders.size != 1:
            raise call.refuse("with orders that differ between elements")
        return function(orders[0].item(), number(x))

    return rule


def _finite(call: Call, x: Operand) -> Expression:
    e = number(x)
    return (e == e) & (functions.abs(e) != np.inf)


def _stopped(call: Call, x: Operand) -> Expression:
    """Without derivatives; where JAX's own functions ask for that, as softmax of the largest
    element, the results do not depend on it.
    """
    e = number(x)
    return shift(e) if call.is_asked_by_jax("stop_gradient") else stop_gradient(e)


def _same(call: Call, x: Operand) -> Expression:
    return number(x)


RULES: dict[str, Rule] = {
    "add": _plain(operator.add),
    "add_any": _plain(operator.add),
    "sub": _plain(operator.sub),
    "mul": _plain(operator.mul),
    "neg": _plain(operator.neg),
    "div": _quotient,
    "rem": _plain(remainder_towards_zero),
    "pow": _power,
    "integer_pow": _whole_power,
    "square": _plain(lambda x: x**2),
    "sqrt": _plain(functions.sqrt),
    "rsqrt": _plain(lambda x: 1 / functions.sqrt(x)),
    "cbrt": _plain(functions.cbrt),
    "max": _bounded(functions.maximum),
    "min": _bounded(functions.minimum),
    "clamp": _clamped,
    "select_n": _selected,
    "convert_element_type": _converted,
    "stop_gradient": _stopped,
    "is_finite": _finite,
    "floor": _plain(functions.floor),
    "ceil": _plain(np.ceil),
    "round": lambda call, x: (
        np.rint(number(x))
        if int(call.params["rounding_method"])
        else functions.sign(number(x)) * functions.floor(functions.abs(number(x)) + 0.5)
    ),
    "sign": _plain(functions.sign),
    "abs": _plain(functions.abs),
    "atan2": _plain(functions.atan2),
    "logistic": _plain(functions.sigmoid),
    "erf_inv": _plain(functions.erfinv),
    "polygamma": _of_order(lambda n, x: functions.polygamma(int(n), x)),
    "igamma": _of_order(functions.gammainc),
    "igammac": _of_order(functions.gammaincc),
    "bessel_i0e": _plain(lambda x: functions.besseli_scaled(0, x)),
    "bessel_i1e": _plain(lambda x: functions.besseli_scaled(1, x)),
    "and": _connective(operator.and_),
    "or": _connective(operator.or_),
    "xor": _connective(_exclusive),
    "not": _connective(operator.invert),
    **{name: _compared(getattr(operator, name)) for name in ("eq", "ne", "lt", "le", "gt", "ge")},
    **{f"{name}_to": _compared(getattr(operator, name)) for name in ("eq", "lt", "le")},
    **dict.fromkeys(("copy", "copy_p", "reduce_precision", "optimization_barrier"), _same),
    **{
        name: _plain(getattr(functions, name))
        for name in (
            *("exp", "exp2", "expm1", "log", "log1p", "sin", "cos", "tan", "asin", "acos", "atan"),
            *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc"),
            *("lgamma", "digamma", "zeta"),
        )
    },
}
