"""Branches in right-hand sides, made into modes that change at surfaces.

`where(a < b, f, g)` is f while the mode of a < b is +1 and g while it is -1.  The mode is a hidden
parameter, constant within a step, so that each branch's own series is used up to the surface a = b
(an event of its own), and never beyond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from taylor.expression import Expression, parameter
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
    """A condition of a right-hand side.

    surface:   g, positive where the condition holds.
    condition: as it was written.
    at_zero:   the mode on the surface, should the solution start there.
    """

    surface: Expression
    condition: Expression
    at_zero: int


@dataclass(frozen=True, slots=True)
class SwitchedSystem:
    """A system without conditions of state or time: its last parameters are the modes, +-1."""

    system: System
    switches: tuple[Switch, ...]


def switched(system: System) -> SwitchedSystem:
    """Turn every condition on state or time into a mode.

    >>> from taylor.expression import variable
    >>> from taylor.integrate.system import make_system
    >>> x = variable("x")
    >>> [switch.surface for switch in switched(make_system([(x, abs(x - 1))], 1)).switches]
    [x - 1]
    """
    found: dict[Expression, tuple[Switch, Expression]] = {}
    done: dict[Expression, Expression] = {}
    for e in reachable(list(system.derivatives)):
        args = [done[arg] for arg in e.args]
        unchanged = all(new is old for new, old in zip(args, e.args, strict=True))
        new = e if unchanged else rebuild(e, args)
        if new.op in _BRANCHES and _varies(new):
            new = scalars(_BRANCHES[new.op](*new.args)).item()
            if new.op == "where":
                condition = _mode(new.args[0], found)
                new = where(condition, new.args[1], new.args[2])
        elif new.op in _ORDERED and _varies(new):
            new = _mode(new, found)
        done[e] = new
    if not found:
        return SwitchedSystem(system, ())
    modes = tuple(mode for _, mode in found.values())
    derivatives = tuple(done[e] for e in system.derivatives)
    changed = replace(system, derivatives=derivatives, parameters=(*system.parameters, *modes))
    return SwitchedSystem(changed, tuple(switch for switch, _ in found.values()))


def _varies(e: Expression) -> bool:
    """Whether it depends on a state or on time."""
    return any(leaf.op != "parameter" for leaf in inputs([e]))


def _mode(condition: Expression, found: dict[Expression, tuple[Switch, Expression]]) -> Expression:
    """The condition that its mode is positive."""
    if condition.op not in _ORDERED:
        return condition
    a, b = condition.args
    surface = (b - a) if _ORDERED[condition.op] < 0 else (a - b)
    if -surface in found:
        return found[-surface][1] < 0
    if surface not in found:
        switch = Switch(surface, condition, _AT_ZERO[condition.op])
        found[surface] = switch, parameter(f"mode {len(found)}: {condition}")
    return found[surface][1] > 0
