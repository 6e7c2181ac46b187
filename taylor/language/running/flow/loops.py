"""``for`` and ``while``: gone through by Python, or traced to a loop of machine code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from taylor.errors import TaylorError
from taylor.language.running.cells import UNSET, cells_of, put_all, value_in, values_in
from taylor.language.running.flow.attempts import attempt
from taylor.language.running.flow.choices import any_of, decide, negation, truth
from taylor.language.running.flow.rolled import Stop, rolled_for, rolled_while
from taylor.language.running.flow.slots import CannotRoll, Carried
from taylor.language.running.journal import Level, put_content, running
from taylor.language.running.places import Reads, place, refuse, refuse_at
from taylor.language.running.values.kinds import Flat
from taylor.language.running.values.sequences import NoElement, Steps, is_traced_sequence, steps_of

FEW = 8  # turns, of loops inside one another together, that are written out one after the other

# What tracing a turn may say where the turns are to be taken one by one.
ROLLS_NOT = (CannotRoll, NoElement, TaylorError, TypeError, IndexError, KeyError, AttributeError)


def for_(
    iterable: Any,
    body: Callable[[Any], Any],
    stop: Stop,
    carried: Sequence[str],
    after: Sequence[str],
    risky: Reads,
) -> None:
    """``for target in iterable: ...``.

    body:    one turn, of the element.
    stop:    gives the flags that end the loop.
    carried: names that turns set and that are read in the next one or afterwards.
    after:   those that are read afterwards.
    risky:   those of them that may be without a value then, and where they are read.
    """
    traced = is_traced_sequence(iterable)
    if not traced and not isinstance(iterable, range | list | tuple):
        iterable = list(iterable)
    loop = _Loop(body, stop, carried, after, risky)
    steps = steps_of(iterable)
    try:
        loop.run_for(steps, steps.is_known and not loop.reads_traced(iterable))
    except NoElement:
        refuse(
            "the loop goes through elements that are no array, and a traced value decides how many",
            "Instead: put numbers of one shape into an array before, numpy.array(values).",
        )


def while_(
    test: Callable[[], Any],
    body: Callable[[], Any],
    stop: Stop,
    carried: Sequence[str],
    after: Sequence[str],
    risky: Reads,
) -> None:
    """``while test: ...``; the arguments are those of `for_`."""
    _Loop(body, stop, carried, after, risky).run_while(test)


class _Loop:
    """One loop that is being gone through."""

    def __init__(
        self,
        body: Callable[..., Any],
        stop: Stop,
        carried: Sequence[str],
        after: Sequence[str],
        risky: Reads,
    ) -> None:
        cells = cells_of(body)
        self.body, self.stop = body, stop
        self.cells = {name: cells[name] for name in carried}
        self.reads = list(cells.values())
        self.after, self.risky = after, risky
        self._uncertain = False  # whether a traced value decides about the next turn

    def reads_traced(self, iterable: Any) -> bool:
        """Whether a turn may meet a traced value: one is among what it sees."""
        if is_traced_sequence(iterable):
            return True
        return any(Flat(value).traced for value in [*values_in(self.reads), iterable])

    # --- by Python -------------------------------------------------------------------------------

    def run_for(self, steps: Steps, plain: bool) -> None:
        """Go through the elements; `plain` where nothing is traced."""
        if not steps.is_known:
            self.trace_for(steps)
            return
        turns = iter(range(steps.length))

        def turn() -> bool:
            k = next(turns, None)
            if k is not None:
                self.body(steps.at(k))
            return k is not None

        many = not plain and running().unrolled * steps.length > FEW
        if not many and self._in_python(turn, steps.length, None):
            return
        try:
            self.trace_for(steps)
        except ROLLS_NOT:
            if not many or not self._in_python(turn, steps.length, None):
                self._guarded(steps)

    def _guarded(self, steps: Steps) -> None:
        """Take the turns one by one, each for as long as no flag is set."""
        running().note(f"written out: {steps.length} turns, each if none before ended the loop")
        for k in range(steps.length):
            ended = self._ended()
            if ended:
                return
            if ended is False:
                self.body(steps.at(k))
                continue
            assert self.stop is not None
            flags = iter(self.stop())
            some = next(flags)
            for flag in flags:
                some = any_of(some, partial(_kept, flag))
            decide(
                negation(some), partial(self._turn, steps, k), partial(_kept, None), self.cells, ()
            )

    def _turn(self, steps: Steps, k: int) -> None:
        self.body(steps.at(k))

    def run_while(self, test: Callable[[], Any]) -> None:
        """Go on as long as the test holds: in Python while that is known, else traced."""

        def turn() -> bool | None:
            found = truth(test())
            if found is True:
                self.body()
            return found if isinstance(found, bool) else None

        plain = not self.reads_traced(())
        limit = None if plain else max(1, FEW // running().unrolled)
        if self._in_python(turn, 1, limit):
            return
        entered = attempt(lambda: truth(test()), []).returned is True
        if limit is None or self._uncertain:
            self.trace_while(test, entered)
            return
        try:
            self.trace_while(test, entered)
        except ROLLS_NOT as error:
            if not self._in_python(turn, 1, None):
                raise error from None

    def _in_python(self, turn: Callable[[], bool | None], copies: int, limit: int | None) -> bool:
        """Take turns until one says that there is none; False, with nothing done, where a traced
        value decides whether there is another one, or where there are more than `limit`.
        """
        now = running()
        cells = list({id(c): c for c in (*self.reads, *now.shared)}.values())
        before, fault, whole = values_in(cells), now.fault, now.unrolled
        level = Level(before)
        now.levels.append(level)
        now.unrolled = whole * max(1, copies)
        count, going, done = 0, True, True
        try:
            while going and done:
                found, ended = turn(), self._ended()
                count += 1
                self._uncertain = found is None or ended is None
                done = not self._uncertain and (limit is None or count <= limit or not found)
                going = bool(found) and not ended
        except BaseException:
            done = False
            raise
        finally:
            now.unrolled = whole
            now.levels.pop()
            if not done:
                for target, content in level.before.values():
                    put_content(target, content)
                put_all(cells, before)
                now.fault = fault
        if done:
            self._keep(level)
            now.note(f"written out: {count - (not found)} turns")
        return done

    def _ended(self) -> bool | None:
        """Whether a flag ends the loop; None where a traced value decides."""
        if self.stop is None:
            return False
        found = [truth(flag) for flag in self.stop()]
        if any(flag is True for flag in found):
            return True
        return False if all(flag is False for flag in found) else None

    @staticmethod
    def _keep(level: Level) -> None:
        """What was changed counts, also where another branch or turn is around."""
        levels = running().levels
        if levels:
            outer = levels[-1]
            for key, noted in level.before.items():
                if key not in outer.born:
                    outer.before.setdefault(key, noted)
            outer.born |= level.born

    # --- traced ----------------------------------------------------------------------------------

    def trace_for(self, steps: Steps) -> None:
        """Trace one turn, as the body of a node; the first is done before where it gives variables
        the type and shape that they keep.
        """
        entered = steps.is_known and steps.length > 0
        self._check_set(entered)
        try:
            rolled_for(Carried(self.cells, self.reads), steps, 0, self.body, self.stop)
        except CannotRoll as cannot:

            def apart() -> None:
                self.body(steps.at(0))
                rolled_for(Carried(self.cells, self.reads), steps, 1, self.body, self.stop)

            self._first_apart(True if entered else truth(steps.length), apart, cannot)

    def trace_while(self, test: Callable[[], Any], entered: bool) -> None:
        """Trace test and turn; as `trace_for`."""
        self._check_set(entered)

        def roll() -> None:
            rolled_while(Carried(self.cells, self.reads), test, self.body, self.stop, entered)

        try:
            roll()
        except CannotRoll as cannot:

            def apart() -> None:
                self.body()
                roll()

            first = True if entered else truth(attempt(test, []).returned)
            self._first_apart(first, apart, cannot)

    def _first_apart(self, entered: Any, action: Callable[[], None], cannot: CannotRoll) -> None:
        """Take the first turn apart from the others, if there is one."""
        try:
            if entered is True:
                action()
            else:
                after = {name: self.cells[name] for name in self.after}
                decide(entered, action, partial(_kept, None), after, ())
        except (CannotRoll, TaylorError):
            refuse(cannot.what, cannot.instead)

    def _check_set(self, entered: bool) -> None:
        """Refuse variables that are read afterwards and that no turn may have set."""
        for name, read in self.risky:
            if not entered and value_in(self.cells[name]) is UNSET:
                refuse_at(
                    read,
                    f"`{name}` is read here, and only turns of the loop in line {place()[2]} have "
                    "set it",
                    f"A traced value decides whether there is a turn. Instead: set `{name}` before "
                    "the loop.",
                )


def _kept(value: Any) -> Any:
    return value
