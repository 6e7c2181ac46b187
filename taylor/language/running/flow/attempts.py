"""One branch or one turn, traced and taken back: what it returns, sets and changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence, Set
from types import CellType
from typing import Any

from taylor.language.running.cells import put_all, values_in
from taylor.language.running.faults import Raised, first_of, number_of
from taylor.language.running.journal import Changeable, Level, content_of, put_content, running
from taylor.language.running.values.kinds import Flat

PYTHONS = (ZeroDivisionError, IndexError, KeyError, OverflowError)


class NotHeld(Exception):
    """A variable, of which a turn supposes that it stays the object it is, becomes another one."""

    def __init__(self, cell: CellType) -> None:
        super().__init__()
        self.cell = cell


class Outcome:
    """What a branch or a turn came to.

    values:  of variables, afterwards; None where it ended with an error.
    flats:   the same taken apart.
    result:  what it returned, taken apart.
    changes: objects that it changed, with what is in them, taken apart.
    fault:   0, or the number of the error that it met first.
    born:    identities of the objects that it made.
    raised:  whether it ended with that error, whatever the values are.
    """

    __slots__ = ("born", "changes", "fault", "flats", "raised", "result", "returned", "values")

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.flats: list[Flat] = []
        self.changes: dict[int, tuple[Any, Flat]] = {}
        self.born: set[int] = set()
        self.fault: Any = 0
        self.raised = False
        self.returned: Any = None
        self.result = Flat(None)

    def is_shared(self, flat: Flat, alone: Set[int] = frozenset()) -> bool:
        """Whether an object in a value was there before, or is another variable, or may be.

        alone: identities of objects that were there before, each as a single variable.
        """
        flats = [*self.flats, *[changed for _, changed in self.changes.values()]]
        for one in flat.objects:
            others = sum(id(one) == id(other) for f in flats for other in f.objects)
            own = id(one) in self.born or id(one) in alone
            tied = isinstance(one, Changeable) and one.frozen
            if not own or tied or others > 1:
                return True
        return False

    def holds(self) -> Counter[int]:
        """How often it has what variables were, by identity."""
        flats = [one for flat in self.flats for one in (*flat.objects, *flat.places)]
        return Counter(map(id, (*self.values, *flats)))


def attempt(
    action: Callable[[], Any],
    cells: Sequence[CellType],
    others: Sequence[CellType] = (),
    beside: Outcome | None = None,
) -> Outcome:
    """Call a function, and put everything back as it was.

    cells:  variables of which somebody wants to know what they are afterwards.
    others: more that the function may set.
    beside: what another branch came to.
    """
    now, made = running(), Outcome()
    listed = [*cells, *now.shared]
    aside = values_in(others)
    before, fault = values_in(listed), now.fault
    level = Level([*before, *aside])
    if beside is not None:
        level.kept += beside.holds()
    now.levels.append(level)
    now.fault = 0
    try:
        try:
            made.returned = action()
        except Raised as raised:
            made.raised = True
            made.fault = raised.fault
        except PYTHONS as error:  # Python's own, where the branch is taken
            made.raised = True
            made.fault = first_of(now.fault, number_of(error))
        else:
            made.fault = now.fault
            made.result = Flat(made.returned)
            _note(made, listed, before, level, len(cells))
    finally:
        for target, content in level.before.values():
            put_content(target, content)
        put_all(listed, before)
        put_all(others, aside)
        now.fault = fault
        made.born = now.levels.pop().born
    return made


def _note(
    made: Outcome, listed: list[CellType], before: list[Any], level: Level, count: int
) -> None:
    after = values_in(listed)
    made.values = after[:count]
    made.flats = [Flat(value) for value in made.values]
    for target, _ in level.before.values():
        made.changes[id(target)] = target, Flat(content_of(target))
    for cell, old, new in zip(listed[count:], before[count:], after[count:], strict=True):
        if old is not new:
            made.changes[id(cell)] = cell, Flat(new)


def meets(fault: Any) -> None:
    """Note an error that a branch or a turn has met."""
    now = running()
    now.fault = first_of(now.fault, fault)
