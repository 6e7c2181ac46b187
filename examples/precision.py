"""The energy of the outer Solar System over 500 years in float32, float64 and double-double.

Six bodies under Newton's law, written as a user would, with initial values of Applegate, Douglas,
Gursel, Sussman & Wisdom, Astron. J. 92 (1986) 176 (astronomical units, years of 365 days, solar
masses).  Draws examples/precision.png:

    python examples/precision.py
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import matplotlib
import mpmath
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

GRAVITY = (Fraction("0.01720209895") * 365) ** 2  # Gauss's constant; AU^3 / solar mass / year^2
BODIES = {  # name: mass, position, velocity a day
    "Sun": (
        "1.00000597682",
        ("-4.06428567034226e-3", "-6.08813756435987e-3", "-1.66162304225834e-6"),
        ("6.69048890636161e-6", "-6.33922479583593e-6", "-3.13202145590767e-9"),
    ),
    "Jupiter": (
        "1000/1047355",
        ("3.40546614227466", "3.62978190075864", "3.42386261766577e-2"),
        ("-5.59797969310664e-3", "5.51815399480116e-3", "-2.66711392865591e-6"),
    ),
    "Saturn": (
        "10/35016",
        ("6.60801554403466", "6.38084674585064", "-1.36145963724542e-1"),
        ("-4.17354020307064e-3", "3.99723751748116e-3", "1.67206320571441e-5"),
    ),
    "Uranus": (
        "1/22869",
        ("1.11636331405597e1", "1.60373479057256e1", "3.61783279369958e-1"),
        ("-3.25884806151064e-3", "2.06438412905916e-3", "-2.17699042180559e-5"),
    ),
    "Neptune": (
        "1/19314",
        ("-3.01777243405203e1", "1.91155314998064", "-1.53887595621042e-1"),
        ("-2.17471785045538e-4", "-3.11361111025884e-3", "3.58344705491441e-5"),
    ),
    "Pluto": (
        "7.4074074e-09",
        ("-2.13858977531573e1", "3.20719104739886e1", "2.49245689556096"),
        ("-1.76936577252484e-3", "-2.06720938381724e-3", "6.58091931493844e-4"),
    ),
}


def equations() -> tuple[list[tuple[ty.Expression, ty.Expression]], ty.Expression]:
    """The double loop over pairs, and the energy."""
    count = len(BODIES)
    gm = [ty.constant(GRAVITY * Fraction(mass)) for mass, _, _ in BODIES.values()]
    q = [[ty.variable(f"{axis}{i}") for axis in "xyz"] for i in range(count)]
    v = [[ty.variable(f"v{axis}{i}") for axis in "xyz"] for i in range(count)]
    a = [[ty.constant(0) for _ in range(3)] for _ in range(count)]
    energy = ty.sum([gm[i] * sum(c**2 for c in v[i]) / 2 for i in range(count)])
    for i in range(count):
        for j in range(i):
            d = [q[j][k] - q[i][k] for k in range(3)]
            r = ty.sqrt(d[0] ** 2 + d[1] ** 2 + d[2] ** 2)
            energy = energy - gm[i] * gm[j] / r
            for k in range(3):
                a[i][k] = a[i][k] + gm[j] * d[k] / r**3
                a[j][k] = a[j][k] - gm[i] * d[k] / r**3
    pairs = [(x, y) for i in range(count) for x, y in zip(q[i] + v[i], v[i] + a[i], strict=True)]
    return pairs, energy


def initial_state() -> list[mpmath.mpf]:
    with mpmath.workdps(40):
        state = []
        for _, position, velocity in BODIES.values():
            state += [mpmath.mpf(x) for x in position] + [365 * mpmath.mpf(x) for x in velocity]
        return state


def energy_errors(precision: str, times: np.ndarray) -> list[float]:
    """|E / E_0 - 1| at the times, E computed in double-double."""
    system, energy = equations()
    ta = ty.Integrator(system, initial_state(), precision=precision)
    states = ta.propagate_grid(times).states
    pairs = states if precision == "double-double" else ty.from_mpmath(states)
    measure = ty.compile(energy, [x for x, _ in system], precision="double-double")
    values = ty.to_mpmath(measure(*np.moveaxis(pairs, 1, 0)))
    with mpmath.workdps(40):
        return [float(abs(value / values[0] - 1)) for value in values]


def main() -> None:
    times = np.linspace(0.0, 500.0, 251)
    _, axes = plt.subplots(figsize=(8, 4.5))
    for precision in ("float32", "float64", "double-double"):
        errors = energy_errors(precision, times)
        axes.semilogy(times[1:], np.maximum(errors[1:], 1e-34), label=precision)
        print(f"{precision:14} largest relative error of the energy {max(errors):.1e}")
    axes.set(
        xlabel="years", ylabel="|E / E$_0$ − 1|", title="Outer Solar System: error of the energy"
    )
    axes.legend(loc="center right")
    path = Path(__file__).with_suffix(".png")
    plt.savefig(path, dpi=120)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
