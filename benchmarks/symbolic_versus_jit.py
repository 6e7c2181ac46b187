"""Accuracy of compiled Taylor coefficients against symbolic derivatives, by function and order.

    python -m benchmarks.symbolic_versus_jit

Every function of the registry and a set of compositions, at several points, orders 0 to 30:
`taylor.jet` (float64 machine code) against SymPy's derivatives evaluated by mpmath, or against
mpmath alone where those grow too large.  Writes a table and a picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import taylor
from benchmarks import terms
from benchmarks.cases import POINTS, Case, compositions, registered
from benchmarks.harness import RESULTS, heading, publish, table
from benchmarks.oracle import DIGITS, Oracle, error_in_ulp
from benchmarks.versions import own_versions, version

ORDER = 30
BANDS = ((0, 0), (1, 5), (6, 15), (16, 30))


@dataclass(frozen=True, slots=True)
class Errors:
    """Largest errors of one case over its points.

    points:         number of points where the case is real.
    symbolic_order: highest order that SymPy's derivatives reached at all of them.
    ulp:            errors in ulp of the exact coefficient, shape (order + 1,).
    of_terms:       errors in ulp of the sum of the absolute values of its terms, same shape.
    """

    points: int
    symbolic_order: int
    ulp: np.ndarray
    of_terms: np.ndarray


def measure(case: Case) -> Errors:
    """Compare one case at every point of `POINTS` where it is real."""
    oracle = Oracle(case, ORDER)
    exact = {point: oracle.at(point) for point in POINTS}
    points = [point for point in POINTS if exact[point] is not None]
    jets = taylor.jet(case.traced, points, order=ORDER)
    x = taylor.variable("x")
    ulp, of_terms = np.zeros((2, ORDER + 1))
    symbolic_order = ORDER
    for column, point in enumerate(points):
        known = exact[point]
        assert known is not None
        symbolic_order = min(symbolic_order, known.symbolic_order)
        sizes = terms.term_sizes(case.traced(x), x, point, ORDER)
        for n, (value, size) in enumerate(zip(known.coefficients, sizes, strict=True)):
            computed = float(jets[n, column])
            ulp[n] = max(ulp[n], error_in_ulp(computed, value, value))
            of_terms[n] = max(of_terms[n], error_in_ulp(computed, value, size))
    return Errors(len(points), symbolic_order, ulp, of_terms)


def _figure(value: float) -> str:
    """Two significant digits, without an exponent below a million."""
    if not math.isfinite(value):
        return "not finite"
    if value >= 1e6:
        return f"{value:.0e}"
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}"


def results_table(results: dict[str, Errors]) -> str:
    """The largest error of each case by bands of orders."""
    bands = [str(a) if a == b else f"{a}-{b}" for a, b in BANDS]
    columns = ["function", "points", "SymPy to order", *(f"ulp: {band}" for band in bands)]
    columns += [f"ulp of terms: {band}" for band in bands]
    rows = []
    for name, errors in results.items():
        row = [name, str(errors.points), str(errors.symbolic_order)]
        for values in (errors.ulp, errors.of_terms):
            row += [_figure(values[a : b + 1].max()) for a, b in BANDS]
        rows.append(row)
    return table(columns, rows)


def report(results: dict[str, Errors]) -> str:
    """The text of the results file."""
    versions = {**own_versions(), "SymPy": version("sympy"), "mpmath": version("mpmath")}
    points = ", ".join(f"{point:g}" for point in POINTS)
    return "\n".join(
        [
            heading(
                "Symbolic derivatives against compiled coefficients",
                "python -m benchmarks.symbolic_versus_jit",
                versions,
            ),
            "Largest error of the Taylor coefficients that `taylor.jet` computes in float64,",
            f"orders 0 to {ORDER}, over those of x = {points} (as doubles)",
            "where the function is real.",
            "",
            "* ulp: units in the last place of the exact coefficient; at most 0.5 if correctly",
            "  rounded, large where a coefficient is a small sum of large terms, or nearly zero.",
            "* ulp of terms: units in the last place of the sum of the terms' absolute values",
            "  (`benchmarks/terms.py`), the scale of the recurrence's rounding errors in float64.",
            "* SymPy to order: up to here the reference is SymPy's derivatives evaluated by",
            f"  mpmath, beyond it `mpmath.taylor` of the closed form with {DIGITS} digits.  Where",
            "  there are both, they agreed to 30 digits.",
            "",
            results_table(results),
            "",
            "![largest error by function and order](symbolic_versus_jit.png)",
            "",
        ]
    )


def draw(results: dict[str, Errors], path: Path) -> None:
    """Two heat maps, function by order: the error in ulp, and in ulp of the terms."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.colors import BoundaryNorm

    pyplot.style.use("taylor.displays.pictures")
    edges = [0, 0.5, 1, 2, 5, 10, 30, 100, 1e3, 1e4, 1e6, 1e300]
    labels = ["0", "0.5", "1", "2", "5", "10", "30", "100", "$10^3$", "$10^4$", "$10^6$", ""]
    colours = pyplot.get_cmap("magma_r")
    norm = BoundaryNorm(edges, colours.N)
    names = list(results)
    figure, axes = pyplot.subplots(1, 2, figsize=(13, 0.21 * len(names) + 1.6), sharey=True)
    titles = ("in ulp of the coefficient", "in ulp of the sum of its terms")
    for axis, title, kind in zip(axes, titles, ("ulp", "of_terms"), strict=True):
        errors = np.array([getattr(one, kind) for one in results.values()])
        image = axis.imshow(np.minimum(errors, 1e299), cmap=colours, norm=norm, aspect="auto")
        axis.set_title(f"largest error {title}")
        axis.set_xlabel("order")
        axis.set_xticks(range(0, ORDER + 1, 5))
        axis.set_xticks(np.arange(ORDER + 2) - 0.5, minor=True)
        axis.set_yticks(range(len(names)), names, fontsize=9)
        axis.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
        axis.grid(visible=False)
        axis.grid(which="minor", color="white", linewidth=0.6)
        axis.tick_params(which="both", length=0)
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.01, ticks=edges, spacing="uniform")
    bar.set_ticklabels(labels)
    bar.set_label("ulp")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main() -> None:
    """Measure everything, print and write the table and the picture."""
    results = {}
    for case in (*registered(), *compositions()):
        results[case.name] = measure(case)
        print(f"{case.name} done", flush=True)
    text = report(results)
    print(text)
    path = publish("symbolic_versus_jit.md", text)
    draw(results, RESULTS / "symbolic_versus_jit.png")
    print(f"written to {path}, with its picture")


if __name__ == "__main__":
    main()
