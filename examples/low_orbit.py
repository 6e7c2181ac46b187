"""What moves a satellite: a day of a low polar orbit as that of GRACE, one force after the other.

Gravity to degree and order 36 (EGM2008) in axes that follow the real Earth, Moon and Sun from
DE421, solid tides, the drag of NRLMSISE-00 (a smooth fit to it, made for these heights), sunlight
with its penumbra, and relativity are all in one model.  The day is integrated with all of them, and
again without each: how far the two orbits come apart is drawn in metres, on a logarithmic scale.
Draws examples/low_orbit.png:

    pip install "taylor-jit[astrodynamics,plot]" && python examples/low_orbit.py
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

sky = ty.astrodynamics

DAY = 86400.0
EPOCH = "2008-06-01T00:00:00"  # UTC
ORBIT = sky.Elements(6840.0, 0.0015, math.radians(89.0), 1.2, 0.4, 0.0)  # km, rad
MASS, AREA = 480.0, 1.0  # kg, m^2
TIMES = np.linspace(0.0, DAY, 721)

FORCES = ("gravity", "moon", "sun", "tides", "drag", "light", "relativity")
# What is left out: a force, or degrees of the gravity from .. to.
PARTS: dict[str, str | tuple[int, int]] = {
    "oblateness (degree 2)": (2, 2),
    "gravity of degree 3 to 8": (3, 8),
    "gravity of degree 9 to 36": (9, 36),
    "Moon": "moon",
    "Sun": "sun",
    "solid tides": "tides",
    "drag": "drag",
    "sunlight": "light",
    "relativity": "relativity",
}


def forces() -> tuple[dict[str, Any], float, Any]:
    """All forces by name, G M of the Earth, and the epoch."""
    epoch = sky.Epoch(EPOCH, scale="utc")
    start = float(epoch)
    earth = sky.EarthOrientation(accuracy=1e-9).over(start - 100, start + DAY + 100)
    ephemeris = sky.Ephemeris("de421")
    field = sky.GravityField.shipped("EGM2008")

    def rotation(t: Any) -> Any:
        return earth.rotation("gcrs", "itrf", t)

    def position(body: str) -> Callable[[Any], Any]:
        return lambda t: ephemeris.position(body, t, center="earth")

    air = sky.FittedAtmosphere.nrlmsise00(
        start + DAY / 2, (430.0, 510.0), f107=66.0, f107a=68.0, ap=5.0
    )
    print(f"the fit to NRLMSISE-00 is good to {air.rms:.1%}, {air.worst:.0%} at worst")
    tides = [(ephemeris.gm(body), position(body)) for body in ("moon", "sun")]
    made: dict[str, Any] = {"gravity": sky.SphericalHarmonics(field, degree=36, rotation=rotation)}
    made["moon"] = sky.ThirdBody(ephemeris, "moon")
    made["sun"] = sky.ThirdBody(ephemeris, "sun")
    made["tides"] = sky.SolidTides(tides, rotation=rotation)
    made["drag"] = sky.Drag(air, area=AREA, cd=2.3, mass=MASS, rotation=rotation)
    made["light"] = sky.RadiationPressure(position("sun"), area=AREA, cr=1.3, mass=MASS)
    made["relativity"] = sky.Schwarzschild()
    return made, field.gm, epoch


def chosen(made: dict[str, Any], without: str | tuple[int, int] = "") -> list[Any]:
    """All forces but one, or with some degrees of the gravity left out."""
    kept = {name: made[name] for name in FORCES if name != without}
    if isinstance(without, tuple):
        whole = made["gravity"]
        c, s = whole.field.c.copy(), whole.field.s.copy()
        c[without[0] : without[1] + 1], s[without[0] : without[1] + 1] = 0, 0
        field = replace(whole.field, c=c, s=s)
        kept["gravity"] = sky.SphericalHarmonics(field, rotation=whole.rotation)
    return list(kept.values())


def orbit(selected: list[Any], gm: float, epoch: Any) -> np.ndarray:
    """Positions at TIMES, km, shape (721, 3)."""
    model = ty.models.spacecraft(selected, gm=gm, epoch=epoch)
    r, v = sky.to_cartesian(ORBIT, gm)
    ta = ty.Integrator(model.system, [*r, *v])
    return ta.propagate_grid(TIMES).states[:, :3]


def separations(parts: dict[str, str | tuple[int, int]] = PARTS) -> dict[str, np.ndarray]:
    """How far each force moves the satellite by TIMES, in metres."""
    made, gm, epoch = forces()
    whole = orbit(chosen(made), gm, epoch)
    found = {}
    for title, part in parts.items():
        apart = orbit(chosen(made, without=part), gm, epoch) - whole
        found[title] = 1000 * np.linalg.norm(apart, axis=1)
        print(f"{title:28} {found[title][-1]:12.4g} m after a day")
    return found


def draw(found: dict[str, np.ndarray], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(8, 5), layout="none")
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.92, len(found)))
    ordered = sorted(found.items(), key=lambda item: -item[1][-1])
    place = math.inf  # of the last label: they are a quarter of a decade apart at least
    for (title, metres), colour in zip(ordered, colours, strict=True):
        place = min(metres[-1], place / 10**0.25)
        axes.plot(TIMES[1:] / 3600, metres[1:], color=colour, linewidth=1.4)
        axes.annotate(
            title, (24.2, place), color=colour, fontsize=9, va="center", annotation_clip=False
        )
    axes.set(
        yscale="log", xlim=(0, 24), ylim=(1e-3, 1e6), xlabel="time [h]", ylabel="distance [m]",
        title="How far each force moves a satellite 460 km high",
    )  # fmt: skip
    figure.subplots_adjust(left=0.1, right=0.73, top=0.92, bottom=0.11)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def main() -> None:
    draw(separations(), Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main()
