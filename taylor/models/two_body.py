"""The Kepler problem: one body about a fixed centre, or two bodies in relative coordinates."""

from __future__ import annotations

from fractions import Fraction

from taylor.errors import ArgumentError
from taylor.expressions.leaves import variable
from taylor.models.model import Model, Quantity, coefficient, parameters_of
from taylor.nodes.sums import add_many


def two_body(gm: Quantity = 1, *, dimensions: int = 3) -> Model:
    """Relative motion r'' = -gm r / |r|^3 (Newton 1687).

    gm: G (m_1 + m_2) in length^3/time^2, a number or a parameter.
    dimensions: 2 or 3.

    The state has shape (2 * dimensions,): x, y, z, vx, vy, vz, second body minus first.  Energy and
    angular
    momentum are per unit of reduced mass: v^2/2 - gm/r in length^2/time^2 and r x v.

    Raises ArgumentError for other dimensions and a gm that is not finite.

    >>> import taylor as ty
    >>> model = ty.models.two_body(1, dimensions=2)
    >>> model.variables
    (x, y, vx, vy)
    >>> float(model.energy.evaluate(dict(zip(model.variables, [1.0, 0.0, 0.0, 1.0]))))
    -0.5
    """
    if dimensions not in (2, 3):
        raise ArgumentError(f"two_body: dimensions = {dimensions!r}; give 2 or 3")
    mu = coefficient("two_body", "gm", gm)
    axes = "xyz"[:dimensions]
    r = tuple(variable(axis) for axis in axes)
    v = tuple(variable(f"v{axis}") for axis in axes)
    r_squared = add_many([q * q for q in r])
    inverse_cube = r_squared ** Fraction(-3, 2)
    system = [*zip(r, v, strict=True)]
    system += [(w, -mu * (q * inverse_cube)) for q, w in zip(r, v, strict=True)]
    energy = add_many([w * w for w in v]) / 2 - mu * r_squared ** Fraction(-1, 2)
    planes = ((0, 1),) if dimensions == 2 else ((1, 2), (2, 0), (0, 1))
    angular_momentum = tuple(r[a] * v[b] - r[b] * v[a] for a, b in planes)
    return Model("two_body", system, parameters_of(mu), energy, angular_momentum)
