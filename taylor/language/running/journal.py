"""Objects that a program has made, and what branches and turns of loops change of them.

While a function is traced its branches are all called, one after the other.  What one of them
changes of an object that was there before is noted, taken back, and becomes a result of the node;
so the other branch finds what Python would let it find.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import CellType
from typing import Any

import numpy as np

from taylor.errors import TracingError
from taylor.language.running.places import place, refuse
from taylor.nodes.node import Node

SHORT = 24  # operations that a branch may as well do again


class Changeable:
    """An object that can say what is in it, and take it back."""

    frozen = ""  # why it may not be changed

    def content(self) -> Any:
        """What is in it at this moment."""
        raise NotImplementedError

    def restore(self, content: Any) -> None:
        """Put in what was in it."""
        raise NotImplementedError


class Level:
    """A branch or a turn that is being traced: what was in objects when it began, and which objects
    it has made.

    done: nodes that variables have, or that these are computed from: Python has computed them.
    held: identities of the variables that the turn supposes to stay the objects they are.
    kept: how often somebody has what variables were, to put it back, by identity.
    """

    __slots__ = ("before", "born", "done", "held", "kept")

    def __init__(self, kept: Sequence[Any] = ()) -> None:
        self.before: dict[int, tuple[Any, Any]] = {}
        self.done: set[Any] = set()
        self.born: set[int] = set()
        self.held: set[int] = set()
        self.kept = Counter(map(id, kept))

    def note(self, target: Any) -> None:
        """Keep what is in an object that was there before."""
        if id(target) not in self.before and id(target) not in self.born:
            self.before[id(target)] = target, content_of(target)


class Running:
    """A program that is being traced.

    operators, take_apart: what later files have and earlier ones ask for: the module of the
              operators, and `values.Flat`.
    own:      objects that it has made, by identity.
    levels:   branches and turns that are being traced, inside one another.
    done:     nodes that are computed, as for levels.
    shared:   cells that functions inside others change.
    tied:     objects that cannot be changed because a traced value decides whether they are others.
    fault:    0, or an expression: the number of the error that was met first.
    errors:   the errors by their numbers, from 1.
    unrolled: how often the statement that is being traced is there already.
    explaining: whether the text of an error is being made.
    notes:    what becomes of the lines of functions, where somebody wants to know.
    capacity: of lists whose length a traced value decides.
    depth:    of recursion that a traced value ends.
    limit:    whole numbers up to here are exact.
    digits, rounded, doubtful: what is known of nodes, as `digits.known_of` has found; quotients
              and remainders that may lack digits.
    calls:    calls of translated functions that are being traced.
    recursion: that of which a function is being traced.
    """

    def __init__(
        self,
        operators: Any,
        take_apart: Callable[[Any], Any],
        errors: list[BaseException],
        capacity: int | None,
        depth: int | None,
        limit: float,
    ) -> None:
        self.operators, self.take_apart = operators, take_apart
        self.own: dict[int, Any] = {}
        self.levels: list[Level] = []
        self.done: set[Any] = set()
        self._sizes: dict[Any, int] = {}
        self.shared: list[CellType] = []
        self.tied: list[Changeable] = []
        self.fault: Any = 0
        self.errors = errors
        self.unrolled = 1
        self.explaining = False
        self.notes: dict[tuple[str, str], dict[int, str]] | None = None
        self.capacity, self.depth, self.limit = capacity, depth, limit
        self.digits: dict[Any, Any] = {}
        self.rounded: dict[Any, Any] = {}
        self.doubtful: dict[Any, Any] = {}
        self.calls: list[Any] = []
        self.recursion: Any = None

    @property
    def is_region(self) -> bool:
        """Whether a branch or a turn of a node is being traced."""
        return bool(self.levels)

    def note(self, what: str) -> None:
        """Keep what became of the line that is being traced."""
        if self.notes is not None:
            file, function, line, *_ = place()
            self.notes.setdefault((file, function), {})[line] = what

    def is_done(self, e: Any) -> bool:
        """Whether a node is computed already, as `know` was told."""
        return e in self.done or any(e in level.done for level in self.levels)

    def is_kept(self, e: Any) -> bool:
        """Whether a branch takes what is computed already.

        Of a short formula of single numbers it makes its own: so derivatives know that it counts
        in this branch alone.
        """
        return bool(e.args) and self.is_done(e) and self._size(e) > SHORT

    def _size(self, e: Any) -> int:
        """About how many operations a node stands for, up to one more than is short."""
        found = self._sizes.get(e)
        if found is None:
            if e.shape or e.op == "part":
                found = SHORT + 1
            else:
                found = min(SHORT, sum(self._size(arg) for arg in e.args)) + bool(e.args)
            self._sizes[e] = found
        return found

    def know(self, values: Sequence[Any]) -> None:
        """Variables have these values: whatever comes later need not compute them again."""
        done = self.levels[-1].done if self.levels else self.done
        pending = [leaf for value in values for leaf in self.take_apart(value).leaves]
        while pending:
            e = pending.pop()
            if isinstance(e, Node) and not self.is_done(e):
                done.add(e)
                pending.extend(e.args)

    def adopt(self, made: Any) -> Any:
        """An object that the program has made, and may change."""
        self.own[id(made)] = made
        if self.levels:
            self.levels[-1].born.add(id(made))
        return made

    def holds(self, cell: CellType) -> bool:
        """Whether a turn that is being traced supposes that a variable stays the object it is."""
        return any(id(cell) in level.held for level in self.levels)

    def kept(self, value: Any) -> int:
        """How often branches and turns that are being traced have a value to put it back."""
        return sum(level.kept[id(value)] + (id(value) in level.before) for level in self.levels)

    def is_own(self, value: Any) -> bool:
        """Whether the program has made an object."""
        return id(value) in self.own


class _Local(threading.local):
    def __init__(self) -> None:
        self.stack: list[Running] = []


_local = _Local()


def running() -> Running:
    """The program that is being traced in this thread."""
    if not _local.stack:
        raise TracingError(
            "program: a function that was translated for a program is called when this is over; "
            "return numbers and arrays from programs, not functions"
        )
    return _local.stack[-1]


def outermost() -> Running | None:
    """The program that is being traced, if there is one."""
    return _local.stack[-1] if _local.stack else None


@contextmanager
def tracing(one: Running) -> Iterator[Running]:
    """A program is traced meanwhile."""
    _local.stack.append(one)
    try:
        yield one
    finally:
        _local.stack.pop()


# --- changes -------------------------------------------------------------------------------------


def changing(target: Any) -> None:
    """Note what is in an object, which will be changed.

    Raises ProgramError for objects that the program has not made.
    """
    if not _local.stack:
        return
    now = running()
    if isinstance(target, Changeable) and target.frozen:
        refuse(f"this changes {target.frozen}", "Instead: change a copy, as in a = a.copy().")
    if not now.is_own(target):
        refuse(
            f"this changes a {type(target).__name__} that was made outside of the program, "
            "which would happen once, while it is traced",
            "Instead: make a copy inside (a = a.copy(), list(a)) and return it.",
        )
    if now.levels:
        now.levels[-1].note(target)


def content_of(target: Any) -> Any:
    """What is in an object."""
    if isinstance(target, Changeable):
        return target.content()
    if isinstance(target, dict | set | np.ndarray):
        return target.copy()
    if hasattr(target, "__dict__"):
        return dict(target.__dict__)
    return {name: getattr(target, name) for name in type(target).__slots__}


def put_content(target: Any, content: Any) -> None:
    """Put back, or put in, what is in an object; without a note."""
    if isinstance(target, Changeable):
        target.restore(content)
    elif isinstance(target, np.ndarray):
        target[...] = content
    elif isinstance(target, dict | set):
        target.clear()
        target.update(content)
    elif hasattr(target, "__dict__"):
        target.__dict__.clear()
        target.__dict__.update(content)
    else:
        for name, value in content.items():
            object.__setattr__(target, name, value)


def replace_content(target: Any, content: Any) -> None:
    """Put in what a node computes, noted where another branch or turn is around."""
    now = running()
    if now.levels:
        now.levels[-1].note(target)
    put_content(target, content)
