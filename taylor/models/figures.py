"""The attraction of bodies that are no spheres, by a few spherical harmonics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, as_expression, constant
from taylor.nodes.conversion import stack
from taylor.nodes.sums import add_many
from taylor_runtime.program.records import dataclass

Number = float | int | Expression
_AXES = 3


@dataclass(frozen=True)
class Figure:
    """The shape of a body's gravity, and how it is turned.

    body:    its position among the bodies.
    radius:  the length that the coefficients belong to.
    cosines: C_nm by (n, m), not normalised; C_n0 = -J_n.
    sines:   S_nm by (n, m).
    axes:    the matrix whose rows are the body's axes, shape (3, 3), as a function of time, or
             fixed; the third is the axis that m counts about.
    on:      positions of the bodies that it acts on and that act on it; of all by default.

    >>> import taylor as ty
    >>> figure = ty.models.Figure(0, 6378.1366, {(2, 0): -1.0826e-3})  # about the z axis
    >>> r = ty.variable("r", shape=(3,))
    >>> f = ty.compile(figure.acceleration(r, 398600.4418, ty.time), [r])
    >>> print(f"{f([7000.0, 0.0, 0.0])[0]:.4e}")  # -3/2 G M J2 R^2 / r^4
    -1.0967e-05
    """

    body: int
    radius: float
    cosines: Mapping[tuple[int, int], Number]
    sines: Mapping[tuple[int, int], Number] | None = None
    axes: Callable[[Expression], Expression] | Sequence[Sequence[float]] | None = None
    on: Sequence[int] | None = None

    def __post_init__(self) -> None:
        for n, m in (*self.cosines, *(self.sines or {})):
            if not 0 <= m <= n or n < 1:
                raise ArgumentError(f"Figure: ({n}, {m}) is no degree n >= 1 and order 0 <= m <= n")
        if not self.radius > 0:
            raise ArgumentError(f"Figure: radius = {self.radius!r} must be positive")

    def matrix(self, time: Expression) -> Expression | None:
        """The axes at a time; None where they are those of the positions."""
        if self.axes is None:
            return None
        given = self.axes(time) if callable(self.axes) else self.axes
        found: Expression = as_expression(given)
        if found.shape != (_AXES, _AXES):
            raise ArgumentError(f"Figure: axes have shape {found.shape}; give (3, 3)")
        return found

    def acceleration(self, r: Expression, gm: Number, time: Expression) -> Expression:
        """The acceleration of points at r from the body beyond that of a sphere, shape (..., 3)."""
        turned = self.matrix(time)
        local = r if turned is None else r @ turned.T
        found = gm / self.radius**2 * _gradient(local / self.radius, self.cosines, self.sines or {})
        return found if turned is None else found @ turned


Harmonics = dict[tuple[int, int], tuple[Expression, Expression]]


def _gradient(
    r: Expression,
    cosines: Mapping[tuple[int, int], Number],
    sines: Mapping[tuple[int, int], Number],
) -> Expression:
    """The gradient of sum C_nm V_nm + S_nm W_nm (Montenbruck & Gill 2000, eq. 3.33)."""
    listed = dict.fromkeys((*cosines, *sines))
    solid = _harmonics(r, max((n for n, _ in listed), default=0) + 1)
    terms: list[list[Expression]] = [[] for _ in range(_AXES)]
    for n, m in listed:
        c, s = cosines.get((n, m), 0), sines.get((n, m), 0)
        v, w = solid[n + 1, m]
        terms[2].append(-(n - m + 1) * (c * v + s * w))
        v, w = solid[n + 1, m + 1]
        half = 1 if m == 0 else 0.5
        terms[0].append(-half * (c * v + s * w))
        terms[1].append(half * (s * v - c * w))
        if m:
            v, w = solid[n + 1, m - 1]
            factor = (n - m + 2) * (n - m + 1) / 2
            terms[0].append(factor * (c * v + s * w))
            terms[1].append(factor * (s * v - c * w))
    none = constant(0, shape=r.shape[:-1])
    return stack([add_many(listed) + none if listed else none for listed in terms], axis=-1)


def _harmonics(r: Expression, degree: int) -> Harmonics:
    """V_nm and W_nm up to a degree, for lengths in radii (Cunningham 1970; Montenbruck & Gill 2000,
    eq. 3.29 - 3.31).
    """
    squared = (r * r).sum(axis=-1)
    x, y, z = (r[..., axis] / squared for axis in range(_AXES))
    found: Harmonics = {(0, 0): (squared**-0.5, ZERO)}
    for m in range(degree + 1):
        if m:
            v, w = found[m - 1, m - 1]
            found[m, m] = (2 * m - 1) * (x * v - y * w), (2 * m - 1) * (x * w + y * v)
        for n in range(m + 1, degree + 1):
            rise, fall = (2 * n - 1) / (n - m), (n + m - 1) / (n - m)
            older = found.get((n - 2, m), (ZERO, ZERO))
            found[n, m] = tuple(  # type: ignore[assignment]
                rise * z * new - fall * old / squared
                for new, old in zip(found[n - 1, m], older, strict=True)
            )
    return found
