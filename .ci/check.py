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
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 25 * 60.0  # seconds for everything
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


def run(command: str, folder: Path, variables: dict[str, str], deadline: float) -> bool:
    """Run a shell command in `folder`; tell whether it succeeded, and how long it took."""
    print(f"\n$ {command}", flush=True)
    start = time.monotonic()
    try:
        code = subprocess.run(
            command, shell=True, cwd=folder, env=variables, timeout=deadline - start, check=False
        ).returncode
    except (subprocess.TimeoutExpired, ValueError):
        code = -1
    outcome = "passed" if code == 0 else f"FAILED with exit code {code}"
    print(f"-- {outcome} after {time.monotonic() - start:.1f} s", flush=True)
    return code == 0


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
        failed = [
            command
            for command in (*commands, tools, *CHECKS)
            if not run(command, folder, variables, deadline)
        ]
        for package in PACKAGES:
            alone = environment(Path(directory, package.rpartition(".")[2]))
            command = f"python -m pip install -q {package} && cd / && taylor info"
            if not run(command, folder, alone, deadline):
                failed.append(command)
    print("\nall passed" if not failed else "\nfailed: " + "; ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
