"""Floquet multipliers of periodic orbits, and functions that vanish where they bifurcate."""

from __future__ import annotations

from dataclasses import field

import numpy as np

from taylor_runtime.program.records import dataclass

CONSERVED = 1e-5  # of the size of the monodromy matrix, that a second trivial multiplier may be off
TOO_SMALL = 1e-10  # for a sign


@dataclass(frozen=True, slots=True)
class Multipliers:
    """Eigenvalues of a monodromy matrix.

    others:    those that are not trivially 1, (n - trivial,), largest first.
    trivial:   how many are 1 since the system does not depend on time, and since it conserves
               something.
    conserved: the gradient of what is conserved, (n,) of length 1, or None.

    >>> import taylor as ty
    >>> x, v, k = *ty.variables("x v"), ty.parameter("k")
    >>> orbit = ty.analysis.periodic_orbit([(x, v), (v, k * (1 - x**2) * v - x)], [2.0, 0.0], 6.5,
    ...                                    parameters={k: 1.0})  # van der Pol's
    >>> orbit.multipliers.trivial, bool(orbit.multipliers.largest < 1)
    (1, True)
    """

    others: np.ndarray
    trivial: int
    conserved: np.ndarray | None = field(default=None, repr=False)

    @property
    def all(self) -> np.ndarray:
        """All n of them, the trivial ones last."""
        return np.concatenate([self.others, np.ones(self.trivial)])

    @property
    def largest(self) -> float:
        """The largest absolute value of those that are not trivial, 0 where there are none."""
        return float(np.abs(self.others).max(initial=0.0))

    @property
    def indices(self) -> np.ndarray:
        """Stability indices (m + 1/m)/2 of the pairs m, 1/m where something is conserved.

        Between -1 and 1 for stable pairs; empty where nothing is.
        """
        if self.conserved is None or len(self.others) % 2:
            return np.empty(0)
        sums = (self.others + 1 / self.others) / 2
        return np.asarray(sums[np.argsort(sums.real)][::2][::-1])

    def tests(self) -> dict[str, float]:
        """Functions that change their sign where multipliers pass 1, -1, or the unit circle."""
        m = self.others
        size = 1 + np.abs(m)
        found = {
            "branch point": float(np.prod((m - 1) / size).real),
            "period doubling": float(np.prod((m + 1) / size).real),
        }
        if self.conserved is None:
            i, j = np.triu_indices(len(m), 1)
            pairs = (m[i] * m[j] - 1) / (1 + np.abs(m[i] * m[j]))
            found["torus"] = float(np.prod(pairs).real) if len(i) else 1.0
        elif len(m) == 4:  # two pairs meet, off the real line or on the unit circle
            total, square = m.sum().real, (m * m).sum().real
            gap = total**2 / 4 - (total**2 - square) / 2 + 2
            found["collision"] = float(gap / (1 + total**2))
        return {name: value for name, value in found.items() if abs(value) > TOO_SMALL}


def multipliers_of(
    monodromy: np.ndarray, flow: np.ndarray | None, conservative: bool | None = None
) -> Multipliers:
    """The multipliers, trivial ones taken out of the matrix before eigenvalues are asked for.

    flow:         f at the start, whose multiplier is 1, or None in a system that depends on time.
    conservative: whether there is one more, of something that is conserved; found out if None.

    M f = f, and g M = g for the gradient g of what is conserved: in a basis that begins with f, and
    then in one that begins with g, M is block triangular.
    """
    trivial, rest = 0, np.eye(len(monodromy))
    if flow is not None and np.linalg.norm(flow) > 0:
        rest, trivial = _orthogonal(flow[:, np.newaxis]), 1
    reduced = rest.T @ monodromy @ rest
    conserved = None
    if flow is not None and len(reduced) and conservative is not False:
        left, sizes, _ = np.linalg.svd(reduced - np.eye(len(reduced)))
        if conservative or sizes[-1] < CONSERVED * max(1.0, float(sizes[0])):
            g = left[:, -1]
            conserved = rest @ g
            inner = _orthogonal(g[:, np.newaxis])
            reduced, trivial = inner.T @ reduced @ inner, 2
    found = np.linalg.eigvals(reduced) if len(reduced) else np.empty(0)
    order = np.lexsort((-found.imag, -found.real, -np.abs(found).round(10)))
    return Multipliers(found[order], trivial, conserved)


def _orthogonal(column: np.ndarray) -> np.ndarray:
    """Orthonormal columns (n, n - 1) across one."""
    return np.asarray(np.linalg.qr(column, mode="complete")[0][:, 1:])
