"""What has to pass: the README's commands on a fresh installation, lint, types, import directions,
tests of what needs other packages, the documentation, and the wheel.

Needs Python 3.11 or newer with venv and pip, and a package index; works in a copy of the checkout
and in an environment of its own.  The commands are read from the README, so that what is tested is
what users are told.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 25 * 60.0  # seconds for everything
REPEATED = 80  # lines of a failed command's output that are printed again at the end
SHELL_BLOCK = re.compile(r"^```(?:sh|bash|shell|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "build", "_build", "*.egg-info", "__pycache__", ".*_cache"
)
# The release of PyTorch is named, since its newest one may be a build for graphics cards.
BRIDGES = 'python -m pip install -q "torch==2.13.0" flax ".[scipy,jax,torch,networks]"'
ORBITS = 'python -m pip install -q heyoka daceypy ".[astrodynamics,test-astrodynamics]"'
CHECKS = (
    "ruff check --output-format concise .",
    "ruff format --check --quiet .",
    "mypy",
    "python -m pytest -q tests/test_imports.py",
    ORBITS,
    "python -m pytest -q tests/astrodynamics tests/displays",
    'python -m pip install -q ".[docs]"',
    "python -m docs --clean",
    BRIDGES,
    "python -m pytest -q tests/bridges tests/docs",
    "python -m pip install -q build && python -m build --outdir packages",
)
# What was built is installed where nothing else is, and asked for its version.
PACKAGES = ("packages/*.whl", "packages/*.tar.gz")
_CHROMIUM = "apt-get install -y -qq chromium"
BROWSER = f"({_CHROMIUM} || (apt-get update -qq && {_CHROMIUM})) >/dev/null"


def readme_commands() -> list[str]:
    """The commands in the README's shell blocks, one a line."""
    blocks = SHELL_BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def environment(directory: Path) -> dict[str, str]:
    """Environment variables that put a new virtual environment in `directory` first."""
    venv.create(directory, with_pip=True)
    scripts = directory / ("Scripts" if os.name == "nt" else "bin")
    # Nothing of the caller's Python, and nothing that earlier runs have compiled.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {
        **kept,
        "PATH": os.pathsep.join([str(scripts), os.environ.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": str(directory),
        "TAYLOR_CACHE_DIR": str(directory / "cache"),
        "TAYLOR_TEST_CACHE": str(directory / "cache"),  # one for all runs of tests
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


@dataclass
class Command:
    """A shell command that has ended: its exit code (-1 when time was up) and its last lines."""

    text: str
    code: int
    lines: deque[str]


def run(text: str, folder: Path, variables: dict[str, str], deadline: float) -> Command:
    """Run a shell command in `folder`, printing what it prints, and how long it took."""
    print(f"\n$ {text}", flush=True)
    start = time.monotonic()
    lines: deque[str] = deque(maxlen=REPEATED)
    process = subprocess.Popen(
        text, shell=True, cwd=folder, env=variables, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
    )  # fmt: skip
    killer = threading.Timer(max(deadline - start, 0.0), kill, [process])
    killer.start()
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    code = process.wait()
    killer.cancel()
    if time.monotonic() >= deadline:
        code = -1
    outcome = "passed" if code == 0 else f"FAILED with exit code {code}"
    print(f"-- {outcome} after {time.monotonic() - start:.1f} s", flush=True)
    return Command(text, code, lines)


def kill(process: subprocess.Popen[str]) -> None:
    """End a command and all that it has started."""
    with suppress(ProcessLookupError):  # it may have just ended
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def main() -> int:
    deadline = time.monotonic() + LIMIT
    commands = readme_commands()
    if len(commands) != 2:
        print(f"README.md should have two commands in shell blocks, it has {len(commands)}")
        return 1
    with tempfile.TemporaryDirectory(prefix="taylor-ci-") as directory:
        folder = Path(directory, "checkout")
        shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
        variables = environment(Path(directory, "environment"))
        tools = 'python -m pip install -q ".[dev]"'
        if shutil.which("chromium") is None and hasattr(os, "geteuid") and os.geteuid() == 0:
            run(BROWSER, folder, variables, deadline)  # without it tests of pages are skipped
        ended = [
            run(command, folder, variables, deadline) for command in (*commands, tools, *CHECKS)
        ]
        for package in PACKAGES:
            alone = environment(Path(directory, package.rpartition(".")[2]))
            command = f"python -m pip install -q {package} && cd / && taylor info"
            ended.append(run(command, folder, alone, deadline))
    failed = [command for command in ended if command.code]
    for command in failed:  # again, since records of long runs keep their ends
        print(f"\nThe end of what failed with exit code {command.code}: $ {command.text}")
        print("".join(command.lines), end="")
    print("\nall passed" if not failed else "\nfailed: " + "; ".join(c.text for c in failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
