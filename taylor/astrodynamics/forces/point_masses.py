"""Bodies of an ephemeris that attract a spacecraft or an asteroid, with relativity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from taylor.astrodynamics.ephemerides.bodies import Body
from taylor.astrodynamics.ephemerides.ephemeris import Ephemeris
from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.post_newtonian import LIGHT, Value, pairs, post_newtonian
from taylor.astrodynamics.forces.third_body import check_bodies, check_ephemeris
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.nodes.conversion import as_expression, stack


class PointMasses:
    """The attraction of bodies of an ephemeris on something massless, with relativity.

    ephemeris:  where the bodies are.
    bodies:     names or NAIF numbers; the Sun, the planets, the Earth and the Moon by default.
    center:     from where positions are counted: the barycentre of the Solar System, or a body: its
                acceleration, as the ephemeris has it, is then taken off.
    relativity: with the post-Newtonian terms of Einstein, Infeld and Hoffmann (`post_newtonian`),
                in TDB, or Newton's law alone.
    beta, gamma: 1 in general relativity.
    gm:         G M of bodies in km^3/s^2, numbers or expressions, where they are not to be those of
                the ephemeris.

    For an interplanetary path or an asteroid; `ThirdBody` is for orbits around a center.

    Raises ArgumentError for no body, or a G M of a body that is not among them.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> field = sky.PointMasses(sky.Ephemeris("de421"), ["sun", "jupiter"])
    >>> field.acceleration(sky.OrbitState(ty.time, r, v)).shape
    (3,)
    """

    PLANETS = ("sun", 1, 2, "earth", "moon", 4, 5, 6, 7, 8, 9)

    def __init__(
        self,
        ephemeris: Ephemeris,
        bodies: Sequence[Body] = PLANETS,
        center: Body = "ssb",
        *,
        relativity: bool = True,
        beta: Value = 1,
        gamma: Value = 1,
        gm: Mapping[Body, Value] | None = None,
    ) -> None:
        check_ephemeris("PointMasses", ephemeris)
        check_bodies("PointMasses", list(bodies))
        given = dict(gm or {})
        unknown = [body for body in given if body not in bodies]
        if unknown:
            raise ArgumentError(
                f"PointMasses: gm has {unknown[0]!r}, which is none of the bodies {list(bodies)}"
            )
        self.ephemeris, self.bodies, self.center = ephemeris, tuple(bodies), center
        self.relativity, self.beta, self.gamma = relativity, beta, gamma
        self.gm = [given[body] if body in given else ephemeris.gm(body) for body in bodies]

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,)."""
        t, sky, origin = state.time, self.ephemeris, "ssb"
        at_rest = self.center in ("ssb", 0)
        r, v = state.position, state.velocity
        if not at_rest:
            r = r + sky.position(self.center, t, origin)
            v = v + sky.velocity(self.center, t, origin)
        places = stack([sky.position(body, t, origin) for body in self.bodies])
        gm = stack([as_expression(value) for value in self.gm])
        met = pairs(r[None, :], places, gm)
        found = met.newton[0]
        if self.relativity:
            own = as_expression([[float(a == b) for b in self.bodies] for a in self.bodies])
            among = pairs(places, places, gm, own)
            speeds = stack([sky.velocity(body, t, origin) for body in self.bodies])
            motion = among.newton, among.potentials.sum(axis=1)
            added = post_newtonian(met, (v[None, :], speeds), motion, self.beta, self.gamma)
            found = found + added[0] / LIGHT**2
        return found if at_rest else found - sky.acceleration(self.center, t, origin)
