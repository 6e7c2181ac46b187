"""What goes from turn to turn of a loop: found out by tracing a turn until it ends with the like of
what it began with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from operator import is_
from types import CellType
from typing import Any

from taylor.control.tracing import seen_as
from taylor.control.trees import CONDITION
from taylor.expressions.arguments import argument, traced
from taylor.expressions.expression import Expression
from taylor.language.running.cells import UNSET, put_in, value_in, values_in
from taylor.language.running.contents import both_have, content_from, tie, untie
from taylor.language.running.digits import decides, is_like, sort_of
from taylor.language.running.flow.attempts import NotHeld, Outcome, attempt
from taylor.language.running.flow.merging import Joined, Unlike, common_kind
from taylor.language.running.journal import (
    Changeable,
    content_of,
    put_content,
    replace_content,
    running,
)
from taylor.language.running.places import refuse
from taylor.language.running.values.kinds import Flat, kind, same
from taylor.language.running.values.objects import is_alone
from taylor.nodes.conversion import as_expression
from taylor.nodes.logic import condition, where

COUNT = "element"  # the name of what counts the turns of a loop
TRIES = 16  # of finding out what goes from turn to turn


class CannotRoll(Exception):
    """A loop that is no node.

    what, instead: as for `refuse`.
    """

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what)
        self.what, self.instead = what, instead


class Slot:
    """A variable, or what is in an object, that may go from turn to turn.

    name:   of a variable; empty for objects.
    target: the variable's cell, or the object.
    flat:   what it is before the loop, in the kinds that it has in the loop.
    moves:  which of its leaves turns change.
    held:   whether the variable goes on to be the object that it is: only what is in that changes.
    alone:  whether nothing else is the same object, whenever a turn begins: turns may change it.
    kept:   of an object, what is in it by `Flat.places` where that stays the same object.
    """

    __slots__ = ("alone", "flat", "held", "kept", "moves", "name", "places", "target")

    def __init__(self, name: str, target: Any) -> None:
        self.name, self.target = name, target
        self.alone = bool(name) and is_alone(target)
        value = value_in(target) if isinstance(target, CellType) else content_of(target)
        self.flat = Flat(value)
        self.kept: Sequence[Any] = [] if name else self.flat.places
        self.places = self.flat.places
        self.held = bool(name) and running().is_own(value)
        self.moves = [bool(name)] * len(self.flat.leaves)

    @property
    def shown(self) -> str:
        """What it is called in messages."""
        if "@" in self.name:
            return "the value returned"
        return f"`{self.name}`" if self.name else f"what is in a {type(self.target).__name__}"

    @property
    def tied(self) -> str:
        """Why what goes from turn to turn, and what it may stand for, cannot be changed."""
        what = self.shown if self.name else f"what is in {_kind(self.target)}"
        return f"{what}, which may be the same object as another variable"

    def put(self, leaves: Sequence[Any], quiet: bool, frozen: bool) -> None:
        """Put leaves in; `quiet` without a note in the journal."""
        if isinstance(self.target, CellType):
            why = self.tied if frozen else ""
            put_in(self.target, self.flat.structure.build(iter(leaves), why))
            return
        content = content_from(self.target, self.flat.structure, leaves, self.tied, self.kept)
        (put_content if quiet else replace_content)(self.target, content)

    def let_go(self) -> None:
        """The variable does not stay the object that it is, in turns around these neither."""
        self.held = False
        if not self.alone and running().holds(self.target):
            raise NotHeld(self.target)

    def moving(self) -> Iterator[tuple[int, Any]]:
        """The leaves that turns change, as they are before the loop, with their numbers."""
        if not self.held:
            for k, leaf in enumerate(self.flat.leaves):
                if self.moves[k]:
                    yield k, leaf


class Carried:
    """What goes from turn to turn: variables by name, and objects as turns change them."""

    def __init__(self, cells: Mapping[str, CellType], seen: Sequence[CellType]) -> None:
        """seen: all variables of turns; what they set of the others is for one turn alone."""
        self.slots = [Slot(name, cell) for name, cell in cells.items()]
        others = {id(cell) for cell in (*cells.values(), *running().shared)}
        self.scratch = [cell for cell in seen if id(cell) not in others]

    def has(self, target: Any) -> bool:
        """Whether a variable or an object is among them."""
        return any(slot.target is target for slot in self.slots)

    @property
    def names(self) -> str:
        """What goes from turn to turn, in words."""
        moving = [slot for slot in self.slots if any(True for _ in slot.moving())]
        words = [s.name if s.name else f"elements of {_kind(s.target)}" for s in moving]
        return ", ".join(word for word in words if "@" not in word)

    @property
    def begins(self) -> list[Expression]:
        """What is before the loop where turns change it."""
        return [as_node(leaf) for slot in self.slots for _, leaf in slot.moving()]

    def let_go(self, cell: CellType) -> bool:
        """A variable does not stay the object that it is; returns whether it was held."""
        held = [slot for slot in self.slots if slot.held and slot.target is cell]
        for slot in held:
            slot.let_go()
        return bool(held)

    def finish(self, results: Sequence[Expression], turn: Turn, entered: bool) -> None:
        """Put in what there is after the loop.

        entered: whether there surely is a turn, so that nothing is what it was before.
        """
        rest = iter(results)
        for slot, after in zip(self.slots, turn.afters(self), strict=True):
            leaves = list(slot.flat.leaves)
            for k, leaf in slot.moving():
                result = next(rest)
                is_like(result, leaf)
                leaves[k] = seen_as(kind(leaf)[0], result)
            if not slot.held and any(slot.moves):
                single = slot.alone or (entered and not turn.outcome.is_shared(after))
                slot.put(leaves, quiet=False, frozen=not single)


class Turn:
    """One turn, traced.

    arguments: those that stand for what goes from turn to turn.
    seen:      for each slot all leaves as the turn sees them.
    outcome:   what it came to.
    """

    def __init__(self, carried: Carried) -> None:
        self.arguments: list[Expression] = []
        self.seen: list[list[Any]] = []
        self.outcome = Outcome()
        self.alone: list[bool] = []
        for slot in carried.slots:
            leaves = list(slot.flat.leaves)
            for k, leaf in slot.moving():
                word, shape = kind(leaf)
                decides(leaf)
                made = argument(slot.name or "u", shape)
                counts = slot.name == COUNT
                made.payload.sort = "turn" if counts else sort_of(leaf)  # type: ignore[attr-defined]
                self.arguments.append(made)
                leaves[k] = seen_as(word, made)
            self.seen.append(leaves)

    def begin(self, carried: Carried) -> None:
        """Put the arguments into variables and objects."""
        for slot, leaves in zip(carried.slots, self.seen, strict=True):
            if not slot.held:
                slot.put(leaves, quiet=True, frozen=not slot.alone)

    def is_left(self, carried: Carried, outcome: Outcome) -> bool:
        """Whether what was called as in a turn has left all as the turn begins with it.

        A variable of a function around, which has been given its argument, counts as changed.
        """
        begun_with = {
            id(slot.target): leaves for slot, leaves in zip(carried.slots, self.seen, strict=True)
        }
        for place, (_, flat) in outcome.changes.items():
            leaves = begun_with.get(place, ())
            same_leaves = len(leaves) == len(flat.leaves) and all(map(is_, leaves, flat.leaves))
            if not same_leaves:
                return False
        return True

    def ends(self, carried: Carried) -> list[Any]:
        """What the arguments are after the turn."""
        found: list[Any] = []
        arguments = iter(self.arguments)
        for slot, seen, after in zip(carried.slots, self.seen, self.afters(carried), strict=True):
            if slot.held:
                continue
            joined = Joined(begun(slot, seen), after)
            for k, _ in slot.moving():
                own, end = next(arguments), joined.seconds[k]
                found.append(own if end is seen[k] else end)  # what stays is seen to stay
        return found

    def afters(self, carried: Carried) -> list[Flat]:
        """What is in each slot after the turn."""
        found, flats = [], iter(self.outcome.flats)
        for slot, seen in zip(carried.slots, self.seen, strict=True):
            if slot.name:
                found.append(next(flats))
            elif id(slot.target) in self.outcome.changes:
                found.append(self.outcome.changes[id(slot.target)][1])
            else:
                found.append(begun(slot, seen))
        return found


def begun(slot: Slot, seen: Sequence[Any]) -> Flat:
    """What is in a slot as a turn begins."""
    flat = Flat(None)
    flat.leaves, flat.structure = list(seen), slot.flat.structure
    return flat


def as_node(leaf: Any) -> Expression:
    """A leaf as an expression."""
    return as_expression(int(leaf) if isinstance(leaf, bool) else leaf)  # type: ignore[no-any-return]


def tried(carried: Carried, action: Callable[[], Any], also: Sequence[Expression] = ()) -> Turn:
    """A turn that ends with the like of what it began with.

    also: arguments besides.
    """
    for _ in range(2 * TRIES):
        turn, tied = Turn(carried), len(running().tied)
        try:
            with traced([*also, *turn.arguments]):
                turn.outcome = called(carried, turn, action)
        except NotHeld as found:
            untie(tied)
            if not carried.let_go(found.cell):
                raise
            continue
        if turn.outcome.raised or _fits(carried, turn):
            return turn
    refuse(
        "what goes from turn to turn of this loop changes its type or shape again and again",
        "Instead: give the variables the type and shape before the loop that they have in it.",
    )
    return None


def called(carried: Carried, turn: Turn, action: Callable[[], Any]) -> Outcome:
    """Call a function as in a turn, and put everything back as it was."""
    before = [content_of(s.target) for s in carried.slots if not isinstance(s.target, CellType)]
    cells = [slot.target for slot in carried.slots if slot.name]

    def run() -> Any:
        turn.begin(carried)
        running().levels[-1].held = {id(slot.target) for slot in carried.slots if slot.held}
        scratch = values_in(carried.scratch)
        returned = action()
        for cell, value in zip(carried.scratch, scratch, strict=True):
            if value_in(cell) is not value:  # what it is after a turn is nobody's
                put_in(cell, value)
        turn.alone = [bool(slot.name) and is_alone(slot.target) for slot in carried.slots]
        return returned

    try:
        return attempt(run, cells)
    finally:
        objects = [s.target for s in carried.slots if not isinstance(s.target, CellType)]
        for target, content in zip(objects, before, strict=True):
            put_content(target, content)


def _fits(carried: Carried, turn: Turn) -> bool:
    """Whether a turn ends with the like of what it began with; else more goes along from now on."""
    outcome, fits = turn.outcome, True
    for target, _ in outcome.changes.values():
        if not carried.has(target):
            carried.slots.append(Slot("", target))
            fits = False
    for slot, alone in zip(carried.slots, turn.alone, strict=False):
        if slot.alone and not slot.held and not alone:
            slot.alone = fits = False
    if not fits:
        return False
    values = iter(outcome.values)
    for slot, seen, after in zip(carried.slots, turn.seen, turn.afters(carried), strict=True):
        value = next(values) if slot.name else UNSET
        if slot.held:
            if value is not value_in(slot.target):
                slot.let_go()
                fits = False
            continue
        fits = _is_like(slot, seen, after) and fits
        if not slot.name:
            kept = both_have(slot.flat, after) if slot.kept else []
            kept = [k if k is o else None for k, o in zip(kept, slot.kept, strict=False)]
            fits, slot.kept = fits and _same_objects(kept, slot.kept), kept
        fits = _tied(slot, after, outcome) and fits
    return fits


def _same_objects(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(a) == len(b) and all(map(is_, a, b))


def _tied(slot: Slot, after: Flat, outcome: Outcome) -> bool:
    """Whether nobody can change what a turn has copies of, and another variable may be; they are
    tied if not.
    """
    if slot.alone or not any(slot.moves):
        return True
    first = zip_longest(slot.places, slot.kept)
    last = zip_longest(after.places, slot.kept)
    moved = [one for one, kept in first if one is not kept]
    moved += [one for one, kept in last if one is not kept and id(one) not in outcome.born]
    free = [one for one in moved if isinstance(one, Changeable) and not one.frozen]
    tie(free, slot.tied)
    return not free


def _is_like(slot: Slot, seen: Sequence[Any], after: Flat) -> bool:
    """Whether a slot ends a turn with the like of what it began with; it is changed if not."""
    try:
        whole, joined = Joined(slot.flat, after), Joined(begun(slot, seen), after)
    except Unlike as unlike:
        raise CannotRoll(
            f"{slot.shown} is {unlike.first} before a turn of this loop and {unlike.second} after "
            "it",
            "Type and shape have to stay, as the turns are one piece of machine code. Instead: "
            f"begin with {unlike.second}, or use different variables.",
        ) from None
    if not whole.structure.is_like(slot.flat.structure):
        slot.flat.structure, slot.flat.leaves = whole.structure, whole.firsts
        slot.flat.places = slot.kept = []
        slot.moves = [True] * len(whole.firsts)
        return False
    fits = True
    for k, (old, new) in enumerate(zip(joined.firsts, joined.seconds, strict=True)):
        if not slot.moves[k]:
            if not same(old, new):
                slot.moves[k], fits = True, False
        elif kind(old)[0] != (word := common_kind(whole.firsts[k], new)):
            # A truth value on one side and a number on the other: as Python counts, a number.
            leaf = as_node(whole.firsts[k])
            slot.flat.leaves[k] = condition(leaf) if word == CONDITION else _as_number(leaf)
            fits = False
    return fits


def _as_number(leaf: Expression) -> Any:
    return leaf if kind(leaf)[0] != CONDITION else where(leaf, as_expression(1), as_expression(0))


def _kind(target: Any) -> str:
    """What a container is, in a word."""
    return f"a {type(target).__name__.lower()}".replace("a array", "an array")
