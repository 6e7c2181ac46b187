"""Which steps are looked at on the way back, and what follows from what was seen.

A step that is looked at is gone over twice, the first time with the last two powers of its length
alone: what these give has to be next to nothing beside the adjoint.
"""

from __future__ import annotations

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.fields import Fields
from taylor_runtime.ir.values import Value

FAR = 0.5  # of the limit: what is less is no reason to look at the next step
MOST_UNSEEN = 32  # steps between two that are looked at
GROWTH = 4  # of their number, as long as all is well
SHORTER, LONGER = 0.25, 2.0  # than the last that was looked at: those between are like it


class Looking:
    """The fields of `layout.SWEEP` that say so, of one trajectory or of one in each lane.

    where: the lanes of which something is so, where it is not so of all.
    """

    def __init__(self, b: Builder, control: Fields) -> None:
        self.b, self.control = b, control

    def is_due(self, length: Value) -> Value:
        """Whether a step is to be looked at."""
        control, last = self.control, self.control.get("checked")
        unlike = (length < last * SHORTER) | (length > last * LONGER)
        return unlike | (control.get("since") + 1 >= control.get("window"))

    def note(self, length: Value, top: Value, where: Value | None = None) -> None:
        """What the last two terms of a step give, to be judged when all of it is known."""
        control = self.control
        control.set("checked", length, where)
        control.set("looked_at", 1, where)
        control.set("looked", control.get("looked") + 1, where)
        control.set("top", top, where)

    def is_near(self, ratio: Value) -> Value:
        """Whether what these give is so much that the next step is looked at, too."""
        return ~(ratio <= self.control.get("limit") * FAR)

    def is_short(self, ratio: Value) -> Value:
        """Whether it is little enough."""
        return ratio <= self.control.get("limit")

    def unseen(self) -> Value:
        """Whether there are steps behind that nobody looked at."""
        return self.control.get("since") > 0

    def go_back(self, where: Value | None = None) -> None:
        """These are to be looked at."""
        control = self.control
        control.set("careful", control.get("since") + 2, where)
        control.set("index", control.get("kept_index"), where)
        control.set("observed", control.get("kept_observed"), where)
        for name, value in (("since", 0), ("window", 1), ("looked_at", 0)):
            control.set(name, value, where)

    def confirm(self, near: Value, where: Value | None = None) -> None:
        """A step that was looked at is short enough."""
        b, control = self.b, self.control
        careful, window = control.get("careful"), control.get("window")
        grown = window * GROWTH
        wider = b.select(grown < MOST_UNSEEN, grown, b.like(window, MOST_UNSEEN))
        again = near | (careful > 0)
        control.set("window", b.select(again, b.like(window, 1), wider), where)
        control.set("careful", b.select(careful > 0, careful - 1, careful), where)

    def take(self, looked_at: Value, where: Value | None = None) -> None:
        """A step has been gone back over."""
        b, control = self.b, self.control
        control.set("index", control.get("index") - 1, where)
        control.set("observed", control.get("left"), where)
        since = control.get("since") + 1
        control.set("since", b.select(looked_at, b.like(since, 0), since), where)
        control.set("looked_at", 0, where)

    def keep(self, where: Value | None = None) -> None:
        """Where the way back is now is where it may begin anew."""
        control = self.control
        control.set("kept_index", control.get("index"), where)
        control.set("kept_observed", control.get("observed"), where)


def over(b: Builder, value: Value, largest: Value) -> Value:
    """value / largest; zero of nothing."""
    return b.select(b.eq(value, 0), b.like(value, 0), value / largest)
