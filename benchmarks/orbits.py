"""A day of a low Earth orbit with real forces, against heyoka with the same ones.

Run with ``python -m benchmarks.orbits``; it takes some minutes and needs heyoka, jplephem, de421.
"""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness import heading, in_one_tier, publish, table
from benchmarks.versions import own_versions, version

START = (6878.0, 0.0, 0.0, 0.0, 5.0, 5.8)  # km, km/s: a height of 500 km
EPOCH = 171500000.0  # seconds of TDB since J2000
DAY, ROUNDS = 86400.0, 3
FIRST = 2  # days of a process that are not counted: what is loaded and made when it is first used
GM, RADIUS = 398600.4415, 6378.1363
RATE = 2 * math.pi * 1.00273781191135448 / 86400
ANGLE = (2 * math.pi * 0.7790572732640 - 69.184 * RATE + RATE * EPOCH) % (2 * math.pi)
AREA, DRAG, MASS = 3.0, 2.2, 500.0  # m^2, -, kg
AIR = (6.967e-13, 500.0, 63.822)  # kg/m^3 at km, scale height km

# Degree, Sun and Moon, drag, heyoka's compact mode.
CASES = {
    "2 x 2": (2, False, False, False),
    "8 x 8": (8, False, False, True),
    "36 x 36": (36, False, False, True),
    "36 x 36, Sun, Moon": (36, True, False, True),
    "36 x 36, Sun, Moon, drag": (36, True, True, True),
    "70 x 70": (70, False, False, True),
}
EXTRA = "36 x 36, Sun, Moon, drag, tides, light"


class Ours:
    """taylor: an integrator that is made anew, without any cache, and then run again and again."""

    def create(self, case: str) -> float:
        import taylor as ty
        from taylor_runtime.callables.process import cache

        sky = ty.astrodynamics
        degree, bodies, drag, _ = CASES.get(case, CASES["36 x 36, Sun, Moon, drag"])
        ephemeris = sky.Ephemeris("de421")
        with cache.disabled():
            begun = time.process_time()
            forces: list[Any] = [sky.SphericalHarmonics("EGM2008", degree=degree)]
            if bodies:
                forces.append(sky.ThirdBody(ephemeris, ["sun", "moon"]))
            if drag:
                air = sky.ExponentialAtmosphere(*AIR)
                forces.append(sky.Drag(air, area=AREA, cd=DRAG, mass=MASS))
            if case == EXTRA:
                places = {
                    name: (lambda t, name=name: ephemeris.position(name, t, center="earth"))
                    for name in ("moon", "sun")
                }
                raised = [(ephemeris.gm(name), place) for name, place in places.items()]
                forces.append(sky.SolidTides(raised))
                forces.append(sky.RadiationPressure(places["sun"], area=AREA, mass=MASS))
            model = ty.models.spacecraft(forces, gm=GM, epoch=EPOCH)
            self._made: Any = ty.Integrator(model.system, START)
            return time.process_time() - begun

    def day(self) -> tuple[float, int, list[float]]:
        self._made.time, self._made.state = 0.0, np.array(START)
        begun = time.process_time()
        outcome = self._made.propagate_until(DAY)
        return time.process_time() - begun, outcome.steps, self._made.state.tolist()


class Theirs:
    """heyoka: the same forces; its positions of Sun and Moon are polynomials of the day's DE421."""

    def create(self, case: str) -> float:
        import heyoka as hy

        degree, bodies, drag, compact = CASES[case]
        places = {name: of_the_day(name) for name in ("sun", "moon")} if bodies else {}
        begun = time.process_time()
        r = hy.make_vars("x", "y", "z")
        v = hy.make_vars("vx", "vy", "vz")
        c, s = hy.cos(RATE * hy.time + ANGLE), hy.sin(RATE * hy.time + ANGLE)
        fixed = [c * r[0] + s * r[1], -s * r[0] + c * r[1], r[2]]
        pull = hy.model.egm2008_acc(fixed, n=degree, m=degree, mu=GM, a=RADIUS)
        total = [c * pull[0] - s * pull[1], s * pull[0] + c * pull[1], pull[2]]
        for gm, coefficients in places.values():
            body = [horner(row, hy.time / DAY) for row in coefficients]
            away = [p - q for p, q in zip(r, body, strict=True)]
            near, far = (sum(q * q for q in w) ** -1.5 for w in (away, body))
            total = [
                a - gm * (p * near + q * far) for a, p, q in zip(total, away, body, strict=True)
            ]
        if drag:
            pushed = dragged(hy, r, v, fixed)
            total = [a + b for a, b in zip(total, pushed, strict=True)]
        system = [*zip(r, v, strict=True), *zip(v, total, strict=True)]
        self._made = hy.taylor_adaptive(system, START, compact_mode=compact)
        return time.process_time() - begun

    def day(self) -> tuple[float, int, list[float]]:
        self._made.time = 0.0
        self._made.state[:] = START
        begun = time.process_time()
        outcome = self._made.propagate_until(DAY)
        return time.process_time() - begun, outcome[3], self._made.state.tolist()


def of_the_day(name: str) -> tuple[float, np.ndarray]:
    """G M and coefficients, shape (3, 16), of the powers of t/day, of DE421's geocentric place."""
    import de421
    from jplephem import Ephemeris

    ephemeris = Ephemeris(de421)
    nodes = (1 + np.cos(np.pi * (np.arange(40) + 0.5) / 40)) / 2
    days = 2451545.0 + EPOCH / DAY
    moon = ephemeris.position("moon", days, nodes)
    if name == "moon":
        return 4902.800076227743, fitted(nodes, moon)
    earth = ephemeris.position("earthmoon", days, nodes) - moon * ephemeris.earth_share
    return 132712440040.94482, fitted(nodes, ephemeris.position("sun", days, nodes) - earth)


def fitted(nodes: np.ndarray, values: np.ndarray) -> np.ndarray:
    made = [np.polynomial.Chebyshev.fit(nodes, row, 12, [0, 1]) for row in values]
    return np.array([m.convert(kind=np.polynomial.Polynomial).coef for m in made])


def horner(coefficients: np.ndarray, x: Any) -> Any:
    total: Any = float(coefficients[-1])
    for c in coefficients[-2::-1]:
        total = total * x + float(c)
    return total


def dragged(hy: Any, r: Any, v: Any, fixed: Any) -> list[Any]:
    """As `Drag` with an `ExponentialAtmosphere` over the ellipsoid of WGS 84."""
    flattening, radius = 1 / 298.257223563, 6378.137
    square = sum(q * q for q in fixed)
    size = hy.sqrt(square)
    sine = fixed[2] * fixed[2] / square
    short = 1 - flattening
    surface = radius * short / hy.sqrt(short**2 + (1 - short**2) * sine)
    tilt = 4 * flattening**2 * sine * (1 - sine)
    height = (size - surface) * (1 - tilt * surface / (2 * size))
    density = AIR[0] * hy.exp((AIR[1] - height) / AIR[2])
    u = [v[0] + RATE * r[1], v[1] - RATE * r[0], v[2]]
    factor = -500 * density * DRAG * AREA / MASS * hy.sqrt(sum(q * q for q in u))
    return [factor * q for q in u]


def serve(connection: Any, kind: Callable[[], Any]) -> None:
    """A worker: it makes what it is asked for and runs it, until the other side closes."""
    in_one_tier()
    solver = kind()
    try:
        while True:
            method, arguments = connection.recv()
            connection.send(getattr(solver, method)(*arguments))
    except EOFError:
        return


class Worker:
    """A fresh process of one solver."""

    def __init__(self, kind: Callable[[], Any]) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, kind), daemon=True)
        self._process.start()

    def __call__(self, method: str, *arguments: Any) -> Any:
        self._connection.send((method, arguments))
        return self._connection.recv()

    def close(self) -> None:
        self._connection.close()
        self._process.join()


def row(case: str) -> list[str]:
    """One line of the table: both sides made in fresh processes, days taken in turns."""
    kinds: list[Callable[[], Any]] = [Ours, Theirs] if case in CASES else [Ours]
    created: list[list[float]] = [[] for _ in kinds]
    days: list[list[float]] = [[] for _ in kinds]
    steps, ends = [0, 0], [np.zeros(6), np.full(6, np.nan)]
    for _ in range(3):
        workers = [Worker(kind) for kind in kinds]
        for k, worker in enumerate(workers):
            created[k].append(worker("create", case))
            for _ in range(FIRST):
                worker("day")
        for _ in range(ROUNDS):
            for k, worker in enumerate(workers):
                seconds, steps[k], end = worker("day")
                days[k].append(seconds)
                ends[k] = np.array(end)
        for worker in workers:
            worker.close()
    made = [f"{np.median(c):.2f}" for c in created] + ["-"] * (2 - len(kinds))
    spent = [float(np.median(d)) for d in days]
    each = [f"{1e6 * s / n:.1f}" for s, n in zip(spent, steps, strict=False)]
    shown = [f"{1e3 * s:.1f}" for s in spent]
    if len(kinds) == 1:
        return [case, *made, *each, "-", str(steps[0]), "-", *shown, "-", "-", "-"]
    apart = 1e6 * float(np.linalg.norm(ends[0][:3] - ends[1][:3]))
    counts = [str(n) for n in steps]
    return [case, *made, *each, *counts, *shown, f"{spent[1] / spent[0]:.1f}", f"{apart:.3g}"]


COLUMNS = (
    "forces", "created, s", "heyoka", "us a step", "heyoka", "steps", "heyoka",
    "a day, ms", "heyoka", "ratio", "apart, mm",
)  # fmt: skip


def main() -> None:
    rows = []
    for case in [*CASES, EXTRA]:
        rows.append(row(case))
        print(*rows[-1], sep="  ", flush=True)
    versions = own_versions() | {"heyoka": version("heyoka")}
    text = [
        heading("A day of a low Earth orbit", "python -m benchmarks.orbits", versions),
        "EGM2008 to the given degree and order in axes that turn evenly, Sun and Moon from DE421, "
        "drag of an exponential atmosphere over the ellipsoid; solid tides and sunlight with its "
        "penumbra are in the last row.  heyoka has the same formulas, and polynomials of the day "
        "for Sun and Moon; in its compact mode, but for the first row (which has another mode "
        "that takes minutes to compile for the others).  Seconds of the processor; medians of 3 "
        f"creations without a cache, each in a fresh process, and of {3 * ROUNDS} days, which the "
        f"two take in turns after {FIRST} others; apart is the distance of the two ends.",
        table(COLUMNS, rows),
    ]
    joined = "\n\n".join(text) + "\n"
    print(joined)
    print(f"written to {publish('orbits.md', joined)}")


if __name__ == "__main__":
    main()
