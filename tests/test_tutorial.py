"""The page on derivatives: its code runs, and its numbers are right."""

from __future__ import annotations

import math
import re
from typing import Any

import mpmath
import numpy as np
import pytest
from tutorial_page import Page

import taylor as ty

PAGE = Page("derivatives.md")


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the page's code leaves behind."""
    return PAGE.names()


def test_twentieth_derivative(names: dict[str, Any]) -> None:
    """By the closed form, in 50 digits."""
    with mpmath.workdps(50):
        theta = mpmath.atan(mpmath.mpf(4) / 3)
        right = mpmath.factorial(20) * mpmath.sin(21 * theta) * mpmath.sin(theta) ** 21
        assert abs(names["twentieth"] / right - 1) < 1e-14
        assert abs(names["number"] / right - 1) < 1e-30
        assert names["exact"](20, 0.75) == pytest.approx(float(right), rel=1e-14)
    assert names["twentieth"] == pytest.approx(PAGE.in_comment("twentieth")[0], rel=1e-2)
    assert names["own_error"] < 1e-14
    assert names["coefficients"][20] == pytest.approx(names["twentieth"] / math.factorial(20))


def test_what_other_ways_give(names: dict[str, Any]) -> None:
    (row,) = re.findall(r"^\| relative error \| (.*) \|$", PAGE.text, flags=re.MULTILINE)
    shown = [float(number) for number in row.split(" | ")]
    assert list(names["errors"].values()) == pytest.approx(shown, rel=0.2)
    sizes = names["sizes"]
    assert sizes == sorted(set(sizes))
    assert sizes[6] == pytest.approx(PAGE.in_comment("sizes.append")[6], rel=0.3)


def test_partial_derivatives_and_back(names: dict[str, Any]) -> None:
    with mpmath.workdps(50):
        right = mpmath.mpf(2) ** 12 * 3**8 * mpmath.e * mpmath.sin(mpmath.mpf("0.75"))
        assert abs(names["mixed"] / right - 1) < 1e-14
    d = names["d"]
    assert len(d) == 231 and d.tensor(3).shape == (2, 2, 2)
    assert names["elsewhere"].hessian.shape == (2, 2, 1000)
    misses, estimates = np.abs(names["misses"]), np.array(names["estimates"])
    assert (misses < estimates + 1e-14).all()
    assert misses[-1] == pytest.approx(PAGE.in_comment("misses")[-1], rel=0.3)
    assert estimates == pytest.approx(PAGE.in_comment("estimates"), rel=0.3)


def test_singularities(names: dict[str, Any]) -> None:
    assert names["pole"] == pytest.approx(math.pi / 2, abs=1e-9)
    assert names["pole"] == pytest.approx(PAGE.in_comment("pole")[0], abs=1e-10)
    assert names["nearest"] == pytest.approx(1.25, rel=1e-3)
    halves = names["halves"]
    assert np.array_equal(halves[:, 1], [1, 0.5, -0.125, 0.0625])
    assert halves[0, 0] == 0 and not np.isfinite(halves[1:, 0]).any()
    assert np.array_equal(halves[:, 1], ty.jet(np.sqrt, 1.0, order=3))
