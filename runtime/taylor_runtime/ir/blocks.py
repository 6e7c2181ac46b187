"""Which blocks of a function every way to the present one leads through."""

from __future__ import annotations

from collections.abc import Sequence

Reasons = Sequence[tuple[str, bool]]  # conditions, and what they are

ENTRY = 1  # the block that a function begins with, in sets of blocks, which have a bit for each


class Blocks:
    """The blocks of a function in the order in which they are written.

    A block is dominated by what dominates all from which control comes to it.  Those further down
    from which it comes, too, have to be dominated by the same; that is checked when they jump.

    here:       the present block.
    dominators: it and all that dominate it.
    """

    def __init__(self) -> None:
        self.here = self.dominators = ENTRY
        self._reached: dict[str, int] = {}  # blocks to come: what dominates them so far
        self._placed: dict[str, int] = {}
        self._reasons: dict[str, Reasons] = {}  # conditions that alone lead to blocks
        self._decided: dict[tuple[str, bool], int] = {}  # conditions: the blocks they lead to

    def reach(self, label: str, reasons: Reasons = ()) -> None:
        """Control goes from here to a block; `reasons`: if conditions are true, or false."""
        above = self._placed.get(label)
        if above is not None:
            dominated = not above & ~self.dominators
            assert dominated and label not in self._reasons, f"a jump back to {label} from outside"
        elif label in self._reached:
            self._reached[label] &= self.dominators
            self._reasons.pop(label, None)
        else:
            self._reached[label] = self.dominators
            if reasons:
                self._reasons[label] = reasons

    def place(self, label: str) -> None:
        """A block begins."""
        self.here = 1 << (len(self._placed) + 1)
        above = self._placed[label] = self._reached.get(label, ENTRY)
        self.dominators = above | self.here
        for reason in self._reasons.get(label, ()):
            self._decided[reason] = self._decided.get(reason, 0) | self.here

    def decided(self, condition: str) -> bool | None:
        """What a condition is here, if a branch on every way to here has decided it."""
        for holds in (True, False):
            if self._decided.get((condition, holds), 0) & self.dominators:
                return holds
        return None
