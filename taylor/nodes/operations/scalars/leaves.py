"""Numbers and inputs: operations without operands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from taylor.nodes.arrays import numbers_of
from taylor.nodes.node import Node, constant_node, node
from taylor.nodes.operation import ATOM, PRODUCT, SUM, Operation, Text, everywhere
from taylor.nodes.operations.scalars.rounding import no_error, one_rounding
from taylor.nodes.sums import exact_value
from taylor.numbers.data import ArrayData
from taylor.numbers.exact import to_float


def number_text(value: Any) -> str:
    """A number as one would type it: an int, a float that has this value, or else a ratio."""
    if type(value) is Fraction:
        denominator = value.denominator
        as_float = to_float(value)
        if denominator & (denominator - 1) == 0 and as_float == value:
            return repr(as_float)
        return f"{value.numerator}/{denominator}" if denominator < 10**12 else repr(as_float)
    return repr(value) if type(value) is float or abs(value) < 10**22 else repr(to_float(value))


def _constant_text(e: Node, names: Any) -> Text:
    payload = e.payload
    if type(payload) is ArrayData:
        listed = ", ".join(number_text(value) for value in payload.numbers(8))
        dots = ", ..." if e.size > 8 else ""
        return [f"array([{listed}{dots}], shape={e.shape})"], ATOM
    text = number_text(payload)
    if e.shape:
        return [f"full({e.shape}, {text})"], ATOM
    return [text], SUM if text.startswith("-") else PRODUCT if "/" in text else ATOM


def _constant_elements(e: Node, operands: Sequence[Any]) -> Any:
    if type(e.payload) is ArrayData:
        return _filled(e, [constant_node(value) for value in e.payload.numbers()])
    return _filled(e, [constant_node(e.payload)] * e.size)


def _input_elements(e: Node, operands: Sequence[Any]) -> Any:
    return _filled(e, [node("index", (e,), place, ()) for place in np.ndindex(*e.shape)])


def _filled(e: Node, elements: Sequence[Any]) -> Any:
    result = np.empty(e.size, dtype=object)
    for i, element in enumerate(elements):
        result[i] = element
    return result.reshape(e.shape)


def _itself(e: Any, args: Sequence[Any]) -> Any:
    return e


def _constant_sign(e: Node, signs: Sequence[int]) -> int:
    value = exact_value(e)
    return 0 if value is None else 2 * (value > 0) or int(value >= 0)


_CONSTANT = Operation(
    name="constant",
    build=_itself,
    text=_constant_text,
    elements=_constant_elements,
    whole=lambda algebra, e, values: algebra.array(numbers_of(e)),
    value=lambda algebra, e, values: algebra.number(e.payload),
    sympy=lambda to, e: to.exact(e.payload),
    error=no_error,
    digits=lambda known, e, parts: known.number(e.payload),
    rows=lambda walk, e: walk.builder.number(e.payload),
    array_rows=lambda walk, e: walk.numbers_of(e),
    sign=_constant_sign,
)


def _input(name: str, error: Callable[[Any, Mapping[Any, Any]], Any]) -> Operation:
    return Operation(
        name=name,
        build=_itself,
        text=lambda e, names: ([e.payload], ATOM),
        elements=_input_elements,
        whole=lambda algebra, e, values: algebra.whole_input(e),
        value=lambda algebra, e, values: algebra.input(e, e.payload),
        sympy=lambda to, e: None if e.shape else to.sympy.Symbol(e.payload),
        error=error,
        digits=lambda known, e, parts: known.argument(e.payload),
        smooth=everywhere,
    )


_TIME = Operation(
    name="time",
    build=_itself,
    text=lambda e, names: (["t"], ATOM),
    value=lambda algebra, e, values: algebra.input(e, "t"),
    sympy=lambda to, e: to.sympy.Symbol("t"),
    error=one_rounding,
    smooth=everywhere,
)

RECORDS = (_CONSTANT, _input("variable", one_rounding), _input("parameter", no_error), _TIME)
