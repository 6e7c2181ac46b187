"""Integrators and functions survive pickling: same bits, in a process that never saw them."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import taylor as ty


def kepler(**options: object) -> ty.Integrator:
    x, y, vx, vy = ty.variables("x y vx vy")
    gm = ty.parameter("gm")
    cube = (x * x + y * y) ** -1.5
    equations = [(x, vx), (y, vy), (vx, -gm * x * cube), (vy, -gm * y * cube)]
    return ty.Integrator(equations, [0.5, 0.0, 0.0, 1.7], parameters={gm: 1.0}, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options", [{}, {"high_accuracy": True}, {"rtol": 1e-10, "atol": [1e-12, 1e-9, 1e-9, 1e-9]}]
)
def test_an_integrator_goes_on_to_the_same_bits(options: dict[str, object]) -> None:
    ta = kepler(**options)
    ta.propagate_until(10.0, max_steps=40)
    again = pickle.loads(pickle.dumps(ta))
    assert again.time_pair == ta.time_pair
    for integrator in (ta, again):
        integrator.propagate_until(50.0)
    assert np.array_equal(again.state, ta.state)
    assert again.time_pair == ta.time_pair
    assert np.array_equal(again.dense(49.9999), ta.dense(49.9999))


def test_many_packed_states() -> None:
    n = 20
    x = ty.variables(" ".join(f"x{i}" for i in range(n)))
    equations = [(x[i], ty.sin(x[i - 1] - x[i]) + 0.1 * i) for i in range(n)]
    ta = ty.Integrator(equations, np.linspace(0, 3, n))
    ta.propagate_for(3.0)
    again = pickle.loads(pickle.dumps(ta))
    again.propagate_for(2.0)
    ta.propagate_for(2.0)
    assert np.array_equal(again.state, ta.state)


def test_in_another_process() -> None:
    ta = kepler()
    ta.propagate_until(3.0)
    x, y = ty.variables("x y")
    f = ty.compile([ty.sin(x * y), x / y], [x, y])
    code = (
        "import pickle, sys; ta, f = pickle.load(sys.stdin.buffer); ta.propagate_until(9.0); "
        "print([float(v).hex() for v in (*ta.state, *f(0.3, 0.7))])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps((ta, f)),
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    ta.propagate_until(9.0)
    expected = [float(v).hex() for v in (*ta.state, *f(0.3, 0.7))]
    assert result.stdout.decode().strip() == str(expected)


def test_shared_expressions_are_written_once() -> None:
    x = ty.variable("x")
    e = x
    for _ in range(200):
        e = ty.sin(e) + x
    one = len(pickle.dumps(ty.compile(e, [x])))
    assert len(pickle.dumps(ty.compile([e + k for k in range(10)], [x]))) < 1.5 * one
