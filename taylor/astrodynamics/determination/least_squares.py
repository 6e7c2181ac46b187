"""Linear least squares by orthogonal transformations, with what cannot be determined."""

from __future__ import annotations

import numpy as np

from taylor_runtime.program.records import dataclass

Array = np.ndarray
LOST = 2.0**-40  # singular values this far below the largest are rounding errors


@dataclass(frozen=True, eq=False)
class Triangle:
    """R x = z, what is left of many equations of unit weight: R^T R is their information.

    root:    shape (n, n), upper triangular, for unknowns in units of `scale`.
    side:    shape (n,).
    scale:   shape (n,), lengths of the columns.
    rest:    the sum of the squares that no x can take away.
    """

    root: Array
    side: Array
    scale: Array
    rest: float

    def rank(self) -> tuple[int, Array]:
        """How many combinations of unknowns are determined, and the others, (k, n), each of unit
        length in units of `scale`.
        """
        _, sizes, across = np.linalg.svd(self.root)
        limit = LOST * len(sizes) * (sizes[0] if len(sizes) else 0.0)
        known = int((sizes > limit).sum())
        return known, across[known:]

    def solve(self, damping: float = 0.0) -> Array:
        """x; damped by so much of the columns' lengths, and the smallest where it is not unique."""
        n = len(self.scale)
        if damping:
            matrix = np.concatenate([self.root, np.sqrt(damping) * np.eye(n)])
            side = np.concatenate([self.side, np.zeros(n)])
        else:
            matrix, side = self.root, self.side
        return np.asarray(np.linalg.lstsq(matrix, side, rcond=LOST * n)[0] / self.scale)

    def covariance_root(self) -> Array:
        """S with S S^T the covariance of x; of a triangle of full rank."""
        found = np.linalg.solve(self.root, np.eye(len(self.scale)))
        return np.asarray(found / self.scale[:, np.newaxis])


def upper(matrix: Array) -> Array:
    """R of matrix = Q R, upper triangular."""
    return np.asarray(np.linalg.qr(matrix, mode="r"))


def triangle(matrix: Array, side: Array) -> Triangle:
    """Many equations, matrix (k, n) and side (k,), made as few as there are unknowns, by QR."""
    n = matrix.shape[1]
    lengths = np.linalg.norm(matrix, axis=0)
    scale = np.where(lengths > 0, lengths, 1.0)
    whole = np.concatenate([matrix / scale, side[:, np.newaxis]], axis=1)
    if len(whole) <= n:
        whole = np.concatenate([whole, np.zeros((n + 1 - len(whole), n + 1))])
    made = upper(whole)
    return Triangle(made[:n, :n], made[:n, n], scale, float(made[n, n] ** 2))


def named(direction: Array, names: tuple[str, ...], scale: Array) -> str:
    """A combination of unknowns in words: those of which it is made, largest first."""
    parts = direction / scale
    parts = parts / np.abs(parts).max()
    share = np.abs(direction)
    chosen = [k for k in np.argsort(-share, kind="stable") if share[k] > 0.05 * share.max()]
    return " ".join(f"{parts[k]:+.3g} {names[k]}" for k in chosen[:6])
