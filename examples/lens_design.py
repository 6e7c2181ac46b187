"""A lens designs itself: gradients through a ray tracer.

Three lenses of two glasses have to draw sharp pictures of stars, up to 20 degrees off the axis and
in three colours (H. D. Taylor's Cooke triplet of 1893).  Rays are refracted at six spheres with
Welford's formulas (Aberrations of Optical Systems, 1986, section 4), all of them at once in plain
NumPy.  Where a ray meets the rim of a lens it does not end abruptly: its weight falls off over
half a millimetre, so that losing light has a derivative as well.  SciPy moves curvatures
and distances by Newton's method, with exact gradients and Hessians.
Draws examples/lens_design.png:

    python examples/lens_design.py [--rays 6] [--iterations 300]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import matplotlib
import numpy as np
from scipy import optimize

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

FOCUS, STOP = 50.0, 5.0  # focal length and radius of the beam in mm: f/5
PUPIL = 11.0  # where rays would cross the axis without lenses, from the first surface
RIMS = np.array([8.5, 8.5, 5.0, 5.0, 8.5, 8.5])  # radii of the glasses
RIM = 0.25  # over which rims are smoothed
ANGLES = np.radians([0.0, 14.0, 20.0])
COLOURS = np.array([0.4861, 0.5876, 0.6563])  # F, d and C lines, in micrometres
# Index and Abbe number of SK16 and F2; in between 1/wavelength**2 is linear (Cauchy).
GLASSES = [(1.62041, 60.32), (1.62004, 36.37), (1.62041, 60.32)]

Design = dict[str, np.ndarray]
Rays = tuple[list[np.ndarray], list[np.ndarray]]  # x, y, z: (angles, colours, rays) each

# A rough start: the powers of the lenses are about right, their shapes are the simplest.
START: Design = {
    "curvatures": np.array([1 / 28, 0.0, -1 / 26, 1 / 26, 0.0, -1 / 28]),
    "distances": np.array([3.0, 6.0, 1.5, 6.0, 3.0, 42.0]),  # to the next surface, then the sensor
}


def indices() -> np.ndarray:
    """Refractive indices behind each surface, (6, colours)."""
    power = COLOURS**-2.0
    bend = (power - power[1]) / (power[0] - power[2])
    glass = [n + (n - 1) / abbe * bend for n, abbe in GLASSES]
    return np.stack([row for n in glass for row in (n, np.ones_like(n))])


def disc(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points x, y of a square grid within the circle of radius 1, `count` of them in a radius."""
    grid = np.arange(-count, count + 1) / (count + 0.5)
    x, y = (part.ravel() for part in np.meshgrid(grid, grid))
    inside = x**2 + y**2 < 1
    return x[inside], y[inside]


def beams(x: np.ndarray, y: np.ndarray) -> Rays:
    """Points and directions of rays from the stars, which would pass the stop at x, y."""
    sine, cosine = np.sin(ANGLES)[:, None, None], np.cos(ANGLES)[:, None, None]
    points = [STOP * x - PUPIL * sine / cosine, STOP * y, 0 * y]
    shape = (len(ANGLES), len(COLOURS), len(x))
    return tuple([np.broadcast_to(p, shape) for p in each] for each in (points, [sine, 0, cosine]))


def refracted(point: list, direction: list, curvature: float, ratio: np.ndarray) -> tuple:
    """Point on a sphere, from its vertex, and direction behind it.

    ratio: of the index before the surface to the one behind it.
    """
    (x, y, z), (along_x, along_y, along_z) = point, direction
    x, y = x - z / along_z * along_x, y - z / along_z * along_y  # in the plane of the vertex
    f = curvature * (x**2 + y**2)
    g = along_z - curvature * (x * along_x + y * along_y)
    cosine = np.sqrt(np.maximum(g**2 - curvature * f, 0.01))  # at least that where rays miss it
    way = f / (g + cosine)
    x, y, z = x + way * along_x, y + way * along_y, way * along_z
    behind = np.sqrt(np.maximum(1 - ratio**2 * (1 - cosine**2), 0.01))
    bend = behind - ratio * cosine
    tilt = curvature * bend
    return [x, y, z], [
        ratio * along_x - tilt * x,
        ratio * along_y - tilt * y,
        ratio * along_z - tilt * z + bend,
    ]


def trace(design: Design, rays: Rays) -> tuple[list[list[np.ndarray]], np.ndarray]:
    """Points of rays on the surfaces and the sensor, from their vertices, and weights 0 .. 1."""
    index = indices()
    point, direction = rays
    points, weight = [], 1.0
    for k, rim in enumerate(RIMS):
        ratio = ((index[k - 1] if k else 1.0) / index[k])[:, None]
        point, direction = refracted(point, direction, design["curvatures"][k], ratio)
        points.append(point)
        inside = (rim**2 - point[0] ** 2 - point[1] ** 2) / (2 * rim * RIM)
        weight = weight / (1 + np.exp(-inside))
        point = [point[0], point[1], point[2] - design["distances"][k]]
    way = -point[2] / direction[2]
    points.append([p + way * d for p, d in zip(point, direction, strict=True)])
    return points, weight


def sag(curvature: float, r: np.ndarray) -> np.ndarray:
    """How far behind its vertex a sphere is, at a distance from the axis."""
    return curvature * r**2 / (1 + np.sqrt(1 - (curvature * r) ** 2))


def badness(design: Design, rays: Rays) -> np.ndarray:
    """Squares of the stars' sizes on the sensor in units of 10 micrometres, and penalties for lost
    light and for glasses and gaps that are too thin at their rims.
    """
    points, weight = trace(design, rays)
    x, y, _ = points[-1]
    places = FOCUS * np.tan(ANGLES)[:, None, None]
    square = np.sum(weight * ((x - places) ** 2 + y**2), axis=(1, 2)) / np.sum(weight, axis=(1, 2))
    c, d = design["curvatures"], design["distances"]
    sags = [sag(c[k], r) for k, r in enumerate(RIMS)]
    thin = sum(np.logaddexp(0, 10 * (0.8 - d[k] - sags[k + 1] + sags[k])) for k in range(5))
    middle = np.sum(np.logaddexp(0, 10 * (1.0 - d)))
    return np.mean(square) * 1e4 + 30 * (1 - np.mean(weight)) + thin + middle


def improved(design: Design, rays: Rays, iterations: int) -> tuple[Design, list[float]]:
    """The best design nearby, and the course of its badness: Newton's method in a trust region."""

    def of_vector(v: np.ndarray) -> Design:  # of numbers of similar size
        return {"curvatures": v[:6] / FOCUS, "distances": v[6:] * 10}

    def flat(v: np.ndarray, rays: Rays) -> np.ndarray:
        return badness(of_vector(v), rays)

    course: list[float] = []
    found = optimize.minimize(
        ty.value_and_grad(flat),
        np.concatenate([design["curvatures"] * FOCUS, design["distances"] / 10]),
        args=(rays,),
        jac=True,
        hess=ty.hessian(flat),
        method="trust-exact",
        callback=lambda intermediate_result: course.append(float(intermediate_result.fun)),
        options={"maxiter": iterations},
    )
    return of_vector(found.x), course


def draw_lens(axes: plt.Axes, design: Design) -> None:
    """A section through the axis, with a few rays of the middle colour."""
    height = np.linspace(-0.95, 0.95, 7)
    rays = beams(height, 0 * height)
    points, weight = trace(design, rays)
    points = [[p - 12 * d / rays[1][2] for p, d in zip(*rays, strict=True)], *points]
    vertices = np.concatenate([[0.0, 0.0], np.cumsum(design["distances"])])
    x = np.stack([point[0] for point in points])
    z = np.stack([point[2] + v for point, v in zip(points, vertices, strict=True)])
    for k in range(len(ANGLES)):
        for ray in range(len(height)):
            if weight[k, 1, ray] > 0.5:
                axes.plot(z[:, k, 1, ray], x[:, k, 1, ray], color=f"C{k}", lw=0.7)
    for front in range(0, 6, 2):
        outline = []
        for k in (front, front + 1):
            r = np.linspace(-1, 1, 60) * RIMS[k] * (-1 if k > front else 1)
            outline.append([sag(design["curvatures"][k], r) + vertices[k + 1], r])
        axes.fill(*np.hstack(outline), fc="#cfe3f5", ec="0.3", lw=0.8, zorder=3, alpha=0.8)
    axes.axvline(vertices[-1], color="k", lw=1.5)
    axes.set(
        aspect="equal",
        xlim=(-12, 64),
        ylim=(-11, 20.5),
        xlabel="along the axis [mm]",
        ylabel="[mm]",
    )


def draw(designs: dict[str, Design], count: int, path: Path) -> None:
    """Sections of the lenses, and where the light of the stars meets the sensor."""
    figure = plt.figure(figsize=(13, 5.8))
    grid = figure.add_gridspec(2, 4, width_ratios=(2.2, 1, 1, 1))
    rays = beams(*disc(count))
    for row, (name, design) in enumerate(designs.items()):
        axes = figure.add_subplot(grid[row, 0])
        draw_lens(axes, design)
        axes.set_title(f"{name}: badness {badness(design, rays):.3g}")
        points, weight = trace(design, rays)
        x, y, _ = points[-1]
        miss = 1e3 * (x - FOCUS * np.tan(ANGLES)[:, None, None])
        half = max(25.0, 1.1 * float(np.abs(miss).max()))
        for k, angle in enumerate(ANGLES):
            axes = figure.add_subplot(grid[row, k + 1])
            for colour, paint in enumerate(("#2060ff", "#20a020", "#ff3020")):
                lit = weight[k, colour] > 0.3
                axes.plot(
                    miss[k, colour, lit], 1e3 * y[k, colour, lit], ".", color=paint, ms=3, alpha=0.7
                )
            axes.set(aspect="equal", xlim=(-half, half), ylim=(-half, half))
            axes.locator_params(nbins=5)
            axes.set_title(f"star at {np.degrees(angle):.0f}°, in µm", color=f"C{k}")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rays", type=int, default=6, help="in half a beam's diameter")
    parser.add_argument("--iterations", type=int, default=300)
    chosen = parser.parse_args()
    began = time.perf_counter()
    best, course = improved(START, beams(*disc(chosen.rays)), chosen.iterations)
    passed = time.perf_counter() - began
    print(f"{len(course)} steps with Hessians in {passed:.1f} s; badness {course[-1]:.4g}")
    print("radii in mm:", *np.round(1 / best["curvatures"], 2))
    print("distances in mm:", *np.round(best["distances"], 2))
    path = Path(__file__).with_suffix(".png")
    draw({"a rough start": START, "after descent": best}, 12, path)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
