"""The rows of the table of integrators: what is measured, and what it should come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Time:
    """Time for the same span, as a ratio to heyoka.

    peer:  heyoka's mode: "default", "compact", or "either": default if it is made in a minute.
    span:  None is the problem's.
    error: of the energy over so long a time, and how large it may be.
    """

    problem: str
    at_least: float
    peer: str = "default"
    tolerance: float | None = None
    precision: str = "float64"
    span: float | None = None
    energy: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        tolerance = "" if self.tolerance is None else f"-{self.tolerance:g}"
        precision = "" if self.precision == "float64" else f"-{self.precision}"
        return f"time:{self.problem}{tolerance}{precision}"


@dataclass(frozen=True, slots=True)
class Creation:
    """Seconds from formulas to a ready integrator, and the ratio to heyoka's default mode's."""

    problem: str
    at_most: float
    at_least: float | None = None
    peer: str = "default"

    @property
    def name(self) -> str:
        return f"creation:{self.problem}"


@dataclass(frozen=True, slots=True)
class Errors:
    """Root mean square error of the end states over perturbed starts, as a ratio to heyoka's."""

    problem: str
    at_most: float = 1.1

    @property
    def name(self) -> str:
        return f"error:{self.problem}"


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory after creating an integrator, less than heyoka's."""

    problem: str

    @property
    def name(self) -> str:
        return f"memory:{self.problem}"


@dataclass(frozen=True, slots=True)
class Import:
    """Seconds for `import taylor` in a fresh process."""

    at_most: float

    @property
    def name(self) -> str:
        return "import:taylor"


Row = Time | Creation | Errors | Memory | Import

ROWS: tuple[Row, ...] = (
    Time("outer-solar-system", 5.5),
    Time("outer-solar-system", 5.5, tolerance=1e-18),
    Time("outer-solar-system", 4.0, tolerance=1e-9),
    Time("n-body-10", 8.0, "compact"),
    Time("n-body-20", 6.0, "compact"),
    Time("n-body-50", 3.0, "compact"),
    Time("pleiades", 8.0),
    Time("toda-32", 9.0),
    Time("oscillators-24", 13.0, "compact"),
    Time("burgers-128", 4.0, "either"),
    Time("network", 4.0, "either"),
    Time("lorenz-63", 1.2),
    Time("lorenz-96-36", 5.0),
    Time("brusselator-24", 4.0),
    Time("pendulum", 1.8),
    Time("henon-heiles", 2.0),
    Time("planar-cr3bp", 1.9),
    Time("relativistic-solar-system", 7.0, "compact"),
    Creation("outer-solar-system", 0.15, 15.0),
    Creation("pendulum", 0.03),
    Creation("planar-cr3bp", 0.06),
    Creation("n-body-50", 0.6, peer="compact"),
    Time("pendulum", 20.0, tolerance=1e-31, precision="double-double", span=300.0),
    Time(
        "outer-solar-system",
        80.0,
        tolerance=1e-31,
        precision="double-double",
        span=100.0,
        energy=(500.0, 1e-30),
    ),
    Errors("pendulum"),
    Errors("henon-heiles"),
    Errors("planar-cr3bp"),
    Errors("outer-solar-system"),
    Memory("outer-solar-system"),
    Import(0.2),
)


def selected(wanted: Sequence[str]) -> list[Row]:
    """The rows whose names contain one of some words; all without any."""
    return [row for row in ROWS if not wanted or any(word in row.name for word in wanted)]
