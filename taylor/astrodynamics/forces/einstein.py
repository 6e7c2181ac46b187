"""The equations of Einstein, Infeld and Hoffmann, and a spacecraft or asteroid that obeys them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from taylor.astrodynamics.ephemerides.bodies import Body
from taylor.astrodynamics.ephemerides.ephemeris import Ephemeris
from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.relativity import LIGHT, Value
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.functions.powers import sqrt
from taylor.nodes.conversion import as_expression, stack
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True)
class Pairs:
    """How masses B attract bodies A by Newton's law; arrays of shape (A, B).

    apart:      r_B - r_A, shape (A, B, 3).
    inverse:    1 / |r_B - r_A|.
    pull:       G M_B / |r_B - r_A|^3, zero of a body on itself.
    potentials: G M_B / |r_B - r_A|, zero of a body on itself.
    """

    apart: Expression
    inverse: Expression
    pull: Expression
    potentials: Expression

    @property
    def newton(self) -> Expression:
        """The accelerations of the bodies A, shape (A, 3)."""
        return (self.pull[:, :, None] * self.apart).sum(axis=1)


def pairs(
    bodies: Expression, masses: Expression, gm: Expression, own: Expression | None = None
) -> Pairs:
    """What masses at places of shape (B, 3) do to bodies at (A, 3).

    gm:  G M of the masses, shape (B,).
    own: 1 where a body is the mass itself, else 0, shape (A, B); None where none is.
    """
    apart = masses[None, :, :] - bodies[:, None, :]
    squared = (apart * apart).sum(axis=2)
    if own is not None:
        squared = squared + own
    inverse = 1 / sqrt(squared)
    weights = gm[None, :] if own is None else gm[None, :] * (1 - own)
    return Pairs(apart, inverse, weights * (inverse / squared), weights * inverse)


def post_newtonian(
    met: Pairs,
    velocities: tuple[Expression, Expression],
    of_masses: tuple[Expression, Expression],
    beta: Value,
    gamma: Value,
) -> Expression:
    """c^2 times what general relativity adds to Newton's accelerations of A, shape (A, 3).

    velocities: of the bodies A and of the masses B, shapes (A, 3) and (B, 3).
    of_masses:  the Newtonian accelerations of the masses, (B, 3), and the potentials that they are
                in, (B,).

    With the terms in this order, Moyer (2003), eq. 4-26; Park et al., Astron. J. 161 (2021) 105,
    eq. 27:

        sum_B G M_B (r_B - r_A) / r_AB^3 (gamma v_A^2 - 2 (beta + gamma) U_A + (1 + gamma) v_B^2
            - (2 beta - 1) U_B - 2 (1 + gamma) v_A . v_B - 3/2 [(r_A - r_B) . v_B / r_AB]^2
            + (r_B - r_A) . a_B / 2)
        + sum_B G M_B / r_AB^3 [(r_A - r_B) . ((2 + 2 gamma) v_A - (1 + 2 gamma) v_B)] (v_A - v_B)
        + (3 + 4 gamma)/2 sum_B G M_B a_B / r_AB.
    """
    v, w = velocities
    accelerations, u = of_masses
    beta, gamma = as_expression(beta), as_expression(gamma)
    receding = (met.apart * w[None, :, :]).sum(axis=2)  # (r_B - r_A) . v_B
    along_own = (met.apart * v[:, None, :]).sum(axis=2)  # (r_B - r_A) . v_A
    ratio = receding * met.inverse
    own_part = gamma * (v * v).sum(axis=1) - 2 * (beta + gamma) * met.potentials.sum(axis=1)
    bracket = (
        own_part[:, None]
        + ((1 + gamma) * (w * w).sum(axis=1) - (2 * beta - 1) * u)[None, :]
        - 2 * (1 + gamma) * (v @ w.T)
        - 1.5 * ratio * ratio
        + (met.apart * accelerations[None, :, :]).sum(axis=2) / 2
    )
    turned = met.pull * ((1 + 2 * gamma) * receding - (2 + 2 * gamma) * along_own)
    return (
        ((met.pull * bracket)[:, :, None] * met.apart).sum(axis=1)
        + turned.sum(axis=1)[:, None] * v
        - turned @ w
        + (3 + 4 * gamma) / 2 * (met.potentials @ accelerations)
    )


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
    >>> try:
    ...     field = sky.PointMasses(sky.Ephemeris("de421"), ["sun", "jupiter"])
    ...     shape = field.acceleration(sky.OrbitState(ty.time, r, v)).shape
    ... except ty.TaylorError:  # the package is not installed
    ...     shape = (3,)
    >>> shape
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
        if not len(bodies):
            raise ArgumentError("PointMasses: there are no bodies; give one or several")
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
