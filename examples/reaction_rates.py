"""Five rates of a reaction from measured concentrations: Gauss-Newton through the solution.

When alpha-pinene is heated it becomes dipentene and allo-ocimene, which goes on to pyronene and,
back and forth, to a dimer.  Fuguitt and Hawkins measured the five concentrations at eight times in
1947; Box, Hunter, MacGregor and Erjavec (Technometrics 15, 1973, 33) made a test case of it.  The
concentrations at these times are one function of the five rates, `Integrator.as_function`, through
which `ty.jacobian` and `ty.hessian` go.  Draws examples/reaction_rates.png:

    python examples/reaction_rates.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

TIMES = np.array([1230.0, 3060, 4920, 7800, 10680, 15030, 22620, 36420])  # minutes
NAMES = ["alpha-pinene", "dipentene", "allo-ocimene", "pyronene", "dimer"]
MEASURED = np.array(  # percent
    [
        [88.35, 7.3, 2.3, 0.4, 1.75],
        [76.4, 15.6, 4.5, 0.7, 2.8],
        [65.1, 23.1, 5.3, 1.1, 5.8],
        [50.4, 32.9, 6.0, 1.5, 9.3],
        [37.5, 42.7, 6.0, 1.9, 12.0],
        [25.9, 49.1, 5.9, 2.2, 17.0],
        [14.0, 57.4, 5.1, 2.6, 21.0],
        [4.5, 63.1, 3.8, 2.9, 25.7],
    ]
)
COLOURS = ["C0", "C1", "C3", "C4", "C6"]
GUESS = np.full(5, 1e-4)

Y = ty.variable("y", shape=(5,))
RATE = ty.parameter("rate", shape=(5,))


def reaction() -> ty.Integrator:
    """The network, from pure alpha-pinene on."""
    a, _, c, _, e = (Y[i] for i in range(5))
    k = [RATE[i] for i in range(5)]
    back = k[3] * c - k[4] * e
    change = [-(k[0] + k[1]) * a, k[0] * a, k[1] * a - k[2] * c - back, k[2] * c, back]
    start = [100.0, 0.0, 0.0, 0.0, 0.0]
    return ty.Integrator([(Y, ty.stack(change))], start, parameters={RATE: GUESS})


concentrations = reaction().as_function([RATE], Y, times=TIMES)


def residuals(logarithms: Any) -> Any:
    """What the concentrations differ by from those measured; rates by their logarithms."""
    return (concentrations(ty.exp(logarithms)) - MEASURED).ravel()


def half_squares(logarithms: Any) -> Any:
    return np.sum(residuals(logarithms) ** 2) / 2


jacobian, value = ty.jacobian(residuals), ty.jit(residuals)
hessian = ty.hessian(half_squares)


def fit(guess: np.ndarray = GUESS) -> tuple[np.ndarray, list[float]]:
    """The best logarithms, and the sums of squares on the way (Levenberg and Marquardt)."""
    z, damping = np.log(guess), 1e-2
    sums = [float(np.sum(value(z) ** 2))]
    for _ in range(60):
        j, r = jacobian(z), value(z)
        normal = j.T @ j
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), -j.T @ r)
        now = float(np.sum(value(z + step) ** 2))
        if now < sums[-1]:
            z, damping = z + step, damping / 10
            sums.append(now)
        else:
            damping *= 10
        if np.abs(step).max() < 1e-6:
            break
    return z, sums


def covariance(z: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Of the logarithms, from second derivatives of half the sum of squares."""
    spread = np.sum(value(z) ** 2) / (MEASURED.size - 5)
    return spread * np.linalg.inv(second)


def ellipse(matrix: np.ndarray, size: float) -> np.ndarray:
    """Points where displacements have so many standard deviations."""
    angle = np.linspace(0, 2 * np.pi, 200)
    values, turned = np.linalg.eigh(matrix)
    return size * (turned * np.sqrt(values)) @ np.array([np.cos(angle), np.sin(angle)])


def draw(z: np.ndarray, sums: list[float]) -> Any:
    """The fit with its uncertainty, the way to it, and how the last two rates depend."""
    figure = plt.figure(figsize=(13, 5.2))
    left, upper, lower = figure.subplot_mosaic("AAB;AAC").values()
    when = np.linspace(1.0, 38000.0, 300)
    curves = reaction().as_function([RATE], Y, times=when)
    best = curves(np.exp(z))
    slopes = ty.jacobian(lambda logs: curves(ty.exp(logs)))(z)
    spread = np.einsum("tia,ab,tib->ti", slopes, covariance(z, jacobian(z).T @ jacobian(z)), slopes)
    for i, (name, colour) in enumerate(zip(NAMES, COLOURS, strict=True)):
        left.plot(when, best[:, i], color=colour, lw=1.4)
        wide = 2 * np.sqrt(spread[:, i])
        left.fill_between(when, best[:, i] - wide, best[:, i] + wide, color=colour, alpha=0.2, lw=0)
        left.plot(TIMES, MEASURED[:, i], "o", ms=4.5, color=colour, label=name)
    left.set(xlabel="minutes", ylabel="percent", xlim=(0, 38000), ylim=(0, 100))
    left.set_title("alpha-pinene at 189.5 degrees: measured, and fitted with two sigma",
                   loc="left", fontsize=11)  # fmt: skip
    left.legend(loc="upper right", bbox_to_anchor=(1.0, 0.57))
    upper.semilogy(sums, "o-", ms=3.5, color="0.25", lw=1)
    upper.set(xlabel="step", ylabel="sum of squares")
    upper.set_title(f"down to {sums[-1]:.4f}")
    for second, label, colour in (
        (hessian(z), "all second derivatives", "C0"),
        (jacobian(z).T @ jacobian(z), "Gauss-Newton", "C1"),
    ):
        own = covariance(z, second)[np.ix_([3, 4], [3, 4])]
        points = np.exp(z[[3, 4]])[:, None] * (1 + ellipse(own, 2.0)) * 1e5
        lower.plot(*points, color=colour, lw=1.4, label=label)
    lower.plot(*(np.exp(z[[3, 4]]) * 1e5), "+", color="0.25")
    lower.set(xlabel="rate to the dimer [1e-5 / min]", ylabel="and back")
    lower.set_title("two sigma")
    lower.legend(loc="upper left")
    return figure


def main() -> None:
    z, sums = fit()
    print(f"sum of squares {sums[0]:.0f} -> {sums[-1]:.4f} in {len(sums) - 1} steps")
    sigma = np.sqrt(np.diag(covariance(z, hessian(z))))
    for k, (rate, width) in enumerate(zip(np.exp(z), sigma, strict=True)):
        print(f"  rate {k + 1}: {1e5 * rate:7.3f}e-5 / min, to {100 * width:4.1f} %")
    figure = draw(z, sums)
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=110)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
