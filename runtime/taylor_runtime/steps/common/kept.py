"""Texts of the functions that quick code calls, kept with the package: to read one takes a tenth of
the time that it takes to write it.

They are those of `common.functions`, as a test sees to, and made anew by
``python -m taylor_runtime.steps.common.kept``. Where there is none, functions are written.
"""

from __future__ import annotations

import os

from taylor_runtime.ir.module import Module
from taylor_runtime.program.kinds import KINDS
from taylor_runtime.steps.common.functions import common_functions
from taylor_runtime.steps.common.rules import StepperOptions

KEPT = tuple(StepperOptions(0.0, precision=name) for name in KINDS)


def path_of(options: StepperOptions) -> str:
    """Of the file that is kept for one of `KEPT`."""
    return os.path.join(os.path.dirname(__file__), f"{options.precision}.ll")


def functions(options: StepperOptions) -> Module:
    """`common_functions`, from a file where there is one."""
    if options in KEPT:
        try:
            with open(path_of(options), encoding="ascii") as file:
                return Module.of_functions(file.read(), quick=True)
        except OSError:
            pass
    return common_functions(options)


def _write() -> None:
    for options in KEPT:
        with open(path_of(options), "w", encoding="ascii", newline="\n") as file:
            file.write(common_functions(options).text())


if __name__ == "__main__":
    _write()
