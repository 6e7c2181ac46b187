"""The Solar System as ephemerides model it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.ephemerides.asteroids import FIRST
from taylor.astrodynamics.ephemerides.bodies import CODES, SYSTEMS, Body, code_of
from taylor.astrodynamics.ephemerides.ephemeris import Ephemeris
from taylor.astrodynamics.frames.bodies import body_rotation
from taylor.astrodynamics.frames.celestial import true_matrix
from taylor.astrodynamics.times.calendar import DAY
from taylor.astrodynamics.times.functions import Instant
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.models.eih import eih
from taylor.models.figures import Figure
from taylor.models.model import Model
from taylor_runtime.program.records import dataclass

Harmonics: TypeAlias = dict[tuple[int, int], float]
PLANETS = ("mercury", "venus", "earth", "moon", "mars", "jupiter", "saturn", "uranus", "neptune")
_DEGREES = {"E": (2, 3, 4, 5), "M": (2, 3)}  # of the Earth's and the Moon's gravity
_POLE = 1e-5  # rad by which the Earth's pole may be off


@dataclass(frozen=True)
class SolarSystem(Model):
    """The model of `solar_system`: a `Model` that knows its bodies and where they are.

    bodies:    in the order of the state.
    ephemeris: where they start.

    >>> import taylor as ty
    >>> issubclass(ty.models.SolarSystem, ty.models.Model)
    True
    """

    bodies: tuple[Body, ...] = ()
    ephemeris: Ephemeris | None = None

    def state(self, t: float | Instant) -> NDArray[np.float64]:
        """Positions of all bodies, then velocities, as the ephemeris has them: km and km/s, flat.

        t: seconds of TDB since J2000, or an `Epoch`.
        """
        assert self.ephemeris is not None
        found = np.array([self.ephemeris.state(body, t, "ssb") for body in self.bodies])
        return np.concatenate([found[:, :3].ravel(), found[:, 3:].ravel()])


def solar_system(
    ephemeris: Ephemeris,
    bodies: Sequence[Body] | None = None,
    *,
    librations: Ephemeris | None = None,
    figures: bool = True,
) -> SolarSystem:
    """The Sun, the planets, the Moon, and asteroids: what DE440 is integrated from, as far as it
    matters within decades.

    ephemeris:  whose masses and figures are taken; `with_asteroids()` says which asteroids attract.
    bodies:     by default the Sun, the planets, the Moon, Pluto and the asteroids of the ephemeris.
    librations: how the Moon turns, an ephemeris that has it ("de421") for the times that matter
                (`over`); by default the IAU's formula.
    figures:    with the zonal harmonics J_2 to J_5 of the Earth, the Moon's gravity to degree 3,
                J_2 of the Sun and what its rotation drags along, as far as the constants of the
                ephemeris tell them and the bodies are there.

    `eih` with all this; its `ty.time` is seconds of TDB since J2000.  With Ceres, Pallas, Vesta and
    librations the Earth is within 0.5 km of DE440 (from the Sun) and the Moon within 0.3 km (from
    the Earth; 1.1 km by the IAU's formula) ten years after 1960, 1970 ... 2040; without asteroids
    the Earth is up to 1.4 km off.  Left out of what DE440 has are 340 asteroids, the Kuiper belt
    (Jupiter is up to 8 km off after ten years, Pluto 15), and tides.

    Raises ArgumentError for fewer than two bodies, ArgumentTypeError for no ephemeris.

    >>> import taylor as ty
    >>> model = ty.models.solar_system(ty.astrodynamics.Ephemeris("de440").with_asteroids())
    >>> len(model.bodies)
    14
    """
    if not isinstance(ephemeris, Ephemeris):
        raise ArgumentTypeError(
            f"solar_system: ephemeris={ephemeris!r:.80} must be an Ephemeris('de440')"
        )
    if bodies is None:
        asteroids = [b for b in ephemeris.bodies if CODES.get(b, 0) > FIRST]
        bodies = ["sun", *PLANETS, "pluto", *asteroids]
    bodies = tuple(bodies)
    if len(bodies) < 2:
        raise ArgumentError(f"solar_system: bodies = {bodies!r} must be two or more")
    place = {_code(body): k for k, body in enumerate(bodies)}
    shapes = _figures(ephemeris, place, librations) if figures else []
    spins = _spins(ephemeris, place) if figures else {}
    model = eih([ephemeris.gm(body) for body in bodies], figures=shapes, spins=spins)
    name = f"solar system of {len(bodies)}"
    return SolarSystem(name, model.system, bodies=bodies, ephemeris=ephemeris)


def _figures(
    ephemeris: Ephemeris, place: dict[int, int], librations: Ephemeris | None
) -> list[Figure]:
    """Of the Earth on Sun and Moon, of the Moon on the Earth, of the Sun on the inner planets."""
    known = ephemeris.constants
    sun, earth, moon = (place.get(_code(name)) for name in ("sun", "earth", "moon"))
    found = []
    if earth is not None and "J2E" in known:
        on = [k for k in (sun, moon) if k is not None]
        cosines = _coefficients(known, "E")[0]
        found.append(Figure(earth, known["RE"], cosines, axes=_earth_axes, on=on))
    if earth is not None and moon is not None and "J2M" in known:
        axes = librations.moon_axes if librations is not None else _moon_axes
        found.append(Figure(moon, known["AM"], *_coefficients(known, "M"), axes=axes, on=[earth]))
    if sun is not None and "J2SUN" in known:
        near = [place[_code(name)] for name in PLANETS[:5] if _code(name) in place]
        flattened = {(2, 0): -known["J2SUN"]}
        found.append(Figure(sun, known["ASUN"], flattened, axes=_sun_axes().tolist(), on=near))
    return [figure for figure in found if figure.on]


def _code(body: Body) -> int:
    """The number of a body, of the system where it has moons (but for the Earth)."""
    code = code_of(body)
    return SYSTEMS.get(code, code)


def _coefficients(known: Mapping[str, float], body: str) -> tuple[Harmonics, Harmonics]:
    """C_nm and S_nm of "E" or "M" by the names of the ephemeris's makers: J2E, C22M, S31M."""
    cosines: Harmonics = {(n, 0): -known.get(f"J{n}{body}", 0.0) for n in _DEGREES[body]}
    sines: Harmonics = {}
    for n in _DEGREES[body]:
        for m in range(1, n + 1):
            cosines[n, m] = known.get(f"C{n}{m}{body}", 0.0)
            sines[n, m] = known.get(f"S{n}{m}{body}", 0.0)
    return {at: c for at, c in cosines.items() if c}, {at: s for at, s in sines.items() if s}


def _spins(ephemeris: Ephemeris, place: dict[int, int]) -> dict[int, list[float]]:
    """The Sun's angular momentum per mass, km^2/s."""
    known, sun = ephemeris.constants, place.get(_code("sun"))
    if sun is None or "MOISUN" not in known:
        return {}
    size = known["MOISUN"] * known["ASUN"] ** 2 * known["OMGSUN"] / DAY
    return {sun: (size * _sun_axes()[2]).tolist()}


def _earth_axes(t: Expression) -> Expression:
    """Axes with the Earth's pole, as precession and nutation move it: all that zonals ask for."""
    return as_expression(true_matrix(t, _POLE))


def _moon_axes(t: Expression) -> Expression:
    return as_expression(body_rotation("moon", t))


def _sun_axes() -> NDArray[np.float64]:
    return np.asarray(body_rotation("sun", 0.0))
