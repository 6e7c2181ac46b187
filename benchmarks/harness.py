"""What all benchmarks share: worker processes, the description of the machine, tables."""

from __future__ import annotations

import multiprocessing
import os
import platform
import re
import subprocess
import sys
import traceback
from collections.abc import Sequence
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

RESULTS = Path(__file__).parent / "results"
_BAR = re.compile(r"(?<!\\)\|")  # between cells


class Worker:
    """A fresh process that carries out the requests of one solver, one after the other.

    >>> with Worker("heyoka") as heyoka:  # doctest: +SKIP
    ...     seconds, order = heyoka.call("create", "pendulum")
    """

    def __init__(self, solver: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, solver), daemon=True)
        self._process.start()
        theirs.close()
        self._receive()  # the solver's module is imported

    def call(self, method: str, *args: Any, limit: float | None = None) -> Any:
        """Return what the solver's method returns.

        Raises RuntimeError with the traceback of the worker if it fails there, TimeoutError if it
        takes more than `limit` seconds; the worker is then gone.
        """
        self._connection.send((method, args))
        if limit is not None and not self._connection.poll(limit):
            self._process.kill()
            raise TimeoutError(f"{method} took more than {limit:g} s")
        return self._receive()

    def _receive(self) -> Any:
        succeeded, result = self._connection.recv()
        if not succeeded:
            raise RuntimeError(f"the worker failed:\n{result}")
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()
        self._process.join()


def _serve(connection: Connection, name: str) -> None:
    """The life of a worker; it ends when the other side closes."""
    try:
        from benchmarks.solvers import SOLVERS

        solver = SOLVERS[name]()
        connection.send((True, None))
        while True:
            method, args = connection.recv()
            connection.send((True, getattr(solver, method)(*args)))
    except EOFError:
        return
    except Exception:
        connection.send((False, traceback.format_exc()))


def in_one_tier() -> None:
    """Let integrators have their best code from the start: their first moments are not measured."""
    os.environ.setdefault("TAYLOR_TIERS", "off")


def with_bytecode(module: str) -> None:
    """Start `python -m module` anew if this process may not keep byte code.

    Its workers would compile Python's modules again and again while they are measured.
    """
    if sys.dont_write_bytecode:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        command = [sys.executable, "-m", module, *sys.argv[1:]]
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)


def machine() -> str:
    """The CPU's name and the operating system, e.g. "AMD EPYC 9755, Linux x86_64"."""
    cpu = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else cpu}, {platform.system()} {platform.machine()}"


def heading(title: str, command: str, versions: dict[str, str]) -> str:
    """The first lines of a results file: what was measured, when, on what, and how to repeat it."""
    known = {"Python": platform.python_version(), **versions}
    return (
        f"# {title}\n\n"
        f"{date.today().isoformat()}; {machine()}; "
        + ", ".join(f"{name} {version}" for name, version in known.items())
        + f". Repeat with `{command}`.\n"
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, padded to be read as plain text too; first column left, others right.

    >>> print(table(["name", "n"], [["a", "12"]]))
    | name |  n |
    | :--- | -: |
    | a    | 12 |
    """
    lines = [[cell.replace("|", "\\|") for cell in row] for row in (columns, *rows)]
    widths = [max(2, *(len(line[i]) for line in lines)) for i in range(len(columns))]

    def text(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "| " + " | ".join(padded) + " |"

    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([text(lines[0]), text(rule), *(text(line) for line in lines[1:])])


def rows_of(name: str, columns: Sequence[str]) -> dict[str, list[str]]:
    """The rows, by their first cells, of the tables in a results file with these columns.

    Benchmarks whose rows can be measured one by one keep the others by it.
    """
    path = RESULTS / name
    found: dict[str, list[str]] = {}
    head: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if not line.startswith("|"):
            head = []
            continue
        cells = [c.strip().replace("\\|", "|") for c in _BAR.split(line)[1:-1]]
        if not head:
            head = cells
        elif head == list(columns) and cells[0].strip(":-"):
            found[cells[0]] = cells
    return found


def commit() -> str:
    """The commit that is checked out."""
    command = ["git", "rev-parse", "--short=8", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def publish(name: str, text: str) -> Path:
    """Write a results file and return its path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / name
    path.write_text(text, encoding="utf-8")
    return path
