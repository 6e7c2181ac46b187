"""Instructions that may still change after they were appended; all others are text at once.

A function is a list of lines until the text of its module is made: `str` of each is its text then.
"""

from __future__ import annotations

from taylor_runtime.ir.values import Value


class Phi:
    """A value that depends on the block from which control comes: for each, what it is then."""

    __slots__ = ("incoming", "value")

    def __init__(self, value: Value, *incoming: tuple[Value, str]) -> None:
        self.value = value
        self.incoming = list(incoming)

    def add(self, value: Value, block: str) -> None:
        """What it is where control comes from `block`."""
        self.incoming.append((value, block))

    def __str__(self) -> str:
        listed = ", ".join([f"[ {value.text}, %{block} ]" for value, block in self.incoming])
        return f"  {self.value.text} = phi {self.value.type} {listed}"


class Store:
    """An instruction that puts a value in memory, unless it is dropped: nobody reads it then."""

    __slots__ = ("dropped", "instruction")

    def __init__(self, instruction: str) -> None:
        self.instruction = instruction
        self.dropped = False

    def __str__(self) -> str:
        return "" if self.dropped else f"  {self.instruction}"


Line = str | Phi | Store
