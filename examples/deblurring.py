"""Blurred pictures: the picture and what blurred it are recovered together (blind deconvolution).

A hand shook while it took a burst of three photographs of a page.  Each pixel of a photograph is a
mean of pixels of the page, weighted by the kernel of that exposure, plus noise.  Neither page nor
kernels are known, only that the exposures show the same page, and that its edges are short
(smoothed total variation: Rudin, Osher & Fatemi 1992).  The model is a few lines of NumPy; SciPy's
L-BFGS-B takes its exact gradient by every pixel of the page and of the kernels.  Draws
examples/deblurring.png:

    python examples/deblurring.py [--height 60] [--iterations 300]
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

RADIUS = 4  # of the kernels, in pixels
SIZE = 2 * RADIUS + 1
NOISE = 0.01

Unknowns = dict[str, np.ndarray]


def page(height: int) -> np.ndarray:
    """Text, (height, 1.5 height): 1 for ink, 0 for paper, between where an edge crosses a pixel."""
    figure = plt.figure(figsize=(1.5, 1), dpi=height)
    for y, line in ((0.69, "Taylor"), (0.31, "1715")):
        figure.text(0.5, y, line, ha="center", va="center", size=25, weight="bold")
    figure.canvas.draw()
    shown = np.asarray(figure.canvas.buffer_rgba())[..., 0] / 255
    plt.close(figure)
    return 1 - shown


def shakes(count: int, rng: np.random.Generator) -> np.ndarray:
    """Ways of a shaking hand, as weights of shifts with sum 1: (count, SIZE, SIZE)."""
    t = np.linspace(0, 1, 2000)[:, None]
    edges = np.arange(SIZE + 1) - SIZE / 2
    found = []
    for _ in range(count):
        waves = [
            np.sin(f * t + rng.uniform(0, 6, 2)) * rng.normal(size=2) / f**0.7 for f in (2, 4, 7)
        ]
        way = sum(waves) - np.mean(sum(waves), axis=0)
        way *= 0.9 * RADIUS / np.abs(way).max()
        found.append(np.histogram2d(*way.T, bins=(edges, edges))[0] / len(t))
    return np.array(found)


def exposures(picture: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """What the camera sees, a photograph for each kernel; by RADIUS smaller on every side."""
    height, width = picture.shape[0] - SIZE + 1, picture.shape[1] - SIZE + 1
    return sum(
        kernels[:, i, j, None, None] * picture[i : i + height, j : j + width]
        for i in range(SIZE)
        for j in range(SIZE)
    )


def badness(unknowns: Unknowns, seen: np.ndarray) -> np.ndarray:
    """Half the square of the misfit in units of the noise, the length of all edges, and a penalty
    for kernels whose sum is not 1.

    unknowns: the picture, and kernels in units of one that is the same everywhere.
    """
    picture, kernels = unknowns["picture"], unknowns["kernels"] / SIZE**2
    misfit = np.sum((exposures(picture, kernels) - seen) ** 2) / (2 * NOISE**2)
    down, right = np.diff(picture, axis=0)[:, :-1], np.diff(picture, axis=1)[:-1]
    edges = np.sum(np.sqrt(down**2 + right**2 + 1e-4))
    return misfit + edges + 1e4 * np.sum((np.sum(kernels, axis=(1, 2)) - 1) ** 2)


def recovered(seen: np.ndarray, iterations: int) -> tuple[Unknowns, list[float]]:
    """Picture and kernels from nothing but the photographs, and the course of the badness."""
    unknowns = {
        "picture": np.pad(seen.mean(axis=0), RADIUS, mode="edge"),
        "kernels": np.ones((len(seen), SIZE, SIZE)),
    }
    slope, course = ty.value_and_grad(badness), []

    def put_together(x: np.ndarray) -> Unknowns:
        parts = np.split(x, [unknowns["picture"].size])
        return {
            name: part.reshape(unknowns[name].shape)
            for name, part in zip(unknowns, parts, strict=True)
        }

    def flat(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, slopes = slope(put_together(x), seen)
        course.append(float(value))
        return value, np.concatenate([slopes[name].ravel() for name in unknowns])

    start = np.concatenate([part.ravel() for part in unknowns.values()])
    bounds = [(0, 1)] * unknowns["picture"].size + [(0, SIZE**2)] * unknowns["kernels"].size
    options = {"maxiter": iterations, "maxcor": 20, "maxfun": 2 * iterations}
    found = optimize.minimize(
        flat, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    return put_together(found.x), course


def draw(
    picture: np.ndarray, kernels: np.ndarray, seen: np.ndarray, found: Unknowns, path: Path
) -> None:
    """The photographs, what was recovered, and the truth."""
    figure = plt.figure(figsize=(13, 5))
    panels = figure.subplot_mosaic(
        [["s0", "s1", "s2", "none"], ["page", "found", "kernels", "kernels"]],
        width_ratios=(1, 1, 1, 0.15),
    )
    for k, image in enumerate(seen):
        panels[f"s{k}"].imshow(image, cmap="gray_r", vmin=0, vmax=1)
        panels[f"s{k}"].set_title(f"photograph {k + 1}")
    panels["page"].imshow(picture, cmap="gray_r", vmin=0, vmax=1)
    panels["page"].set_title("the page")
    panels["found"].imshow(found["picture"], cmap="gray_r", vmin=0, vmax=1)
    panels["found"].set_title("recovered from the photographs")
    gap = np.full((SIZE, 1), np.nan)
    both = [
        np.hstack([np.hstack([k, gap]) for k in each])
        for each in (kernels, found["kernels"] / SIZE**2)
    ]
    panels["kernels"].imshow(np.vstack([both[0], both[0][:1] * np.nan, both[1]]), cmap="magma_r")
    panels["kernels"].set_title("kernels: the true ones, and those recovered")
    for axes in panels.values():
        axes.axis("off")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--height", type=int, default=60)
    parser.add_argument("--iterations", type=int, default=300)
    chosen = parser.parse_args()
    rng = np.random.default_rng(3)
    picture, kernels = page(chosen.height), shakes(3, rng)
    seen = exposures(picture, kernels)
    seen = seen + NOISE * rng.normal(size=seen.shape)
    began = time.perf_counter()
    found, course = recovered(seen, chosen.iterations)
    passed = time.perf_counter() - began
    print(f"{len(course)} gradients by {picture.size + kernels.size} numbers in {passed:.1f} s")
    print(f"badness {course[0]:.0f} at first, {course[-1]:.0f} in the end")
    path = Path(__file__).with_suffix(".png")
    draw(picture, kernels, seen, found, path)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
