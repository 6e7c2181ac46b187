"""What steps ask of a series in time, whatever its coefficients are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arithmetic.factors import Factors
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Input, Program, Step, Term
from taylor_runtime.series.memory import Rendering
from taylor_runtime.series.sums import SeriesMemory


class Inputs(Protocol):
    """Where states, parameters and time come from."""

    def read(self, given: Input, chunk: Chunk) -> Value:
        """The numbers that an input names, in the lanes of a chunk."""

    def address(self, given: Input) -> Value:
        """Where the number is that an input of source "state" or "parameter" names."""

    def number(self, given: Input, position: Index) -> Value:
        """The number that stands so many places behind the one that an input names."""


class GivenInputs(Inputs, Protocol):
    """Inputs of which some are given coefficient by coefficient, those of source "jet"."""

    def coefficient(self, given: Input, n: Index, chunk: Chunk) -> Value:
        """Coefficient n >= 1 of such inputs, in the lanes of a chunk."""


class Series(Protocol):
    """Writes the coefficients of a program's rows into one function, order after order."""

    b: Builder
    element: str
    rendering: Rendering

    @property
    def factors(self) -> Factors: ...

    @property
    def program(self) -> Program: ...

    @property
    def memory(self) -> SeriesMemory: ...

    def constant_rows(self) -> None: ...

    def order_zero(self) -> None: ...

    def orders(self) -> None: ...

    def step_value(self, step: Step, n: Index, chunk: Chunk) -> Value: ...

    def combine(
        self, terms: Sequence[Term], chunk: Chunk, value_of: Callable[[int], Value]
    ) -> Value: ...


class Forgetful(ABC):
    """Memory that may not keep all orders of what states follow from."""

    @abstractmethod
    def forgets(self, step: Step) -> bool:
        """Whether not all orders of what a state's step reads are kept."""


SeriesMaker = Callable[[Builder, Program, Rendering, Value, Inputs], Series]


class EndingSeries(Series, Protocol):
    """A series that has rows of which the last order is wanted alone."""

    def last_order(self) -> None:
        """These, when all others are known."""


class EndingMaker(Protocol):
    """Makes one, some of whose inputs are given coefficient by coefficient.

    ending: the rows of which the last order is wanted alone. in_place: whether these coefficients
        are put where they belong by whoever asked for the series.
    """

    def __call__(
        self,
        b: Builder,
        program: Program,
        rendering: Rendering,
        workspace: Value,
        inputs: GivenInputs,
        *,
        ending: Collection[int],
        in_place: bool,
    ) -> EndingSeries: ...
