"""The benchmarks' problems are what their names say, and every row of the table can be measured."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from mpmath import mp

import taylor as ty
from benchmarks import derivatives as derivatives_benchmark
from benchmarks import ensembles, flow_maps, polynomials
from benchmarks.problem import starts
from benchmarks.problems import BODIES, PROBLEMS
from benchmarks.targets import ROWS, Import, Time, selected


def derivatives(name: str, state: np.ndarray) -> np.ndarray:
    """The problem's right-hand side at a state, by mpmath."""
    problem = PROBLEMS[name]
    with mp.workdps(30):
        return np.array([float(f) for f in problem.equations(mp, [mp.mpf(x) for x in state])])


def of_model(model: ty.models.Model, state: np.ndarray) -> np.ndarray:
    function = ty.compile([f for _, f in model.system], list(model.variables))
    return np.array([float(f) for f in function(*state)])


def test_rows_have_names_of_their_own_and_problems() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    for row in ROWS:
        assert isinstance(row, Import) or row.problem in PROBLEMS
        if isinstance(row, Time) and row.energy:
            assert PROBLEMS[row.problem].energy is not None
    assert selected([]) == list(ROWS)
    assert {row.name for row in selected(["memory", "import"])} == {
        "memory:outer-solar-system",
        "import:taylor",
    }


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_problems_are_stated_completely(name: str) -> None:
    problem = PROBLEMS[name]
    assert len(problem.variables) == len(set(problem.variables)) == len(problem.state)
    if name not in [f"n-body-{count}" for count in BODIES if count > 20]:
        slopes = derivatives(name, np.asarray(problem.state))
        assert slopes.shape == (len(problem.state),) and np.isfinite(slopes).all()


def test_relativistic_bodies_are_those_of_the_model() -> None:
    problem = PROBLEMS["relativistic-solar-system"]
    text = (Path(__file__).parent.parent / "examples" / "data" / "de421_j2000.csv").read_text()
    table = [line.split(",") for line in text.splitlines() if line[0] != "#"][1:]
    gm = [float(line[2]) for line in table]
    light = 299792.458 * 86400 / 149597870.6996262
    state = np.asarray(problem.state)
    ours = derivatives(problem.name, state)
    theirs = of_model(ty.models.n_body(gm, c=light), state)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-15 * np.abs(theirs).max())
    newtonian = of_model(ty.models.n_body(gm), state)
    assert np.abs(ours - newtonian).max() > 1e-14  # the post-Newtonian term is there


def test_energy_of_the_outer_solar_system_is_conserved() -> None:
    problem = PROBLEMS["outer-solar-system"]
    assert problem.energy is not None
    with mp.workdps(30):
        x = [mp.mpf(value) for value in problem.state]
        slopes = problem.equations(mp, x)
        gradient = [
            mp.diff(lambda e, i=i: problem.energy(mp, [*x[:i], e, *x[i + 1 :]]), x[i])
            for i in range(len(x))
        ]
        rate = mp.fsum(g * f for g, f in zip(gradient, slopes, strict=True))
        size = max(abs(g * f) for g, f in zip(gradient, slopes, strict=True))
    assert abs(rate) < 1e-12 * size


def test_toda_ring_keeps_energy_and_momentum() -> None:
    """H = sum p^2 / 2 + sum exp(q_i - q_{i+1})."""
    state = starts(PROBLEMS["toda-32"], 1)[0]
    slopes = derivatives("toda-32", state)
    q, p = np.split(state, 2)
    spring = np.exp(q - np.roll(q, -1))
    gradient = np.concatenate([spring - np.roll(spring, 1), p])
    assert math.isclose(gradient @ slopes, 0, abs_tol=1e-13)
    assert math.isclose(slopes[32:].sum(), 0, abs_tol=1e-13)


def test_oscillators_attract_each_other() -> None:
    """theta_i' = omega_i + K / N sum sin(theta_j - theta_i), K = 1/2."""
    state = starts(PROBLEMS["oscillators-24"], 1)[0]
    pull = np.sin(state[None, :] - state[:, None]).sum(axis=1)
    expected = 1 + 0.1 * np.arange(24) + 0.5 / 24 * pull
    np.testing.assert_allclose(derivatives("oscillators-24", state), expected, rtol=1e-13)


def test_burgers_keeps_its_mean_and_has_the_right_slope() -> None:
    points = 128
    state = np.asarray(PROBLEMS["burgers-128"].state)
    slopes = derivatives("burgers-128", state)
    x = 2 * np.pi * np.arange(points) / points
    u, ux, uxx = 1.5 + np.sin(x), np.cos(x), -np.sin(x)
    error = np.abs(slopes - (0.05 * uxx - u * ux)).max()
    assert error < 2.5 * (2 * np.pi / points) ** 2 / 6  # central differences: h^2/6 u u_xxx
    assert abs(slopes.sum()) < 1e-12


def test_network_is_three_layers() -> None:
    slopes = derivatives("network", np.array([0.5, -0.25]))
    far = derivatives("network", np.array([1e9, 0.0]))
    assert np.isfinite(slopes).all() and np.abs(far).max() < 40  # tanh saturates


def test_satellites_follow_the_potential() -> None:
    """-grad of -(GM / r)(1 - J2 (R / r)^2 (3 sin^2 latitude - 1) / 2), Vallado (2013), ch. 8."""

    def potential(x: object, y: object, z: object) -> object:
        r = mp.sqrt(x * x + y * y + z * z)
        ring = ensembles.J2 * (ensembles.RADIUS / r) ** 2 * (3 * (z / r) ** 2 - 1) / 2
        return ensembles.EARTH / r * (1 - ring)

    for state in ensembles.satellites(5):
        with mp.workdps(30):
            place = tuple(mp.mpf(u) for u in state[:3])
            slopes = [float(mp.diff(potential, place, n)) for n in np.eye(3, dtype=int).tolist()]
            found = ensembles.earth_orbit(mp, [mp.mpf(u) for u in state])
        np.testing.assert_allclose([float(f) for f in found], [*state[3:], *slopes], rtol=1e-12)
        assert 6700 < np.linalg.norm(state[:3]) < 8400
        assert abs(state[:3] @ state[3:]) < 1e-6 * np.linalg.norm(state[:3])


def test_mixed_periods_are_mixed() -> None:
    """Circles about the heavier mass turn by 2 pi in (2 pi) sqrt(r^3 / (1 - mu))."""
    problem = PROBLEMS["planar-cr3bp"]
    states = ensembles.mixed_periods(problem, 20)
    radius = states[:, 0] - 0.01
    periods = 2 * np.pi * np.sqrt(radius**3 / 0.99)
    assert periods.max() / periods.min() == pytest.approx(100)
    inner = states[np.argmin(radius)]
    slopes = derivatives("planar-cr3bp", inner)
    # in the fixed frame the acceleration is that of the circle: v^2 / r towards the mass
    fixed = slopes[2] - inner[3]
    assert fixed == pytest.approx(-((inner[3] - 0.01) ** 2) / radius.min(), rel=1e-3)


def test_an_ensemble_is_measured() -> None:
    work = ensembles.works(50)[0]
    own = ensembles.Own(work)
    seconds, out = own.whole(2, None)
    assert seconds > 0 and out.success and own.equal(out)
    assert np.array_equal(own.run(1)[1].states, out.states)
    out.states[0, 0] += 1e-9
    assert not own.equal(out)


def test_rows_of_polynomials_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polynomials, "ORDER", 3)
    monkeypatch.setattr(polynomials, "VARIABLES", 2)
    monkeypatch.setattr(polynomials, "MANY", 10)
    monkeypatch.setattr(polynomials, "seconds", lambda call, limit: float(call() is not None))
    own = polynomials.Own(np.random.default_rng(0))
    for title, name in polynomials.ROWS.items():
        assert polynomials.row_of(title, name, own, None, True)[:3] == [title, "1e+03", "-"]
    inner = own.invert()(own.maps[0])
    np.testing.assert_allclose(inner.coefficients, own.x.coefficients, atol=1e-13)


def test_flow_maps_are_measured() -> None:
    """Without heyoka; a pendulum that hardly swings has derivatives in closed form."""
    work = next(w for w in flow_maps.works() if "pendulum" in w.name)
    work = dataclasses.replace(work, state=(1e-9, 0.0), order=1)
    (best,) = flow_maps.measured(work, 1, [flow_maps.Own])
    assert best.steps > 10 and 0 < best.step < best.span < best.created + best.span
    assert flow_maps.row_of(work, best, None)[2] == "-"
    found = best.side.derivatives()
    w = math.sqrt(1.5)
    assert found[0, 1, 0, 0] == pytest.approx(math.cos(100 * w), abs=1e-11)
    assert found[0, 0, 1, 0] == pytest.approx(math.sin(100 * w) / w, abs=1e-11)
    assert flow_maps.values_row(best.side, None)[2:] == ["-", "-", "10"]


def test_derivatives_are_measured_against_the_right_ones() -> None:
    """The 10th of sin(exp x) log(1 + x^2)/sqrt(1 + x^2) at 0.7, known from elsewhere."""
    found = derivatives_benchmark.exact(10)[10] * math.factorial(10)
    assert float(found) == pytest.approx(-403400.26297507268, rel=1e-15)
    ours = ty.derivative(derivatives_benchmark.own_composition, 10)(0.7)
    assert ours == pytest.approx(float(found), rel=1e-13)
    point = (0.5, 0.75, 1.25)
    mine = ty.derivatives(derivatives_benchmark.own_three, point, 2)
    with mp.workdps(30):
        for k in range(3):
            mixed = mp.diff(
                lambda *x, k=k: derivatives_benchmark.three(mp, *x)[k], point, (1, 0, 1)
            )
            assert float(mine[1, 0, 1][k]) == pytest.approx(float(mixed), rel=1e-13)
    out = np.array([np.abs(values).sum() for values in mine.values()])
    derivatives_benchmark.check(mine, out, 2)
    with pytest.raises(RuntimeError, match="do not compute the same"):
        derivatives_benchmark.check(mine, out * 1.001, 2)
    assert derivatives_benchmark.verdict(2.0, 5.0) == "2.0 (>= 5, missed)"
