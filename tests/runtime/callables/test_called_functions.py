"""What quick code calls: kept texts are those that are written; systems of all orders share it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import taylor as ty
from taylor_runtime.callables import stepper
from taylor_runtime.engine import cache, compiler
from taylor_runtime.ir.module import Module
from taylor_runtime.steps.common import kept
from taylor_runtime.steps.common.functions import common_functions


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[Any, Any]]:
    """Nothing was made yet."""
    made: dict[Any, Any] = {}
    monkeypatch.setattr(stepper, "_called", made)
    monkeypatch.setenv("TAYLOR_TIERS", "on")
    monkeypatch.setattr(compiler, "LEAST_SECONDS", 600.0)
    with cache.disabled():
        yield made


def oscillator(number: float, **options: Any) -> ty.Integrator:
    x, v = ty.variables("x v")
    return ty.Integrator([(x, v), (v, -number * ty.sin(x) * x)], [0.5, 0.25], **options)


@pytest.mark.parametrize("options", kept.KEPT, ids=lambda options: options.precision)
def test_kept_texts_are_what_is_written(options: Any) -> None:
    text = Path(kept.path_of(options)).read_text(encoding="ascii")
    again = "make it anew by `python -m taylor_runtime.steps.common.kept`"
    assert text == common_functions(options).text(), again
    assert Module.of_functions(text, quick=True).text() == text
    assert kept.functions(options).has_function("taylor.steps.check")


def test_functions_are_written_where_no_text_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    options = kept.KEPT[0]
    text = kept.functions(options).text()
    weighted = replace(options, weighted=True)
    assert kept.functions(weighted).text() == common_functions(weighted).text() != text
    monkeypatch.setattr(kept, "path_of", lambda options: f"nowhere {options.precision}")
    assert kept.functions(options).text() == text


def test_the_rules_are_made_once_for_all_orders(fresh: dict[Any, Any]) -> None:
    first, second = oscillator(1.125), oscillator(1.25, order=7, tol=1e-4)
    assert first.order != second.order
    rules = [one for one in fresh if not isinstance(one, tuple)]
    assert len(rules) == 1
    sums = [one for one in fresh if isinstance(one, tuple)]
    assert {order for *_, order in sums} == {first.order, second.order}
    assert {fresh[one] is fresh[rules[0]] for one in sums} == {True, False}


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
@pytest.mark.parametrize("order", [2, 3, 4, 9, 10, 17, 40])
def test_low_and_high_orders_have_the_same_bits(
    order: int, precision: str, fresh: dict[Any, Any]
) -> None:
    """In code that is told the order, and in code that is written for it."""
    options: dict[str, Any] = {"order": order, "tol": 10.0 ** -min(order, 7)}
    found = []
    for complete in (False, True):
        ta = oscillator(2.0 + order / 64, precision=precision, **options)
        if complete:
            ta._machine.stepper.complete()
        assert ta._machine.stepper.module.is_first is not complete
        ta.propagate_for(1.0, max_steps=100)
        found.append((ta.state.tobytes(), ta.time))
    assert found[0] == found[1]


@pytest.mark.parametrize("state", [[0.0, 0.0], [1e-290, 0.0]])
@pytest.mark.parametrize("order", [2, 5, 24])
def test_steps_that_nothing_bounds_have_the_same_bits(
    order: int, state: list[float], fresh: dict[Any, Any]
) -> None:
    """Where the last coefficients vanish, lower ones are asked, whose number is told."""
    x, v = ty.variables("x v")
    system = [(x, v), (v, ty.time**3 - x)]
    found = []
    for complete in (False, True):
        ta = ty.Integrator(system, state, order=order, tol=1e-2)
        if complete:
            ta._machine.stepper.complete()
        ta.propagate_for(2.0, max_steps=60)
        found.append((ta.state.tobytes(), ta.time))
    assert found[0] == found[1]


def test_many_threads_may_be_first(fresh: dict[Any, Any]) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda k: oscillator(3.0 + k / 16, order=5 + k % 3), range(16)))
    for k, ta in enumerate(made):
        ta.propagate_for(0.5)
        other = oscillator(3.0 + k / 16, order=5 + k % 3)
        other.propagate_for(0.5)
        assert ta.state.tobytes() == other.state.tobytes()
