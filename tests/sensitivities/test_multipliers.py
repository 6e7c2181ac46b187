"""Multipliers of matrices whose eigenvalues are known."""

from __future__ import annotations

import numpy as np
import pytest

from taylor.sensitivities.multipliers import multipliers_of


def symplectic(pairs: list[complex], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A symplectic matrix with a Jordan block of 1 and given multipliers, and its fixed vector."""
    n = len(pairs) + 1
    block = np.eye(2 * n)
    block[0, n] = 0.7  # the trivial pair
    for k, m in enumerate(pairs, start=1):
        if m.imag:
            block[np.ix_([k, n + k], [k, n + k])] = [[m.real, m.imag], [-m.imag, m.real]]
        else:
            block[k, k], block[n + k, n + k] = m.real, 1 / m.real
    form = np.block([[np.zeros((n, n)), np.eye(n)], [-np.eye(n), np.zeros((n, n))]])
    symmetric = rng.normal(size=(2 * n, 2 * n)) / 5
    # the Cayley transform of a Hamiltonian matrix is symplectic
    a = form @ (symmetric + symmetric.T)
    change = np.linalg.solve(np.eye(2 * n) - a, np.eye(2 * n) + a)
    return change @ block @ np.linalg.inv(change), change[:, 0]


@pytest.mark.parametrize("seed", range(5))
def test_trivial_multipliers_are_taken_out(seed: int) -> None:
    """Not as eigenvalues, which a Jordan block has to half of the digits alone."""
    angle = np.exp(0.3j)
    matrix, flow = symplectic([complex(40.0), angle], np.random.default_rng(seed))
    found = multipliers_of(matrix, flow)
    assert found.trivial == 2 and found.conserved is not None
    wanted = np.array([40.0, angle, angle.conjugate(), 1 / 40])
    assert found.others == pytest.approx(wanted, rel=1e-9)
    assert found.indices == pytest.approx([(40 + 1 / 40) / 2, np.cos(0.3)], rel=1e-9)
    assert np.abs(found.conserved @ matrix - found.conserved).max() < 1e-9
    assert len(found.all) == 6 and found.largest == pytest.approx(40.0)


def test_functions_change_their_signs_with_the_multipliers() -> None:
    rng = np.random.default_rng(3)

    def tests(*pairs: complex) -> dict[str, float]:
        matrix, flow = symplectic([complex(p) for p in pairs], rng)
        return multipliers_of(matrix, flow).tests()

    on, real, negative = np.exp(0.3j), 1.3, -1.3
    for name, beyond in (("branch point", real), ("period doubling", negative)):
        assert tests(40.0, on)[name] * tests(40.0, beyond)[name] < 0
    other = {"branch point": "period doubling", "period doubling": "branch point"}
    for name, beyond in (("branch point", real), ("period doubling", negative)):
        assert tests(40.0, on)[other[name]] * tests(40.0, beyond)[other[name]] > 0


def test_without_anything_conserved() -> None:
    """A limit cycle whose pair passes the unit circle."""

    def torus(size: float) -> float:
        matrix = np.eye(3)
        c, s = size * np.cos(1.0), size * np.sin(1.0)
        matrix[1:, 1:] = [[c, -s], [s, c]]
        found = multipliers_of(matrix, np.array([1.0, 0.0, 0.0]))
        assert found.trivial == 1 and found.conserved is None and not len(found.indices)
        return found.tests()["torus"]

    assert torus(0.9) < 0 < torus(1.1)
