"""Catalogues of satellites by SGP4: 10,000 objects at 1,440 times, against the package `sgp4` and
heyoka, one thread each.

Run with ``python -m benchmarks.satellites [--quick]``; it takes two minutes and needs heyoka and
sgp4.  No catalogue is shipped: objects are drawn, with a seed, in the proportions of the real one.
"""

from __future__ import annotations

import gc
import math
import sys
import time
from collections import Counter
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.harness import heading, publish, table
from benchmarks.versions import own_versions, version

OBJECTS, TIMES = 10_000, 1440
RUNS = 5
EPOCH = 27_000.0  # days since 1949 December 31
DAY = 1440.0  # minutes
# share, revolutions a day, eccentricity, inclination in degrees; each from .. to
KINDS = {
    "low orbits": (0.80, (12.0, 15.8), (0.0001, 0.02), (28.0, 105.0)),
    "navigation": (0.07, (1.85, 2.15), (0.0005, 0.02), (53.0, 66.0)),
    "geosynchronous": (0.08, (0.99, 1.01), (0.0001, 0.005), (0.05, 15.0)),
    "Molniya": (0.02, (2.0, 2.012), (0.68, 0.74), (62.0, 65.0)),
    "transfer orbits": (0.03, (2.2, 5.0), (0.6, 0.7), (5.0, 30.0)),
}


def objects(count: int) -> list[Any]:
    """Objects of the package `sgp4`."""
    from sgp4.api import WGS72, Satrec  # type: ignore[import-untyped]

    rng = np.random.default_rng(20)
    shares = [kind[0] for kind in KINDS.values()]
    found = []
    for number, which in enumerate(rng.choice(len(KINDS), count, p=shares)):
        _, revolutions, eccentricity, inclination = list(KINDS.values())[which]
        node, perigee, mean = rng.uniform(0, math.tau, 3)
        n = math.tau * rng.uniform(*revolutions) / DAY
        e = rng.uniform(*eccentricity)
        if which == 0:  # with a perigee of 160 km at least
            e = min(e, 1 - 6538.0 / (6378.0 * (0.0743669161 / n) ** (2 / 3)))
        satellite = Satrec()
        satellite.sgp4init(
            WGS72,
            "i",
            number,
            EPOCH + rng.uniform(0, 1),
            10 ** rng.uniform(-6, -3.5),
            0.0,
            0.0,
            max(e, 1e-5),
            perigee,
            math.radians(rng.uniform(*inclination)),
            mean,
            n,
            node,
        )
        found.append(satellite)
    return found


def measured(call: Callable[[], Any]) -> tuple[float, Any]:
    """Median seconds of the processor, and what the last call returned."""
    call()
    times, result = [], None
    for _ in range(RUNS):
        result = None
        gc.collect()
        start = time.process_time()
        result = call()
        times.append(time.process_time() - start)
    return median(times), result


def difference(states: np.ndarray, expected: np.ndarray, errors: np.ndarray) -> float:
    """The largest distance in a coordinate, km, where there is no error."""
    worst = 0.0
    for row, other, wrong in zip(states, expected, errors, strict=True):
        gap = np.abs(row - other)[wrong == 0]
        worst = max(worst, float(gap.max())) if gap.size else worst
    return worst


def rows(satellites: list[Any], dates: tuple[np.ndarray, np.ndarray]) -> list[list[str]]:
    """A line for each way to propagate."""
    import heyoka  # type: ignore[import-not-found]
    from sgp4.api import SatrecArray

    heyoka.set_nthreads(1)
    start = time.process_time()
    catalogue = ty.astrodynamics.Catalogue(satellites)
    made = time.process_time() - start
    start = time.process_time()
    peer = heyoka.model.sgp4_propagator(satellites)
    peer_made = time.process_time() - start
    package = SatrecArray(satellites)
    epochs = np.array([s.jdsatepoch - dates[0][0] + s.jdsatepochF for s in satellites])
    minutes = ((dates[1] - dates[1][0]) * DAY)[:, None] - epochs * DAY
    stamps = np.empty(minutes.shape, peer.jdtype)
    stamps["jd"], stamps["frac"] = dates[0][:, None], dates[1][:, None]

    points = len(satellites) * len(dates[0])
    base, (errors, expected, _) = measured(lambda: package.sgp4(*dates))
    lines: list[list[str]] = []

    def add(name: str, seconds: float, create: float | None, gap: float | None) -> None:
        lines.append(
            [
                name,
                f"{seconds:.2f}",
                f"{seconds / points * 1e9:.0f}",
                f"{base / seconds:.1f}",
                "" if create is None else f"{create:.2f}",
                "" if gap is None else f"{gap:.0e}",
            ]
        )

    add("sgp4 (C++), dates", base, None, None)
    for name, given in (("dates", stamps), ("minutes", minutes)):
        seconds, found = measured(lambda given=given: peer(given))  # type: ignore[misc]
        places = found[:, :3].transpose(2, 0, 1)
        gap = difference(places, expected, errors) if name == "dates" else None
        add(f"heyoka, {name}", seconds, peer_made, gap)
        del found, places
    seconds, found = measured(lambda: catalogue.propagate(dates))
    assert (found.errors == errors).all()
    add("taylor, dates", seconds, made, difference(found.positions, expected, errors))
    del found
    own = np.ascontiguousarray(minutes.T)
    seconds, _ = measured(lambda: catalogue.propagate(minutes=own))
    add("taylor, minutes", seconds, made, None)
    return lines


def main() -> None:
    """Measure and publish."""
    count = OBJECTS // 10 if "--quick" in sys.argv else OBJECTS
    satellites = objects(count)
    dates = (
        np.full(TIMES, EPOCH + 2433281.5),
        1.0 + np.arange(TIMES) / TIMES,
    )
    lines = rows(satellites, dates)
    branches = Counter(ty.astrodynamics.Catalogue(satellites).branches)
    listed = ", ".join(f"{number} {name}" for name, number in branches.most_common())
    columns = ["", "s", "ns a point", "times sgp4", "creation, s", "from sgp4, km"]
    text = "\n".join(
        [
            heading(
                "SGP4",
                "python -m benchmarks.satellites",
                {**own_versions(), "heyoka": version("heyoka"), "sgp4": version("sgp4")},
            ),
            f"{count} objects ({listed}) at {TIMES} times of a day: positions, velocities, errors. "
            "Seconds of one thread for the whole call, medians of five; creation includes what is "
            "compiled. Times are common dates, or minutes since each epoch, given as arrays.\n",
            table(columns, lines),
            "",
        ]
    )
    print(text)
    if "--quick" not in sys.argv:
        publish("satellites.md", text)


if __name__ == "__main__":
    main()
