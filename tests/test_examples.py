"""The examples that draw pictures of events, in small: their numbers, against closed forms."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from example_modules import load

import taylor as ty

matplotlib = pytest.importorskip("matplotlib")


def test_poincare_section(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below E = 1/12 almost all orbits lie on curves; the axis v_y = 0 is one of symmetry."""
    example = load("poincare_section", monkeypatch)
    energy = 1 / 24
    orbits = example.sections(energy, count=8, duration=1500.0)
    assert len(orbits) == 8
    for points in orbits:
        assert len(points) > 200
        assert all(example.speed_across(energy, *point) > 0 for point in points)
        assert example.filling(points) < 0.4
    chaotic = max(example.filling(p) for p in example.sections(1 / 6, count=8, duration=1500.0))
    assert chaotic > 0.8
    y, edge = example.boundary(energy)
    assert abs(y[0] ** 2 / 2 - y[0] ** 3 / 3 - energy) < 1e-14
    assert edge.max() == pytest.approx((2 * energy) ** 0.5, rel=1e-5)


def test_satellite_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A low orbit without much drag: SGP4 has the same events, to half a second."""
    pytest.importorskip("sgp4")
    example = load("satellite_passes", monkeypatch)
    records = example.satellites()
    assert [record.satnum for record in records] == list(example.NUMBERS)
    (day,) = example.integrate([example.state_at(records[0], 0.0)])
    other = example.sampled(records[0], step=10.0)
    for name, count in (("pass", 12), ("light", 31)):
        assert len(day.zeros[name]) == len(other[name]) == count
        late = example.differences(day.zeros[name], other[name])
        assert np.abs(late).max() < 1.0
    passes, dark = day.spans("pass", 1), day.spans("light", -1)
    assert (len(passes), len(dark)) == (6, 16)
    assert dark[0][0] == 0.0  # the day begins in the dark
    assert all(60 < end - start < 600 for start, end in passes)
    matplotlib.pyplot.close(example.draw(records[:1], [day]))


def test_satellites_without_sgp4(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = load("satellite_passes", monkeypatch)
    monkeypatch.setitem(sys.modules, "sgp4", None)
    example.main()
    assert "pip install" in capsys.readouterr().out


def test_stability_map(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Orbits end where their fate says, at the Jacobi constant that they started with."""
    example = load("stability_map", monkeypatch)
    size = 24
    states, possible = example.starts(size, +1)
    fate, out = example.fates(states[possible], workers=2)
    assert set(fate) == {0, 1, 2, 3} or set(fate) == {0, 1, 2}
    x, y, vx, vy = out.states.T
    moon, earth = np.hypot(x - 1 + example.MU, y), np.hypot(x + example.MU, y)
    potential = x**2 + y**2 + 2 * (1 - example.MU) / earth + 2 * example.MU / moon
    np.testing.assert_allclose(potential - vx**2 - vy**2, example.JACOBI, atol=1e-9)
    np.testing.assert_allclose(moon[fate == 1], example.MOON, rtol=1e-9)
    assert np.ptp(x[fate == 2]) < 1e-12 and (out.times[fate == 0] == example.END).all()
    assert ((out.status == ty.Status.EVENT) == (fate > 0)).all()
    whole = np.full(size * size, -1)
    whole[possible] = fate
    example.draw(whole, np.ones(size * size), size, str(tmp_path / "map.png"))
    assert (tmp_path / "map.png").stat().st_size > 10_000


def test_bouncing_ball_and_block(monkeypatch: pytest.MonkeyPatch) -> None:
    example = load("bouncing_ball", monkeypatch)
    ball = example.ball()
    impacts, tops = ball.propagate_until(8.0).events
    np.testing.assert_allclose(impacts.times, example.impact_times(), rtol=0, atol=1e-13)
    heights = example.RESTITUTION ** (2 * np.arange(len(tops)))
    np.testing.assert_allclose(tops.states[:, 0], heights, rtol=1e-12)
    assert ball.state.tolist() == [0.0, 0.0]

    block = example.block()
    changes = block.propagate_until(40.0).events[0]
    sticking, slipping = example.durations()
    between = np.diff(changes.times)
    np.testing.assert_allclose(between[1::2], slipping, rtol=1e-14)
    np.testing.assert_allclose(between[2::2], sticking, rtol=1e-14)
    np.testing.assert_allclose(changes.states[1::2, 0], example.STATIC, rtol=1e-15)


def test_flow_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """At perigee the map's values are the closed form's; errors are what they are estimated as."""
    example = load("flow_map", monkeypatch)
    times = np.array([1.0, 4.5])
    flows = example.maps(times, order=6)
    assert flows.shape == (2, 2)
    for k, t in enumerate(times):
        flow = flows[:, k]
        true = [float(v) for v in example.exact(0.001, -0.0005, 0.001, 0.0007, t)]
        assert flow((0.001, -0.0005, 0.001, 0.0007)) == pytest.approx(true, abs=1e-11)
        size = 0.03
        (error,) = example.errors(flow, t, np.array([size]))
        assert error < np.hypot(*flow.truncation_error(size)) < 100 * error
    # After a whole revolution the undisturbed orbit is back at apogee.
    back = example.maps(np.array([2 * np.pi]), order=2)
    assert back.constant_part.ravel() == pytest.approx([example.DISTANCE, 0.0], abs=1e-13)


def test_halo_orbits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the halo orbits of L2 begin and become stable: JPL's catalogue of periodic orbits."""
    example = load("halo_orbits", monkeypatch)
    flat, halo = example.families(2, count=120)
    first = flat.bifurcations[0].orbit
    constant = example.MODEL.jacobi.evaluate(
        dict(zip(example.MODEL.variables, first.state, strict=True))
    )
    assert constant == pytest.approx(3.15212, abs=2e-5)
    assert first.period * example.DAY == pytest.approx(14.85, abs=0.01)
    assert example.pericentre(halo[20]) < example.pericentre(halo[0]) < 60
    assert example.index(halo[0]) > 100


def test_orbit_uncertainty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Third moments to 1 %, and domains within their tolerance."""
    example = load("orbit_uncertainty", monkeypatch)
    displacements = np.random.default_rng(5).normal(size=(1000, 4)) * example.SIGMA
    true = example.third_moments(example.integrated(displacements))
    mapped = example.third_moments(example.distribution()(displacements))
    assert np.abs(mapped - true).max() < 0.01 * np.abs(true).max()
    wide = example.distribution(4.0, tolerance=[1.0, 1.0, 1e-3, 1e-3])
    displacements = displacements[(np.abs(displacements) < 4 * example.SIGMA).all(axis=1)] * 4
    error = np.abs(wide(displacements) - example.integrated(displacements)).max(axis=0)
    assert wide.accurate and len(wide) > 1 and (error < [1.0, 1.0, 1e-3, 1e-3]).all()
    matplotlib.pyplot.close(example.draw(wide, example.distribution(4.0), 4.0))


def test_chaos_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """At E = 1/8 there is both; outside the section's edge there is nothing."""
    example = load("chaos_map", monkeypatch)
    y, vy, states = example.starts(1 / 8, 14)
    found = example.growth(states, 300.0)
    assert found.shape == (len(y), len(vy)) == (14, 7)
    assert np.isnan(found).any() and (np.isnan(found) == np.isnan(states[..., 2])).all()
    known = found[np.isfinite(found)]
    assert 0.3 < np.mean(known < 3) < 0.9 and known.max() > 5


def test_mercury_perihelion(monkeypatch: pytest.MonkeyPatch) -> None:
    """42.98 arcseconds a century, from the first ten years."""
    example = load("mercury_perihelion", monkeypatch)
    times = np.linspace(0.0, 3652.5, 801)[1:]
    found = example.advances(times)
    assert example.rate(times, found["mercury"]) == pytest.approx(42.98, rel=0.01)
