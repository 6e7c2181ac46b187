"""Bits depend on the problem alone: not on where it ends, nor on what was written before."""

import gc
import os
import random
import subprocess
import sys
from pathlib import Path

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


def products(scale):
    """Random systems, and the same with their products written the other way round."""
    for seed in range(12 * scale):

        def write(swapped, seed=seed):
            rng = random.Random(seed)

            def times(a, b):
                return b * a if swapped else a * b

            parts = [X, Y, ty.sin(X), ty.cos(Y) + X, ty.exp(-X * X), ty.sin(2 * Y), ty.sin(3 * Y)]
            for _ in range(6):
                a, b = rng.sample(parts, 2)
                parts.append(times(a, b))
            chosen = [parts[-1] + parts[-3], parts[-2] - parts[-4]]
            return [(x, f / 4 - x) for x, f in zip((X, Y), chosen, strict=True)]

        yield seed, write


def test_products_have_an_order_of_their_own(scale):
    """What is written before, with factors the other way round, changes no bit."""

    def run(system):
        ta = ty.Integrator(system, [0.3, 0.7])
        ta.propagate_until(3.0)
        return ta.state.tolist()

    for seed, write in products(scale):
        first = write(swapped=False)
        alone = run(first)
        del first
        gc.collect()
        transposed = write(swapped=True)
        assert run(write(swapped=False)) == alone, seed
        assert run(transposed) == alone, seed


def test_the_order_of_factors_does_not_depend_on_the_process():
    """Bits in processes of other hash seeds, and after other products."""
    script = (
        "import sys; sys.path.insert(0, 'tests/integrator')\n"
        "from test_same_bits import *\n"
        "others = [w(swapped=True) for _, w in products(1)] if {first} else []\n"
        "for _, w in products(1):\n"
        "    ta = ty.Integrator(w(swapped=False), [0.3, 0.7])\n"
        "    ta.propagate_until(3.0)\n"
        "    print(ta.state.tolist())\n"
    )
    root = Path(__file__).parent.parent.parent
    printed = set()
    for first, hash_seed in ((0, "1"), (1, "2")):
        path = os.pathsep.join([str(root), str(root / "runtime")])
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
        found = subprocess.run(
            [sys.executable, "-c", script.format(first=first)],
            env=environment,
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        printed.add(found.stdout)
    assert len(printed) == 1
    assert printed.pop().count("[") == 12
