"""This project's integrator and heyoka's in the same run: time, creation, error, memory.

    python -m benchmarks.integrators [--quick] [--list] [part of a row's name ...]

Time is that of the same span at the same tolerance, the two solvers taking turns in two processes,
one thread each.  Creation is from the user's formulas to an integrator that is ready, each in a
fresh process after its imports, without any cache.  Errors are those of states against heyoka with
113-bit numbers.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import time
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from benchmarks.harness import Worker, heading, publish, table, with_bytecode
from benchmarks.problem import starts
from benchmarks.problems import PROBLEMS
from benchmarks.solvers import Setting
from benchmarks.targets import ROWS, Creation, Errors, Import, Memory, Row, Time, selected

TIMES = 8  # along each trajectory: at a single one, errors are large or small by chance
MINUTE = 60.0  # that heyoka's default mode gets to compile


@dataclass(frozen=True, slots=True)
class Effort:
    """How often things are measured."""

    runs: int = 9
    seconds: float = 0.2  # of the slower solver's run, at least
    creations: int = 5
    starts: int = 32
    patience: float = MINUTE


QUICK = Effort(runs=3, seconds=0.05, creations=2, starts=6, patience=15.0)


@dataclass(frozen=True, slots=True)
class Line:
    """A measured row: what the tables show, and whether the targets were met (None: not known)."""

    row: Row
    cells: list[str] = field(default_factory=list)
    met: bool | None = None


class Bench:
    """Measures rows of any kind."""

    def __init__(self, effort: Effort) -> None:
        self.effort = effort
        with Worker("taylor") as worker:
            self.peak: float = worker.call("peak")

    def measure(self, row: Row) -> Line:
        if isinstance(row, Time):
            return self._time(row)
        if isinstance(row, Creation):
            return self._creation(row)
        if isinstance(row, Errors):
            return self._errors(row)
        if isinstance(row, Memory):
            return self._memory(row)
        return self._import(row)

    # -- time -----------------------------------------------------------------------------------

    def _time(self, row: Time) -> Line:
        problem = PROBLEMS[row.problem]
        title = _time_title(row)
        with Worker("taylor") as ours:
            if not ours.call("can", row.precision):
                goal = f"{row.at_least:g} x"
                return Line(row, [title, *["-"] * 7, goal, "not available"])
            setting = Setting(row.problem, row.tolerance, row.precision)
            made = ours.call("create", setting)
            theirs, mode = self._peer(row)
            with theirs:
                workers = {"taylor": ours, "heyoka": theirs}
                span = problem.span if row.span is None else row.span
                seconds, steps = self._take_turns(workers, np.asarray(problem.state), span)
                energy = ours.call("energy_error", row.energy[0]) if row.energy else 0.0
            share = self._share(ours, row, seconds["taylor"], steps["taylor"])
        each = {side: 1e6 * median(seconds[side]) / steps[side] for side in workers}
        ratios = [b / a for a, b in zip(seconds["taylor"], seconds["heyoka"], strict=True)]
        ratio = median(seconds["heyoka"]) / median(seconds["taylor"])
        met = ratio >= row.at_least
        notes = ""
        if row.energy:
            met = met and energy <= row.energy[1]
            notes = f"; energy to {energy:.0e} over {row.energy[0]:g}"
        cells = [title, mode, str(made.order), f"{each['taylor']:.3g}", f"{each['heyoka']:.3g}"]
        cells += [f"{min(ratios):.2f}-{max(ratios):.2f}", share, f"{ratio:.2f} x{notes}"]
        return Line(row, [*cells, f"{row.at_least:g} x", _met(met)], met)

    def _peer(self, row: Time) -> tuple[Worker, str]:
        """heyoka with its integrator, and the mode it was made in."""
        kind = "real128, " if row.precision != "float64" else ""
        if row.peer != "compact":
            worker = Worker("heyoka")
            limit = self.effort.patience if row.peer == "either" else None
            setting = Setting(row.problem, row.tolerance, row.precision)
            try:
                worker.call("create", setting, limit=limit)
                return worker, f"{kind}default"
            except TimeoutError:
                pass
        worker = Worker("heyoka")
        worker.call("create", Setting(row.problem, row.tolerance, row.precision, compact=True))
        late = f" (default: over {self.effort.patience:g} s)" if row.peer == "either" else ""
        return worker, f"{kind}compact{late}"

    def _take_turns(
        self, workers: dict[str, Worker], state: np.ndarray, span: float
    ) -> tuple[dict[str, list[float]], dict[str, int]]:
        """Seconds of every run, and steps of a run; the first turn warms up and does not count."""
        first = {side: worker.call("run", state, [span])[0] for side, worker in workers.items()}
        repeat = max(1, math.ceil(self.effort.seconds / max(first.values())))
        seconds: dict[str, list[float]] = {side: [] for side in workers}
        steps: dict[str, int] = {}
        for _ in range(self.effort.runs):
            for side, worker in workers.items():
                elapsed, steps[side], _ = worker.call("run", state, [span], repeat)
                seconds[side].append(elapsed)
        return seconds, steps

    def _share(self, ours: Worker, row: Time, seconds: list[float], steps: int) -> str:
        """Useful multiply-adds of the steps as a share of what the core could do in the time."""
        if row.precision != "float64":
            return "-"
        multiply_adds, _ = ours.call("describe")
        return f"{multiply_adds * steps / median(seconds) / self.peak:.0%}"

    # -- creation, error, memory, import --------------------------------------------------------

    def _creation(self, row: Creation) -> Line:
        sides = {
            "taylor": Setting(row.problem),
            "heyoka": Setting(row.problem, compact=row.peer == "compact"),
        }
        seconds: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(self.effort.creations):
            for side, setting in sides.items():
                with Worker(side) as worker:
                    seconds[side].append(worker.call("create", setting).seconds)
        ours, theirs = (median(seconds[side]) for side in sides)
        met = ours <= row.at_most and theirs / ours >= (row.at_least or 0.0)
        goal = f"{row.at_most:g} s" + (f", {row.at_least:g} x" if row.at_least else "")
        cells = [PROBLEMS[row.problem].title, row.peer, f"{ours:.3f}", f"{theirs:.3f}"]
        return Line(row, [*cells, f"{theirs / ours:.2f}", goal, _met(met)], met)

    def _errors(self, row: Errors) -> Line:
        """Errors relative to the norm of the state: at the end, and at several times before it."""
        problem = PROBLEMS[row.problem]
        times = [problem.error_span * (k + 1) / TIMES for k in range(TIMES)]
        squares: dict[str, list[np.ndarray]] = {"taylor": [], "heyoka": []}
        with Worker("taylor") as ours, Worker("heyoka") as theirs, Worker("reference") as exact:
            workers = {"taylor": ours, "heyoka": theirs}
            for worker in (ours, theirs, exact):
                worker.call("create", Setting(row.problem))
            for state in starts(problem, self.effort.starts):
                _, _, (high, low) = exact.call("run", state, times)
                for side, worker in workers.items():
                    difference = (worker.call("run", state, times)[2] - high) - low
                    relative = np.linalg.norm(difference, axis=1) / np.linalg.norm(high, axis=1)
                    squares[side].append(relative**2)
        end = {side: math.sqrt(np.mean([s[-1] for s in squares[side]])) for side in squares}
        along = {side: math.sqrt(np.mean(squares[side])) for side in squares}
        ratio = end["taylor"] / end["heyoka"]
        cells = [problem.title, f"{problem.error_span:g}", f"{end['taylor']:.2e}"]
        cells += [f"{end['heyoka']:.2e}", f"{along['taylor'] / along['heyoka']:.2f}"]
        met = ratio <= row.at_most
        return Line(row, [*cells, f"{ratio:.2f}", f"{row.at_most:g}", _met(met)], met)

    def _memory(self, row: Memory) -> Line:
        high, now = {}, {}
        for side in ("taylor", "heyoka"):
            with Worker(side) as worker:
                worker.call("create", Setting(row.problem))
                high[side], now[side] = worker.call("memory")
        met = high["taylor"] < high["heyoka"]
        shown = [f"{one[side]:.0f}" for one in (high, now) for side in ("taylor", "heyoka")]
        cells = [f"MB after creating {PROBLEMS[row.problem].title}", shown[0], shown[1]]
        cells.append(f"now {shown[2]}, heyoka {shown[3]}")
        return Line(row, [*cells, "less than heyoka", _met(met)], met)

    def _import(self, row: Import) -> Line:
        found = []
        for module in ("taylor", "heyoka"):
            code = f"import time; t = time.perf_counter(); import {module}; " + (
                "print(time.perf_counter() - t)"
            )
            command = [sys.executable, "-c", code]
            runs = [subprocess.check_output(command) for _ in range(self.effort.runs)]
            found.append(median(float(run) for run in runs))
        met = found[0] < row.at_most
        cells = ["seconds to import, NumPy included", f"{found[0]:.3f}", f"{found[1]:.3f}", ""]
        return Line(row, [*cells, f"{row.at_most:g} s", _met(met)], met)


def _time_title(row: Time) -> str:
    tolerance = row.tolerance or PROBLEMS[row.problem].tolerance
    precision = "" if row.precision == "float64" else f", {row.precision}"
    return f"{PROBLEMS[row.problem].title}, {tolerance:g}{precision}"


def _met(met: bool) -> str:
    return "met" if met else "NOT met"


# -- report ----------------------------------------------------------------------------------

SECTIONS: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Time: (
        (
            "time, tolerance",
            "heyoka's mode",
            "order",
            "us/step",
            "heyoka",
            "range",
            "of peak",
            "ratio",
            "at least",
            "",
        ),
        (
            "Time for the same span: ratio heyoka / taylor of the medians of alternating runs,",
            "range of the ratios of neighbouring runs.  Of peak: useful multiply-adds of the steps",
            "as a share of what a core can do.",
        ),
    ),
    Creation: (
        ("creation", "heyoka's mode", "taylor, s", "heyoka, s", "ratio", "target", ""),
        ("Creation: from formulas to a ready integrator, fresh processes, no caches; medians.",),
    ),
    Errors: (
        (
            "error",
            "span",
            "taylor",
            "heyoka",
            "ratio at 8 times",
            "ratio at the end",
            "at most",
            "",
        ),
        (
            "Error: root mean square over perturbed starts of |state - reference| / |reference|,",
            "the reference heyoka with 113-bit numbers; ratio taylor / heyoka.",
        ),
    ),
    Memory: (
        ("process", "taylor", "heyoka", "", "target", ""),
        ("Largest resident memory of fresh processes, and imports.",),
    ),
}


def _failed(row: Row) -> Line:
    kind = Memory if isinstance(row, Import) else type(row)
    return Line(row, [row.name, *["-"] * (len(SECTIONS[kind][0]) - 2), "failed"], False)


def report(lines: list[Line], bench: Bench, versions: dict[str, str], quick: bool) -> str:
    """The text of the results file."""
    effort = bench.effort
    how = f"{effort.runs} runs, {effort.creations} creations, {effort.starts} perturbed starts"
    known = [line.met for line in lines if line.met is not None]
    text = [
        heading("Integrators", "python -m benchmarks.integrators", versions),
        f"One thread; {how}{' (--quick: rough)' if quick else ''}.  Peak of a core:",
        f"{bench.peak / 1e9:.1f}e9 multiply-adds a second.  {sum(known)} of {len(lines)} targets",
        "are met.",
        "",
    ]
    for kind, (columns, words) in SECTIONS.items():
        kinds = (Memory, Import) if kind is Memory else (kind,)
        rows = [line.cells for line in lines if isinstance(line.row, kinds)]
        if rows:
            text += [*words, "", table(columns, rows), ""]
    return "\n".join(text)


def main() -> None:
    """Measure, print and write the tables; a quick run, or one of chosen rows, is only printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", help="parts of names of rows; all by default")
    parser.add_argument("--quick", action="store_true", help="few runs, in three minutes")
    parser.add_argument("--list", action="store_true", help="print the names of the rows")
    arguments = parser.parse_args()
    rows = selected(arguments.rows)
    if arguments.list:
        print("\n".join(row.name for row in ROWS))
        return
    if not rows:
        parser.error(f"no row has {' or '.join(arguments.rows)} in its name; see --list")
    with_bytecode("benchmarks.integrators")
    versions: dict[str, str] = {}
    for side in ("taylor", "heyoka"):
        with Worker(side) as worker:
            versions |= worker.call("versions")
    bench = Bench(QUICK if arguments.quick else Effort())
    lines = []
    for number, row in enumerate(rows, start=1):
        began = time.perf_counter()
        try:
            line = bench.measure(row)
        except RuntimeError as error:  # one row that fails is no reason to lose the others
            print(error, flush=True)
            line = _failed(row)
        lines.append(line)
        seconds = time.perf_counter() - began
        shown = " | ".join(cell for cell in line.cells[1:] if cell)
        print(f"[{number}/{len(rows)}] {row.name}  {shown}  ({seconds:.0f} s)", flush=True)
    text = report(lines, bench, versions, arguments.quick)
    print(text)
    if not arguments.rows and not arguments.quick:
        print(f"written to {publish('integrators.md', text)}")


if __name__ == "__main__":
    main()
