"""Sums, products, quotients and powers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from taylor.nodes import products, sums
from taylor.nodes.elementary import make_function_node
from taylor.nodes.logic import compare, where
from taylor.nodes.node import ONE, ZERO, Node, broadcast_shapes, constant_node
from taylor.nodes.operation import ATOM, POWER, PRODUCT, UNARY, Operation, Slope, Text, everywhere
from taylor.nodes.operations.scalars.leaves import number_text
from taylor.nodes.operations.scalars.rounding import passed_on, size
from taylor.nodes.operations.scalars.sums_as_text import sum_text
from taylor.numbers.exact import Exact, normalised

# --- sums ----------------------------------------------------------


def _build_sum(e: Any, args: Sequence[Any]) -> Any:
    coefficients, offset = e.payload
    if len(args) == 1:
        return sums.add_constant(sums.scale(coefficients[0], args[0]), offset)
    if len(args) == 2:
        return sums.combine(coefficients[0], args[0], coefficients[1], args[1])
    shape = broadcast_shapes("sum", *args)
    terms = list(zip(coefficients, args, strict=True))
    if all(arg.shape == shape for arg in args):
        return sums.linear_combination(terms, shape)
    total = sums.scale(*terms[0])
    for coefficient, term in terms[1:]:
        total = sums.combine(1, total, coefficient, term)
    return total


def _sum_value(algebra: Any, e: Any, values: Sequence[Any]) -> Any:
    coefficients, offset = e.payload
    total = None
    for coefficient, value in zip(coefficients, values, strict=True):
        term = value if coefficient == 1 else algebra.number(coefficient) * value
        total = term if total is None else total + term
    return total if offset == 0 else total + algebra.number(offset)


def _sum_in_sympy(to: Any, e: Any) -> Any:
    coefficients, offset = e.payload
    terms = [to.exact(c) * to.number(arg) for c, arg in zip(coefficients, e.args, strict=True)]
    return to.sympy.Add(*terms, to.exact(offset))


def _sum_error(e: Any, errors: Mapping[Any, Any]) -> Any:
    coefficients, offset = e.payload
    total = constant_node(abs(offset))
    for c, arg in zip(coefficients, e.args, strict=True):
        total = sums.add(total, sums.scale(abs(c), sums.add(errors[arg], size(arg))))
    return total


def _sum_sign(e: Any, signs: Sequence[int]) -> int:
    coefficients, offset = e.payload
    if offset < 0 or min(coefficients) < 0 or not min(signs):
        return 0
    return 2 if offset > 0 else max(signs)


_LINEAR = Operation(
    name="linear",
    build=_build_sum,
    text=sum_text,
    value=_sum_value,
    sympy=_sum_in_sympy,
    slopes=lambda e, active: e.payload[0],
    error=_sum_error,
    bound=lambda models, e, parts: models.sum(*e.payload, parts),
    digits=lambda known, e, parts: known.sum(*e.payload, parts),
    rows=lambda walk, e: walk.sum(e),
    absorbs=lambda walk, e: walk.absorbed_by_sum(e),
    sign=_sum_sign,
    smooth=everywhere,
    surface=lambda signs, e, zeros: signs.sum(e),
)

# --- products ----------------------------------------------------------


def _product_text(e: Node, names: Any) -> Text:
    right = PRODUCT if e.args[1].op == "mul" else UNARY
    return [(e.args[0], PRODUCT), "*", (e.args[1], right)], PRODUCT


_MUL = Operation(
    name="mul",
    build=lambda e, args: products.multiply(args[0], args[1]),
    text=_product_text,
    value=lambda algebra, e, values: values[0] * values[1],
    sympy=lambda to, e: to.number(e.args[0]) * to.number(e.args[1]),
    slopes=lambda e, active: e.args[::-1],
    error=lambda e, errors: passed_on(e, e.args[::-1], errors),
    bound=lambda models, e, parts: models.product(*parts),
    digits=lambda known, e, parts: known.product(*parts),
    rows=lambda walk, e: walk.product(e),
    sign=lambda e, signs: min(signs),
    smooth=everywhere,
    surface=lambda signs, e, zeros: signs.product(e, zeros),
)

# --- quotients ----------------------------------------------------------


def _quotient_text(e: Node, names: Any) -> Text:
    # Division is not associative, so its right operand needs a stronger place.
    return [(e.args[0], PRODUCT), "/", (e.args[1], UNARY)], PRODUCT


def _quotient_slopes(e: Any, active: Sequence[bool]) -> Sequence[Slope]:
    a, b = e.args
    by_a = products.divide(ONE, b) if active[0] else None
    if not active[1]:
        return by_a, None
    # The quotient itself is there already; 1/b has the square of it as derivative.
    by_b = products.slope_of_inverse(b, 1, 1) if a is ONE else sums.negate(products.divide(e, b))
    return by_a, by_b


def _quotient_error(e: Any, errors: Mapping[Any, Any]) -> Any:
    b = e.args[1]
    return passed_on(e, (products.divide(ONE, b), products.divide(sums.negate(e), b)), errors)


_DIV = Operation(
    name="div",
    build=lambda e, args: products.divide(args[0], args[1]),
    text=_quotient_text,
    value=lambda algebra, e, values: values[0] / values[1],
    sympy=lambda to, e: to.number(e.args[0]) / to.number(e.args[1]),
    slopes=_quotient_slopes,
    error=_quotient_error,
    bound=lambda models, e, parts: models.quotient(*parts),
    digits=lambda known, e, parts: known.quotient(*parts),
    rows=lambda walk, e: walk.quotient(e),
    absorbs=lambda walk, e: walk.absorbed_by_quotient(e),
    sign=lambda e, signs: min(signs),
    smooth=lambda e, signs, vary: signs[1] > 0 or not vary[1],
    edges=lambda e: e.args[1:],
    surface=lambda signs, e, zeros: signs.quotient(e, zeros),
)

# --- powers ----------------------------------------------------------


def has_exact_exponent(e: Node) -> bool:
    """Whether the exponent of a power is a finite number, one for all elements."""
    exponent = e.args[1]
    return exponent.op == "constant" and isinstance(exponent.payload, int | Fraction)


def _build_power(e: Any, args: Sequence[Any]) -> Any:
    exponent = sums.exact_value(args[1])
    if e.payload is None or exponent is None:
        return products.power(args[0], args[1])
    return products.inverse_power(args[0], -exponent, e.payload)


def _power_text(e: Node, names: Any) -> Text:
    exponent = e.args[1]
    if exponent.op == "constant" and not exponent.shape:
        return [(e.args[0], ATOM), "**", _exponent(exponent.payload)], POWER
    return [(e.args[0], ATOM), "**", (exponent, POWER)], POWER


def _exponent(value: Exact) -> str:
    if type(value) is Fraction and value.denominator <= 64:
        return f"({value.numerator}/{value.denominator})"
    text = number_text(value)
    return text if text.replace(".", "").isalnum() else f"({text})"


def _power_slopes(e: Any, active: Sequence[bool]) -> Sequence[Slope]:
    base, exponent = e.args
    value = sums.exact_value(exponent)
    if value is not None and value < 0:
        return products.slope_of_inverse(base, -value, e.payload or -value), None
    if value is not None:
        return sums.scale(value, products.power_exact(base, normalised(value - 1))), None
    by_base = by_exponent = None
    if active[0]:
        lower = sums.subtract(exponent, ONE)
        by_base = products.multiply(exponent, products.power(base, lower))
    if active[1]:
        by_exponent = _times_log(e)
    return by_base, by_exponent


def _times_log(e: Any) -> Any:
    """x**y log x, which goes to zero with x if y > 0.

    There -x**y takes its place: its derivatives by x are zero and infinite at the same orders, but
    for order y, where they are finite.  In numbers, (1 - (x != 0)) is no condition that is warned
    of because it holds at single points.
    """
    base, exponent = e.args
    at_zero = products.multiply(
        sums.subtract(ONE, compare("ne", base, ZERO)), compare("gt", exponent, ZERO)
    )
    product = products.multiply(make_function_node("log", base), e)
    return where(at_zero, sums.scale(-1, e), product)


def _power_error(e: Any, errors: Mapping[Any, Any]) -> Any:
    base, exponent = e.args
    if exponent.op == "constant":
        lower = products.power(base, sums.subtract(exponent, ONE))
        return passed_on(e, (products.multiply(exponent, lower), ZERO), errors)
    by_base = products.divide(products.multiply(exponent, e), base)
    by_exponent = products.multiply(e, make_function_node("log", size(base)))
    return passed_on(e, (by_base, by_exponent), errors)


def _power_bound(models: Any, e: Any, parts: Sequence[Any]) -> Any:
    exponent = e.args[1]
    return models.power(parts[0], exponent) if exponent.op == "constant" else models.unknown(e)


def _power_sign(e: Any, signs: Sequence[int]) -> int:
    n = sums.exact_value(e.args[1])
    even = type(n) is int and n % 2 == 0
    # A length to a negative power has a pole, but no change of sign.
    negative = n is not None and n < 0
    return 2 if signs[0] == 2 or (even and negative) else int(even) or signs[0]


def _power_is_smooth(e: Any, signs: Sequence[int], vary: Sequence[bool]) -> bool:
    n = sums.exact_value(e.args[1])
    return (type(n) is int and n > 0) or signs[0] > 0


def _power_edges(e: Any) -> Sequence[Any]:
    n = sums.exact_value(e.args[1])
    return () if type(n) is int and n >= 0 else e.args[:1]


_POW = Operation(
    name="pow",
    build=_build_power,
    text=_power_text,
    value=lambda algebra, e, values: algebra.power(values[0], values[1]),
    sympy=lambda to, e: to.sympy.Pow(to.number(e.args[0]), to.number(e.args[1])),
    slopes=_power_slopes,
    error=_power_error,
    bound=_power_bound,
    digits=lambda known, e, parts: known.power(*parts, sums.exact_value(e.args[1])),
    rows=lambda walk, e: walk.power(e),
    operands=lambda e: e.args[:1] if has_exact_exponent(e) else e.args,
    sign=_power_sign,
    smooth=_power_is_smooth,
    edges=_power_edges,
    surface=lambda signs, e, zeros: signs.power(e, zeros),
)

RECORDS = (_LINEAR, _MUL, _DIV, _POW)
