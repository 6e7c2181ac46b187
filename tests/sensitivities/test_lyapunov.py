"""Lyapunov exponents against linear systems, divergences and published values."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

X, Y, Z = ty.variables("x y z")
LORENZ = [(X, 10 * (Y - X)), (Y, X * (28 - Z) - Y), (Z, X * Y - ty.constant("8") / 3 * Z)]


def test_linear_systems_have_the_real_parts_of_their_eigenvalues() -> None:
    matrix = np.array([[0.1, 2.0, 0.3], [-1.0, -0.2, 0.5], [0.0, 0.0, -1.5]])
    system = [
        (e, sum(float(m) * v for m, v in zip(row, (X, Y, Z), strict=True)))
        for e, row in zip((X, Y, Z), matrix, strict=True)
    ]
    found = ty.analysis.lyapunov_spectrum(system, [0.0, 0.0, 0.0], 4000.0, transient=30.0)
    wanted = np.sort(np.linalg.eigvals(matrix).real)[::-1]
    # the two of a complex pair oscillate: their means over a time T are known to 1/T
    assert found.exponents == pytest.approx(wanted, abs=1e-3)
    assert found.exponents.sum() == pytest.approx(np.trace(matrix), abs=1e-12)
    assert found.exponents[2] == pytest.approx(-1.5, abs=1e-12)


@pytest.fixture(scope="module")
def lorenz() -> ty.analysis.LyapunovSpectrum:
    return ty.analysis.lyapunov_spectrum(LORENZ, [1.0, 1.0, 1.0], 2000.0, transient=30.0)


def test_lorenz(lorenz: ty.analysis.LyapunovSpectrum) -> None:
    """0.9056, 0, -14.5723 and a dimension of 2.062 (Sprott, Chaos and Time-Series Analysis)."""
    errors = np.array([0.9056, 0.0, -14.5723]) - lorenz.exponents
    assert (np.abs(errors) < 5 * lorenz.errors).all() and lorenz.errors.max() < 0.02
    assert lorenz.exponents.sum() == pytest.approx(-41 / 3, abs=1e-8)  # the divergence
    assert lorenz.dimension == pytest.approx(2.0621, abs=0.002)


def test_history_ends_with_the_exponents(lorenz: ty.analysis.LyapunovSpectrum) -> None:
    assert lorenz.history[-1] == pytest.approx(lorenz.exponents, rel=1e-12)
    assert lorenz.times[0] == 30.0 and lorenz.times[-1] == 2030.0
    assert lorenz.vectors.T @ lorenz.vectors == pytest.approx(np.eye(3), abs=1e-14)


def test_fewer_vectors_have_the_same_exponents() -> None:
    options = {"transient": 5.0, "interval": 0.5}
    whole = ty.analysis.lyapunov_spectrum(LORENZ, [1.0, 1.0, 1.0], 10.0, **options)
    two = ty.analysis.lyapunov_spectrum(LORENZ, [1.0, 1.0, 1.0], 10.0, count=2, **options)
    assert two.vectors.shape == (3, 2)
    assert two.exponents == pytest.approx(whole.exponents[:2], abs=1e-7)
    one = ty.analysis.lyapunov_exponent(LORENZ, [1.0, 1.0, 1.0], 10.0, **options)
    assert one == pytest.approx(whole.exponents[0], abs=1e-7)


def test_hamiltonian_exponents_come_in_pairs() -> None:
    """A pendulum's separatrix, at whose saddle it stays: +-1."""
    q, p = ty.variables("q p")
    found = ty.analysis.lyapunov_spectrum([(q, p), (p, -ty.sin(q))], [np.pi, 0.0], 5.0)
    assert found.exponents == pytest.approx([1.0, -1.0], abs=0.2)
    assert found.exponents.sum() == pytest.approx(0.0, abs=1e-12)


def test_a_quiet_state_with_growing_derivatives() -> None:
    """x' = x - y, y' = y - x from (1, 1): a constant with exponents 2 and 0."""
    found = ty.analysis.lyapunov_spectrum(
        [(X, X - Y), (Y, Y - X)], [1.0, 1.0], 100.0, transient=20.0
    )
    assert found.exponents == pytest.approx([2.0, 0.0], abs=1e-12)
    assert found.state == pytest.approx([1.0, 1.0], abs=1e-12)


def test_exponents_of_a_system_that_switches() -> None:
    """x' = |x| - 2 x is -x above zero and -3 x below."""
    for start, wanted in ((1.0, -1.0), (-1.0, -3.0)):
        found = ty.analysis.lyapunov_exponent([(X, abs(X) - 2 * X)], [start], 5.0)
        assert found == pytest.approx(wanted, abs=1e-12)


def test_parameters_time_and_functions_are_passed_on() -> None:
    a = ty.parameter("a")
    found = ty.analysis.lyapunov_spectrum(
        [(X, a * ty.time * X)], [1.0], 2.0, parameters={a: 0.5}, time=1.0
    )
    assert found.exponents == pytest.approx([0.5 * (9 - 1) / 2 / 2], abs=1e-12)
    traced = ty.analysis.lyapunov_exponent(lambda t, y, p: p * y, [0.0], 3.0, parameters=[0.25])
    assert traced == pytest.approx(0.25, abs=1e-12)


def test_errors_are_clear() -> None:
    for given in ({"count": 4}, {"count": 0}, {"transient": -1.0}, {"interval": 0.0}):
        with pytest.raises(ty.ArgumentError, match=f"lyapunov_spectrum: {next(iter(given))}"):
            ty.analysis.lyapunov_spectrum(LORENZ, [1.0, 1.0, 1.0], 1.0, **given)
    for duration in (0.0, -1.0, np.inf):
        with pytest.raises(ty.ArgumentError, match="duration"):
            ty.analysis.lyapunov_spectrum(LORENZ, [1.0, 1.0, 1.0], duration)
    with pytest.raises(ty.ArgumentTypeError, match="count"):
        ty.analysis.lyapunov_spectrum(LORENZ, [1.0, 1.0, 1.0], 1.0, count=1.5)  # type: ignore[arg-type]
    with pytest.raises(ty.analysis.AnalysisError, match="ended at t = "):
        ty.analysis.lyapunov_spectrum([(X, X**2)], [1.0], 2.0)


def test_a_vector_that_vanishes_is_no_exponent() -> None:
    """x' = -x/(1 - t)^2 flattens all neighbours before t = 1."""
    with pytest.raises(ty.analysis.AnalysisError):
        ty.analysis.lyapunov_spectrum(
            [(X, -X / (1 - ty.time) ** 2)], [1.0], 0.9995, interval=0.9995
        )
