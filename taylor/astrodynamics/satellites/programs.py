"""The theory as machine code for many objects at many times, a program for each kind of orbit.

What does not depend on the time is computed once for each object; programs at times take it, as
many numbers as they use, and broadcast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from taylor.astrodynamics.satellites.elements import MeanElements
from taylor.astrodynamics.satellites.sgp4.functions import QUICK, QUICK_NEAR
from taylor.astrodynamics.satellites.sgp4.gravity import as_gravity
from taylor.astrodynamics.satellites.sgp4.lunisolar import (
    Means,
    Periodics,
    Shifts,
    lunisolar,
    shifts,
)
from taylor.astrodynamics.satellites.sgp4.motion import deep_space, motion, near_earth
from taylor.astrodynamics.satellites.sgp4.resonance import (
    DAY_TERMS,
    HALF_DAY_TERMS,
    Place,
    Resonance,
    carried,
)
from taylor.astrodynamics.satellites.sgp4.secular import Secular, secular
from taylor.astrodynamics.satellites.sgp4.theory import (
    HALF_DAY,
    LOW,
    NEAR,
    ONE_DAY,
    branch_of,
    resonance_of,
)
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import variable
from taylor.nodes.traverse import inputs
from taylor.points.formula import Function, compile
from taylor_runtime.program.records import dataclass

R = TypeVar("R")
Arrays = Sequence[np.ndarray]
MINUTES = variable("minutes")
RESONANT = {ONE_DAY: len(DAY_TERMS), HALF_DAY: len(HALF_DAY_TERMS)}


@dataclass(frozen=True)
class Stage:
    """A program at times.

    constants: the names of what it takes of an object, its first arguments.
    function:  the program; further arguments are what other stages gave, and the minutes last.
    """

    constants: tuple[str, ...]
    function: Function[Any]


@dataclass(frozen=True)
class Programs:
    """The programs of one kind of orbit.

    epoch:  the constants of all stages, by `names`, from elements.
    motion: position, velocity and status.
    shifts: in deep space, what Moon and Sun do.
    carry:  longitude and motion of resonant orbits at a time, from those at another.
    """

    names: tuple[str, ...]
    epoch: Function[Any]
    motion: Stage
    shifts: Stage | None = None
    carry: Stage | None = None


def _record(kind: type[R], prefix: str) -> R:
    """A record of variables, named by its fields."""
    return kind(**{f.name: variable(prefix + f.name) for f in fields(kind)})  # type: ignore[arg-type]


def _named(record: object, prefix: str) -> dict[str, Any]:
    """The fields of a record by name, those that are tuples one by one."""
    found: dict[str, Any] = {}
    for field in fields(record):  # type: ignore[arg-type]
        value = getattr(record, field.name)
        if isinstance(value, tuple):
            found |= {f"{prefix}{field.name}{k}": v for k, v in enumerate(value)}
        else:
            found[prefix + field.name] = value
    return found


def _stage(name: str, outputs: Sequence[Expression], given: Sequence[Expression]) -> Stage:
    """The program of some outputs, whose further arguments are `given`."""
    constants = [e for e in inputs(outputs) if e not in set(given)]
    constants.sort(key=str)
    return Stage(
        tuple(map(str, constants)), compile(list(outputs), [*constants, *given], name=name)
    )


@lru_cache(maxsize=4)
def classifier(gravity: str) -> Function[Any]:
    """The number of an orbit's branch, by elements."""
    elements = _record(MeanElements, "")
    given = list(_named(elements, "").values())
    number = branch_of(secular(elements, as_gravity(gravity)))
    return compile(number, given, name="branch")


@lru_cache(maxsize=16)
def programs(branch: int, gravity: str, mode: str) -> Programs:
    """The programs of a branch."""
    elements = _record(MeanElements, "")
    s = secular(elements, as_gravity(gravity))
    known = _named(s, "")
    stages = _near(branch, gravity) if branch in (NEAR, LOW) else _deep(branch, gravity, mode)
    if branch not in (NEAR, LOW):
        means, sun, moon = lunisolar(elements, s)
        known |= _named(means, "means.") | _named(sun, "sun.") | _named(moon, "moon.")
        if branch in RESONANT:
            resonance = resonance_of(branch, elements, s, means, as_gravity(gravity), mode)
            known |= _named(resonance, "resonance.")
    asked = {name for stage in stages.values() for name in stage.constants}
    if branch in RESONANT:
        asked |= {"motion", "resonance.longitude"}
    names = tuple(sorted(asked))
    given = list(_named(elements, "").values())
    epoch = compile([known[name] for name in names], given, name="epoch")
    return Programs(names, epoch, **stages)


def _near(branch: int, gravity: str) -> dict[str, Stage]:
    s, g = _record(Secular, ""), as_gravity(gravity)
    # A low perigee may become absurd, whose small angles are not small.
    f = QUICK if branch == LOW else QUICK_NEAR
    found = motion(near_earth(s, MINUTES, branch == LOW, f), g, f)
    outputs = [*found.position, *found.velocity, found.status]
    return {"motion": _stage("sgp4", outputs, [MINUTES])}


def _deep(branch: int, gravity: str, mode: str) -> dict[str, Stage]:
    s, g = _record(Secular, ""), as_gravity(gravity)
    sun, moon = _record(Periodics, "sun."), _record(Periodics, "moon.")
    moved = shifts(sun, moon, MINUTES, QUICK)
    given = _record(Shifts, "shifts.")
    listed = list(_named(given, "").values())
    stages = {"shifts": _stage("sdp4.shifts", list(_named(moved, "").values()), [MINUTES])}
    kept = None
    if branch in RESONANT:
        r = Resonance(
            tuple(variable(f"resonance.terms{k}") for k in range(RESONANT[branch])),
            *(variable(f"resonance.{name}") for name in ("longitude", "drift", "sidereal")),
        )
        place = _record(Place, "place.")
        there = carried(r, s, place, MINUTES, QUICK)
        known = [place.longitude, place.motion, place.minutes, MINUTES]
        stages["carry"] = _stage("sdp4.carry", [there.longitude, there.motion], known)
        kept = r, place
        listed += [place.longitude, place.motion]
    mean = deep_space(s, _record(Means, "means."), given, kept, MINUTES, g, mode, QUICK)
    found = motion(mean, g, QUICK)
    outputs = [*found.position, *found.velocity, found.status]
    stages["motion"] = _stage("sdp4", outputs, [*listed, MINUTES])
    return stages
