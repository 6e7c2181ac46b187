"""The example of transits against circles in closed form, and what the benchmark runs."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from example_modules import load

pytest.importorskip("scipy")


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("matplotlib")
    return load("transit_times", monkeypatch)


def test_planets_without_mass_come_in_time(example: ModuleType) -> None:
    """|x| = R where the angle from the line of sight is asin(R / a)."""
    found = example.by_taylor(masses=(1.0, 0.0, 0.0), days=300.0)
    for planet, period, phase in zip((1, 2), example.PERIODS, example.PHASES, strict=True):
        a = (example.GAUSS**2 * (period / (2 * np.pi)) ** 2) ** (1 / 3)
        half = period / (2 * np.pi) * np.arcsin(example.RADIUS / a)
        middle = (np.arange(20) - phase / (2 * np.pi)) * period
        wanted = np.stack([middle - half, middle + half], axis=1)
        inside = (wanted[:, 0] > 0) & (wanted[:, 1] < 300.0)
        pairs = example.transits(example.contacts(found, planet))
        assert pairs.shape == (inside.sum(), 2)
        assert np.abs(pairs - wanted[inside]).max() < 1e-9
        assert np.abs(example.lateness(pairs)[1]).max() < 1e-7


def test_planets_with_mass_are_late_and_scipy_misses_them(example: ModuleType) -> None:
    """All that short steps find is found, to a millisecond."""
    days = 200.0
    ours, theirs = example.by_taylor(days=days), example.by_scipy(days=days)
    fine = example.by_scipy(days=days, max_step=0.1)
    for planet in (1, 2):
        mine, right = (example.contacts(run, planet) for run in (ours, fine))
        assert mine.shape == right.shape and np.abs(mine - right).max() < 1e-8
        assert len(example.contacts(theirs, planet)) < len(mine)
    assert np.abs(example.lateness(example.transits(example.contacts(ours, 1)))[1]).max() > 0.01


def test_what_the_benchmark_runs_is_right() -> None:
    from benchmarks import scipy_bridge

    for case in scipy_bridge.CASES:
        for way in (scipy_bridge.by_method, scipy_bridge.by_function):
            found = way(case)
            assert found.success and scipy_bridge.error(case, found) < 1e-9
    calls: list[int] = []
    first, second = scipy_bridge.medians([lambda: calls.append(1), lambda: sum(range(2000))])
    assert calls and 0 <= first < second
