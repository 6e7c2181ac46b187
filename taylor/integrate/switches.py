"""Branches in right-hand sides, made into modes that change at surfaces.

`where(a < b, f, g)` is f while the mode of a < b is +1 and g while it is -1.  The mode is a hidden
parameter, constant within a step, so that each branch's own series is used up to the surface a = b
(an event of its own), and never beyond.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from taylor.expression import Expression, parameter
from taylor.functions.defined import DefinedName
from taylor.functions.registry import functions
from taylor.integrate.system import System
from taylor.logic import where
from taylor.lower import scalars
from taylor.rebuild import rebuild
from taylor.traverse import inputs, reachable

_ORDERED = {"lt": -1, "le": -1, "gt": +1, "ge": +1}  # sign of a - b where the condition holds
_AT_ZERO = {"lt": -1, "le": +1, "gt": -1, "ge": +1}


def _relu(x: Expression) -> Expression:
    return where(x > 0, x, 0)


_BRANCHES: Mapping[str, Any] = {
    "abs": lambda x: where(x >= 0, x, -x),
    "sign": lambda x: where(x > 0, 1, -1),
    "minimum": lambda x, y: where(x <= y, x, y),
    "maximum": lambda x, y: where(x >= y, x, y),
    "relu": _relu,
    "leaky_relu": lambda x, slope: where(x > 0, x, slope * x),
}


@dataclass(frozen=True, slots=True)
class Switch:
    """A surface at which a right-hand side changes its branch.

    surface:   g, positive where the condition holds.
    condition: what changes, as it was written.
    at_zero:   the mode on the surface, should the solution start there.
    mode:      which of the modes changes: to the sign of g,
    change:    or by this, where g (a distance to the next value) goes to this sign.
    """

    surface: Expression
    condition: Expression
    at_zero: int
    mode: int
    change: int = 0


@dataclass(frozen=True, slots=True)
class SwitchedSystem:
    """A system without conditions of state or time: its last parameters are the modes.

    A mode is +-1, or the value of a `floor` or of another function that counts.
    """

    system: System
    switches: tuple[Switch, ...]
    modes: tuple[Expression, ...] = ()


def switched(system: System) -> SwitchedSystem:
    """Turn every condition on state or time into a mode.

    >>> from taylor.expression import variable
    >>> from taylor.integrate.system import make_system
    >>> x = variable("x")
    >>> [switch.surface for switch in switched(make_system([(x, abs(x - 1))], 1)).switches]
    [x - 1]
    """
    found = _Modes()
    done: dict[Expression, Expression] = {}
    for e in reachable(list(system.derivatives)):
        args = [done[arg] for arg in e.args]
        unchanged = all(new is old for new, old in zip(args, e.args, strict=True))
        new = e if unchanged else rebuild(e, args)
        if new.op in _BRANCHES and _varies(new):
            new = scalars(_BRANCHES[new.op](*new.args)).item()
            if new.op == "where":
                new = where(found.condition(new.args[0]), new.args[1], new.args[2])
        elif new.op in _ORDERED and _varies(new):
            new = found.condition(new)
        elif (edge := _edge(new)) is not None and _varies(new):
            new = found.counter(new, edge)
        done[e] = new
    if not found.modes:
        return SwitchedSystem(system, ())
    derivatives = tuple(done[e] for e in system.derivatives)
    parameters = (*system.parameters, *found.modes)
    changed = replace(system, derivatives=derivatives, parameters=parameters)
    return SwitchedSystem(changed, tuple(found.switches), tuple(found.modes))


def _edge(e: Expression) -> Callable[[Expression], Expression] | None:
    """Where a function that counts goes to its next value."""
    record = e.op.record if isinstance(e.op, DefinedName) else functions.get(e.op)
    return record.edge if record is not None else None


def _varies(e: Expression) -> bool:
    """Whether it depends on a state or on time."""
    return any(leaf.op != "parameter" for leaf in inputs([e]))


class _Modes:
    """The modes and switches found so far."""

    def __init__(self) -> None:
        self.modes: list[Expression] = []
        self.switches: list[Switch] = []
        self._by_surface: dict[Expression, Expression] = {}

    def _new(self, what: Expression) -> Expression:
        self.modes.append(parameter(f"mode {len(self.modes)}: {what}"))
        return self.modes[-1]

    def condition(self, e: Expression) -> Expression:
        """The condition that its mode is positive."""
        if e.op not in _ORDERED:
            return e
        a, b = e.args
        surface = (b - a) if _ORDERED[e.op] < 0 else (a - b)
        if -surface in self._by_surface:
            return self._by_surface[-surface] < 0
        if surface not in self._by_surface:
            self.switches.append(Switch(surface, e, _AT_ZERO[e.op], len(self.modes)))
            self._by_surface[surface] = self._new(e)
        return self._by_surface[surface] > 0

    def counter(self, e: Expression, edge: Callable[[Expression], Expression]) -> Expression:
        """The mode that counts the edges passed: up where the next is reached, down again."""
        place, x = len(self.modes), e.args[0]
        mode = self._new(e)
        self.switches += [
            Switch(x - edge(mode + 1), e, -1, place, change=1),
            Switch(x - edge(mode), e, +1, place, change=-1),
        ]
        return mode
