"""The examples of orbits and encounters, in small: what they compute."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from example_modules import load


def test_the_cheapest_transfer_to_mars(monkeypatch: pytest.MonkeyPatch) -> None:
    example = load("porkchop", monkeypatch)
    found = example.chart(days=6.0)
    i, j = found.best()
    start = np.array([found.departures[i], found.arrivals[j]]) / example.DAY
    days, least = example.cheapest(start)
    # published: 9.14 km^2/s^2, at the end of October 2026 (Burke et al., NASA/TM-2010-216764)
    assert least == pytest.approx(9.14, abs=0.03)
    assert f"{example.date(days[0] * example.DAY):%Y-%m}" == "2026-10"
    nearby = [example.energy(days + np.array([a, b])) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    assert min(float(x) for x in nearby) == pytest.approx(least, rel=1e-9)
    matplotlib.pyplot.close(example.draw(found, days))


def test_constellations_on_a_map(monkeypatch: pytest.MonkeyPatch) -> None:
    example = load("coverage", monkeypatch)
    results = {
        name: example.seen(elements, step=15.0, hours=3.0, every=120.0)
        for name, elements in example.CONSTELLATIONS.items()
    }
    inclined, polar = results.values()
    near_pole = np.abs(inclined.latitudes) > np.radians(80)
    assert not inclined.share[near_pole].any() and (polar.share[near_pole] > 0.9).all()
    matplotlib.pyplot.close(example.draw(results, step=15.0))


def test_a_conjunction_with_its_probability(monkeypatch: pytest.MonkeyPatch) -> None:
    example = load("conjunction", monkeypatch)
    mean = example.catalogue(300)
    motion = example.moving()(mean)
    found = example.sky.conjunctions(motion, np.arange(0, 10001.0, 30.0), 30.0)
    k = int(np.argmin(found.distances))
    places, speeds = motion(found.times[k : k + 1])
    pair = (found.first[k], found.second[k])
    one, two = (np.concatenate([places[i, 0], speeds[i, 0]]) for i in pair)
    case = example.meet(one, two, found.times[k])
    np.testing.assert_allclose(case["relative"][:3], found.relative_positions[k], atol=2e-3)
    np.testing.assert_allclose(case["states"][0], one, atol=1e-7)
    # the push's series against an orbit that is pushed
    path = example.positions_after_push(case["begins"][1], float(found.times[k]))
    begin = case["begins"][1].copy()
    begin[3:] *= 1 + 1e-5 / np.linalg.norm(begin[3:])
    pushed = example.ty.Integrator(example.system(), begin)
    pushed.propagate_until(found.times[k])
    np.testing.assert_allclose(1e-5 ** np.arange(4) @ path, pushed.state[:3], atol=1e-6)
    matplotlib.pyplot.close(example.draw(found, k, case))
