"""The programs of `recipes.c`, by the C compiler of this machine, where there is one."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FLAGS = ("-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC", "-std=gnu11")


def compiler() -> str | None:
    """The name of a C compiler."""
    return next((name for name in ("gcc", "clang", "cc") if shutil.which(name)), None)


def compiler_version() -> str:
    """The compiler and what it is told."""
    found = compiler()
    if found is None:
        return "no compiler is here"
    asked = subprocess.run([found, "--version"], check=True, capture_output=True, text=True)
    return f"{asked.stdout.splitlines()[0]}, {' '.join(FLAGS[:3])}"


def library() -> ctypes.CDLL | None:
    """The compiled programs; None without a compiler."""
    found = compiler()
    if found is None:
        return None
    source = Path(__file__).with_name("recipes.c")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "recipes.so"
        subprocess.run([found, *FLAGS, "-o", made, source, "-lm"], check=True)
        return ctypes.CDLL(str(made))


def by_c(made: ctypes.CDLL, name: str, args: tuple[Any, ...]) -> Callable[[int], float]:
    """Calls a program so many times, without Python between the calls, and gives its value.

    Of programs that return an array it is one element.
    """
    doubles, sizes = ctypes.POINTER(ctypes.c_double), ctypes.POINTER(ctypes.c_long)
    function = getattr(made, f"repeat_{name}")
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_long, doubles, sizes, doubles]
    given = np.concatenate([np.ravel(np.asarray(a, float)) for a in args])
    lengths = np.array([np.size(a) for a in args], np.int_)
    work = np.empty(2 * given.size + 2)
    places = (
        given.ctypes.data_as(doubles),
        lengths.ctypes.data_as(sizes),
        work.ctypes.data_as(doubles),
    )
    kept = given, lengths, work

    def run(count: int) -> float:
        assert kept
        return float(function(count, *places))

    return run
