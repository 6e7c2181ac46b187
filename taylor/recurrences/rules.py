"""Rows that several functions share: chains of families, coupled pairs, 1 - x**2, scaled squares.

Squares over- and underflow long before the functions that contain them do, so arguments are
multiplied
by a power of two s first, which is exact: atan, asinh, acosh, atan2 and hypot are right at 1e200
and, where both arguments are small, at 1e-200.
"""

from __future__ import annotations

from dataclasses import field

from taylor.recurrences.builder import SeriesBuilder, Terms, shared
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class Chain:
    """Rows of a family of functions of the same argument, each with neighbours in its derivative.

    Chains end where the order of the program does: coefficient n of a row takes n - 1 of its
    neighbours.  The last rows are needed at order zero only; they have no step until a chain of
    another member goes on from there.  Higher coefficients than are needed are not right.

    rows: by the order of the member.
    defined: those that have a step.
    """

    rows: dict[int, int] = field(default_factory=dict)
    defined: set[int] = field(default_factory=set)

    def declare(self, b: SeriesBuilder, kernel: str, arguments: tuple[int, ...], m: int) -> None:
        """Make the row of member m if there is none."""
        if m not in self.rows:
            self.rows[m] = b.define(b.declare(kernel, *arguments, constants=(m,)), ())


@shared
def chain(b: SeriesBuilder, name: str, x: int) -> Chain:
    """Return the chain of a family at x, empty at first."""
    return Chain()


@shared
def coupled_pair(b: SeriesBuilder, sine: str, cosine: str, sign: int, x: int) -> tuple[int, int]:
    """Return (s, c) with s' = c x' and c' = sign s x': circular for -1, hyperbolic for +1.

    Source: Griewank & Walther (2008), table 13.2.
    """
    derivative = b.derivative(x)
    s, c = b.declare(sine, x), b.declare(cosine, x)
    b.define(s, b.convolution(1, derivative, c, first=1), times="1/n")
    b.define(c, b.convolution(sign, derivative, s, first=1), times="1/n")
    return s, c


@shared
def one_minus_square(b: SeriesBuilder, x: int) -> int:
    """Return 1 - x**2, without cancellation at order zero."""
    q = b.declare("difference_of_squares", b.number(1), x)
    return b.define(q, b.convolution(-1, x, x))


@shared
def arcsine_slope(b: SeriesBuilder, x: int) -> int:
    """Return the derivative row x' / sqrt(1 - x**2)."""
    root = b.apply("sqrt", one_minus_square(b, x))
    return quotient_of_slopes(b, b.derivative_terms(x), root)


@shared
def scaled_unit_square(b: SeriesBuilder, x: int, kernel: str) -> tuple[int, int, int]:
    """Return (s, y, q): y = s x, q = y**2 +- s**2, s = 1 for |x| < 2 and else near 1/|x|.

    kernel: "sum_of_squares" for plus, "difference_of_squares" for minus.
    """
    s = b.kernel("scale", x, constants=(1,))
    y = b.product(s, x)
    q = b.declare(kernel, y, s)
    return s, y, b.define(q, b.convolution(1, y, y))


@shared
def scaled_circle(b: SeriesBuilder, x: int, y: int) -> tuple[int, int, int, int]:
    """Return (s, X, Y, q) with X = s x, Y = s y, q = X**2 + Y**2 in [1, 8) at order zero."""
    s = b.kernel("scale", x, y)
    x_scaled, y_scaled = b.product(s, x), b.product(s, y)
    squares = b.convolution(1, x_scaled, x_scaled) + b.convolution(1, y_scaled, y_scaled)
    return s, x_scaled, y_scaled, b.row(squares)


def quotient_of_slopes(b: SeriesBuilder, numerator: Terms, r: int) -> int:
    """Return the row v with r v = numerator, both derivative rows; v_n for n >= 1 is

    (numerator_n - sum_{j=1}^{n-1} v_j r_{n-j}) / r_0,

    the quotient form r u' = x' of the inverse functions (Griewank & Walther 2008, table 13.2).
    """
    v = b.declare("")
    return b.define(v, numerator + b.convolution(-1, v, r, first=1, last=1), divisor=r)
