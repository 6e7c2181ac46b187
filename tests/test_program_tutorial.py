"""The page on programs: its code runs, and its numbers are right."""

from __future__ import annotations

import math
import re
from typing import Any

import mpmath
import numpy as np
import pytest
from tutorial_page import Page

import taylor as ty

PAGE = Page("programs.md")


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the page's code leaves behind."""
    return PAGE.names()


def test_kepler(names: dict[str, Any]) -> None:
    exact = mpmath.findroot(lambda x: x - 0.5 * mpmath.sin(x) - 1, 1.5)
    assert names["anomaly"] == pytest.approx(float(exact), rel=1e-15)
    assert names["plain"] == pytest.approx(float(exact), rel=1e-15)
    by_e = float(mpmath.sin(exact) / (1 - mpmath.cos(exact) / 2))
    assert names["by_e"] == pytest.approx(by_e, rel=1e-13)
    assert [round(float(exact), 5), round(by_e, 5)] == [1.4987, 1.03467]
    wanted = mpmath.taylor(
        lambda e: mpmath.findroot(lambda x: x - e * mpmath.sin(x) - 1, 1.5), mpmath.mpf("0.5"), 4
    )
    np.testing.assert_allclose(names["series"], [float(c) for c in wanted], rtol=1e-9)
    for mean, x in zip(np.linspace(0, 3, 5), names["many"], strict=True):
        assert x - 0.5 * math.sin(x) == pytest.approx(mean, abs=1e-14)


def test_branches(names: dict[str, Any]) -> None:
    assert names["slopes"].tolist() == [12, 4] and names["nothing"] == 0
    assert names["norms"] == [7, 5, 4]


def test_explanation(names: dict[str, Any]) -> None:
    shown = str(ty.explain(names["kepler"]))
    printed = re.search(r"^    def kepler.*?(?=\n\n## )", PAGE.text, flags=re.MULTILINE | re.DOTALL)
    assert printed is not None
    lines = [line[4:] for line in printed.group(0).splitlines()]
    assert [" ".join(s.split()) for s in shown.splitlines()] == [" ".join(s.split()) for s in lines]


def test_objects(names: dict[str, Any]) -> None:
    assert names["in_order"].tolist() == [1, 2, 3]
    assert names["where_from"].tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    assert names["area"] == pytest.approx(10 * math.atan(10), abs=1e-8)
    assert names["raised"] == pytest.approx(1.5**21, rel=1e-15)
    assert names["its_slope"] == pytest.approx(21 * 1.5**20, rel=1e-14)


def test_equations(names: dict[str, Any]) -> None:
    x, v = ty.variables("x v")
    force = -ty.sin(x) - ty.where(v > 0, 0.1, 0.02) * v
    plain = ty.Integrator([(x, v), (v, force)], [1.0, 0.0])
    plain.propagate_until(10.0)
    np.testing.assert_allclose(names["swing"].state, plain.state, rtol=0, atol=1e-13)


def test_errors(names: dict[str, Any]) -> None:
    assert names["said"] == "no real root"
    for line in re.findall(r"^    (program: `sign.*(?:\n    .*)*)", PAGE.text, flags=re.MULTILINE)[
        0
    ].splitlines():
        if "..." not in line:
            assert line.strip() in names["refused"]
