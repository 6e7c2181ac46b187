"""Functions whose Taylor coefficients are checked: the whole registry, and compositions of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from taylor.bridges.sympy import sympy_form
from taylor.functions.apply import apply
from taylor.nodes.record import Function, no_sympy
from taylor.nodes.registry import functions

POINTS = (-5.0, -1.7, -0.7, -0.2, 0.3, 0.7, 1.7, 6.0)  # a case is checked where it is real


@dataclass(frozen=True, slots=True)
class Case:
    """A function of one variable, stated for both sides.

    name:     what the table calls it.
    traced:   ``(x: Expression) -> Expression``, what `taylor.jet` is given.
    symbolic: ``(sympy, x: Symbol) -> SymPy expression``.
    closed:   ``(mp, x) -> number`` in the precision of the mpmath context, or None where SymPy's
              expression is evaluated instead.
    """

    name: str
    traced: Callable[[Any], Any]
    symbolic: Callable[[Any, Any], Any]
    closed: Callable[[Any, Any], Any] | None = None


# mpmath needs minutes for their numerical derivatives of order 30; tests have them by other ways.
SLOW = (
    "digamma", "polygamma", "bessely", "beta", "betaln", "rgamma", "gammainc", "gammaincc",
    "erfinv", "erfinv_derivative", "erfcinv", "erfcinv_derivative", "expi", "dawsn",
    "dawsn_derivative", "besseli", "besseli_scaled", "ellipk", "ellipe",
)  # fmt: skip


def registered() -> list[Case]:
    """Every function of the registry that SymPy has and mpmath differentiates in seconds; those of
    several arguments along (1 + x/2, x^2 - x, ...).
    """
    wanted = [
        f
        for f in functions.values()
        if f.built_in and f.sympy is not no_sympy and f.name not in SLOW
    ]
    return [_of_record(record) for record in wanted]


def _of_record(record: Function) -> Case:
    family = (2,) * record.leading
    given = record.arity - len(record.defaults) - len(family)

    def arguments(x: Any, rational: Callable[[Fraction], Any]) -> list[Any]:
        curve = [x] if given == 1 else [1 + x / 2, x * x - x, 2 - x / 4][:given]
        return [*family, *curve, *(rational(Fraction(value)) for value in record.defaults)]

    def symbolic(sympy: Any, x: Any) -> Any:
        return sympy_form(record, *arguments(x, sympy.sympify))

    def closed(mp: Any, x: Any) -> Any:
        return record.mpmath(mp, *arguments(x, lambda q: mp.mpf(q.numerator) / q.denominator))

    return Case(
        name=_name(record, family, given),
        traced=lambda x: apply(record.name, *arguments(x, lambda q: q)),
        symbolic=symbolic,
        closed=closed,
    )


def _name(record: Function, family: tuple[int, ...], given: int) -> str:
    if family:
        return f"{record.name}({family[0]}, x)"
    return record.name if given == 1 else f"{record.name}(1 + x/2, x^2 - x)"


def compositions() -> list[Case]:
    """Formulas that NumPy-like modules of functions all understand; constants are exact."""
    import taylor

    half = Fraction(1, 2)
    formulas: list[tuple[str, Callable[[Any, Any], Any]]] = [
        (
            "sin(exp x) log(1 + x^2)/sqrt(1 + x^2)",
            lambda f, x: f.sin(f.exp(x)) * f.log(1 + x**2) / f.sqrt(1 + x**2),
        ),
        ("exp(-x^2) cos 3x", lambda f, x: f.exp(-(x**2)) * f.cos(3 * x)),
        ("(1 + x + x^2)^(-3/2)", lambda f, x: (1 + x + x**2) ** (-3 * half)),
        ("1/(1 + 25 x^2)", lambda f, x: 1 / (1 + 25 * x**2)),
        ("tanh(sin 2x + x/2)", lambda f, x: f.tanh(f.sin(2 * x) + x / 2)),
        ("atan(exp x - 2)", lambda f, x: f.atan(f.exp(x) - 2)),
        ("log(1 + exp(sin x))", lambda f, x: f.log(1 + f.exp(f.sin(x)))),
        ("sin(cos(sin x))", lambda f, x: f.sin(f.cos(f.sin(x)))),
        ("erf(sin x) cosh x", lambda f, x: f.erf(f.sin(x)) * f.cosh(x)),
        ("x^3 sin(1/x)", lambda f, x: x**3 * f.sin(1 / x)),
        ("x^x", lambda f, x: x**x),
        ("(exp x - 1 - x)/x^2", lambda f, x: (f.exp(x) - 1 - x) / x**2),
        ("asin(x/8) acosh(2 + x^2)", lambda f, x: f.asin(x / 8) * f.acosh(2 + x**2)),
        ("sqrt(1 + sin(x)^2)/(2 + cos x)", lambda f, x: f.sqrt(1 + f.sin(x) ** 2) / (2 + f.cos(x))),
    ]
    return [
        Case(name=name, traced=partial(formula, taylor), symbolic=formula)
        for name, formula in formulas
    ]
