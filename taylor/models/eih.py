"""The post-Newtonian equations of motion of point masses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant, time, variable
from taylor.functions.powers import sqrt
from taylor.models.figures import Figure
from taylor.models.model import Model, Quantity, coefficient, parameters_of
from taylor.nodes.conversion import stack

LIGHT = "299792.458"  # km/s


def eih(
    gm: Sequence[Quantity],
    *,
    c: Quantity = LIGHT,
    beta: Quantity = 1,
    gamma: Quantity = 1,
    figures: Sequence[Figure] = (),
) -> Model:
    """Equations of Einstein, Infeld and Hoffmann: point masses to the order 1/c^2.

    gm:      G M of the bodies; 0 makes a massless one, which attracts nobody.
    c:       speed of light, in km/s by default.
    beta:    how non-linear gravity is, and
    gamma:   how much a mass curves space: 1 in general relativity.
    figures: bodies that are no spheres: the Newtonian attraction of their spherical harmonics on
             the others, and the reaction.

    The state is two arrays of shape (bodies, 3), positions `r` and velocities `v`, of a frame in
    which the barycentre is at rest, in harmonic coordinates:

        a_A = sum_B G M_B (r_B - r_A) / r_AB^3 (1 - 2 (beta + gamma)/c^2 U_A - (2 beta - 1)/c^2 U_B
              + gamma v_A^2/c^2 + (1 + gamma) v_B^2/c^2 - 2 (1 + gamma)/c^2 v_A . v_B
              - 3/(2 c^2) [(r_A - r_B) . v_B / r_AB]^2 + (r_B - r_A) . a_B / (2 c^2))
            + sum_B G M_B / (c^2 r_AB^3) [(r_A - r_B) . ((2 + 2 gamma) v_A - (1 + 2 gamma) v_B)]
              (v_A - v_B) + (3 + 4 gamma)/(2 c^2) sum_B G M_B a_B / r_AB,

    U_A = sum_C G M_C / r_AC the potential of the others, a_B on the right the Newtonian
    acceleration (Einstein, Infeld & Hoffmann 1938; Will & Nordtvedt, Astrophys. J. 177 (1972) 757;
    Moyer 2003, eq. 4-26; Park et al., Astron. J. 161 (2021) 105, eq. 27).

    Raises ArgumentError for no body, or figures of bodies that are not there.

    >>> import taylor as ty
    >>> model = ty.models.eih([132712440041.28, 22031.87])  # the Sun and Mercury
    >>> [(name, name.shape) for name in model.variables]
    [(r, (2, 3)), (v, (2, 3))]
    """
    count = len(gm)
    if not count:
        raise ArgumentError("eih: gm is empty; give one G M per body")
    strengths = [coefficient("eih", f"gm[{i}]", value) for i, value in enumerate(gm)]
    light, b, g = (
        coefficient("eih", name, value)
        for name, value in (("c", c), ("beta", beta), ("gamma", gamma))
    )
    r, v = variable("r", shape=(count, 3)), variable("v", shape=(count, 3))
    others = constant(1.0 - np.eye(count))  # no body acts on itself
    apart = r[None, :, :] - r[:, None, :]  # r_B - r_A at [A, B]
    squared = (apart * apart).sum(axis=2) + constant(np.eye(count))
    inverse = 1 / sqrt(squared)
    weights = stack(strengths)[None, :] * others
    pull = weights * (inverse / squared)
    newton = (pull[:, :, None] * apart).sum(axis=1)
    potentials = weights * inverse
    correction = _correction(v, apart, inverse, pull, newton, potentials, b, g)
    acceleration = newton + correction / light**2
    if figures:
        acceleration = acceleration + _of_figures(figures, strengths, r)
    parameters = parameters_of(*strengths, light, b, g)
    return Model(f"eih of {count}", [(r, v), (v, acceleration)], parameters)


def _correction(
    v: Expression,
    apart: Expression,
    inverse: Expression,
    pull: Expression,
    newton: Expression,
    potentials: Expression,
    beta: Expression,
    gamma: Expression,
) -> Expression:
    """What is divided by c^2 in the equations, in their order."""
    u, speed = potentials.sum(axis=1), (v * v).sum(axis=1)
    receding = (apart * v[None, :, :]).sum(axis=2)  # (r_B - r_A) . v_B
    along_own = (apart * v[:, None, :]).sum(axis=2)  # (r_B - r_A) . v_A
    ratio = receding * inverse
    bracket = (
        (gamma * speed - 2 * (beta + gamma) * u)[:, None]
        + ((1 + gamma) * speed - (2 * beta - 1) * u)[None, :]
        - 2 * (1 + gamma) * (v @ v.T)
        - 1.5 * ratio * ratio
        + (apart * newton[None, :, :]).sum(axis=2) / 2
    )
    turned = pull * ((1 + 2 * gamma) * receding - (2 + 2 * gamma) * along_own)
    return (
        ((pull * bracket)[:, :, None] * apart).sum(axis=1)
        + turned.sum(axis=1)[:, None] * v
        - turned @ v
        + (3 + 4 * gamma) / 2 * (potentials @ newton)
    )


def _of_figures(
    figures: Sequence[Figure], strengths: Sequence[Expression], r: Expression
) -> Expression:
    """The accelerations of all bodies by figures, and of these in return; shape (bodies, 3)."""
    count = len(strengths)
    found: list[Expression] = [constant(0, shape=(3,))] * count
    for figure in figures:
        own = figure.body
        on = [i for i in range(count) if i != own] if figure.on is None else list(figure.on)
        wrong = [i for i in (own, *on) if not 0 <= i < count]
        if wrong or own in on:
            raise ArgumentError(
                f"eih: the figure of body {own} on {on} does not fit bodies 0 to {count - 1}"
            )
        for i in on:
            pull = figure.acceleration(r[i] - r[own], 1, time)
            found[i] = found[i] + strengths[own] * pull
            found[own] = found[own] - strengths[i] * pull
    return stack(found)
