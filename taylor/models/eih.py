"""The post-Newtonian equations of motion of point masses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from taylor.astrodynamics.forces.post_newtonian import frame_dragging, pairs, post_newtonian
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant, time, variable
from taylor.models.figures import Figure
from taylor.models.model import Model, Quantity, coefficient, count_of_bodies, parameters_of
from taylor.nodes.conversion import stack

LIGHT = "299792.458"  # km/s


def eih(
    gm: Sequence[Quantity],
    *,
    c: Quantity = LIGHT,
    beta: Quantity = 1,
    gamma: Quantity = 1,
    figures: Sequence[Figure] = (),
    spins: Mapping[int, Sequence[Quantity]] | None = None,
) -> Model:
    """Equations of Einstein, Infeld and Hoffmann: point masses to the order 1/c^2.

    gm:      G M of the bodies; 0 makes a massless one, which attracts nobody.
    c:       speed of light, in km/s by default.
    beta:    how non-linear gravity is, and
    gamma:   how much a mass curves space: 1 in general relativity.
    figures: bodies that are no spheres: the Newtonian attraction of their spherical harmonics on
             the others, and the reaction.

    The state is two arrays of shape (bodies, 3), positions `r` and velocities `v`, of a frame in
    which the barycentre is at rest, in harmonic coordinates.  The equations, with the Newtonian
    accelerations on their right, are written out at `astrodynamics.forces.post_newtonian`
    (Einstein, Infeld & Hoffmann 1938; Will & Nordtvedt, Astrophys. J. 177 (1972) 757).

    Raises ArgumentError for no body, or figures and spins of bodies that are not there.

    >>> import taylor as ty
    >>> model = ty.models.eih([132712440041.28, 22031.87])  # the Sun and Mercury
    >>> [(name, name.shape) for name in model.variables]
    [(r, (2, 3)), (v, (2, 3))]
    """
    count = count_of_bodies("eih", "gm", gm)
    strengths = [coefficient("eih", f"gm[{i}]", value) for i, value in enumerate(gm)]
    light, b, g = (
        coefficient("eih", name, value)
        for name, value in (("c", c), ("beta", beta), ("gamma", gamma))
    )
    r, v = variable("r", shape=(count, 3)), variable("v", shape=(count, 3))
    met = pairs(r, r, stack(strengths), constant(np.eye(count)))
    newton = met.newton
    added = post_newtonian(met, (v, v), (newton, met.potentials.sum(axis=1)), b, g)
    acceleration = newton + added / light**2
    if figures:
        acceleration = acceleration + _of_figures(figures, strengths, r)
    for own, spin in (spins or {}).items():
        if not 0 <= own < count:
            raise ArgumentError(f"eih: the spin of body {own} does not fit bodies 0 to {count - 1}")
        turns = stack([coefficient("eih", f"spins[{own}]", value) for value in spin])
        dragged = frame_dragging(r - r[own], v - v[own], turns, constant(np.eye(count)[own]))
        acceleration = acceleration + (1 + g) * strengths[own] / light**2 * dragged
    parameters = parameters_of(*strengths, light, b, g)
    return Model(f"eih of {count}", [(r, v), (v, acceleration)], parameters)


def _of_figures(
    figures: Sequence[Figure], strengths: Sequence[Expression], r: Expression
) -> Expression:
    """The accelerations of all bodies by figures, and of these in return; shape (bodies, 3)."""
    count = len(strengths)
    unit, found = np.eye(count), constant(0, shape=(count, 3))
    for figure in figures:
        own = figure.body
        on = [i for i in range(count) if i != own] if figure.on is None else list(figure.on)
        wrong = [i for i in (own, *on) if not 0 <= i < count]
        if wrong or own in on:
            raise ArgumentError(
                f"eih: the figure of body {own} on {on} does not fit bodies 0 to {count - 1}"
            )
        pulls = figure.acceleration(r[on] - r[own], 1, time)  # one formula for all of them
        masses = stack([strengths[i] for i in on])
        shares = strengths[own] * unit[:, on] - unit[:, [own]] * masses
        found = found + shares @ pulls
    return found
