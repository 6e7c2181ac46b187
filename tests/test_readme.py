"""The README's promises: its Python runs, its two commands exist, its links lead somewhere."""

from __future__ import annotations

import linecache
import math
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]


@pytest.fixture(scope="module", params=range(len(PYTHON)))
def names(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What a block of Python leaves behind."""
    found: dict[str, Any] = {}
    text, file = PYTHON[request.param], f"README.md, block {request.param}"
    # As notebooks do it, for those who read the source of functions.
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    exec(compile(text, file, "exec"), found)
    return found


def test_python_blocks_give_right_numbers(names: dict[str, Any]) -> None:
    with mpmath.workdps(30):
        if "curvature" in names:
            check_gradients(names)
        elif "kepler" in names:
            check_kepler(names)
        elif "end" in names and "slopes" in names:
            check_through_solutions(names)
        elif "theirs" in names:
            size = mpmath.ellipk(mpmath.sin(mpmath.mpf(1) / 4) ** 2) / mpmath.sqrt(9.8)
            zeros = names["found"].t_events[0]  # every second quarter of a period
            assert len(zeros) == int((10 / size - 1) / 2) + 1
            exact = [float((2 * n + 1) * size) for n in range(len(zeros))]
            np.testing.assert_allclose(zeros, exact, rtol=1e-11)
            last = float(released_at(10.0)(0.5, mpmath.mpf(9.8)))
            assert names["theirs"].y[0, -1] == pytest.approx(last, abs=1e-11)
        elif "by_area" in names:
            later, (found,) = names["later"], names["by_area"]
            (more,), (less,) = later(2.6), later(2.4)
            np.testing.assert_allclose(found, (more - less) / 0.2, rtol=1e-5)
            # What drag takes from the energy of a circle: da = -2 pi (cd A / m) rho a^2 a turn,
            # and the angle runs ahead by 3/2 of da / a, added up over all turns of the day.
            assert 0.4 < np.linalg.norm(found) < 1.6
        elif "slope" in names:
            x = np.linspace(0, 1, 5)
            np.testing.assert_allclose(names["value"], np.sin(x) * np.exp(-0.25), rtol=1e-15)
            np.testing.assert_allclose(names["slope"], np.cos(x) * np.exp(-0.25), rtol=1e-15)
            exact = mpmath.taylor(lambda t: mpmath.exp(mpmath.sin(t)), mpmath.mpf(0.7), 30)
            np.testing.assert_allclose(
                names["coefficients"], [float(c) for c in exact], rtol=1e-12, atol=1e-16
            )
            y, z = np.linspace(0, 1, 5), 2.0
            plane = -3 * y**2 * np.cos(0.3 * y) + 0.3 * y**3 * np.sin(0.3 * y)
            mixed = plane * (2 * z**2 - 1) * (1 + z**2) ** -2.5
            np.testing.assert_allclose(names["d"][3, 1, 2], mixed, atol=1e-15)
        elif "standard" in names:
            q, p = np.array([[0.1, 0.2], [0.3, -0.1]]).T
            exact = np.stack([q + p, p - 0.3 * np.sin(q + p)], axis=1)
            cut = 0.3**12 / math.factorial(11)  # the first term beyond order 10
            found = names["standard"](np.stack([q, p], axis=1))
            np.testing.assert_allclose(found, exact, atol=1.01 * cut)
            rest = names["back"].compose(names["standard"]).coefficients - np.eye(2, 66, 1)
            assert np.abs(rest).max() < 1e-15
        elif "fan" in names:
            fan, starts = names["fan"], names["starts"]
            assert fan.success
            strength = np.linspace(1.0, 4.0, 100)
            before = -strength * np.cos(starts[:, 0])  # the energy
            after = fan.states[:, 1] ** 2 / 2 - strength * np.cos(fan.states[:, 0])
            np.testing.assert_allclose(after, before, atol=1e-13)
        elif "ball" in names:
            impacts, tops = names["outcome"].events
            times, heights = bounces(3.0)
            np.testing.assert_allclose(impacts.times, times, atol=1e-14)
            np.testing.assert_allclose(tops.states[:, 0], heights, atol=1e-14)
        elif "heat" in names:
            weights, inputs = names["weights"], names["inputs"]
            expected = np.tanh(inputs @ weights.T).sum(axis=1)
            np.testing.assert_allclose(names["layer"](inputs), expected, atol=1e-12)
            sums = weights.sum(axis=1)  # tanh(s w) = s w - (s w)**3 / 3 + 2 (s w)**5 / 15 - ...
            for power, factor in ((1, 1.0), (3, -1 / 3), (5, 2 / 15), (7, -17 / 315)):
                found = names["series"][power]
                np.testing.assert_allclose(found, factor * sums**power, rtol=1e-12)
            rates = 2 - 2 * np.cos(2 * np.pi * np.fft.fftfreq(4096))
            exact = np.fft.ifft(np.fft.fft(names["start"]) * np.exp(-rates)).real
            np.testing.assert_allclose(names["ta"].state, exact, atol=1e-13)
            q, p = 0.5, 0.0
            for _ in range(10_000):
                p = p - 0.01 * math.sin(q)
                q = q + 0.01 * p
            np.testing.assert_allclose(names["end"], [q, p], atol=1e-10)
        elif "pendulum" in names:
            ta, leaves = names["ta"], (names["x"], names["k"])
            for orders in ((1, 0), (0, 1), (1, 2)):
                exact = mpmath.diff(released_at(5.0), (1, mpmath.mpf(9.8)), orders)
                found = ta.flow_map[0].derivative(dict(zip(leaves, orders, strict=True)))
                assert abs(found / float(exact) - 1) < 1e-11
        elif names["ta"].precision == "double-double":
            exact = mpmath.cos(100 / mpmath.sqrt(3)) / 10
            assert abs(ty.to_mpmath(names["ta"].state)[0] - exact) < 1e-29
            exact = mpmath.exp(mpmath.mpf(1) / 3) / mpmath.factorial(40)
            assert ty.to_mpmath(names["coefficients"])[40] / exact - 1 < 1e-29
        else:
            angle, rate = (float(value) for value in pendulum_at(13.0))
            np.testing.assert_allclose(names["grid"].states[-1], [angle, rate], atol=1e-14)
            assert names["ta"].time == 13.0


def check_gradients(names: dict[str, Any]) -> None:
    """The same descent with slopes by hand, row by row."""

    def by_hand(p: dict[str, Any], x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
        h = np.tanh(x @ p["w"] + p["b"])
        error = 2 * (h @ p["v"] - y)
        inside = error[:, None] * p["v"] * (1 - h**2)
        return {"w": x[:, :, None] * inside[:, None], "b": inside, "v": error[:, None] * h}

    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(64, 2)), rng.normal(size=64)
    p = {"w": rng.normal(size=(2, 16)), "b": np.zeros(16), "v": rng.normal(size=16)}
    for _ in range(100):
        slopes = by_hand(p, x, y)
        p = {name: p[name] - 0.1 * slopes[name].mean(axis=0) for name in p}
    slopes = by_hand(p, x, y)
    for name in p:
        np.testing.assert_allclose(names["params"][name], p[name], rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(names["each"][name], slopes[name], rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(names["curvature"], 12 * np.eye(3))
    assert names["sqrt2"] == pytest.approx(8**-0.5, rel=1e-14)


def check_kepler(names: dict[str, Any]) -> None:
    """E - e sin E = M, whose derivatives follow from those of M by E."""
    angle, e = mpmath.findroot(lambda a: a - 0.3 * mpmath.sin(a) - 0.5, 0.7), mpmath.mpf(0.3)
    assert float(names["angle"]) == pytest.approx(float(angle), rel=1e-15)
    by_e = mpmath.sin(angle) / (1 - e * mpmath.cos(angle))
    assert float(names["by_e"]) == pytest.approx(float(by_e), rel=1e-14)
    solved = mpmath.taylor(
        lambda t: mpmath.findroot(lambda a: a - e * mpmath.sin(a) - 0.5 - t, angle), 0, 8
    )
    np.testing.assert_allclose(names["series"], [float(c) for c in solved], rtol=1e-11)


def check_through_solutions(names: dict[str, Any]) -> None:
    def cost(x0: Any, k: Any) -> Any:
        def energy(t: Any) -> Any:  # the square of the speed
            return 2 * k * (mpmath.cos(released_at(t)(x0, k)) - mpmath.cos(x0))

        return released_at(2)(x0, k) ** 2 + energy(2) + mpmath.quad(energy, [0, 0.5, 1, 1.5, 2])

    at = (mpmath.mpf(0.5), mpmath.mpf(9.8))
    square = [
        2 * released_at(2)(*at) * mpmath.diff(released_at(2), at, n) for n in ((0, 1), (1, 0))
    ]
    np.testing.assert_allclose(names["slopes"], [float(s) for s in square], rtol=1e-12)
    found = names["found"]
    assert found.value == pytest.approx(float(cost(*at)), rel=1e-13)
    for leaf, orders in (("x", (1, 0)), ("k", (0, 1))):
        exact = float(mpmath.diff(cost, at, orders))
        assert found[names[leaf]] == pytest.approx(exact, rel=1e-11)


def released_at(t: float) -> Callable[[Any, Any], Any]:
    """The angle of a pendulum of strength k, at rest at x0 when t = 0: sin(x/2) = m cd(sqrt(k) t)
    with m = sin(x0/2).
    """

    def angle(x0: Any, k: Any) -> Any:
        m = mpmath.sin(x0 / 2)
        return 2 * mpmath.asin(m * mpmath.ellipfun("cd", mpmath.sqrt(k) * t, m=m**2))

    return angle


def pendulum_at(t: float) -> tuple[Any, Any]:
    """x'' = -9.8 sin x from (0.05, 0.025), by Jacobi's elliptic functions.

    sin(x/2) = k sn(w t + phase), with w^2 = 9.8 and k^2 = v^2/(4 w^2) + sin^2(x/2) at the start
    (Whittaker, Analytical Dynamics (1917), section 44).
    """
    x, v = mpmath.mpf(0.05), mpmath.mpf(0.025)
    w = mpmath.sqrt(mpmath.mpf(9.8))
    m = (v / (2 * w)) ** 2 + mpmath.sin(x / 2) ** 2
    k = mpmath.sqrt(m)
    phase = mpmath.ellipf(mpmath.asin(mpmath.sin(x / 2) / k), m)  # v > 0: on the rising branch
    u = w * t + phase
    angle = 2 * mpmath.asin(k * mpmath.ellipfun("sn", u, m=m))
    return angle, 2 * k * w * mpmath.ellipfun("cn", u, m=m)


def bounces(end: float) -> tuple[list[float], list[float]]:
    """Impacts up to a time, and heights from which the ball falls, drag being k v^2.

    With c = sqrt(g k), separating the variables of v' = -g -+ k v^2 gives x = h - log(cosh(c t))/k
    falling from rest and v = sqrt(g/k) tan(c (t_top - t)) rising.
    """
    g, k = mpmath.mpf(9.8), mpmath.mpf(0.01)
    c = mpmath.sqrt(g * k)
    time, height = mpmath.mpf(0), mpmath.mpf(1)
    times, heights = [], []
    while time < end:
        heights.append(float(height))
        time += mpmath.acosh(mpmath.exp(k * height)) / c
        if time < end:
            times.append(float(time))
        speed = mpmath.mpf(0.9) * mpmath.sqrt(g / k * (1 - mpmath.exp(-2 * k * height)))
        time += mpmath.atan(speed * mpmath.sqrt(k / g)) / c
        height = mpmath.log(1 + k * speed**2 / g) / (2 * k)
    return times, heights


def test_two_commands() -> None:
    commands = [text.strip() for language, text in BLOCKS if language == "sh"]
    assert len(commands) == 2
    assert all("\n" not in command for command in commands)
    scenario = re.fullmatch(r'pip install "\.\[plot\]" && taylor propagate (\S+)', commands[0])
    assert scenario and (ROOT / scenario[1]).is_file()
    assert commands[1].endswith("&& pytest -q")


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_every_python_block_is_tested() -> None:
    assert [language for language, _ in BLOCKS if language not in ("sh", "python")] == []
    assert len(PYTHON) == 13


def test_python_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    """The Jacobi constant is kept to rounding errors."""
    names = runpy.run_path(str(ROOT / "examples" / "restricted_three_body.py"))
    assert np.ptp(names["constants"]) < 1e-13
    assert "Jacobi constant" in capsys.readouterr().out
