"""Newtonian point masses, with massless bodies and the post-Newtonian term of one central mass."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import variable
from taylor.models.model import (
    Model,
    Quantity,
    coefficient,
    count_of_bodies,
    is_zero,
    parameters_of,
)
from taylor.nodes.sums import add_many

Vector = tuple[Expression, ...]
_AXES = "xyz"
_MINUS_THREE_HALVES = Fraction(-3, 2)


def n_body(
    masses: Sequence[Quantity],
    G: Quantity = 1,
    *,
    names: Sequence[str] | None = None,
    dimensions: int = 3,
    c: Quantity | None = None,
    center: int = 0,
) -> Model:
    """Equations of motion of point masses attracting each other.

    Body i feels sum over j of G m_j (r_j - r_i) / |r_j - r_i|^3.  With `c`, the speed of light,
    body i also feels the first post-Newtonian term of the mass M at `center`,

        G M / (c^2 r^3) [(4 G M / r - v^2) r + 4 (r . v) v],

    r and v relative to that mass, in harmonic coordinates (Einstein, Infeld & Hoffmann 1938, in the
    limit of a small mass; as in Newhall, Standish & Williams, Astron. Astrophys. 125 (1983) 150,
    eq. 1 without the terms between planets), and the central mass recoils so that the sum of m_i
    v_i is conserved.

    masses: one per body: numbers or parameters, in units that go with G; for values of G M leave G
        at 1.  A mass that is the number 0 makes a massless body, which attracts nobody and costs no
        terms.
    G: gravitational constant in length^3 / (mass time^2).
    names: names of bodies for the variables ``x_<name>``; default their positions "0", "1", ...
    dimensions: 2 or 3.
    c: speed of light in length/time; None leaves gravity Newtonian.
    center: position in `masses` of the mass whose post-Newtonian term is included.

    The state has shape (bodies * 2 * dimensions,): x, y, z, vx, vy, vz of the first body, then of
    the next. Energy is in units of mass length^2 / time^2 (for G M in place of m: G times that).
    Energy and angular momentum are those of Newtonian gravity and left out (None, empty) with `c`,
    which does not conserve them.

    Raises ArgumentError for less than one body, masses that are not finite, names that are not
    unique, or a central mass of zero.

    >>> import taylor as ty
    >>> model = ty.models.n_body([1, "1e-3", 0], names=["sun", "planet", "rock"])
    >>> len(model.system), model.variables[6]
    (18, x_planet)
    """
    count = count_of_bodies("n_body", "masses", masses)
    body_names = _check(dimensions, names, count)
    mass = [coefficient("n_body", f"masses[{i}]", m) for i, m in enumerate(masses)]
    constant = coefficient("n_body", "G", G)
    gm = [constant * m for m in mass]

    axes = _AXES[:dimensions]
    position = [tuple(variable(f"{axis}_{name}") for axis in axes) for name in body_names]
    velocity = [tuple(variable(f"v{axis}_{name}") for axis in axes) for name in body_names]
    forces: list[list[list[Expression]]] = [[[] for _ in axes] for _ in masses]
    _add_newtonian(forces, gm, position)
    parameters = parameters_of(*mass, constant)
    if c is not None:
        light = _speed_of_light(c)
        parameters = parameters_of(*mass, constant, light)
        _add_post_newtonian(forces, gm, position, velocity, light, center)

    system: list[tuple[Expression, Expression]] = []
    for r, v, force in zip(position, velocity, forces, strict=True):
        system += zip(r, v, strict=True)
        system += zip(v, map(add_many, force), strict=True)
    kind = f"n_body of {len(masses)}"
    if c is not None:
        return Model(kind, system, parameters)
    energy = _energy(mass, gm, position, velocity)
    return Model(kind, system, parameters, energy, _angular_momentum(mass, position, velocity))


def _speed_of_light(c: Quantity) -> Expression:
    light = coefficient("n_body", "c", c)
    if light.op == "constant" and light.payload <= 0:
        raise ArgumentError(
            f"n_body: c = {c!r} must be positive; leave it out for Newtonian gravity"
        )
    return light


def _check(dimensions: int, names: Sequence[str] | None, count: int) -> list[str]:
    """The bodies' names, if they and the rest make sense."""
    if dimensions not in (2, 3):
        raise ArgumentError(f"n_body: dimensions = {dimensions!r}; give 2 or 3")
    if names is None:
        return [str(i) for i in range(count)]
    if len(names) != count:
        raise ArgumentError(
            f"n_body: {len(names)} names for {count} masses; give one name per mass"
        )
    for i, name in enumerate(names):
        if name in names[:i]:
            raise ArgumentError(f"n_body: the name {name!r} is given twice; names must differ")
    return list(names)


def _difference(a: Vector, b: Vector) -> Vector:
    return tuple(p - q for p, q in zip(a, b, strict=True))


def _dot(a: Vector, b: Vector) -> Expression:
    return add_many([p * q for p, q in zip(a, b, strict=True)])


def _add_newtonian(
    forces: list[list[list[Expression]]], gm: list[Expression], position: list[Vector]
) -> None:
    """Add every pair's attraction: differences, r^-3 and their products once for both bodies."""
    for i in range(len(gm)):
        for j in range(i + 1, len(gm)):
            if is_zero(gm[i]) and is_zero(gm[j]):
                continue
            d = _difference(position[i], position[j])
            inverse_cube = _dot(d, d) ** _MINUS_THREE_HALVES
            for axis, component in enumerate(d):
                pull = component * inverse_cube
                if not is_zero(gm[j]):
                    forces[i][axis].append(-gm[j] * pull)
                if not is_zero(gm[i]):
                    forces[j][axis].append(gm[i] * pull)


def _add_post_newtonian(
    forces: list[list[list[Expression]]],
    gm: list[Expression],
    position: list[Vector],
    velocity: list[Vector],
    light: Expression,
    center: int,
) -> None:
    """Add the central mass's post-Newtonian term to every other body, and the recoil to itself."""
    if not 0 <= center < len(gm):
        raise ArgumentError(
            f"n_body: center = {center} is not the position of one of {len(gm)} bodies"
        )
    if is_zero(gm[center]):
        raise ArgumentError(f"n_body: the central mass, masses[{center}], is zero; it must attract")
    strength = gm[center] / light**2
    for i in range(len(gm)):
        if i == center:
            continue
        # The smaller index first, as in the Newtonian sums, so that r and r^-3 are the same nodes.
        # The # term is odd in (r, v) together: the opposite of both gives the opposite
        # acceleration.
        first, second = min(i, center), max(i, center)
        sign = 1 if i == first else -1
        r = _difference(position[first], position[second])
        v = _difference(velocity[first], velocity[second])
        r_squared = _dot(r, r)
        inverse_cube = r_squared**_MINUS_THREE_HALVES
        inverse = r_squared * inverse_cube
        along_r = inverse_cube * (4 * gm[center] * inverse - _dot(v, v))
        along_v = inverse_cube * _dot(r, v)
        for axis in range(len(r)):
            term = along_r * r[axis] + 4 * (along_v * v[axis])
            forces[i][axis].append(sign * strength * term)
            if not is_zero(gm[i]):
                # m_i a_i + M a_center = 0, and (G M / c^2) m_i / M = G m_i / c^2.
                forces[center][axis].append(-sign * gm[i] / light**2 * term)


def _energy(
    mass: list[Expression], gm: list[Expression], position: list[Vector], velocity: list[Vector]
) -> Expression:
    """Kinetic energy sum m v^2 / 2 minus G m_i m_j / r_ij of every pair."""
    terms = [m * _dot(v, v) / 2 for m, v in zip(mass, velocity, strict=True) if not is_zero(m)]
    for i in range(len(mass)):
        for j in range(i + 1, len(mass)):
            if not (is_zero(mass[i]) or is_zero(mass[j])):
                d = _difference(position[i], position[j])
                terms.append(-(mass[i] * gm[j]) * _dot(d, d) ** Fraction(-1, 2))
    return add_many(terms)


def _angular_momentum(
    mass: list[Expression], position: list[Vector], velocity: list[Vector]
) -> Vector:
    """Components of sum m r x v; the z component alone in a plane."""
    planes = ((0, 1),) if len(position[0]) == 2 else ((1, 2), (2, 0), (0, 1))
    return tuple(
        add_many(
            [
                m * (r[a] * v[b] - r[b] * v[a])
                for m, r, v in zip(mass, position, velocity, strict=True)
                if not is_zero(m)
            ]
        )
        for a, b in planes
    )
