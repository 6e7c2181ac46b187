"""``if``, ``a if c else b``, ``and``, ``or``, ``not``, and comparisons: decided, or traced."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from itertools import zip_longest
from types import CellType
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression
from taylor.language.running.cells import UNSET, cells_of, put_all, put_in, value_in
from taylor.language.running.contents import both_have, left_by, put_all_of, tie
from taylor.language.running.digits import decides, is_one_of
from taylor.language.running.faults import Raised, first_of, is_none
from taylor.language.running.flow.attempts import NotHeld, Outcome, attempt, meets
from taylor.language.running.flow.chosen import chosen, is_small
from taylor.language.running.flow.merging import Joined, Unlike
from taylor.language.running.journal import (
    running,
)
from taylor.language.running.places import Columns, Reads, place, refuse, refuse_at
from taylor.language.running.values.kinds import Flat, Structure
from taylor.language.running.values.objects import List, is_alone
from taylor.nodes.conversion import Mutable, as_expression
from taylor.nodes.logic import both, condition, either, logical_not, where


def truth(value: Any) -> Any:
    """What a value counts as in a condition: a bool, or a traced condition."""
    if isinstance(value, Mutable):
        value = value.now
    if isinstance(value, List) and value.fixed is not None:
        value = as_expression(value.fixed.length) > 0
    if isinstance(value, Expression) and value.op != "constant":
        if value.shape and value.size != 1:
            raise ValueError(
                "The truth value of an array with more than one element is ambiguous. "
                "Use a.any() or a.all()"
            )
        decides(value)
        return condition(value.reshape(()) if value.shape else value)
    if isinstance(value, np.ndarray) and value.dtype == object and value.size == 1:
        return truth(value.reshape(-1)[0])
    return bool(value)


def if_(
    test: Any,
    then: Callable[[], Any],
    other: Callable[[], Any],
    after: Sequence[str],
    risky: Reads,
) -> Any:
    """``if test: ... else: ...``.

    after: names that the branches set and that are read later.
    risky: names that may be read without having been set, and where.
    """
    known = truth(test)
    if isinstance(known, bool):
        running().note(f"known: {known}")
        return then() if known else other()
    cells = cells_of(then) | cells_of(other)
    return decide(known, then, other, {name: cells[name] for name in after}, risky)


def decide(
    test: Any,
    then: Callable[[], Any],
    other: Callable[[], Any],
    named: dict[str, CellType],
    risky: Reads,
) -> Any:
    """Trace both branches for a traced condition; `named` are the variables that they set."""
    _know(test, then, other)
    cells = list(named.values())
    others = [cell for branch in (then, other) for cell in cells_of(branch).values()]
    # What a variable alone is may go to another: an exchange leaves each with one of its own.
    alone = {id(value_in(cell)) for cell in cells if is_alone(cell)}
    first = attempt(then, cells, others)
    second = attempt(other, cells, others, first)
    return _merged(test, first, second, named, risky, alone)


def _know(test: Any, *branches: Callable[[], Any]) -> None:
    """What the variables are that branches see is computed before."""
    seen = [value_in(cell) for branch in branches for cell in cells_of(branch).values()]
    running().know([test, *seen])


def _merged(
    test: Any,
    first: Outcome,
    second: Outcome,
    named: dict[str, CellType],
    risky: Reads,
    alone: Set[int] = frozenset(),
) -> Any:
    """Set variables and objects to what the branch that is taken makes of them."""
    if first.raised and second.raised:
        fault = where(test, as_expression(first.fault), as_expression(second.fault))
        raise Raised(first_of(running().fault, fault))
    if first.raised or second.raised:
        there, gone = (second, first) if first.raised else (first, second)
        hit = test if first.raised else logical_not(test)
        meets(where(hit, as_expression(gone.fault), as_expression(there.fault)))
        put_all(list(named.values()), there.values)
        for target, flat in there.changes.values():
            put_all_of(target, flat.structure, flat.leaves, kept=flat.places)
        return there.result.structure.build(iter(there.result.leaves))
    now, pairs = running(), zip(named.values(), first.values, second.values, strict=True)
    held = [cell for cell, one, other in pairs if one is not other and now.holds(cell)]
    merger = _Merger(test, first, second, alone, held)
    reads = dict(risky)
    for number, (name, cell) in enumerate(named.items()):
        merger.variable(name, cell, number, reads.get(name))
    merger.objects()
    return merger.finish()


class _Merger:
    """Collects what two branches leave behind, and makes one choice of all."""

    def __init__(
        self,
        test: Any,
        first: Outcome,
        second: Outcome,
        alone: Set[int],
        held: Sequence[CellType],
    ) -> None:
        self._test, self._first, self._second = test, first, second
        self._alone, self._held = alone, held
        self._jobs: list[tuple[Callable[[Any], None], Structure, int]] = []
        self._firsts: list[Any] = []
        self._seconds: list[Any] = []
        self._names: list[str] = []
        self._returned: Any = None

    def variable(self, name: str, cell: CellType, number: int, read: Columns | None) -> None:
        """Set a variable to what the branches have set it to."""
        one, other = self._first.values[number], self._second.values[number]
        if one is other:
            put_in(cell, one)
            return
        if read is not None and (one is UNSET) != (other is UNSET):
            line = place()[2]
            refuse_at(
                read,
                f"{_shown(name)} is read here, and one branch of the `if` in line {line} only has "
                "set it",
                f"A traced value decides which branch is taken. Instead: set {_shown(name)} before "
                "the `if`, or in both branches.",
            )
        if "@" not in name:
            self._names.append(name)
        flats = self._first.flats[number], self._second.flats[number]
        shared = any(
            branch.is_shared(flat, self._alone)
            for branch, flat in zip((self._first, self._second), flats, strict=True)
        )
        if shared and self._held:
            raise NotHeld(self._held[0])
        words = (
            ""
            if not shared
            else (
                f"{_shown(name)}, which may be the same object as another variable, as a traced "
                "value decides"
            )
        )
        self._add(lambda value: put_in(cell, value), *flats, f"{_shown(name)} is", words)
        if shared:
            tie([*flats[0].objects, *flats[1].objects], words)

    def objects(self) -> None:
        """Put into objects what the branches have put into them."""
        one, other = self._first.changes, self._second.changes
        for key in one | other:
            target = (one.get(key) or other[key])[0]
            flats = [
                branch[key][1] if key in branch else left_by(target, branch)
                for branch in (one, other)
            ]
            self._add_content(target, *flats)

    def _add_content(self, target: Any, a: Flat, b: Flat) -> None:
        joined = self._joined(a, b, f"what is in a {type(target).__name__} is")
        start = self._take(joined)
        structure, kept, words = joined.structure, both_have(a, b), ""
        moved = [e for f in (a, b) for e, k in zip_longest(f.places, kept) if e is not k]
        if self._first.is_shared(a) or self._second.is_shared(b):
            words = (
                f"what is in a {type(target).__name__.lower()}, which may be the same object as "
                "another, as a traced value decides"
            )
            tie(moved, words)

        def put(leaves: Any) -> None:
            put_all_of(target, structure, leaves, words, kept)

        self._jobs.append((put, structure, start))

    def finish(self) -> Any:
        """Make the choice, and do what was collected; the value that the branches return."""
        first, second = self._first, self._second
        if first.returned is not None or second.returned is not None:
            if first.returned is second.returned:
                self._returned = first.returned
            else:
                shared = first.is_shared(first.result) or second.is_shared(second.result)
                words = "an array or a list that a traced value has chosen, which may be the same "
                words = words + "object as a variable" if shared else ""
                self._add(self._keep, first.result, second.result, "the value returned is", words)
                if shared:
                    tie([*first.result.objects, *second.result.objects], words)
        fault = not (is_none(first.fault) and is_none(second.fault))
        if fault:
            self._firsts.append(first.fault)
            self._seconds.append(second.fault)
        leaves = chosen(self._test, self._firsts, self._seconds)
        for leaf, one, other in zip(leaves, self._firsts, self._seconds, strict=True):
            is_one_of(leaf, one, other)
        running().note(_noted(leaves, self._names))
        if fault:
            meets(leaves.pop())
        for put, structure, start in self._jobs:
            put(leaves[start : start + structure.count()])
        return self._returned

    def _keep(self, value: Any) -> None:
        self._returned = value

    def _add(self, put: Callable[[Any], None], a: Flat, b: Flat, what: str, frozen: str) -> None:
        joined = self._joined(a, b, what)
        start, structure = self._take(joined), joined.structure
        self._jobs.append(
            (lambda leaves: put(structure.build(iter(leaves), frozen)), structure, start)
        )

    def _joined(self, a: Flat, b: Flat, what: str) -> Joined:
        try:
            return Joined(a, b)
        except Unlike as unlike:
            refuse(
                f"{what} {unlike.first} in one branch of this choice and {unlike.second} in the "
                "other",
                "A traced value decides which is taken, so both have to be put together alike. "
                "Instead: give both the same type and shape (numbers in place of texts; functions "
                "called in both branches), or choose by a value that is known while the program is "
                "traced.",
            )

    def _take(self, joined: Joined) -> int:
        start = len(self._firsts)
        self._firsts += joined.firsts
        self._seconds += joined.seconds
        return start


def _noted(leaves: Sequence[Any], names: Sequence[str]) -> str:
    """What a choice became."""
    parted = any(
        isinstance(e, Expression) and "part" in (e.op, *[a.op for a in e.args]) for e in leaves
    )
    return ("switch" if parted else "where") + (f": {', '.join(names)}" if names else "")


def _shown(name: str) -> str:
    """A name in messages; those of flags say what they are."""
    return "the value returned" if "@" in name else f"`{name}`"


# --- expressions ---------------------------------------------------------------------------------


def choose(test: Any, then: Callable[[], Any], other: Callable[[], Any]) -> Any:
    """``a if test else b``."""
    known = truth(test)
    if isinstance(known, bool):
        return then() if known else other()
    return decide(known, then, other, {}, ())


def all_of(first: Any, *others: Callable[[], Any]) -> Any:
    """``a and b and c``."""
    for later in others:
        known = truth(first)
        if isinstance(known, bool):
            if not known:
                return first
            first = later()
        else:
            first = _and_or(known, first, later, True)
    return first


def any_of(first: Any, *others: Callable[[], Any]) -> Any:
    """``a or b or c``."""
    for later in others:
        known = truth(first)
        if isinstance(known, bool):
            if known:
                return first
            first = later()
        else:
            first = _and_or(known, first, later, False)
    return first


def _and_or(test: Any, first: Any, later: Callable[[], Any], conjunction: bool) -> Any:
    _know(test, later)
    found = attempt(later, [])
    plain = not found.changes and not found.raised and is_none(found.fault)
    leaf = found.returned
    if plain and isinstance(leaf, bool | np.bool_) and _is_condition(first):
        return (test if leaf else False) if conjunction else (True if leaf else test)
    if plain and _is_condition(first) and _is_condition(leaf) and is_small(test, [], [leaf]):
        return both(test, leaf) if conjunction else either(test, leaf)
    kept = attempt(lambda: first, [])
    pair = (found, kept) if conjunction else (kept, found)
    return _merged(test, *pair, {}, ())


def _is_condition(value: Any) -> bool:
    return (
        isinstance(value, Expression)
        and not value.shape
        and Flat(value).leaves[0] is condition(value)
    )


def negation(value: Any) -> Any:
    """``not a``."""
    known = truth(value)
    return (not known) if isinstance(known, bool) else logical_not(known)


def chain(left: Any, *steps: Callable[..., Any]) -> Any:
    """``a < b < c``: comparisons and functions that give what is on their right, in turn."""
    compare, right = steps[0], steps[1]
    middle = right()
    found = compare(left, middle)
    if len(steps) == 2:
        return found
    return all_of(found, lambda: chain(middle, *steps[2:]))


def contains(container: Any, item: Any) -> Any:
    """``item in container``."""
    traced = Flat(item).traced or Flat(container if not isinstance(container, set) else None).traced
    if not traced or isinstance(container, dict | str):
        if traced and isinstance(container, dict):
            refuse(
                "a traced value is looked for in a dictionary",
                "Which key it is is not known while the program is traced. Instead: compare with "
                "`if`, or use an array with a whole number as index.",
            )
        return item in container
    found: Any = False
    for one in container:
        test = truth(one == item)
        if isinstance(test, bool):
            found = True if test else found
        else:
            found = test if found is False else (found if found is True else either(found, test))
    return found
