"""Functions that call themselves, as a kernel: what they do from one call to the next."""

from __future__ import annotations

from dataclasses import field
from typing import NamedTuple

from taylor_runtime.program.kernels import System, digest
from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass

DONE, TOO_DEEP = -1, -2  # how many calls wait in the end: none, or more would have had to than may


class Following(NamedTuple):
    """A call that may follow in a recursion.

    entered: the stage that it begins with.
    back:    the stage when it has come back; -1 where its caller returns what it does.
    given, kept: how many arguments it takes, and numbers are kept for the stage after it.
    """

    entered: int
    back: int
    given: int
    kept: int


class Stage(NamedTuple):
    """What is done from a place of a function on up to its next call, or its end.

    known: how many numbers it begins with: arguments of the function, or what has been kept.
    calls: those that may follow, of which the first counts that does.
    """

    known: int
    calls: tuple[Following, ...]


@dataclass(frozen=True, eq=False, repr=False)
class RecursionSystem(System):
    """What functions that call themselves return, and how many calls wait in the end.

    Its arguments are a number that says whether it counts, constants, and those of the first call.

    arity:    number of arguments.
    results:  number of values, the last one included.
    formulas: a stage each, of the slots (constants, what the stage begins with, what its call has
              returned): for each call that may follow whether it does, its arguments, and what is
              kept; then what the function returns, unless a call follows in any case.
    stages:   the first one is that which all begins with.
    depth:    how many calls may wait for others.
    """

    arity: int
    results: int
    formulas: tuple[Program, ...]
    stages: tuple[Stage, ...]
    depth: int
    name: str = field(init=False)

    def __post_init__(self) -> None:
        texts = [body(program).encode() for program in self.formulas]
        listed = [(stage.known, *map(tuple, stage.calls)) for stage in self.stages]
        rest = f"{self.arity} {self.results} {self.depth} {listed}"
        object.__setattr__(self, "name", f"recursion_{digest(rest.encode(), *texts)}")

    @property
    def programs(self) -> tuple[Program, ...]:
        """The formulas that it is made of."""
        return self.formulas

    @property
    def constants(self) -> int:
        """How many of its arguments are the same in all calls."""
        return self.arity - 1 - self.stages[0].known
