"""Two-body problems and encounters: Lambert's problem, Kepler's, conjunctions, probabilities.

Run with ``python -m benchmarks.encounters [--quick]``; it takes two minutes, and needs lamberthub
and pykep for the other side where they are installed: each is measured in the same process.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.harness import heading, publish, table
from benchmarks.versions import own_versions, version

sky = ty.astrodynamics
GM, RADIUS, J2 = 398600.4418, 6378.137, 1.08262668e-3
DAY = 86400.0
TURNS = 3


def seconds(call: Callable[[], Any], turns: int = TURNS) -> float:
    """Median of a call's processor time, after one that is not counted."""
    call()
    times = []
    for _ in range(turns):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return median(times)


# -- two-body problems ----------------------------------------------------------------------------


def problems(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ends and times of Lambert problems of all shapes, gm = 1."""
    rng = np.random.default_rng(1)
    r1, r2 = rng.normal(size=(2, count, 3))
    return r1, r2, 10 ** rng.uniform(-1, 2, count)


def pykep_calls(count: int) -> dict[str, Callable[[], Any]]:
    """The same by pykep, one after the other, or nothing where it cannot be imported."""
    try:
        import pykep
    except (ImportError, OSError):
        return {}
    r1, r2, dt = (x.tolist() for x in problems(count))
    v = np.random.default_rng(2).normal(size=(count, 3)).tolist()

    def lambert() -> None:
        for a, b, t in zip(r1, r2, dt, strict=True):
            pykep.lambert_problem(a, b, t, 1.0, False, 0)

    def propagate() -> None:
        for a, b, t in zip(r1, v, dt, strict=True):
            pykep.propagate_lagrangian([a, b], t, 1.0)

    return {"lambert": lambert, "propagate": propagate}


def lamberthub_call(count: int) -> Callable[[], Any] | None:
    """Izzo's solver of lamberthub."""
    try:
        from lamberthub import izzo2015
    except ImportError:
        return None
    r1, r2, dt = problems(count)

    def lambert() -> None:
        for a, b, t in zip(r1, r2, dt, strict=True):
            izzo2015(1.0, a, b, t)

    return lambert


def two_body(quick: bool) -> str:
    own, few = (20_000, 500) if quick else (1_000_000, 2_000)
    r1, r2, dt = problems(own)
    v = np.random.default_rng(2).normal(size=(own, 3))
    orbits = np.concatenate([r1, v], axis=1)
    pykep, hub = pykep_calls(few), lamberthub_call(max(few // 10, 50))
    others = {name: 1e9 * seconds(call) / few for name, call in pykep.items()}
    hub_time = 1e9 * seconds(hub, 3) / max(few // 10, 50) if hub else None

    def row(
        name: str, call: Callable[[], Any], pykep: float | None, hub: float | None
    ) -> list[str]:
        mine = 1e9 * seconds(call) / own
        cells = [f"{x:,.0f}" if x else "-" for x in (mine, pykep, hub)]
        return [name, *cells, f"{pykep / mine:.1f} x" if pykep else "-"]

    def turning() -> Any:
        return sky.lambert(r1, r2, 20 * dt, 1.0, revolutions=1, branch="high")

    rows = [
        row(
            "Lambert, no full turn",
            lambda: sky.lambert(r1, r2, dt, 1.0),
            others.get("lambert"),
            hub_time,
        ),
        row("Lambert, one full turn", turning, None, None),
        row(
            "Kepler, universal",
            lambda: sky.kepler_propagate(r1, v, dt, 1.0),
            others.get("propagate"),
            None,
        ),
        row(
            "to Keplerian elements",
            lambda: sky.convert_elements(orbits, "cartesian", "keplerian", 1.0),
            None,
            None,
        ),
    ]
    v1, _ = sky.lambert(r1, r2, dt, 1.0)
    there, _ = sky.kepler_propagate(r1, v1, dt, 1.0)
    misses = np.linalg.norm(there - r2, axis=1)
    return (
        table(["ns each", "taylor", "pykep", "lamberthub", "ratio"], rows)
        + f"\n\n{own:,} at a time; pykep and lamberthub are called one after the other.  "
        f"Propagated, Lambert's orbits miss their ends by {np.median(misses):.1e} (median).\n"
    )


# -- encounters -----------------------------------------------------------------------------------


def catalogue(count: int) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Low orbits that precess, and velocities that are derivatives of positions."""
    rng = np.random.default_rng(0)
    inclinations = rng.choice([53.0, 74.0, 82.0, 98.0, 65.0, 28.0], count)
    mean = np.stack(
        [
            rng.uniform(6800, 8400, count),
            rng.exponential(0.004, count),
            np.radians(inclinations + rng.normal(0, 1, count)),
            *rng.uniform(0, 2 * np.pi, (3, count)),
        ],
        axis=-1,
    )
    names = ty.variables("a e i node pericentre anomaly")
    later = sky.propagate_mean(ty.stack(names), ty.time, GM, radius=RADIUS, zonal=[J2])
    place = sky.convert_elements(later, "keplerian", "cartesian", GM)[:3]
    speed = [ty.diff(place[k], ty.time) for k in range(3)]
    program = ty.compile([*(place[k] for k in range(3)), *speed], [*names, ty.time])
    columns = [np.ascontiguousarray(mean[:, k, None]) for k in range(6)]

    def motion(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = program(*columns, t)
        return np.stack(found[:3], axis=-1), np.stack(found[3:], axis=-1)

    return motion


def approaches(quick: bool) -> str:
    span = DAY / 24 if quick else DAY
    times = np.arange(0, span + 1, 30.0)
    rows = []
    for count in (1000, 3000) if quick else (1000, 3000, 10_000):
        motion = catalogue(count)
        motion(times[:2])
        start = time.process_time()
        found = sky.conjunctions(motion, times, 5.0)
        took = time.process_time() - start
        start = time.process_time()
        for first in range(0, len(times), 24):
            motion(times[first : first + 25])
        states = time.process_time() - start
        rows.append([f"{count:,}", f"{len(found):,}", f"{took:.1f}", f"{states:.1f}"])
    hours = span / 3600
    return table(
        ["objects", "approaches below 5 km", "seconds", "of them for the orbits"], rows
    ) + (
        f"\n\nAll pairs over {hours:g} hours, on one core: low orbits with the secular motion of "
        "J2, pieces of 30 s.\n"
    )


def recall(quick: bool) -> str:
    """What is found among 400 objects, and what sampling every 4 s shows."""
    count, span, threshold = (100 if quick else 400), (7200.0 if quick else DAY / 3), 60.0
    motion = catalogue(count)
    found = sky.conjunctions(motion, np.arange(0, span + 1, 30.0), threshold)
    i, j = np.triu_indices(count, 1)
    seen = set()
    step = 4.0
    for start in np.arange(0, span, 400.0):
        times = np.arange(start - step, start + 400 + step / 2, step)
        places = motion(times)[0].astype(np.float32)
        squared = sum((places[i, :, k] - places[j, :, k]) ** 2 for k in range(3))
        middle = squared[:, 1:-1]
        low = (middle <= squared[:, :-2]) & (middle < squared[:, 2:])
        low &= middle < (threshold - 0.05) ** 2  # a sample below it: so is the minimum
        for pair, k in zip(*np.nonzero(low), strict=True):
            if step < times[k + 1] < span - step:
                seen.add((int(i[pair]), int(j[pair]), float(times[k + 1])))
    known: dict[tuple[int, int], list[float]] = {}
    for a, b, t in zip(found.first, found.second, found.times, strict=True):
        known.setdefault((int(a), int(b)), []).append(float(t))
    missed = [s for s in seen if not any(abs(t - s[2]) < 2 * step for t in known.get(s[:2], []))]
    return (
        f"Of {len(seen)} minima below {threshold:g} km that samples every {step:g} s show among "
        f"{count} objects, {len(missed)} are missed.\n"
    )


def probabilities(quick: bool) -> str:
    count = 2_000 if quick else 200_000
    rng = np.random.default_rng(3)
    place, speed = rng.normal(size=(2, count, 3))
    root = rng.normal(size=(count, 3, 3))
    covariance = root @ root.swapaxes(1, 2)
    rows = []
    for method in ("exact", "chan", "maximum"):

        def call(method: str = method) -> Any:
            return sky.collision_probability(place, speed, covariance, 0.3, method=method)

        rows.append([method, f"{1e9 * seconds(call) / count:,.0f}"])
    return table(["probability of a collision", "ns each"], rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small cases; nothing is written")
    quick = parser.parse_args().quick
    versions = {**own_versions(), "pykep": version("pykep"), "lamberthub": version("lamberthub")}
    text = "\n".join(
        [
            heading("Encounters", "python -m benchmarks.encounters", versions),
            two_body(quick),
            approaches(quick),
            recall(quick),
            probabilities(quick),
        ]
    )
    print(text)
    if not quick:
        publish("encounters.md", text)


if __name__ == "__main__":
    main()
