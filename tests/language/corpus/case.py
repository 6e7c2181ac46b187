"""What is known of a program of the corpus: how it is called, and where it has derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """A plain Python function, and what may be asked of it.

    inputs:    arguments of calls of one structure: floats are real, ints are whole numbers.  The
               loops of different calls take different numbers of turns, where these depend on data.
    wrt:       positions of arguments by which it may be differentiated.
    at:        which of `inputs` are points with derivatives there; all, if None.
    jets:      whether it is analytic there.
    static:    positions of arguments that are known when the function is traced.
    options:   what `ty.program` has to be told besides, such as depth=.
    tolerance: of values, relative to the largest of the call; of whole numbers it is 0.
    slack:     of derivatives, relative to the largest of the gradient.
    """

    function: Callable[..., Any]
    inputs: Sequence[tuple[Any, ...]]
    wrt: tuple[int, ...] = ()
    at: tuple[int, ...] | None = None
    jets: bool = False
    static: tuple[int, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-13
    slack: float = 1e-11

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def points(self) -> list[tuple[Any, ...]]:
        """The inputs with derivatives."""
        if not self.wrt:
            return []
        chosen = range(len(self.inputs)) if self.at is None else self.at
        return [self.inputs[k] for k in chosen]
