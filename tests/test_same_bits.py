"""Where a propagation is to end changes no bit of what comes before."""

import random

import numpy as np
import pytest

import taylor as ty

X, Y, V, W = ty.variables("x y v w")
R3 = (X * X + Y * Y) ** -1.5
SYSTEMS = {
    "pendulum": ([(X, V), (V, -ty.sin(X))], 2),
    "kepler": ([(X, V), (Y, W), (V, -X * R3), (W, -Y * R3)], 4),
    "van der pol": ([(X, V), (V, 5 * (1 - X * X) * V - X)], 2),
    "driven": ([(X, V), (V, ty.cos(ty.time) - X - V / 4)], 2),
    "lorenz": ([(X, 10 * (Y - X)), (Y, X * (28 - V) - Y), (V, X * Y - V * 8 / 3)], 3),
}


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_grids_to_several_ends_agree(name, precision, scale):
    """At all times but the last, where a step ends: elsewhere polynomials are evaluated."""
    system, size = SYSTEMS[name]
    ta = ty.Integrator(system, np.ones(size), precision=precision)
    for seed in range(4 * scale):
        rng = random.Random(seed)
        state = np.array([rng.uniform(-2, 2) * 10 ** rng.uniform(-2, 0) for _ in range(size)])
        if name == "kepler":  # not too near a collision
            state = np.array([1, 0, 0, 1]) + state / 8
        found = []
        for end in (rng.uniform(2, 4), rng.uniform(4, 8), rng.uniform(16, 30)):
            ta.state, ta.time = state.astype(np.float32).astype(float), 0.0
            if precision == "double-double":
                ta.state = ty.from_mpmath(state)
            found.append(ta.propagate_grid([*np.linspace(0, 1.75, 8), end]).states[:-1])
        assert np.array_equal(found[0], found[1]), seed
        assert np.array_equal(found[0], found[2]), seed


def test_ensembles_to_several_ends_agree():
    system, _ = SYSTEMS["pendulum"]
    states = np.random.default_rng(0).uniform(-2, 2, (64, 2))
    grid = np.linspace(0, 1.75, 8)
    found = [
        ty.ensemble(ty.Integrator(system, [1, 0]), states, times=[*grid, end]).states[:, :-1]
        for end in (3.0, 50.0)
    ]
    assert np.array_equal(*found)
