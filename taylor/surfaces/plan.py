"""Which functions machine code searches for zeros, and whose zeros those are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import variable
from taylor.nodes.traverse import inputs
from taylor.recurrences.decompose import decompose
from taylor.surfaces.edges import edges
from taylor.surfaces.smoothness import Facts
from taylor.surfaces.surfaces import Surface, surface
from taylor_runtime.program.program import Input, Program


class Plan:
    """Event functions and the surfaces of switches in the machine's order.

    Numbers go first to the events that one function stands for, then to the switches, then to the
    parts of all other events, and last to these, which have no function but a formula of signs.

    functions: what is searched: those of all numbers but the last.
    numbers:   per event, its number.
    combined:  the formulas of the last.
    guards:    so many last functions are zero where rough ones are singular, and do nothing else.
    uncertain: the events of which a part is searched by its values, so that zeros that are close
               together may be missed.
    """

    def __init__(self, watched: Sequence[Expression], switching: Sequence[Expression]) -> None:
        found = [surface(g) for g in watched]
        single = [s.single for s in found]
        plain = [k for k, g in enumerate(single) if g is not None]
        others = [k for k, g in enumerate(single) if g is None]
        self.first_switch = len(plain)
        self.first_part = len(plain) + len(switching)
        self._parts: dict[Expression, Expression] = {}
        self.combined = [self._formula(found[k]) for k in others]
        self.functions = [g for g in single if g is not None] + [*switching, *self._parts]
        self.uncertain = [k for k, s in enumerate(found) if any(s.rough)]
        facts = Facts()
        self.rough = [not facts.is_smooth(g) for g in self.functions]
        singular = [
            h for g, r in zip(self.functions, self.rough, strict=True) if r for h in edges(g)
        ]
        guards = [h for h in dict.fromkeys(singular) if facts.is_smooth(h)]
        self.guards = len(guards)
        self.functions += guards
        self.rough += [False] * len(guards)
        self.numbers = [0] * len(watched)
        for number, k in enumerate(plain):
            self.numbers[k] = number
        for number, k in enumerate(others):
            self.numbers[k] = len(self.functions) + number
        total = len(self.functions) + len(others)
        self._owners = np.full(total, -1)
        self._owners[self.numbers] = np.arange(len(watched))
        switches = slice(len(plain), len(plain) + len(switching))
        self._owners[switches] = len(watched) + np.arange(len(switching))

    def _formula(self, found: Surface) -> Expression:
        signs = []
        for part in found.parts:
            if part not in self._parts:
                self._parts[part] = variable(f"sign of part {len(self._parts)}")
            signs.append(self._parts[part])
        return found.sign(signs)

    def owners(self, number: int) -> list[int]:
        """The events whose zeros are those of a function, or some of them."""
        direct = [k for k, own in enumerate(self.numbers) if own == number]
        signs = list(self._parts.values())
        part, first = number - self.first_part, len(self.functions)
        if not 0 <= part < len(signs):
            return direct
        return [
            k
            for k, own in enumerate(self.numbers)
            if own >= first
            and any(e is signs[part] for e in self.formula_inputs(self.combined[own - first]))
        ]

    def formula_inputs(self, formula: Expression) -> list[Expression]:
        """The signs that a formula depends on."""
        return [e for e in inputs([formula]) if e.op == "variable"]

    def formulas(self, parameters: Sequence[Expression]) -> Program | None:
        """The signs of the combined functions, from those of the parts and the parameters."""
        if not self.combined:
            return None
        given = {e: Input("parameter", (i,)) for i, e in enumerate(parameters)}
        given |= {e: Input("sign", (i,)) for i, e in enumerate(self._parts.values())}
        return decompose(self.combined, given, 0)

    def owned(self, numbers: np.ndarray) -> np.ndarray:
        """The events whose zeros those of functions are, or behind these the switches."""
        return self._owners[numbers] if self.combined else numbers
