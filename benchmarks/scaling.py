"""How time per step, compile time and code size grow with the system and the order.

    python -m benchmarks.scaling [--quick]

n-body problems of 2 to 200 bodies from the double loop over pairs, orders 5 to 40; heyoka in
compact mode beside it, up to 50 bodies.  Writes a table and a picture.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.harness import RESULTS, Worker, heading, publish, table, with_bytecode
from benchmarks.solvers import Setting

BODIES = (2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200)
ORDERS = (5, 10, 20, 30, 40)
MOST_PEER_BODIES = 50
PATIENCE = 120.0  # seconds for one creation, after which this size and larger ones are left out
SPAN = 60.0
RUNS, SECONDS = 3, 0.05
PANELS = (
    ("step", 1e6, "time per step, µs"),
    ("creation", 1.0, "from formulas to an integrator, s"),
    ("code", 1e-3, "machine code, kB"),
)


@dataclass(frozen=True, slots=True)
class Point:
    """One integrator: seconds a step, seconds to make it, bytes of code."""

    step: float
    creation: float
    code: int


Curves = dict[tuple[str, int], dict[int, Point]]  # (solver, order) -> bodies -> point


def tolerance_of(order: int) -> float:
    """One to which both solvers answer with this order, ceil(1 - log(tolerance) / 2)."""
    return math.exp(0.5 - 2 * (order - 1))


def measure(order: int, bodies: Sequence[int], curves: Curves) -> list[int]:
    """Add the points of one order; return the sizes whose integrators were made in time.

    The solvers take turns, size by size and run by run.
    """
    made_in_time = []
    with Worker("taylor") as ours, Worker("heyoka") as theirs:
        for count in bodies:
            workers = {"taylor": ours}
            if count <= MOST_PEER_BODIES:
                workers["heyoka"] = theirs
            setting = Setting(f"n-body-{count}", tolerance_of(order), compact=True, order=order)
            try:
                points = _points(workers, setting, order)
            except TimeoutError as error:
                print(f"  {count} bodies, order {order}: {error}", flush=True)
                break
            for solver, point in points.items():
                curves.setdefault((solver, order), {})[count] = point
                print(
                    f"  {count} bodies, order {order}, {solver}: {1e6 * point.step:.3g} us/step, "
                    f"made in {point.creation:.3f} s, {point.code / 1e3:.0f} kB",
                    flush=True,
                )
            made_in_time.append(count)
    return made_in_time


def _points(workers: dict[str, Worker], setting: Setting, order: int) -> dict[str, Point]:
    """One point a solver."""
    state, made, repeat = np.asarray(setting.stated.state), {}, {}
    for solver, worker in workers.items():
        made[solver] = worker.call("create", setting, limit=PATIENCE)
        if made[solver].order != order:
            raise RuntimeError(f"{solver} chose order {made[solver].order} instead of {order}")
        once, _, _ = worker.call("run", state, [SPAN])
        repeat[solver] = max(1, math.ceil(SECONDS / once))
    steps: dict[str, list[float]] = {solver: [] for solver in workers}
    for _ in range(RUNS):
        for solver, worker in workers.items():
            seconds, count, _ = worker.call("run", state, [SPAN], repeat[solver])
            steps[solver].append(seconds / count)
    return {
        solver: Point(median(steps[solver]), made[solver].seconds, worker.call("describe")[1])
        for solver, worker in workers.items()
    }


def draw(curves: Curves, path: Path) -> None:
    """Three panels over the number of bodies, both axes logarithmic, a colour an order."""
    from matplotlib import colormaps, style
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import LogLocator, NullLocator

    style.use("taylor.displays.pictures")
    figure = Figure(figsize=(14, 5.4))
    colors = {order: colormaps["viridis"](i / len(ORDERS)) for i, order in enumerate(ORDERS)}
    for axis, (kind, unit, title) in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        for (solver, order), points in curves.items():
            ours = solver == "taylor"
            axis.plot(
                list(points),
                [unit * getattr(point, kind) for point in points.values()],
                color=colors[order],
                linestyle="-" if ours else (0, (3, 2)),
                marker="o" if ours else "x",
                markersize=4.5,
                linewidth=1.8 if ours else 1.2,
            )
        axis.set(xscale="log", yscale="log", xlabel="bodies", title=title)
        axis.set_xticks(BODIES, [str(count) for count in BODIES])
        axis.xaxis.set_minor_locator(NullLocator())
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=24))
        axis.yaxis.set_minor_locator(NullLocator())
        axis.yaxis.set_major_formatter("{x:g}")
    shown: list[Any] = [
        Line2D([], [], color=colors[order], linewidth=3, label=f"order {order}") for order in ORDERS
    ]
    shown.append(Line2D([], [], color="black", marker="o", label="taylor"))
    shown.append(
        Line2D([], [], color="black", marker="x", linestyle="--", label="heyoka, compact mode")
    )
    figure.legend(handles=shown, loc="outside lower center", ncols=len(shown))
    figure.savefig(path, dpi=110)


def report(curves: Curves, versions: dict[str, str]) -> str:
    """The text of the results file."""
    columns = ["bodies, order", "us/step", "heyoka", "ratio", "creation, s", "heyoka", "code, kB"]
    rows = []
    for (solver, order), points in curves.items():
        for count, ours in points.items() if solver == "taylor" else ():
            theirs = curves.get(("heyoka", order), {}).get(count)
            cells = [f"{count}, {order}", f"{1e6 * ours.step:.3g}"]
            cells += (
                [f"{1e6 * theirs.step:.3g}", f"{theirs.step / ours.step:.2f}"]
                if theirs
                else ["", ""]
            )
            cells += [f"{ours.creation:.3f}", f"{theirs.creation:.3f}" if theirs else ""]
            rows.append([*cells, f"{ours.code / 1e3:.0f}"])
    return "\n".join(
        [
            heading("Scaling", "python -m benchmarks.scaling", versions),
            "n-body problems from the double loop over pairs; heyoka in compact mode, one thread.",
            "",
            "![time per step, creation and code size by bodies and order](scaling.png)",
            "",
            table(columns, rows),
            "",
        ]
    )


def main() -> None:
    """Measure all curves, write the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="up to 30 bodies, printed only")
    quick = parser.parse_args().quick
    with_bytecode("benchmarks.scaling")
    bodies = [n for n in BODIES[::2] if n <= 30] if quick else list(BODIES)
    versions: dict[str, str] = {}
    curves: Curves = {}
    for solver in ("taylor", "heyoka"):
        with Worker(solver) as worker:
            versions |= worker.call("versions")
    for order in ORDERS:
        bodies = measure(order, bodies, curves)
    print(report(curves, versions))
    if not quick:
        publish("scaling.md", report(curves, versions))
        draw(curves, RESULTS / "scaling.png")


if __name__ == "__main__":
    main()
