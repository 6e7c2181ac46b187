"""Conjunctions against all pairs sampled densely, and their parts against plain searches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import taylor as ty
from taylor.astrodynamics.encounters.minima import minima
from taylor.astrodynamics.encounters.neighbours import near_pairs

sky = ty.astrodynamics
GM = 398600.4418
Motion = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def catalogue(count: int, seed: int) -> np.ndarray:
    """Low orbits, a few that are long, geostationary or close together; states at time 0."""
    rng = np.random.default_rng(seed)
    elements = np.stack(
        [
            rng.uniform(6800, 7400, count),
            rng.exponential(0.003, count),
            np.radians(rng.choice([53.0, 98.0, 28.0, 178.0], count)),
            *rng.uniform(-np.pi, np.pi, (3, count)),
        ],
        axis=-1,
    )
    elements[:10, 0], elements[:10, 1] = 26000, 0.73
    elements[10:14, 0], elements[10:14, 1:3] = 42164, 0.0
    elements[15] = elements[14] + [0, 1e-4, 0, 0, 0, 3e-4]  # one follows the other
    elements[17] = elements[16] + [0.01, 0, 1e-3, 0, 0, 0]
    return sky.convert_elements(elements, "keplerian", "cartesian", GM)


def motion(states: np.ndarray) -> Motion:
    def at(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        s = states[:, None]
        return sky.kepler_propagate(s[..., :3], s[..., 3:], times, GM)

    return at


def by_force(
    states: np.ndarray, end: float, threshold: float
) -> list[tuple[int, int, float, float]]:
    """All pairs at steps of 5 s, with a margin, and each minimum by golden sections."""
    i, j = np.triu_indices(len(states), 1)
    step, at, found = 5.0, motion(states), []
    for start in np.arange(0, end, 500.0):
        times = np.arange(start - step, min(start + 500, end) + 1.5 * step, step)
        places, _ = at(np.clip(times, 0, end))
        apart = np.linalg.norm(places[i] - places[j], axis=-1)
        middle = apart[:, 1:-1]
        low = (middle <= apart[:, :-2]) & (middle <= apart[:, 2:]) & (middle < threshold + 90)
        for pair, k in zip(*np.nonzero(low), strict=True):
            found.append((int(i[pair]), int(j[pair]), float(times[k + 1])))
    one, two, near = (np.array(x) for x in zip(*sorted(set(found)), strict=True))
    a, b = np.clip(near - 1.01 * step, 0, end), np.clip(near + 1.01 * step, 0, end)
    ratio = (np.sqrt(5) - 1) / 2

    def distance(t: np.ndarray) -> np.ndarray:
        r, _ = sky.kepler_propagate(states[one, :3], states[one, 3:], t, GM)
        q, _ = sky.kepler_propagate(states[two, :3], states[two, 3:], t, GM)
        return np.linalg.norm(r - q, axis=-1)

    for _ in range(55):
        c, d = b - ratio * (b - a), a + ratio * (b - a)
        left = distance(c) < distance(d)
        a, b = np.where(left, a, c), np.where(left, d, b)
    t = (a + b) / 2
    apart = distance(t)
    kept = apart < threshold
    return list(zip(one[kept], two[kept], t[kept], apart[kept], strict=True))


def test_none_is_missed_and_none_invented() -> None:
    states, end, threshold = catalogue(150, 1), 7200.0, 120.0
    wanted = by_force(states, end, threshold)
    found = sky.conjunctions(motion(states), np.arange(0, end + 1, 30.0), threshold)
    assert len(found) > 60
    left = {
        k: (int(a), int(b), t, d)
        for k, (a, b, t, d) in enumerate(
            zip(found.first, found.second, found.times, found.distances, strict=True)
        )
    }
    for a, b, t, d in wanted:
        near = [k for k, x in left.items() if x[:2] == (a, b) and abs(x[2] - t) < 6]
        assert near or d > threshold - 1e-3, (a, b, t, d)
        for k in near:
            assert left[k][3] == pytest.approx(d, abs=2e-4)
            del left[k]
    assert not [x for x in left.values() if x[3] < threshold - 1e-3]
    # what is told of each holds
    assert np.all(np.diff(found.times) >= 0) and np.all(found.first < found.second)
    np.testing.assert_allclose(np.linalg.norm(found.relative_positions, axis=1), found.distances)
    inside = (found.times > 0) & (found.times < end)
    radial = (found.relative_positions * found.relative_velocities).sum(axis=1)
    assert np.all(np.abs(radial[inside]) < 1e-6 * (1 + found.distances * found.speeds)[inside])
    places, speeds = motion(states)(found.times[:5])
    for k in range(5):
        a, b = found.first[k], found.second[k]
        np.testing.assert_allclose(
            found.relative_positions[k], places[b, k] - places[a, k], atol=1e-3
        )
        np.testing.assert_allclose(
            found.relative_velocities[k], speeds[b, k] - speeds[a, k], atol=1e-4
        )


def test_steps_do_not_matter_and_arrays_serve() -> None:
    states = catalogue(60, 2)
    end, at = 3600.0, motion(states)
    one = sky.conjunctions(at, np.linspace(0, end, 121), 200.0)
    two = sky.conjunctions(at, np.linspace(0, end, 241), 200.0)
    assert len(one) == len(two) > 5
    np.testing.assert_allclose(one.distances, two.distances, atol=1e-3)
    times = np.linspace(0, end, 121)
    three = sky.conjunctions(at(times), times, 200.0)
    np.testing.assert_array_equal(one.distances, three.distances)
    chosen = sky.conjunctions(at, times, 200.0, objects=[14, 3])
    expected = np.isin(one.first, [3, 14]) | np.isin(one.second, [3, 14])
    np.testing.assert_array_equal(chosen.times, one.times[expected])
    assert len(one.of(17, 16)) == np.sum((one.first == 16) & (one.second == 17)) > 0


def test_objects_that_vanish_are_left_out() -> None:
    states = catalogue(40, 3)
    times = np.linspace(0, 3600, 121)
    r, v = motion(states)(times)
    everything = sky.conjunctions((r, v), times, 400.0)
    lost = int(everything.first[-1])
    r = r.copy()
    r[lost, 60:] = np.nan
    found = sky.conjunctions((r, v), times, 400.0)
    gone = ((everything.first == lost) | (everything.second == lost)) & (
        everything.times > times[59]
    )
    assert gone.any()
    np.testing.assert_array_equal(found.times, everything.times[~gone])


def test_catalogues_and_integrators() -> None:
    elements = sky.MeanElements(
        mean_motion=np.array([0.0660, 0.0661]),
        eccentricity=np.array([1e-3, 1e-3]),
        inclination=np.array([0.9, 1.4]),
        ascending_node=np.array([1.0, 1.0]),
        argument_of_pericentre=np.array([0.0, 0.0]),
        mean_anomaly=np.array([6.2, 6.2]),
        bstar=np.array([0.0, 0.0]),
        epoch=np.array([27000.0, 27000.0]),
    )
    at = sky.catalogue_motion(sky.Catalogue(elements), (2433281.5 + 27000.0, 0.0))
    found = sky.conjunctions(at, np.arange(0, 12000.0, 20.0), 50.0)
    assert len(found) >= 2
    (r, _) = at(found.times)
    np.testing.assert_allclose(np.linalg.norm(r[1] - r[0], axis=-1), found.distances, atol=2e-3)
    states = catalogue(20, 1)[14:16]
    model = ty.models.two_body(GM)
    dense = [
        ty.Integrator(model.system, state).propagate_until(6000.0, dense=True).dense
        for state in states
    ]
    times = np.arange(0, 6000.0, 30.0)
    one = sky.conjunctions(sky.dense_motion(dense), times, 50.0)
    two = sky.conjunctions(motion(states), times, 50.0)
    np.testing.assert_allclose(one.times, two.times, atol=1e-3)
    assert len(one) > 0


def test_minima_of_cubics_against_roots() -> None:
    rng = np.random.default_rng(5)
    c = rng.normal(size=(4, 3000, 3)) * np.array([1, 1, 2, 3])[:, None, None]
    which, places = minima(c)
    found = {k: sorted(places[which == k]) for k in range(c.shape[1])}
    several = 0
    for k in range(c.shape[1]):
        squared = sum(np.convolve(c[:, k, a][::-1], c[:, k, a][::-1]) for a in range(3))
        slope = np.polyder(squared)
        roots = np.roots(slope)
        real = np.sort(roots[abs(roots.imag) < 1e-9].real)
        wanted = [x for x in real if -1 <= x < 1 and np.polyval(np.polyder(slope), x) > 0]
        assert len(found[k]) == len(wanted)
        np.testing.assert_allclose(found[k], wanted, atol=1e-9)
        several += len(wanted) > 1
    assert several > 100


@pytest.mark.parametrize("radius", [1e-9, 0.3, 1.0, 40.0])
def test_near_pairs_are_all_there_once(radius: float) -> None:
    points = np.random.default_rng(6).normal(size=(500, 3)) * [3, 5, 2]
    points[1] = points[0] + 1e-10
    i, j = near_pairs(points, radius)
    pairs = {frozenset(p) for p in zip(i.tolist(), j.tolist(), strict=True)}
    assert len(pairs) == len(i)
    a, b = np.triu_indices(500, 1)
    near = np.linalg.norm(points[a] - points[b], axis=1) < radius
    assert {frozenset(p) for p in zip(a[near].tolist(), b[near].tolist(), strict=True)} <= pairs


def test_minima_between_two_pieces_are_found_once() -> None:
    """Straight passages whose closest approach is where a piece ends, up to rounding errors."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        times = np.arange(7.0) * rng.uniform(1, 50)
        away, drift, start = rng.normal(size=(3, 3)) * [[1], [7], [1000]]
        speed = rng.normal(size=3)
        miss = np.cross(speed, away)
        miss /= np.linalg.norm(miss)
        one = start + drift * times[:, None]
        r = np.stack([one, one + miss + speed * (times - times[3])[:, None]])
        v = np.stack([np.tile(drift, (7, 1)), np.tile(drift + speed, (7, 1))])
        found = sky.conjunctions((r, v), times, 1.5)
        assert len(found) == 1
        assert found.distances[0] == pytest.approx(1.0, rel=1e-9)


def test_what_is_refused() -> None:
    r, v = np.zeros((2, 3, 3)), np.zeros((2, 3, 3))
    with pytest.raises(ty.ArgumentError, match="increase"):
        sky.conjunctions((r, v), [0.0, 1.0, 1.0], 1.0)
    with pytest.raises(ty.ArgumentError, match="threshold"):
        sky.conjunctions((r, v), [0.0, 1.0, 2.0], -1.0)
    with pytest.raises(ty.ArgumentError, match="shape"):
        sky.conjunctions((r, v[:1]), [0.0, 1.0, 2.0], 1.0)
    with pytest.raises(ty.ArgumentError, match="no solutions"):
        sky.dense_motion([])
