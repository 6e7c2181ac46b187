"""Solutions with their derivatives beside heyoka's variational equations: steps, creation, values.

    python -m benchmarks.flow_maps [--quick] [part of a row's name ...]

Both sides take turns in one process, one thread each, at the same tolerance.  Creation is from the
formulas to an integrator that is ready, without any cache.  heyoka is made in its default mode
where that compiles within a minute or so, else in compact mode.  Derivatives to order 4 are
compared in numbers of more digits, too: on that way both sides' doubles lose six of them.  It takes
ten minutes, with --quick (heyoka in compact mode but for order 1) three, and needs heyoka for the
other side.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import factorial, prod
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.celestial import outer_solar_system
from benchmarks.harness import heading, in_one_tier, publish, table
from benchmarks.many_maps import batch_row, uncertainty_row
from benchmarks.problem import Equations
from benchmarks.versions import own_versions, version
from taylor_runtime.engine import cache

TOLERANCE = 2.0**-52
PRECISE = 2.0**-11  # times as much, in 80 bits
AGREE = 1e-10  # of the largest derivative of an order
MANY = 10**5  # displacements of a map
SHARE = 100  # of which heyoka, which takes one a call, is timed at the hundredth part
MU = 0.01


def planar(functions: Any, state: Sequence[Any]) -> list[Any]:
    """The planar restricted three-body problem in rotating axes; Szebehely (1967), ch. 1."""
    x, y, u, v = state
    heavy = (1.0 - MU) * ((x + MU) ** 2 + y**2) ** -1.5
    light = MU * ((x - (1.0 - MU)) ** 2 + y**2) ** -1.5
    return [
        u,
        v,
        2.0 * v + x - heavy * (x + MU) - light * (x - (1.0 - MU)),
        -2.0 * u + y - (heavy + light) * y,
    ]


def spatial(functions: Any, state: Sequence[Any]) -> list[Any]:
    """The same in space."""
    x, y, z, u, v, w = state
    heavy = (1.0 - MU) * ((x + MU) ** 2 + y**2 + z**2) ** -1.5
    light = MU * ((x - (1.0 - MU)) ** 2 + y**2 + z**2) ** -1.5
    return [
        u,
        v,
        w,
        2.0 * v + x - heavy * (x + MU) - light * (x - (1.0 - MU)),
        -2.0 * u + y - (heavy + light) * y,
        -(heavy + light) * z,
    ]


def pendulum(functions: Any, state: Sequence[Any]) -> list[Any]:
    """x'' = -k sin x, with k as the last of its numbers."""
    x, v, k = state
    return [v, -k * functions.sin(x)]


@dataclass(frozen=True, slots=True)
class Work:
    """What is derived, by what, and how much faster it should be.

    varied:   places of the states; then come the parameters.
    time:     whether the initial time is varied too, which heyoka cannot beyond order one.
    default:  whether heyoka compiles it within a minute in its default mode.
    step, creation: least ratios, None for no target.
    """

    name: str
    equations: Equations
    state: tuple[float, ...]
    order: int
    span: float
    step: float
    creation: float | None = None
    varied: tuple[int, ...] | None = None
    parameters: tuple[float, ...] = ()
    time: bool = False
    default: bool = False


def works() -> list[Work]:
    """All rows."""
    flat = (-0.8, 0.0, 0.0, -0.6276410653920694)
    space = (-0.8, 0.0, 0.1, 0.0, -0.6276410653920694, 0.05)
    outer = outer_solar_system()
    found = [
        Work(f"planar CR3BP, order {k}", planar, flat, k, 200.0, step, made, default=k <= 2)
        for k, step, made in ((1, 4, 10), (2, 8, 50), (3, 8, 10), (4, 8, 10))
    ]
    found += [
        Work(f"spatial CR3BP, order {k}", spatial, space, k, 100.0, step, default=k == 1)
        for k, step in ((1, 4), (2, 8), (3, 8), (4, 8))
    ]
    found += [
        Work("outer Solar System, order 1 in 36", outer.equations, outer.state, 1, 100.0, 4),
        Work(
            "outer Solar System, order 2 in 6",
            outer.equations,
            outer.state,
            2,
            100.0,
            8,
            varied=tuple(range(6, 12)),
        ),
        Work(
            "pendulum with k and t0, order 4",
            pendulum,
            (0.5, 0.2),
            4,
            100.0,
            4,
            parameters=(1.5,),
            time=True,
        ),
    ]
    return found


class Own:
    """taylor's integrator of a work."""

    def __init__(self, work: Work, precise: bool = False) -> None:
        started = time.perf_counter()
        n = len(work.state)
        x = [ty.variable(f"x{i}") for i in range(n)]
        p = [ty.parameter(f"p{i}") for i in range(len(work.parameters))]
        system = list(zip(x, work.equations(ty, [*x, *p]), strict=True))
        wrt = [*(x if work.varied is None else [x[i] for i in work.varied]), *p]
        asked = ty.variational(system, work.order, [*wrt, ty.time] if work.time else wrt)
        values = dict(zip(p, work.parameters, strict=True))
        with cache.disabled():
            self.ta = ty.Integrator(
                asked,
                work.state,
                parameters=values,
                tol=TOLERANCE * (PRECISE if precise else 1),
                precision="double-double" if precise else "float64",
            )
        self.created = time.perf_counter() - started
        self.work, self.variables = work, len(wrt)

    def run(self, span: float) -> tuple[float, int]:
        """Seconds and steps of a way from the start."""
        self.ta.state, self.ta.time = self.work.state, 0.0
        _ = self.ta.flow_map
        started = time.perf_counter()
        outcome = self.ta.propagate_until(span)
        seconds = time.perf_counter() - started
        if not outcome.success:
            raise RuntimeError(outcome.message)
        return seconds, outcome.steps

    def derivatives(self) -> dict[tuple[int, ...], float]:
        """By state and multi-index, without those by time."""
        flow = self.ta.flow_map.astype("float64")
        rest = (0,) * (len(flow.names) - self.variables)
        return {
            (i, *powers[: self.variables]): float(c) * prod(map(factorial, powers))
            for i, row in enumerate(flow.coefficients)
            for powers, c in zip(flow.monomials, row, strict=True)
            if powers[self.variables :] == rest
        }


class Heyoka:
    """heyoka's integrator of the same."""

    def __init__(self, work: Work, precise: bool = False) -> None:
        import heyoka as hy  # type: ignore[import-not-found]

        hy.llvm_state.set_diskcache_enabled(False)
        hy.llvm_state.clear_memcache()
        started = time.perf_counter()
        n = len(work.state)
        x = [hy.expression(f"x{i}") for i in range(n)]
        p = [hy.par[i] for i in range(len(work.parameters))]
        system = list(zip(x, work.equations(hy, [*x, *p]), strict=True))
        wrt = [*(x if work.varied is None else [x[i] for i in work.varied]), *p]
        number = np.longdouble if precise else float
        whole = hy.var_ode_sys(system, wrt, order=work.order)
        self.ta = hy.taylor_adaptive(
            whole,
            np.array(work.state, number),
            pars=np.array(work.parameters, number),
            tol=number(TOLERANCE * (PRECISE if precise else 1)),
            compact_mode=precise or not work.default,
            fp_type=number,
        )
        self.created = time.perf_counter() - started
        self.work = work
        self.begun = self.ta.state.copy()

    def run(self, span: float) -> tuple[float, int]:
        """Seconds and steps of a way from the start."""
        self.ta.state[:], self.ta.time = self.begun, type(self.ta.time)(0)
        started = time.perf_counter()
        _, _, _, steps, *_ = self.ta.propagate_until(type(self.ta.time)(span))
        return time.perf_counter() - started, steps

    def derivatives(self) -> dict[tuple[int, ...], float]:
        """By state and multi-index."""
        return {tuple(self.ta.get_mindex(i)): float(value) for i, value in enumerate(self.ta.state)}


def agreement(own: Own, other: Heyoka) -> float:
    """The largest difference, relative to the largest derivative of the same order."""
    mine, theirs = own.derivatives(), other.derivatives()
    if mine.keys() != theirs.keys():
        raise RuntimeError("the sides have other derivatives")
    scale: dict[int, float] = {}
    for key, value in theirs.items():
        order = sum(key[1:])
        scale[order] = max(scale.get(order, 0.0), abs(value))
    return max(abs(mine[key] - value) / scale[sum(key[1:])] for key, value in theirs.items())


@dataclass(slots=True)
class Best:
    """The shortest times of a side."""

    step: float = float("inf")
    span: float = float("inf")
    created: float = float("inf")
    steps: int = 0
    side: Any = field(default=None, repr=False)

    def take(self, side: Own | Heyoka, span: float) -> None:
        """Run it once more."""
        seconds, self.steps = side.run(span)
        self.span = min(self.span, seconds)
        self.step = self.span / self.steps
        self.created = min(self.created, side.created)
        self.side = side


def measured(work: Work, turns: int, makers: Sequence[Callable[[Work], Any]]) -> list[Best]:
    """The sides, made as often as creation is to be measured, in turns."""
    found = [Best() for _ in makers]
    for best, make in zip(found, makers, strict=True):
        for _ in range(2 if work.creation is not None and make is Own else 1):
            best.take(make(work), work.span)
    for _ in range(turns):
        for best in found:
            best.take(best.side, work.span)
    return found


def row_of(work: Work, own: Best, other: Best | None) -> list[str]:
    """A line of the table."""
    cells = [work.name, f"{1e6 * own.step:.2f}"]
    if other is None:
        return [*cells, "-", "-", f"{work.step:g}", "-", f"{1e3 * own.created:.0f}", "-", "-", "-"]
    made = "-" if work.creation is None else f"{work.creation:g}"
    return [
        *cells,
        f"{1e6 * other.step:.2f}{'' if work.default else ' (compact)'}",
        f"{other.step / own.step:.1f}",
        f"{work.step:g}",
        f"{other.span / own.span:.1f}",
        f"{1e3 * own.created:.0f}",
        f"{1e3 * other.created:.0f}",
        f"{other.created / own.created:.1f}",
        made,
    ]


def values_row(own: Own, other: Heyoka | None) -> list[str]:
    """An order-4 map of six variables at many displacements."""
    flow = own.ta.flow_map
    points = np.random.default_rng(0).uniform(-1e-3, 1e-3, (MANY, len(flow.names)))
    mine = min(_seconds(lambda: flow(points)) for _ in range(3))
    cells = [f"values at {MANY} points", f"{1e3 * mine:.1f}"]
    if other is None:
        return [*cells, "-", "-", "10"]
    few = points[: MANY // SHARE]
    theirs = SHARE * min(
        _seconds(lambda: [other.ta.eval_taylor_map(point) for point in few]) for _ in range(3)
    )
    return [*cells, f"{1e3 * theirs:.1f}", f"{theirs / mine:.1f}", "10"]


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def many_maps() -> str:
    """Tables of many trajectories."""
    flat = next(work for work in works() if work.equations is planar)
    text = "\nMany maps, and one for many orbits; milliseconds of the processor, one thread.\n\n"
    columns = ["work", "ms", "heyoka's batches", "ratio", "at least"]
    text += table(columns, [batch_row(planar, flat.state, TOLERANCE)]) + "\n\n"
    row, moments = uncertainty_row()
    text += table(["work", "ms", "orbits", "ratio", "at least"], [row]) + "\n"
    return text + f"\nThird moments of the map differ by {moments} of the largest (at most 1e-2).\n"


def main() -> None:
    """Measure, print, and write results/flow_maps.md."""
    in_one_tier()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flow_maps")
    parser.add_argument("--quick", action="store_true", help="fewer turns; nothing is written")
    parser.add_argument("names", nargs="*", help="parts of names of rows; nothing is written")
    arguments = parser.parse_args()
    makers: list[Callable[[Work], Any]] = [Own]
    note = ""
    try:
        import heyoka  # noqa: F401

        makers.append(Heyoka)
    except ImportError:
        note = "heyoka is not installed, and its side left out.\n\n"
    names = arguments.names or [""]
    rows, values, agreed = [], [], []
    for stated in (w for w in works() if any(name in w.name for name in names)):
        quick = arguments.quick and stated.order > 1
        work = replace(stated, default=False) if quick else stated
        sides = measured(work, 2 if arguments.quick else 7, makers)
        other = sides[1] if len(sides) > 1 else None
        rows.append(row_of(work, sides[0], other))
        print(" | ".join(rows[-1]), flush=True)
        if other is not None:
            agreed.append([work.name, f"{agreement(sides[0].side, other.side):.1e}", "-"])
        if other is not None and work.equations is planar and work.order == 4:
            exact = Own(work, True), Heyoka(work, True)
            for side in exact:
                side.run(work.span)
            agreed.append(
                ["the same, in double-double and 80 bits", f"{agreement(*exact):.1e}", f"{AGREE:g}"]
            )
        if work.order == 4 and len(work.state) == 6:
            values.append(values_row(sides[0].side, None if other is None else other.side))
    text = heading(
        "Flow maps",
        "python -m benchmarks.flow_maps",
        {**own_versions(), "heyoka": version("heyoka")},
    )
    text += (
        f"\nTolerance {TOLERANCE:.2g}, one thread. Microseconds a step and milliseconds of "
        "creation, the shortest of alternating runs in one process; the ratio for the same span "
        "beside that of a step, since steps differ in length. heyoka varies an initial time to "
        f"first order only: in that row it is varied by taylor alone.\n\n{note}"
    )
    columns = ["work", "us", "heyoka", "ratio", "at least", "same span"]
    text += table([*columns, "creation", "heyoka", "ratio", "at least"], rows) + "\n"
    if values:
        text += "\nAn order-4 map of six variables; heyoka takes a point a call (a hundredth).\n\n"
        text += table(["work", "ms", "heyoka", "ratio", "at least"], values) + "\n"
    if len(makers) > 1 and not arguments.names:
        text += many_maps()
    if agreed:
        text += "\nLargest difference at the end, of the largest derivative of its order.\n\n"
        text += table(["work", "difference", "at most"], agreed) + "\n"
    print(text)
    if not arguments.quick and not arguments.names and len(makers) > 1:
        print(f"wrote {publish('flow_maps.md', text)}")


if __name__ == "__main__":
    main()
