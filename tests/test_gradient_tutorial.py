"""The page on gradients: its code runs, and its numbers are right."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from tutorial_page import Page

import taylor as ty

pytest.importorskip("scipy.optimize")

PAGE = Page("gradients.md")


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the page's code leaves behind."""
    return PAGE.names()


def test_gradient_and_optimisers(names: dict[str, Any]) -> None:
    x = names["x"]
    exact = np.zeros_like(x)  # by hand
    exact[:-1] -= 400 * x[:-1] * (x[1:] - x[:-1] ** 2) + 2 * (1 - x[:-1])
    exact[1:] += 200 * (x[1:] - x[:-1] ** 2)
    np.testing.assert_allclose(names["slope"], exact, rtol=0, atol=1e-12)
    assert np.array_equal(names["slope"], names["again"])
    assert abs(names["agreement"]) < 10 * PAGE.in_comment("agreement")[0]
    assert names["miss_seeing"] < 1e-12 < 1e-6 < names["miss_blind"] < 1e-2
    assert names["seeing"].nfev < names["blind"].nfev / 10


def test_containers(names: dict[str, Any]) -> None:
    assert names["first"] == pytest.approx(math.log(2), rel=1e-14)
    assert [names["first"], names["last"]] == pytest.approx(
        PAGE.in_comment("first, last"), rel=0.05
    )


def test_jacobian_and_hessian(names: dict[str, Any]) -> None:
    assert names["area"] == pytest.approx(2.0, rel=1e-15)
    assert names["curvature"].shape == (5, 5)
    assert names["diagonal"].tolist() == PAGE.in_comment("diagonal") == [802, 1002, 1002, 1002, 200]


def test_derivatives_of_derivatives(names: dict[str, Any]) -> None:
    third = float(mpmath.diff(mpmath.tanh, mpmath.mpf("0.5"), 3))
    assert names["third"] == pytest.approx(third, rel=1e-14)
    assert names["also_third"] == pytest.approx(third, rel=1e-14)
    assert PAGE.in_comment("also_third")[0] == pytest.approx(third, abs=1e-3)
    assert names["inner"] == 1.0
    assert names["series"].shape == (10, 2)
    np.testing.assert_allclose(names["ahead"], names["exact"], rtol=0, atol=1e-9)


def test_loops_and_branches(names: dict[str, Any]) -> None:
    q, p, dq, dp = 0.3, 0.0, 1.0, 0.0  # with its derivative, by hand
    for _ in range(10_000):
        dp -= 1e-3 * math.cos(q) * dq
        p -= 1e-3 * math.sin(q)
        q, dq = q + 1e-3 * p, dq + 1e-3 * dp
    assert names["reverse"] == pytest.approx(dq, rel=1e-11)
    assert names["forward"] == pytest.approx(dq, rel=1e-11)
    assert PAGE.in_comment("reverse")[0] == pytest.approx(dq, abs=1e-5)
    assert names["roots"] == pytest.approx([math.sqrt(2), 1000], rel=1e-14)
    slopes = [1 / math.sqrt(8), 0.05]
    assert PAGE.in_comment("root_slopes") == pytest.approx(slopes, abs=1e-5)
    assert names["root_slopes"] == pytest.approx(slopes, rel=1e-13)
    assert names["safe"].tolist() == [0, 0, 0.25]
    np.testing.assert_allclose(names["places"], [2, 0, 1], atol=1e-12)
    exact = float(mpmath.npdf(0.5))  # the slope of a normal distribution function
    assert names["density_there"] == pytest.approx(exact, rel=1e-14)
    assert PAGE.in_comment("density_there")[0] == pytest.approx(exact, abs=1e-3)
    assert 0 < names["variance"] < 1e-4
    assert abs(names["by_aim"] - exact) < 4 * math.sqrt(names["variance"])


def test_many_at_once(names: dict[str, Any]) -> None:
    assert names["each"]["in"].shape == (200, 2, 16)
    np.testing.assert_allclose(names["mean"], names["whole"], rtol=0, atol=1e-15)
    weights, points, labels = names["weights"], names["points"], names["labels"]
    hidden = np.tanh(points @ weights["in"] + weights["at"])
    error = (1 / (1 + np.exp(-hidden @ weights["out"])) - labels) / len(labels)
    by_hand = points.T @ (np.outer(error, weights["out"]) * (1 - hidden**2))
    np.testing.assert_allclose(names["whole"], by_hand, rtol=0, atol=1e-15)


def test_own_rules_and_solutions(names: dict[str, Any]) -> None:
    assert [names["value_there"], names["slope_there"], names["held"]] == [1, 1, 3]
    anomaly = mpmath.findroot(lambda x: x - 0.5 * mpmath.sin(x) - 1, 1.5)
    assert names["anomaly"] == pytest.approx(float(anomaly), rel=1e-14)
    assert PAGE.in_comment("anomaly")[0] == pytest.approx(float(anomaly), abs=1e-5)
    by_e = float(mpmath.sin(anomaly) / (1 - mpmath.cos(anomaly) / 2))
    assert names["by_e"] == pytest.approx(by_e, rel=1e-14)
    assert PAGE.in_comment("by_e")[0] == pytest.approx(by_e, abs=1e-5)
    m = mpmath.findroot(lambda m: mpmath.tanh(1.5 * m) - m, 0.9)
    response = float(m * (1 - m**2) / (1 - 1.5 * (1 - m**2)))
    assert names["response"] == pytest.approx(response, rel=1e-12)
    assert PAGE.in_comment("response")[0] == pytest.approx(response, abs=1e-4)


def test_thirty_digits(names: dict[str, Any]) -> None:
    with mpmath.workdps(40):
        x = mpmath.mpf("0.7")
        assert abs(names["digits"] / (mpmath.exp(mpmath.sin(x)) * mpmath.cos(x)) - 1) < 1e-31


def test_traces_and_refusals(names: dict[str, Any]) -> None:
    assert names["before"] == [12, 16] and names["after"] == 18
    assert names["many"].tolist() == [6, 6]
    assert names["traces"] == [(), (), (2,)]
    assert "x > 0" in names["refused"] and PAGE.name in names["refused"]
    sins = {
        "if": lambda x: x if x > 0 else -x,
        "math": lambda x: math.sin(x),
        "float": lambda x: float(x),
        "range": lambda x: x * len(range(x)),
        "mask": lambda x: np.sum(x[x > 0]),
    }
    for sin in sins.values():
        with pytest.raises(ty.TracingError, match=Path(__file__).name):
            ty.grad(sin)(1.5 if sin is not sins["mask"] else np.ones(2))

    def stored(x: Any, zeros: Any) -> Any:
        a = zeros(3)
        a[1] = x
        return np.sum(a**2)

    with pytest.raises(ty.TracingError, match="zeros_like"):
        ty.grad(lambda x: stored(x, np.zeros))(3.0)
    assert ty.grad(lambda x: stored(x, ty.zeros))(3.0) == 6.0
    with pytest.warns(ty.DifferentiationWarning, match="whole number"):
        assert ty.grad(lambda x: x[0] * x[1])([1.0, 2]) == [2.0, 0]
    assert ty.grad(lambda x: x[0] * x[1])([1.0, 2.0]) == [2.0, 1.0]
