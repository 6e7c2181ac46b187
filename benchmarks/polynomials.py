"""Truncated polynomials beside DACE (daceypy): order 10 in 6 variables.

Run with ``python -m benchmarks.polynomials [--quick]``; it takes three minutes, with --quick one,
and needs daceypy for the other side.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.harness import heading, publish, table
from benchmarks.versions import own_versions, version

ORDER, VARIABLES = 10, 6
MANY = 10**4  # points
TURNS = 5
SLOW = 0.5  # seconds from which on a call is measured once a turn, of two turns
TARGET = 3.0  # times as fast
AGREE = 1e-9  # of the largest value, the largest difference of the results


class Own:
    """taylor's polynomials."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.x = ty.Polynomial.variables(VARIABLES, ORDER)
        self.p, self.q = (self._dense(c) for c in rng.normal(size=(2, 2, VARIABLES)))
        self.maps = [
            np.stack([0.5 * (self._dense(c) - 1) + x for c, x in zip(rows, self.x, strict=True)])
            for rows in rng.normal(size=(2, VARIABLES, 2, VARIABLES))
        ]
        self.points = rng.uniform(-0.1, 0.1, (MANY, VARIABLES))

    def _dense(self, c: np.ndarray) -> Any:
        """A polynomial with all coefficients and the constant part 1."""
        return np.exp(0.3 * (c[0] @ self.x)) * (1 + 0.1 * (c[1] @ self.x))

    def values(self, p: Any) -> np.ndarray:
        """A result's values at some points, to compare the sides."""
        return np.asarray(p(self.points[:3]))

    def product(self) -> Any:
        return self.p * self.q

    def exp(self) -> Any:
        return np.exp(self.p)

    def compose(self) -> Any:
        return self.maps[0].compose(self.maps[1])

    def invert(self) -> Any:
        return self.maps[0].inverse()

    def one_point(self) -> Any:
        return self.maps[0](self.points[0])

    def many_points(self, count: int = MANY) -> Any:
        return self.maps[0](self.points[:count])


class Dace:
    """DACE through daceypy; its order and variables are those of the process."""

    def __init__(self, rng: np.random.Generator) -> None:
        import daceypy  # type: ignore[import-not-found]

        self.da, self.array = daceypy.DA, daceypy.array
        self.da.init(ORDER, VARIABLES)
        self.x = [self.da(i + 1) for i in range(VARIABLES)]
        self.p, self.q = (self._dense(c) for c in rng.normal(size=(2, 2, VARIABLES)))
        self.maps = [
            self.array([0.5 * (self._dense(c) - 1) + x for c, x in zip(rows, self.x, strict=True)])
            for rows in rng.normal(size=(2, VARIABLES, 2, VARIABLES))
        ]
        self.points = rng.uniform(-0.1, 0.1, (MANY, VARIABLES))
        self.compiled = self.maps[0].compile()

    def _dense(self, c: np.ndarray) -> Any:
        linear, other = (sum(float(k) * x for k, x in zip(row, self.x, strict=True)) for row in c)
        return (0.3 * linear).exp() * (1 + 0.1 * other)

    def values(self, p: Any) -> np.ndarray:
        """A result's values at some points, to compare the sides."""
        return np.array([np.array(p.eval(point), float) for point in self.points[:3]])

    def product(self) -> Any:
        return self.p * self.q

    def exp(self) -> Any:
        return self.p.exp()

    def compose(self) -> Any:
        return self.maps[0].eval(self.maps[1])

    def invert(self) -> Any:
        return self.maps[0].invert()

    def one_point(self) -> Any:
        return self.compiled.eval(self.points[0])

    def many_points(self, count: int = MANY) -> Any:
        """One point after the other: there is no other way in Python."""
        return np.array([self.compiled.eval(point) for point in self.points[:count]])


def seconds(call: Callable[[], Any], limit: float) -> float:
    """Shortest time of one call, of as many as fit into the limit."""
    times: list[float] = []
    begin = time.perf_counter()
    while not times or time.perf_counter() - begin < limit:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def as_values(side: Own | Dace, name: str, result: Any) -> np.ndarray:
    """Numbers that both sides have in common."""
    return np.asarray(result, float) if "point" in name else side.values(result)


def row_of(title: str, name: str, own: Own, other: Dace | None, quick: bool) -> list[str]:
    """Both sides in turns; at many points DACE gets a hundredth of them."""
    mine = getattr(own, name)
    share = 100 if name == "many_points" else 1
    theirs = None
    if other is not None:
        theirs = getattr(other, name)
        if share > 1:
            theirs = lambda: other.many_points(MANY // share)  # noqa: E731
        compare(title, name, own, other, mine(), theirs())
    best = [float("inf"), float("inf")]
    for _ in range(2 if quick else TURNS):
        best[0] = min(best[0], seconds(mine, 0.1))
        if theirs is not None and (best[1] == float("inf") or best[1] < SLOW or not quick):
            best[1] = min(best[1], seconds(theirs, 0.1))
    if theirs is None:
        return [title, f"{1e3 * best[0]:.3g}", "-", "-", f"{TARGET:g}"]
    best[1] *= share
    return [title, *(f"{1e3 * t:.3g}" for t in best), f"{best[1] / best[0]:.1f}", f"{TARGET:g}"]


def compare(title: str, name: str, own: Own, other: Dace, mine: Any, theirs: Any) -> None:
    """RuntimeError if the sides do not compute the same."""
    a, b = as_values(own, name, mine), as_values(other, name, theirs)
    a = a[: len(b)] if name == "many_points" else a
    if not np.abs(a - b).max() <= AGREE * np.abs(b).max():
        raise RuntimeError(f"{title}: the sides differ by {np.abs(a - b).max():.1e}")


ROWS = {
    "product": "product",
    "exp": "exp",
    "composition of 6 with 6": "compose",
    "inversion of 6": "invert",
    "6 at one point": "one_point",
    f"6 at {MANY} points": "many_points",
}


def main() -> None:
    """Measure, print, and write results/polynomials.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.polynomials")
    parser.add_argument("--quick", action="store_true", help="fewer turns; nothing is written")
    arguments = parser.parse_args()
    own = Own(np.random.default_rng(0))
    other: Dace | None = None
    note = ""
    try:
        other = Dace(np.random.default_rng(0))
    except ImportError:
        note = "daceypy is not installed, and its side left out.\n\n"
    rows = [row_of(title, name, own, other, arguments.quick) for title, name in ROWS.items()]
    text = heading(
        "Truncated polynomials",
        "python -m benchmarks.polynomials",
        {**own_versions(), "daceypy": version("daceypy")},
    )
    text += (
        f"\nOrder {ORDER} in {VARIABLES} variables, {own.p.size} coefficients, all different from "
        "zero; one thread. Milliseconds, the shortest of alternating runs in one process; "
        "compiledDA for DACE's values, which daceypy computes in Python, one point after the other "
        "(of many points it gets a hundredth, and the time is multiplied); all else is DACE's own "
        f"code. Results agree to {AGREE:g}.\n\n{note}"
    )
    text += table(["operation", "ms", "DACE", "ratio", "at least"], rows) + "\n"
    print(text)
    if not arguments.quick and other is not None:
        print(f"wrote {publish('polynomials.md', text)}")


if __name__ == "__main__":
    main()
