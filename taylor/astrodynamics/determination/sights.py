"""What a measurement sees: paths near the moments at which light sets out and arrives."""

from __future__ import annotations

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import stack
from taylor.functions.apply import sum as total
from taylor.functions.powers import sqrt
from taylor_runtime.program.records import dataclass

LIGHT = 299792.458  # km/s


@dataclass(frozen=True, eq=False)
class Path:
    """A way through space near a moment: position and velocity there, shape (3,), and the
    acceleration, of which values suffice.
    """

    position: Expression
    velocity: Expression
    acceleration: Expression

    def later(self, by: Expression) -> Path:
        """The same a little later, so little that powers from the third on do not count."""
        v = self.velocity + self.acceleration * by
        return Path(self.position + (self.velocity + v) * by / 2, v, self.acceleration)


@dataclass(frozen=True, eq=False)
class Sight:
    """A spacecraft seen from a station, in expressions.

    craft:    at the moment at which the light leaves it (where light takes no time: of the
              observation).
    receiver: the station when the light arrives, at the time of the observation.
    sender:   the station when the light left it that the spacecraft sends back.
    down, up: how long the light takes, as it was computed along the nominal trajectory.
    horizon:  east, north and up at the station, the rows of a matrix.
    time:     of the observation.
    """

    craft: Path
    receiver: Path
    sender: Path
    down: Expression
    up: Expression
    horizon: Expression
    time: Expression

    def arrived(self) -> tuple[Path, Expression]:
        """The spacecraft as the light left it, and how long that took.

        The delay is one step of Newton's method from the nominal one, at which it is the root: its
        value and its derivatives are those of the root.
        """
        off = self.craft.position - self.receiver.position
        size = length(off)
        speed = total(off * self.craft.velocity) / size
        early = (LIGHT * self.down - size) / (LIGHT + speed)  # by how much it is too long
        return self.craft.later(early), self.down - early

    def sent(self, craft: Path, delay: Expression) -> tuple[Path, Expression]:
        """The station as the light left it that reached the spacecraft, and how long that took."""
        start = self.sender.later(self.down - delay)
        off = craft.position - start.position
        size = length(off)
        speed = total(off * start.velocity) / size
        early = (LIGHT * self.up - size) / (LIGHT - speed)
        return start.later(early), self.up - early


def length(vector: Expression) -> Expression:
    """The length of a vector, shape (3,)."""
    return sqrt(total(vector * vector))


def dot(a: Expression, b: Expression) -> Expression:
    """The inner product of two vectors."""
    return total(a * b)


def vector(x: Expression, y: Expression, z: Expression) -> Expression:
    """A vector of three numbers."""
    return stack([x, y, z])
