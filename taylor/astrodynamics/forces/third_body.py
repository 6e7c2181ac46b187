"""The attraction of bodies whose places an ephemeris tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from taylor.astrodynamics.ephemerides.bodies import Body, code_of
from taylor.astrodynamics.ephemerides.ephemeris import Ephemeris
from taylor.astrodynamics.forces.force import OrbitState
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.nodes.conversion import stack

_THREE_HALVES = Fraction(3, 2)


class ThirdBody:
    """What other bodies attract a spacecraft with, less what they attract its central body with.

    ephemeris: where the bodies are.
    bodies:    one or several: names or NAIF numbers.
    center:    the central body, from which positions are counted.
    gm:        G M of bodies in km^3/s^2, numbers or expressions, where they are not to be those of
               the ephemeris.

    With s from the center to the body, d = r - s, the two attractions nearly cancel for r much
    smaller than s; they are taken as

        a = -G M / d^3 (r + f s),  f = d^3/s^3 - 1 = q (3 + 3 q + q^2) / (1 + d^3/s^3),
        q = r . (r - 2 s) / s^2,

    without any loss (Battin 1999, eq. 8.60 - 8.63); near the body the rounding of r counts, as it
    does in all formulae.

    Raises ArgumentError for no body, the central one, or one that is there twice.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> pull = sky.ThirdBody(sky.Ephemeris("de421"), ["sun", "moon"])
    >>> pull.acceleration(sky.OrbitState(ty.time, r, v)).shape
    (3,)
    """

    central = False  # no force that holds a satellite in its orbit

    def __init__(
        self,
        ephemeris: Ephemeris,
        bodies: Body | Sequence[Body],
        center: Body = "earth",
        gm: Mapping[Body, Expression | float] | None = None,
    ) -> None:
        check_ephemeris("ThirdBody", ephemeris)
        listed = [bodies] if isinstance(bodies, str | int) else list(bodies)
        check_bodies("ThirdBody", listed)
        if code_of(center) in map(code_of, listed):
            raise ArgumentError(
                f"ThirdBody: {center!r} is the central body; give its G M to the model, gm="
            )
        given = dict(gm or {})
        unknown = [body for body in given if body not in listed]
        if unknown:
            raise ArgumentError(
                f"ThirdBody: gm has {unknown[0]!r}, which is none of the bodies {listed}"
            )
        self.ephemeris, self.bodies, self.center = ephemeris, tuple(listed), center
        self.gm = {body: given[body] if body in given else ephemeris.gm(body) for body in listed}

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,)."""
        places = [self.ephemeris.position(body, state.time, self.center) for body in self.bodies]
        return third_body(state.position, stack(places), stack(list(self.gm.values()))).sum(axis=0)


def check_ephemeris(force: str, ephemeris: object) -> None:
    """Raise unless it is an `Ephemeris`."""
    if not isinstance(ephemeris, Ephemeris):
        raise ArgumentTypeError(
            f"{force}: ephemeris={ephemeris!r:.80} must be an Ephemeris, as Ephemeris('de421')"
        )


def check_bodies(force: str, bodies: Sequence[Body]) -> None:
    """Raise for no body, and for one that is there twice."""
    if not bodies:
        raise ArgumentError(f"{force}: there are no bodies; give one or several")
    codes = [code_of(body) for body in bodies]
    twice = [body for k, body in enumerate(bodies) if codes[k] in codes[:k]]
    if twice:
        raise ArgumentError(f"{force}: {twice[0]!r} is there twice, and would attract twice")


def third_body(r: Expression, s: Expression, gm: Expression | float) -> Expression:
    """The accelerations at r by bodies at s, less those of the center; shape (..., 3).

    r:  position, shape (3,).
    s:  of one body, shape (3,), or of several, (..., 3), with gm of shape (...).

    >>> import taylor as ty
    >>> r, s = ty.variable("r", shape=(3,)), ty.variable("s", shape=(3,))
    >>> f = ty.compile(third_body(r, s, 4902.8), [r, s])
    >>> print(f"{f([7000.0, 0.0, 0.0], [384400.0, 0.0, 0.0])[0]:.4e} km/s^2")  # 2 G M r / s^3
    1.2423e-09 km/s^2
    """
    d = r - s
    d_squared, s_inverse = (d * d).sum(axis=-1), 1 / (s * s).sum(axis=-1)
    q = (r * (r - 2 * s)).sum(axis=-1) * s_inverse
    f = q * (3 + q * (3 + q)) / (1 + (d_squared * s_inverse) ** _THREE_HALVES)
    pull = -gm * d_squared**-_THREE_HALVES
    return pull[..., None] * (r + f[..., None] * s)
