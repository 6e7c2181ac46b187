"""This project's integrator and heyoka's in the same run: creation, time per step, error.

    python -m benchmarks.integrators [problem ...]

Creation is from the user's formulas to an integrator that is ready, each in a fresh process after
its import, without any cache.  Time is that of the same span at the same tolerance, the two solvers
taking turns in two processes.  Errors are those of states against heyoka with 113-bit numbers.
Ratios are heyoka / taylor: above 1 this project is faster, or more accurate.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.harness import Worker, heading, publish, table
from benchmarks.problems import PROBLEMS, Problem, starts

SIDES = ("taylor", "heyoka")
CREATIONS = 5
RUNS = 9
STARTS = 12
TIMES = 8  # along each trajectory: at a single one, errors are large or small by chance


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one solver on one problem.

    imports:   seconds to import the solver, one a process.
    creations: seconds to make an integrator after that.
    order:     of the Taylor series.
    seconds:   of the timed runs over the problem's span.
    steps:     of one of them.
    error:     root mean square over starts and times of |state - reference| / |reference|.
    """

    imports: list[float]
    creations: list[float]
    order: int
    seconds: list[float]
    steps: int
    error: float

    @property
    def microseconds(self) -> float:
        """Median time per step."""
        return 1e6 * median(self.seconds) / self.steps


Results = dict[str, dict[str, Measured]]  # by problem and solver


def measure(problem: Problem) -> dict[str, Measured]:
    """All measurements of one problem, by solver."""
    imports: dict[str, list[float]] = {side: [] for side in SIDES}
    creations: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(CREATIONS):
        for side in SIDES:
            with Worker(side) as worker:
                imports[side].append(worker.call("import_time"))
                creations[side].append(worker.call("create", problem.name)[0])
    with Worker("taylor") as first, Worker("heyoka") as second:
        workers = {"taylor": first, "heyoka": second}
        orders = {side: worker.call("create", problem.name)[1] for side, worker in workers.items()}
        seconds, steps = _take_turns(workers, problem)
        errors = _errors(workers, problem)
    return {
        side: Measured(
            imports[side], creations[side], orders[side], seconds[side], steps[side], errors[side]
        )
        for side in SIDES
    }


def _take_turns(
    workers: dict[str, Worker], problem: Problem
) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Seconds of every run, and steps of a run; the first turn warms up and does not count."""
    seconds: dict[str, list[float]] = {side: [] for side in workers}
    steps: dict[str, int] = {}
    state = np.asarray(problem.state)
    for turn in range(RUNS + 1):
        for side, worker in workers.items():
            elapsed, steps[side], _ = worker.call("run", state, [problem.span])
            if turn:
                seconds[side].append(elapsed)
    return seconds, steps


def _errors(workers: dict[str, Worker], problem: Problem) -> dict[str, float]:
    """Root mean square error of the states, relative to their norm, over the starts and times."""
    times = [problem.error_span * (k + 1) / TIMES for k in range(TIMES)]
    squares: dict[str, list[np.ndarray]] = {side: [] for side in workers}
    with Worker("reference") as reference:
        reference.call("create", problem.name)
        for state in starts(problem, STARTS):
            _, _, (high, low) = reference.call("run", state, times)
            for side, worker in workers.items():
                difference = (worker.call("run", state, times)[2] - high) - low
                relative = np.linalg.norm(difference, axis=1) / np.linalg.norm(high, axis=1)
                squares[side].append(relative**2)
    return {side: float(np.sqrt(np.mean(values))) for side, values in squares.items()}


def creation_table(results: Results) -> str:
    """Seconds to make an integrator, a row a problem."""
    rows = []
    for name, by_side in results.items():
        imports = [median(by_side[side].imports) for side in SIDES]
        ours, theirs = (median(by_side[side].creations) for side in SIDES)
        row = [_title(name), f"{ours:.3f}", f"{theirs:.3f}", f"{theirs / ours:.2f}"]
        rows.append([*row, *(f"{seconds:.3f}" for seconds in imports)])
    columns = ["creation", "taylor, s", "heyoka, s", "ratio", "import: taylor, s", "heyoka, s"]
    return table(columns, rows)


def speed_table(results: Results) -> str:
    """Steps and time, a row a problem."""
    columns = ["time", "steps: taylor", "heyoka", "us/step: taylor", "heyoka", "ratio"]
    columns += ["same span: ratio", "range"]
    rows = []
    for name, by_side in results.items():
        ours, theirs = (by_side[side] for side in SIDES)
        ratios = [b / a for a, b in zip(ours.seconds, theirs.seconds, strict=True)]
        rows.append(
            [
                _title(name),
                f"{ours.steps}",
                f"{theirs.steps}",
                f"{ours.microseconds:.3f}",
                f"{theirs.microseconds:.3f}",
                f"{theirs.microseconds / ours.microseconds:.2f}",
                f"{median(theirs.seconds) / median(ours.seconds):.2f}",
                f"{min(ratios):.2f}-{max(ratios):.2f}",
            ]
        )
    return table(columns, rows)


def error_table(results: Results) -> str:
    """Errors of states, a row a problem."""
    columns = ["error", "time span", "order: taylor", "heyoka", "error: taylor", "heyoka", "ratio"]
    rows = []
    for name, by_side in results.items():
        ours, theirs = (by_side[side] for side in SIDES)
        rows.append(
            [
                _title(name),
                f"{PROBLEMS[name].error_span:g}",
                f"{ours.order}",
                f"{theirs.order}",
                f"{ours.error:.2e}",
                f"{theirs.error:.2e}",
                f"{theirs.error / ours.error:.2f}",
            ]
        )
    return table(columns, rows)


def _title(name: str) -> str:
    return PROBLEMS[name].title


def report(results: Results, versions: dict[str, str]) -> str:
    """The text of the results file."""
    tolerances = sorted({PROBLEMS[name].tolerance for name in results})
    return "\n".join(
        [
            heading("Integrators", "python -m benchmarks.integrators", versions),
            f"Tolerance {', '.join(f'{t:g}' for t in tolerances)}; heyoka in its default mode; one",
            "thread.  Ratios are heyoka / taylor: above 1 this project is faster or more accurate.",
            "",
            "Creation: from the formulas to an integrator that is ready, without caches; the",
            "import before it is separate, and excludes NumPy's.  Medians of",
            f"{CREATIONS} fresh processes.",
            "",
            creation_table(results),
            "",
            f"Time: median of {RUNS} runs in turns; range: ratios of neighbouring runs.",
            "",
            speed_table(results),
            "",
            "Error: of the state relative to its norm against heyoka with 113-bit numbers, root",
            f"mean square over {STARTS} perturbed starts and {TIMES} equidistant times of the",
            "span.",
            "",
            error_table(results),
            "",
        ]
    )


def main() -> None:
    """Measure, print and write the tables; a run of chosen problems is only printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = ", ".join(PROBLEMS)
    parser.add_argument("problems", nargs="*", help=f"some of {known}; all by default")
    chosen = parser.parse_args().problems
    unknown = [name for name in chosen if name not in PROBLEMS]
    if unknown:
        parser.error(f"there is no problem {', '.join(unknown)}; choose from {known}")
    versions: dict[str, str] = {}
    for side in SIDES:
        with Worker(side) as worker:
            versions |= worker.call("versions")
    results: Results = {}
    for name in chosen or PROBLEMS:
        results[name] = measure(PROBLEMS[name])
        print(f"{name} done", flush=True)
    text = report(results, versions)
    print(text)
    if not chosen:
        print(f"written to {publish('integrators.md', text)}")


if __name__ == "__main__":
    main()
