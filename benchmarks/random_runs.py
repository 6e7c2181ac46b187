"""Long random runs: the tests' generators, with many more cases than in every run of the tests.

Run with ``python -m benchmarks.random_runs [part of a row's name ...]``: all rows take two hours of
one core.  Rows that are named replace those of the table; the others stay.  What is right comes
from mpmath, closed forms, dense sampling or SciPy, as the tests named say; seeds are 0, 1, 2, ...,
as many as the scale asks for, so that ``pytest --scale`` repeats a row, or one case of it.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.harness import commit, heading, publish, rows_of, table
from benchmarks.versions import own_versions, version

NAME = "random_runs.md"
COLUMNS = ("", "scale", "compared", "result", "CPU s", "commit")
COUNTS = re.compile(r"random run: (.*)")
COUNT = re.compile(r"(\d+) ([a-z][a-z ]*)")


@dataclass(frozen=True)
class Row:
    """A line of the table: tests, and how many times their usual number of cases."""

    name: str
    tests: Sequence[str]
    scale: int


_VALUES = "tests/points/test_random_accuracy.py::test_values_of_random_formulas"
_JETS = "tests/points/test_random_accuracy.py::test_jets_of_random_formulas"
_SURFACES = "tests/surfaces/test_surfaces_random.py::"
PRECISIONS = ("float64", "double-double", "float32")
ROWS = (
    *(Row(f"formulas at ordinary arguments, {p}", [f"{_VALUES}[ordinary-{p}]"], 1440)
      for p in PRECISIONS),
    *(Row(f"formulas at the ends of the range, {p}", [f"{_VALUES}[ends-{p}]"],
          2400 if p == "float32" else 1440) for p in PRECISIONS),
    *(Row(f"quotients by powers at the ends, {p}",
          [f"tests/points/test_quotients_by_powers.py::test_values[{p}]"], 100)
      for p in PRECISIONS),
    *(Row(f"gradients of quotients by powers, {p}",
          [f"tests/points/test_quotients_by_powers.py::test_gradients[{p}]"], 40)
      for p in PRECISIONS),
    *(Row(f"jets to order 6, {p}", [f"{_JETS}[{p}]"], 12) for p in PRECISIONS),
    Row("event functions with kinks, jumps, poles, multiple zeros",
        [f"{_SURFACES}test_functions_that_are_taken_apart"], 200),
    Row("event functions that are searched by values",
        [f"{_SURFACES}test_functions_that_are_searched_by_values"], 800),
    Row("branches with closed forms",
        ["tests/surfaces/test_branches.py", "tests/surfaces/test_branch_edges.py",
         "tests/surfaces/test_rests_random.py"], 30),
    Row("branches against SciPy, piece by piece",
        ["tests/surfaces/test_branches_scipy.py::test_pieces_of_scipy"], 40),
    Row("nested derivatives, equations, right-hand sides",
        ["tests/expressions/test_nesting_random.py"], 30),
    Row("nestings of depth 1 to 3 against SymPy",
        ["tests/expressions/test_nesting_sympy.py"], 6),
)  # fmt: skip


def run(row: Row) -> list[str]:
    """The cells of a row: its tests in a process of their own, at low priority."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-n", "0", "-p", "no:cacheprovider"]
    command += ["--scale", str(row.scale), *row.tests]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, preexec_fn=lambda: os.nice(15)
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    counts: dict[str, int] = {}
    for line in COUNTS.findall(done.stdout):
        for number, unit in COUNT.findall(line):
            counts[unit] = counts.get(unit, 0) + int(number)
    wrong = counts.pop("wrong", 0)
    if done.returncode:
        print(done.stdout[-4000:], flush=True)
    result = "failed" if done.returncode else f"{wrong} wrong"
    compared = ", ".join(f"{count} {unit}" for unit, count in counts.items())
    return [row.name, str(row.scale), compared, result, f"{seconds:.0f}", commit()]


def main() -> None:
    """Run the rows that are named, all by default, and publish after each."""
    for row in ROWS:
        if sys.argv[1:] and not any(part in row.name for part in sys.argv[1:]):
            continue
        found = run(row)
        print(" | ".join(found), flush=True)
        rows = rows_of(NAME, COLUMNS) | {row.name: found}
        versions = {**own_versions(), **{p: version(p) for p in ("mpmath", "SciPy")}}
        publish(
            NAME,
            heading("Random runs", "python -m benchmarks.random_runs", versions)
            + "\nEvery case is right within what rounding in the user's own order of operations may"
            "\nhave moved (formulas), or within the bounds of the tests (`ROWS` names them).\n\n"
            + table(COLUMNS, [rows[r.name] for r in ROWS if r.name in rows])
            + "\n",
        )


if __name__ == "__main__":
    main()
