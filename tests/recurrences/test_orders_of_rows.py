"""The order of a program may be raised after its rows were made only where its rows are those of
the raised order: else their last coefficients would be of rows that end before.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

import taylor as ty
from taylor.nodes.registry import functions
from taylor.recurrences.decompose import decompose
from taylor_runtime.program.program import Input

X = ty.variable("x")
NAMES = sorted(n for n, f in functions.items() if f.recurrence is not None and hasattr(ty, n))


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_other_orders(name: str) -> None:
    record = functions[name]
    fixed = max(record.fixed, record.orders)
    arguments = [1] * fixed + [X / (k + 3) + 1 for k in range(record.arity - fixed)]
    value = getattr(ty, name)(*arguments)
    low, high = (decompose([X], {X: Input("state", (0,))}, order, [value]) for order in (20, 26))
    assert low.of_one_order or replace(high, order=20) == low


@pytest.mark.parametrize(
    "integrand",
    [lambda t: ty.digamma(t + 1), lambda t: ty.erfcx(t), lambda t: ty.besselj(0, t)],
    ids=["digamma", "erfcx", "besselj"],
)
def test_last_coefficients_are_there(integrand: object) -> None:
    """The step is that of the same order asked for."""
    assert callable(integrand)
    chosen = ty.Integrator([(X, integrand(ty.time))], [0.0])
    asked = ty.Integrator([(X, integrand(ty.time))], [0.0], order=chosen.order)
    for _ in range(6):
        chosen.step()
        asked.step()
        assert chosen.time == pytest.approx(asked.time, rel=1e-9)
