"""Pictures of examples that draw none, or whose picture is not in the repository."""

from __future__ import annotations

import contextlib
import io
import math
import runpy
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taylor.displays.pictures import STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
            drawn = Path(folder, target.name)
            files = [f"--output={drawn.with_suffix('.oem')}", f"--plot={drawn}"]
            main(["propagate", str(copied), *files * ("[spacecraft]" in example.read_text())])
        shutil.copyfile(drawn, target)


@contextlib.contextmanager
def _axes(target: Path, height: float = 4.2) -> Iterator[Axes]:
    """Axes of the site's style, which are written to `target`."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    with plt.rc_context(fname=str(STYLE)):
        figure, axes = plt.subplots(figsize=(6.8, height))
        yield axes
        figure.savefig(target, dpi=130)
        plt.close(figure)


def _trajectory(example: Path, target: Path) -> None:
    """The way of the spacecraft beside Earth and Moon."""
    with contextlib.redirect_stdout(io.StringIO()):
        found: dict[str, Any] = runpy.run_path(str(example))
    with _axes(target, 4.6) as axes:
        states = found["outcome"].states
        axes.plot(states[:, 0], states[:, 1], lw=1)
        axes.plot(-found["MU"], 0, "o", ms=11, label="Earth")
        axes.plot(1 - found["MU"], 0, "o", ms=5, label="Moon")
        axes.plot(states[0, 0], states[0, 1], "x", ms=7, mew=2, label="start, at L1")
        axes.set(aspect="equal", xlabel="x, distances of the Moon", ylabel="y")
        axes.legend(loc="upper left")


def _orders(example: Path, target: Path) -> None:
    """Errors of derivatives of 1/(1 + x**2) by their order: differences, and Taylor series."""
    import numpy as np

    import taylor as ty

    point, orders = 0.75, np.arange(1, 21)

    def f(x: Any) -> Any:
        return 1 / (1 + x**2)

    def exact(n: int) -> float:
        theta = math.atan2(1, point)
        sines = math.sin((n + 1) * theta) * math.sin(theta) ** (n + 1)
        return (-1) ** n * math.factorial(n) * sines

    def difference(n: int) -> float:
        h = 2.0 ** (-52 / (n + 2))
        terms = [(-1) ** k * math.comb(n, k) * f(point + (n / 2 - k) * h) for k in range(n + 1)]
        return sum(terms) / h**n

    coefficients = ty.jet(f, point, order=20)
    ours = [abs(coefficients[n] * math.factorial(n) / exact(n) - 1) for n in orders]
    theirs = [abs(difference(n) / exact(n) - 1) for n in orders]
    with _axes(target) as axes:
        axes.semilogy(orders, theirs, "s-", color="C1", label="central differences")
        axes.semilogy(orders, np.maximum(ours, 1e-17), "o-", color="C0", label="ty.jet")
        axes.set(xlabel="order of the derivative", ylabel="relative error")
        axes.legend()


def _descent(example: Path, target: Path) -> None:
    """Gradients of a function of two variables, and where they lead."""
    import numpy as np

    import taylor as ty

    def valley(p: Any) -> Any:
        return np.log1p(100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2)

    slope = ty.grad(valley)
    path = [np.array([-1.5, 1.2])]
    for _ in range(4000):
        path.append(path[-1] - 0.004 * slope(path[-1]))
    x, y = np.meshgrid(np.linspace(-2, 2, 200), np.linspace(-0.7, 2.6, 200))
    with _axes(target) as axes:
        axes.contourf(x, y, valley(np.stack([x, y])), 24, cmap="Blues_r")
        axes.plot(*np.array(path).T, "-", color="C3", lw=1.4)
        axes.plot(1, 1, "*", color="C1", ms=12)
        axes.set(xlabel="x", ylabel="y")


def _kepler(example: Path, target: Path) -> None:
    """Kepler's equation, solved by a loop that ends when it pleases, and its derivative."""
    import numpy as np

    import taylor as ty

    @ty.program
    def anomaly(e: Any, mean: Any) -> Any:
        x = mean + e
        for _ in range(60):
            step = (x - e * np.sin(x) - mean) / (1 - e * np.cos(x))
            x -= step
            if abs(step) < 1e-14:
                break
        return x

    means = np.linspace(0.05, 3.1, 200)
    by_e = ty.vmap(ty.grad(anomaly), in_axes=(None, 0))
    with _axes(target) as axes:
        for e in (0.1, 0.5, 0.8, 0.95):
            axes.plot(means, by_e(e, means), label=f"e = {e}")
        axes.set(xlabel="mean anomaly", ylabel="derivative of the anomaly by e")
        axes.legend()


DRAWN: dict[str, Callable[[Path, Path], None]] = {
    "halley.toml": _scenario,
    "low_orbit.toml": _scenario,
    "restricted_three_body.py": _trajectory,
    "derivatives.md": _orders,
    "gradients.md": _descent,
    "programs.md": _kepler,
}
