"""Elementary functions of polynomials: programs graded by total degree (`taylor.expansion`)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

import taylor_runtime as rt
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expansion import CONSTANT, POLYNOMIAL, Expansion
from taylor.expression import Expression, variable
from taylor.functions.apply import apply, completed
from taylor.functions.registry import get
from taylor.polynomial.arithmetic import common_shape, operand, widened
from taylor.polynomial.base import Coefficients, converted, in_common, make
from taylor.polynomial.space import Space

if TYPE_CHECKING:
    from taylor.polynomial.polynomial import Polynomial

_ARGUMENTS = tuple(variable(f"argument {i}") for i in range(8))


def elementary(name: str, *operands: Any) -> Polynomial:
    """A function of polynomials and numbers, at least one of them a polynomial.

    name: of a function in the registry, or "div" and "pow" for the operators.

    Raises ArgumentError for points at which the function has no Taylor series.
    """
    if name not in ("div", "pow"):
        operands = completed(get(name), operands)
    first = operands[0]
    if len(operands) == 1 and not first.ndim:
        return _of_one(name, first)
    common = in_common(*(p for p in operands if isinstance(p, Coefficients)))[0]
    space, kind = common._space, common._kind
    exponent: Any = None
    if name == "pow" and not isinstance(operands[1], Coefficients) and np.ndim(operands[1]) == 0:
        *operands, exponent = operands  # type: ignore[assignment]  # one that formulas depend on
    given = [_planes(value, common) for value in operands]
    shape = common_shape(*(planes.shape[1 : planes.ndim - wide] for planes, wide in given))
    flat = [
        widened(planes, shape, wide).reshape(kind.parts, -1, space.size if wide else 1)
        for planes, wide in given
    ]
    arguments = _ARGUMENTS[: len(operands)]
    expansion = Expansion(
        (_formula(name, arguments, exponent),),
        arguments,
        tuple(POLYNOMIAL if wide else CONSTANT for _, wide in given),
        space.monomials,
        kind.name,
        looped=True,
    )
    listed = np.concatenate(flat, axis=-1).swapaxes(1, 2)
    found = expansion.run(listed, 1)[:, 0, :, : listed.shape[-1]].swapaxes(1, 2)
    _check(name, found, listed)
    return make(found.reshape(kind.parts, *shape, space.size), space, kind)


def _of_one(name: str, p: Polynomial) -> Polynomial:
    """A function of a single polynomial, without what arrays and several operands take."""
    machine = _machine(name, p._space, p._kind.name)
    found = np.empty_like(p._planes)
    if len(machine.untouched[0]):
        found[:, machine.untouched[0]] = 0
    machine.run(p._planes, found, 1, 0, 1)
    if not np.isfinite(found).all():
        _check(name, found[:, np.newaxis], p._planes[:, :, np.newaxis])
    return make(found, p._space, p._kind)


@lru_cache(maxsize=1024)
def _machine(name: str, space: Space, precision: str) -> rt.Expansion:
    formula = _formula(name, _ARGUMENTS[:1], None)
    roles = (POLYNOMIAL,)
    return Expansion((formula,), _ARGUMENTS[:1], roles, space.monomials, precision, True).code(1)


def _planes(value: Any, like: Coefficients) -> tuple[np.ndarray, int]:
    """Coefficients or numbers, and whether they are coefficients, along a last axis."""
    given = operand(value, like._kind)
    if given is NotImplemented:
        raise ArgumentTypeError(f"a polynomial or numbers are needed, got {value!r}")
    if isinstance(given, Coefficients):
        return converted(given, like._space, like._kind)._planes, 1
    return given, 0


def _formula(name: str, arguments: tuple[Expression, ...], exponent: Any) -> Expression:
    if name == "div":
        return arguments[0] / arguments[1]
    if name == "pow":
        return arguments[0] ** (arguments[1] if exponent is None else exponent)
    found: Expression = apply(name, *arguments)
    return found


def _check(name: str, found: np.ndarray, given: np.ndarray) -> None:
    """Raise ArgumentError where finite polynomials have no finite result."""
    wrong = np.isfinite(given).all(axis=(0, 1)) & ~np.isfinite(found).all(axis=(0, 2))
    if wrong.any() and name == "div":
        raise ArgumentError(
            "division by a polynomial whose constant part is zero has no Taylor series"
        )
    if wrong.any():
        raise ArgumentError(
            f"{name} has no Taylor series there: the constant part of its first polynomial is "
            f"{given[0, 0, np.argmax(wrong)]}"
        )
