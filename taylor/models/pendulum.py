"""The plane pendulum."""

from __future__ import annotations

from taylor.expressions.leaves import variables
from taylor.functions.trigonometric import cos, sin
from taylor.models.model import Model, Quantity, coefficient, parameters_of


def pendulum(k: Quantity = "9.8") -> Model:
    """Mathematical pendulum of any amplitude: x'' = -k sin x.

    k: gravity over length in 1/time^2, a number or a parameter; the default is that of a length of
        1 m.

    The state has shape (2,): the angle x from the lowest point in radians, and its rate v.  The
    energy is per mass and length squared, v^2/2 - k cos x, in 1/time^2.

    Raises ArgumentError for a k that is not finite.

    >>> import taylor as ty
    >>> ty.models.pendulum(2).system
    [(x, v), (v, -2*sin(x))]
    """
    k = coefficient("pendulum", "k", k)
    x, v = variables("x v")
    energy = v * v / 2 - k * cos(x)
    return Model("pendulum", [(x, v), (v, -k * sin(x))], parameters_of(k), energy)
