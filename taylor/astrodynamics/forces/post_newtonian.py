"""The equations of Einstein, Infeld and Hoffmann: masses that attract, to the order 1/c^2."""

from __future__ import annotations

from taylor.expressions.arrays.products import cross
from taylor.expressions.expression import Expression
from taylor.functions.powers import sqrt
from taylor.nodes.conversion import as_expression
from taylor_runtime.program.records import dataclass

LIGHT = 299792.458  # km/s
Value = Expression | float


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


def frame_dragging(
    r: Expression, v: Expression, spin: Expression, own: Expression | None = None
) -> Expression:
    """What the rotation of a body drags along, over (1 + gamma) G M / c^2; shape of r.

    r, v: from the body, shape (..., 3).
    spin: its angular momentum J per mass, shape (3,).
    own:  1 where r is the body itself, else 0, shape (...,); None where it is not.

    (3/r^2 (r . J) r x v + v x J) / r^3 (IERS Conventions 2010, eq. 10.12).
    """
    squared = (r * r).sum(axis=-1)
    if own is not None:
        squared = squared + own
    part = squared[..., None]
    around = 3 * (r @ spin)[..., None] / part * cross(r, v) + cross(v, spin)
    return around / (part * sqrt(part))
