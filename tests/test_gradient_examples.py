"""The examples that learn by gradients, in small: their numbers, against what others give."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from example_modules import load

import taylor as ty

matplotlib = pytest.importorskip("matplotlib")


def test_digits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Backpropagation as it is in textbooks (Bishop 2006, section 5.3), and what is learned."""
    example = load("digits", monkeypatch)
    pictures, labels = example.digits(side=10)
    assert pictures.shape == (1797, 100) and pictures.min() == 0 and pictures.max() <= 1
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    truth = np.eye(10)[labels]
    weights = example.start((100, 16, 10), np.random.default_rng(0))
    rows = slice(0, 48)
    found = ty.grad(example.loss)(weights, pictures[rows], truth[rows])

    hidden = np.tanh(pictures[rows] @ weights["in"] + weights["at"])
    powers = np.exp(hidden @ weights["out"] + weights["to"])
    error = (powers / powers.sum(axis=1, keepdims=True) - truth[rows]) / 48
    back = (error @ weights["out"].T) * (1 - hidden**2)
    textbook = {
        "in": pictures[rows].T @ back,
        "at": back.sum(axis=0),
        "out": hidden.T @ error,
        "to": error.sum(axis=0),
    }
    for name, slope in textbook.items():
        np.testing.assert_allclose(found[name], slope, rtol=0, atol=1e-15 * len(hidden))

    *_, (weights, last) = example.train(weights, pictures[:512], truth[:512], 15, rate=1e-2)
    right = np.argmax(example.scores(weights, pictures[512:]), axis=1) == labels[512:]
    assert last < 0.5 and np.mean(right) > 0.85
    path = tmp_path / "digits.png"
    example.draw([(1.0, 0.5), (last, 0.9)], weights, pictures[512:], labels[512:], path)
    assert path.stat().st_size > 10_000


def test_deblurring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The camera is a correlation; the page that is found is nearer than any photograph."""
    signal = pytest.importorskip("scipy.signal")
    pytest.importorskip("scipy.optimize")
    example = load("deblurring", monkeypatch)
    example.RADIUS, example.SIZE = 2, 5
    rng = np.random.default_rng(3)
    picture, kernels = example.page(36), example.shakes(3, rng)
    np.testing.assert_allclose(kernels.sum(axis=(1, 2)), 1, rtol=1e-15)
    seen = example.exposures(picture, kernels)
    for image, kernel in zip(seen, kernels, strict=True):
        exact = signal.correlate2d(picture, kernel, mode="valid")
        np.testing.assert_allclose(image, exact, atol=1e-14)
    seen = seen + example.NOISE * rng.normal(size=seen.shape)

    unknowns = {"picture": picture, "kernels": kernels * example.SIZE**2}
    way = {name: rng.normal(size=part.shape) for name, part in unknowns.items()}
    slopes = ty.grad(example.badness)(unknowns, seen)
    size = 1e-5
    around = [
        example.badness({name: p + h * way[name] for name, p in unknowns.items()}, seen)
        for h in (-size, size)
    ]
    along = sum(np.sum(slopes[name] * way[name]) for name in way)
    assert along == pytest.approx((around[1] - around[0]) / (2 * size), rel=1e-5)

    found, course = example.recovered(seen, 150)
    assert course[-1] < course[0] / 50

    def miss(image: np.ndarray) -> float:
        """From the page, wherever on it the image lies best."""
        inner = image[4:-4, 4:-4]
        shifted = np.lib.stride_tricks.sliding_window_view(picture, inner.shape)
        return float(np.sqrt(np.mean((shifted - inner) ** 2, axis=(2, 3))).min())

    assert miss(found["picture"]) < 0.6 * min(miss(image) for image in seen)
    example.draw(picture, kernels, seen, found, tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000


def test_soft_robot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inner forces have no sum; gradients are those of differences; it learns to walk."""
    example = load("soft_robot", monkeypatch)
    rng = np.random.default_rng(5)
    muscles = rng.normal(size=(2, len(example.SPRINGS)))
    x, v = example.MASSES + np.array([0.0, 1.0]), 0.1 * rng.normal(size=example.MASSES.shape)
    pull = example.accelerations(x, v, muscles, 0.3)  # high above the ground
    mean = -example.DRAG * v.mean(axis=0) - [0, example.GRAVITY]
    np.testing.assert_allclose(pull.mean(axis=0), mean, atol=1e-12)
    turn = x[:, 0] * pull[:, 1] - x[:, 1] * pull[:, 0]
    drag = -example.DRAG * (x[:, 0] * v[:, 1] - x[:, 1] * v[:, 0])
    assert np.sum(turn) == pytest.approx(np.sum(drag - example.GRAVITY * x[:, 0]), abs=1e-10)

    times = example.DT * np.arange(60)
    slope = ty.grad(example.distance)(muscles, times)
    way = rng.normal(size=muscles.shape)
    ends = [example.distance(muscles + h * way, times) for h in (-1e-5, 1e-5)]
    assert np.sum(slope * way) == pytest.approx((ends[1] - ends[0]) / 2e-5, rel=1e-6)

    (before, after), distances = example.learn(400, 40)
    assert max(distances) > 1.0 > 0.1 > abs(distances[0])
    assert not np.array_equal(before, after)
    _, track = example.walk(after, example.DT * np.arange(400))
    assert np.mean(track[-1][:, 0] - example.MASSES[:, 0]) == pytest.approx(
        max(distances), abs=1e-3
    )


def test_learning_to_learn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The steps by textbook backpropagation, and the gradient through them by differences."""
    example = load("meta_learning", monkeypatch)
    rng = np.random.default_rng(1)
    weights, tasks = example.start(rng), example.sines(4, rng)

    def step(w: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray, rate: float) -> dict:
        below = np.tanh(np.outer(x, w["in"]) + w["at"])
        above = np.tanh(below @ w["between"] + w["on"])
        error = 2 * (above @ w["out"] - y) / len(x)
        at_above = np.outer(error, w["out"]) * (1 - above**2)
        at_below = at_above @ w["between"].T * (1 - below**2)
        slopes = {
            "in": x @ at_below,
            "at": at_below.sum(axis=0),
            "between": below.T @ at_above,
            "on": at_above.sum(axis=0),
            "out": error @ above,
        }
        return {name: w[name] - rate * slope for name, slope in slopes.items()}

    def textbook(weights: dict[str, np.ndarray]) -> float:
        total = 0.0
        for x, y, other_x, other_y in zip(*tasks, strict=True):
            w = weights
            for rate in weights["rates"]:
                w = step(w, x, y, rate)
            total += np.mean((example.network(w, other_x) - other_y) ** 2) / 4
        return total

    value, slopes = ty.value_and_grad(example.loss_after)(weights, tasks)
    assert value == pytest.approx(textbook(weights), rel=1e-13)
    way = {name: rng.normal(size=w.shape) for name, w in weights.items()}
    around = [
        textbook({name: w + h * way[name] for name, w in weights.items()}) for h in (-1e-6, 1e-6)
    ]
    along = sum(np.sum(slopes[name] * way[name]) for name in way)
    assert along == pytest.approx((around[1] - around[0]) / 2e-6, rel=1e-6)

    better, losses = example.train(weights, 150, 10, rng)
    judged = example.sines(200, np.random.default_rng(3))
    assert example.loss_after(better, judged) < 0.6 * example.loss_after(weights, judged)
    example.draw({"one": weights, "two": better}, losses, tmp_path / "sines.png")
    assert (tmp_path / "sines.png").stat().st_size > 10_000


def test_lens_design(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Snell's law and paraxial matrices; the design is that of textbooks."""
    pytest.importorskip("scipy.optimize")
    example = load("lens_design", monkeypatch)
    x, y = example.disc(3)
    rays = example.beams(x, y)
    point, along = example.refracted(*rays, 1 / 30, 1 / 1.6)
    assert sum(d**2 for d in along) == pytest.approx(np.ones(along[0].shape), abs=1e-14)
    normal = np.stack([-point[0] / 30, -point[1] / 30, 1 - point[2] / 30])
    assert np.sum(normal**2, axis=0) == pytest.approx(np.ones(point[0].shape), abs=1e-13)
    tangential = [np.cross(d, normal, axis=0) for d in (np.stack(rays[1]), np.stack(along))]
    np.testing.assert_allclose(tangential[0], 1.6 * tangential[1], atol=1e-14)

    # Rays near the axis: Gauss's matrices of heights and angles (Hecht, Optics, section 6.2).
    design, index = example.START, example.indices()[:, 1]
    ray = np.array([1e-4 * example.STOP, 0.0])
    for k, (c, d) in enumerate(zip(design["curvatures"], design["distances"], strict=True)):
        before, behind = (index[k - 1] if k else 1.0), index[k]
        ray = np.array([[1, 0], [-c * (behind - before) / behind, before / behind]]) @ ray
        ray = np.array([[1, d], [0, 1]]) @ ray
    points, weight = example.trace(design, example.beams(np.array([1e-4]), np.zeros(1)))
    assert points[-1][0][0, 1, 0] == pytest.approx(ray[0], rel=1e-7)
    assert weight[0] == pytest.approx(np.ones((3, 1)), abs=1e-3)

    slopes = ty.grad(example.badness)(design, rays)
    for name in design:
        way = np.cos(np.arange(6.0)) * (1e-7 if name == "curvatures" else 1e-5)
        ends = [
            example.badness({**design, name: design[name] + s * way}, rays) for s in (-1.0, 1.0)
        ]
        assert np.sum(slopes[name] * way) == pytest.approx((ends[1] - ends[0]) / 2, rel=1e-6)

    best, course = example.improved(design, rays, 200)
    assert course[-1] < 2.5 and example.badness(best, rays) == pytest.approx(course[-1])
    # The Cooke triplet that ray tracing programs have as their example.
    cooke = 1 / np.array([22.01359, -435.76044, -22.21328, 20.29192, 79.68360, -18.39533])
    np.testing.assert_allclose(best["curvatures"], cooke, atol=0.006)
    example.draw({"start": design, "best": best}, 3, tmp_path / "lens.png")
    assert (tmp_path / "lens.png").stat().st_size > 10_000


def test_density_of_orbits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The orbit by SciPy's integrator, the gradient by differences."""
    integrate = pytest.importorskip("scipy.integrate")
    example = load("orbit_sampling", monkeypatch)

    def rates(t: float, s: np.ndarray) -> np.ndarray:
        return np.concatenate([s[3:], -(example.GAUSS**2) * s[:3] / np.sum(s[:3] ** 2) ** 1.5])

    exact = integrate.solve_ivp(rates, (0, 60), example.TRUE, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(example.orbit(example.TRUE, 60)[-1], exact.y[:3, -1], atol=1e-9)

    observed = example.seen(example.TRUE)
    observed = observed + example.NOISE * np.random.default_rng(1).normal(size=observed.shape)
    centre, scales = example.best(observed)
    z = np.random.default_rng(2).normal(size=6)
    slope = ty.grad(example.scaled)(z, centre, scales, observed)
    for k, step in enumerate(1e-4 * np.eye(6)):
        ends = [example.scaled(z + s * step, centre, scales, observed) for s in (-1, 1)]
        assert slope[k] == pytest.approx((ends[1] - ends[0]) / 2e-4, rel=1e-5, abs=1e-5)
    curved = ty.hessian(example.scaled)(np.zeros(6), centre, scales, observed)
    np.testing.assert_allclose(curved, np.eye(6), atol=1e-6)


def test_orbit_sampling(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The posterior by importance sampling."""
    pytest.importorskip("mici")
    example = load("orbit_sampling", monkeypatch)
    observed = example.seen(example.TRUE)
    observed = observed + example.NOISE * np.random.default_rng(1).normal(size=observed.shape)
    centre, scales = example.best(observed)
    q, calls = example.samples(observed, 400, 1)
    assert q.shape == (1, 400, 6) and calls > 400
    wide = 1.5 * np.random.default_rng(5).normal(size=(40_000, 6))
    many = ty.jit(ty.vmap(example.scaled, in_axes=(0, None, None, None)))
    logarithms = np.sum(wide**2, axis=1) / (2 * 1.5**2) - many(wide, centre, scales, observed)
    weights = np.exp(logarithms - logarithms.max())
    mean = np.average((centre + wide @ scales.T)[:, 4], weights=weights)
    assert np.mean(q[0, :, 4]) == pytest.approx(mean, abs=0.08)
    example.draw(q[0], centre, scales, tmp_path / "orbits.png")
    assert (tmp_path / "orbits.png").stat().st_size > 10_000


def test_orbit_sampling_without_a_sampler(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("scipy.optimize")
    example = load("orbit_sampling", monkeypatch)
    monkeypatch.setitem(sys.modules, "mici", None)
    monkeypatch.setattr(sys, "argv", ["orbit_sampling.py"])
    example.main()
    assert "pip install" in capsys.readouterr().out


def test_symbolic_regression(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Errors and their derivatives by SymPy; a formula is found again, with its constant."""
    import sympy

    example = load("symbolic_regression", monkeypatch)
    monkeypatch.setattr(example, "GENES", 6)
    rng = np.random.default_rng(4)
    x = np.linspace(1, 3, 8)
    y = example.true(x)
    genes, constants = example.random_genes(24, rng), rng.normal(size=(24, 1))
    value, slope, curved = example.judged(constants, genes, x, y)
    s, c = sympy.symbols("x c")
    judged = 0
    for k, own in enumerate(genes):
        found = sympy.sympify(example.spelled(own, [c], s))
        if found.has(sympy.nan, sympy.zoo) or not np.isfinite(curved[k, 0, 0]):
            continue  # it divides by zero, perhaps in a gene that is idle
        judged += found.has(c)
        whole = (
            sum((found.subs(s, float(a)) - float(b)) ** 2 for a, b in zip(x, y, strict=True)) / 8
        )
        for order, number in enumerate((value[k], slope[k, 0], curved[k, 0, 0])):
            exact = float(sympy.diff(whole, c, order).subs(c, float(constants[k, 0])))
            assert number == pytest.approx(exact, rel=1e-9, abs=1e-9)
    assert judged > 5

    y = x * (x + np.sqrt(3))
    best, constant, course = example.evolve(x, y, islands=16, generations=60)
    assert course[-1].min() < 1e-20
    assert (np.diff(course.min(axis=1)) <= 0).all()
    text = example.draw(best, constant, course, x, y, tmp_path / "formula.png")
    (number,) = sympy.sympify(text).atoms(sympy.Float)
    assert abs(float(number)) == pytest.approx(np.sqrt(3), rel=1e-9)
    assert (tmp_path / "formula.png").stat().st_size > 10_000


def test_density_functional(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Free electrons, and Hartree and Fock's loop with NumPy's eigenvectors; then it learns."""
    pytest.importorskip("scipy.sparse")
    example = load("density_functional", monkeypatch)
    monkeypatch.setattr(example, "STEP", 0.1)
    grid = example.Grid(33)
    bare = grid.kinetic + np.diag(grid.nuclei(2.0))
    force, grid.force = grid.force, 0 * grid.force
    protons = example.STRENGTH * np.exp(-2.0 / example.RANGE)
    free = 2 * np.linalg.eigvalsh(bare)[0] + protons
    assert grid.exact(2.0)[0] == pytest.approx(free, abs=1e-10)
    grid.force = force

    density = np.exp(-(grid.x**2))
    for _ in range(200):  # exchange of two electrons is half of their repulsion
        _, waves = np.linalg.eigh(bare + np.diag(grid.h / 2 * force @ density))
        density = 0.5 * density + waves[:, 0] ** 2 / grid.h
    wave = np.sqrt(density / 2)
    alone = {name: 0 * w for name, w in example.start(np.random.default_rng(0)).items()}
    fock = 2 * wave @ bare @ wave * grid.h + grid.h**2 / 4 * density @ force @ density + protons
    energies, densities = example.solved(np.array([2.0, 4.0]), alone, grid)
    assert energies[0] == pytest.approx(fock, abs=1e-4)
    np.testing.assert_allclose(densities[0], density, atol=5e-3)
    assert fock > grid.exact(2.0)[0] + 0.01  # by the variational principle
    slope = ty.grad(example.unknown)(density, alone, grid)
    np.testing.assert_allclose(slope, -(grid.h**2) / 2 * force @ density, rtol=0, atol=1e-14)

    # Through the loop: by differences.
    weights = example.start(np.random.default_rng(1))
    way = {name: np.cos(np.arange(w.size)).reshape(w.shape) for name, w in weights.items()}

    def second(weights: dict[str, np.ndarray]) -> np.ndarray:
        found = example.solved(np.array([1.0, 4.0]), weights, grid)
        return np.sum(found[1] ** 2) + np.sum(found[0])

    slopes = ty.grad(second)(weights)
    ends = [second({n: w + h * way[n] for n, w in weights.items()}) for h in (-1e-5, 1e-5)]
    along = sum(np.sum(slopes[name] * way[name]) for name in way)
    assert along == pytest.approx((ends[1] - ends[0]) / 2e-5, rel=1e-5)

    learned, losses = example.train(grid, 60)
    assert losses[-1] < 0.02 * losses[0]
    found, _ = example.solved(np.array([2.0, 5.0]), learned, grid)  # not seen
    for distance, number in zip((2.0, 5.0), found, strict=True):
        assert number == pytest.approx(grid.exact(distance)[0], abs=0.01)
    example.draw(learned, grid, tmp_path / "molecule.png")
    assert (tmp_path / "molecule.png").stat().st_size > 10_000
