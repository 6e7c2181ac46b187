"""The typed program that the front end hands over: rows of Taylor coefficients.

A *row* holds the coefficients u_0 .. u_order of one quantity, each with ``width`` lanes.  How it
gets them is data (`Step`, `Kernel`, `Input`, `Gather`), so that a row can be interpreted with any
number, unrolled, looped, or packed with its like.  Nothing here knows a derivative, and nothing
here knows LLVM.
"""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction

from taylor_runtime.program.records import dataclass

Number = int | Fraction | float  # a float only for infinities and NaN; everything finite is exact
Constant = Number | tuple[Number, ...]  # one number for all lanes, or one per lane


@dataclass(frozen=True, slots=True)
class Coefficient:
    """row_{n - lag}: lag 1 is what a differential equation needs, x_n = f_{n-1} / n."""

    row: int
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Convolution:
    """sum over j = first .. n - last of (alpha n + beta j) a_j b_{n-j}; `weight` None means 1.

    early: where only one factor has a coefficient n, that is known before any other of its order.
        Its term then ends the chain that it belongs to, else it is added last (see `convolve`).
    """

    a: int
    b: int
    first: int = 0
    last: int = 0
    weight: tuple[Number, Number] | None = None
    early: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    """a_n where the order-zero value of `condition` is not zero, else b_n."""

    condition: int
    a: int
    b: int


Operand = Coefficient | Convolution | Select


@dataclass(frozen=True, slots=True)
class Term:
    """constant * (order-zero value of `head`) * operand."""

    constant: Constant
    operand: Operand
    head: int | None = None

    def __hash__(self) -> int:
        """Of a fraction's two numbers: its own hash, which takes a power, is 20 times slower."""
        c = self.constant
        number = (c.numerator, c.denominator) if c.__class__ is Fraction else c
        return hash((number, self.operand, self.head))


@dataclass(frozen=True, slots=True)
class Step:
    """u_n = times(n) * sum(terms) / (order-zero value of `divisor`), times one of "1", "n", "1/n",
    "h/n", "h", "h/m".

    h is the run-time factor that scales time (a power of two): x_n = h f_{n-1} / n, n x_n = h
    f_{n-1}; and m = order + 1 - n, for adjoints, whose orders count down.  Rows without a start
    whose times is "n" or "h" begin with u_0 = 0: they are derivatives. Heads and divisors may be
    later rows where u_0 does not take this step.
    """

    terms: tuple[Term, ...]
    times: str = "1"
    divisor: int | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """u_0 is given from outside: slot `index` of `source`.

    Sources are "state", "parameter", "time", "jet", "radius" (how far inputs move in a step, for
    the enclosures of events) and "sign" (of parts of event functions).  For "jet" all coefficients
    are given; "time" has u_1 = the time scale and no more.  Packed rows list one index per lane.
    """

    source: str
    index: tuple[int, ...] = (0,)


class OwnKernel:
    """A kernel that mathlib does not have, as data that a program brings along (`kernels.py`).

    name: tells all that it computes, in other processes too: equal kernels have equal names, others
        have others.
    """

    name: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OwnKernel) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


@dataclass(frozen=True, slots=True)
class Kernel:
    """u_0 = function(order-zero values of `arguments`); `constants` are exact extra arguments.

    function: the name of a kernel of mathlib, or what one of the program's own is.
    """

    function: str | OwnKernel
    arguments: tuple[int, ...]
    constants: tuple[Constant, ...] = ()


@dataclass(frozen=True, slots=True)
class Gather:
    """A copy of lanes of other rows: lane i is lane sources[i][1] of row sources[i][0].

    head: only order zero is wanted.
    """

    sources: tuple[tuple[int, int], ...]
    head: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity's coefficients.

    `start` gives u_0; None means the step itself at n = 0.  `offset` is added to u_0.  `step` gives
    u_n for n >= 1; None leaves them zero (a constant row, or an input).  `gather` excludes all of
    these.
    """

    start: Input | Kernel | None = None
    step: Step | None = None
    offset: Constant = 0
    gather: Gather | None = None
    width: int = 1
    constant: bool = False
    name: str = field(default="", compare=False)  # for explain() and errors; never for identity


@dataclass(frozen=True, slots=True)
class Program:
    """Rows in evaluation order, and which of them are asked for.

    order:   highest coefficient; 0 is a plain formula.
    outputs: (row, lane) of every result.
    inputs:  (source, number of slots), e.g. (("state", 4), ("parameter", 1)).
    exact_division: divide at every order, correctly rounded; otherwise multiply by the reciprocal
        of the divisor's order-zero value, which is off the path of the newest coefficients.
    of_one_order: whether another order has other rows, as where each row takes coefficients of its
        neighbours in a family; else the order may be chosen after the rows.
    """

    rows: tuple[Row, ...]
    outputs: tuple[tuple[int, int], ...]
    order: int
    inputs: tuple[tuple[str, int], ...] = ()
    exact_division: bool = False
    of_one_order: bool = False

    def slots(self, source: str) -> int:
        """How many slots of a source there are."""
        return next((count for name, count in self.inputs if name == source), 0)
