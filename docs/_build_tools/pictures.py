"""Pictures of examples that draw none, or whose picture is not in the repository."""

from __future__ import annotations

import contextlib
import io
import runpy
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def draw_missing(folder: Path) -> None:
    """Draw into `folder` what is not there yet, or older than its example."""
    folder.mkdir(exist_ok=True)
    for file, draw in DRAWN.items():
        example, target = EXAMPLES / file, folder / f"{Path(file).stem}.png"
        if not target.exists() or target.stat().st_mtime < example.stat().st_mtime:
            draw(example, target)


def _scenario(example: Path, target: Path) -> None:
    """What the command line draws, in a folder of its own."""
    import matplotlib

    from taylor.cli import main

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        copied = shutil.copy2(example, folder)
        with matplotlib.rc_context():
            matplotlib.rcdefaults()  # as its users see it
            main(["propagate", str(copied)])
        shutil.copyfile(Path(folder, target.name), target)


def _trajectory(example: Path, target: Path) -> None:
    """The way of the spacecraft beside Earth and Moon."""
    import matplotlib

    with contextlib.redirect_stdout(io.StringIO()):
        found: dict[str, Any] = runpy.run_path(str(example))
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    style = Path(__file__).resolve().parents[1] / "_style" / "matplotlibrc"
    with plt.rc_context(fname=str(style)):
        figure, axes = plt.subplots(figsize=(6.8, 4.6))
        states = found["outcome"].states
        axes.plot(states[:, 0], states[:, 1], lw=1)
        axes.plot(-found["MU"], 0, "o", ms=11, label="Earth")
        axes.plot(1 - found["MU"], 0, "o", ms=5, label="Moon")
        axes.plot(states[0, 0], states[0, 1], "x", ms=7, mew=2, label="start, at L1")
        axes.set(aspect="equal", xlabel="x, distances of the Moon", ylabel="y")
        axes.legend(loc="upper left")
        figure.savefig(target, dpi=130)
        plt.close(figure)


DRAWN: dict[str, Callable[[Path, Path], None]] = {
    "halley.toml": _scenario,
    "restricted_three_body.py": _trajectory,
}
