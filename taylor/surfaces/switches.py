"""Branches in right-hand sides, made into modes that change at surfaces.

`where(a < b, f, g)` is f while the mode of a < b is +1 and g while it is -1.  The mode is a hidden
parameter, constant within a step, so that each branch's own series is used up to the surface a = b
(an event of its own), and never beyond.  It is 0 while the motion stays on the surface: then the
condition has the value that it has there as it is written.

What a == b says matters only where the motion stays at a = b, and is no event: its mode is 0 where
it is to be asked as it is written, OFF where the motion does not stay, and ON while it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, constant, parameter, pi
from taylor.expressions.scalars import scalars
from taylor.functions.trigonometric import atan2
from taylor.nodes.arrays import broadcast_to, join, reshape, transpose
from taylor.nodes.conversion import stack
from taylor.nodes.defined import DefinedName
from taylor.nodes.elementary import make_function_node
from taylor.nodes.logic import compare, logical, logical_not, where
from taylor.nodes.node import COMPARISONS
from taylor.nodes.operations.scalars.held import is_shift
from taylor.nodes.rebuild import rebuild
from taylor.nodes.record import Function
from taylor.nodes.registry import functions
from taylor.nodes.traverse import inputs, reachable
from taylor.surfaces.rests import may_rest
from taylor.surfaces.surfaces import surface
from taylor.systems.blocks import SpelledOut
from taylor.systems.system import System
from taylor_runtime.program.records import dataclass

OFF, ON = 1, 2  # of an equality


Side = Callable[[Expression], Expression]  # the mode of an expression's sign


def _where_positive(side: Side, x: Expression, a: Any, b: Any) -> Expression:
    return where(compare("gt", side(x), ZERO), a, b)


def _unless_negative(side: Side, x: Expression, a: Any, b: Any) -> Expression:
    return where(compare("ge", side(x), ZERO), a, b)


def _angle(side: Side, y: Expression, x: Expression) -> Expression:
    """atan2 beyond its cut: on the left, about the half-axis that y had the sign of."""
    s = _unless_negative(side, y, 1, -1)
    return where(x >= 0, atan2(y, x), pi / 2 * s + atan2(-s * x, s * y))


_BRANCHES: Mapping[str, Callable[..., Expression]] = {
    "abs": lambda side, x: _unless_negative(side, x, x, -x),
    "sign": lambda side, x: side(x),
    "copysign": lambda side, one, x: _unless_negative(side, x, one, -one),
    "minimum": lambda side, x, y: _unless_negative(side, y - x, x, y),
    "maximum": lambda side, x, y: _unless_negative(side, x - y, x, y),
    "relu": lambda side, x: _where_positive(side, x, x, 0),
    "leaky_relu": lambda side, x, slope: _where_positive(side, x, x, slope * x),
    "atan2": _angle,
    "lt": lambda side, a, b: compare("gt", side(b - a), ZERO),
    "le": lambda side, a, b: compare("ge", side(b - a), ZERO),
    "gt": lambda side, a, b: compare("gt", side(a - b), ZERO),
    "ge": lambda side, a, b: compare("ge", side(a - b), ZERO),
}

_EXTREMES = {"max": "maximum", "min": "minimum"}  # of arrays


@dataclass(frozen=True, slots=True)
class Switch:
    """A surface at which a right-hand side changes its branch.

    surface:   g, positive where the condition holds.
    condition: what changes, as it was written.
    mode:      which of the modes changes: to the sign of g,
    change:    or by this, where g (a distance to the next value) goes to this sign.
    rests:     the motion may come to rest on the surface, for all that is known.
    """

    surface: Expression
    condition: Expression
    mode: int
    change: int = 0
    rests: bool = False


@dataclass(frozen=True, slots=True)
class Equality:
    """A condition g == 0 or g != 0, and its mode."""

    surface: Expression
    condition: Expression
    mode: int


@dataclass(frozen=True, slots=True)
class SwitchedSystem:
    """A system without conditions of state or time: its last parameters are the modes.

    A mode is +-1 or 0, or the value of a `floor` or of another function that counts.
    """

    system: System
    switches: tuple[Switch, ...]
    modes: tuple[Expression, ...] = ()
    places: Mapping[Expression, Expression] = field(default_factory=dict)  # in tables: their modes
    equalities: tuple[Equality, ...] = ()

    def event_function(self, e: Expression) -> Expression:
        """An event function with the places in its tables made into modes.

        Raises ArgumentError for a table that the system was not made for.
        """
        return _with_places(e, self._known_place)

    def _known_place(self, e: Expression, _: object) -> Expression:
        if e not in self.places:
            raise ArgumentError(
                f"events: {e} is the place in a table along which steps have to end; give events "
                "with tables of state or time to the constructor of the integrator"
            )
        return self.places[e]


def switched(system: System, watched: Iterable[Expression] = ()) -> SwitchedSystem:
    """Turn every condition on state or time into a mode.

    watched: event functions; the places in their tables become modes as well.

    >>> from taylor.expressions.leaves import variable
    >>> from taylor.systems.system import make_system
    >>> x = variable("x")
    >>> [switch.surface for switch in switched(make_system([(x, abs(x - 1))], 1)).switches]
    [x - 1]
    """
    found = _Modes()
    done: dict[Expression, Expression] = {}
    roots = [value for _, value in system.blocks] or list(system.derivatives)
    nodes: list[Expression] = []
    if not system.operations or any(map(_may_switch, system.operations)):
        nodes = reachable(roots, is_shift)
    smooth = not any(map(_may_switch, {e.op for e in nodes}))
    for e in () if smooth else nodes:
        args = [done.get(arg, arg) for arg in e.args]  # of a shift as they are
        unchanged = all(new is old for new, old in zip(args, e.args, strict=True))
        new = e if unchanged else rebuild(e, args)
        if system.blocks and (new.op in _BRANCHES or new.op in _EXTREMES) and _varies(*new.args):
            new = found.array_branch(new)
        elif new.op in _BRANCHES and _varies(*new.args):
            new = scalars(_BRANCHES[new.op](partial(found.side, new), *new.args)).item()
        elif new.op in ("eq", "ne") and _varies(*new.args):
            new = found.equality(new)
        elif (edge := _edge(new)) is not None and _varies(*new.args):
            new = found.counter(new, edge)
        elif (pieces := _pieces(new)) is not None and _varies(*new.args):
            new = found.piece(*pieces(*new.args))
        done[e] = new
    for e in watched:
        _with_places(e, found.counter)
    if not found.modes:
        return SwitchedSystem(system, ())
    blocks = tuple((state, done.get(value, value)) for state, value in system.blocks)
    derivatives: Sequence[Expression] = SpelledOut(blocks)
    if not blocks:
        derivatives = tuple(done.get(e, e) for e in system.derivatives)
    parameters = (*system.parameters, *found.modes)
    changed = System(system.states, derivatives, parameters, blocks)
    slopes = _Slopes(system.states, derivatives)
    asked = {e for equality in found.equalities for e in (equality.surface, -equality.surface)}
    switches = tuple(
        replace(s, rests=not s.change and (s.surface in asked or may_rest(s.surface, slopes)))
        for s in found.switches
    )
    modes, equalities = tuple(found.modes), tuple(found.equalities)
    return SwitchedSystem(changed, switches, modes, found.counted, equalities)


class _Slopes(Mapping[Expression, Expression]):
    """Slopes by state; of arrays that are spelled out those that somebody asks for."""

    def __init__(self, states: Sequence[Expression], slopes: Sequence[Expression]) -> None:
        self._places = {state: i for i, state in enumerate(states)}
        self._slopes = slopes

    def __getitem__(self, state: Expression) -> Expression:
        return self._slopes[self._places[state]]

    def __iter__(self) -> Iterator[Expression]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


Counter = Callable[[Expression, Callable[[Expression], Expression]], Expression]


def _with_places(root: Expression, counter: Counter) -> Expression:
    """The expression with every place in a table replaced, those of constant arguments excepted."""
    done: dict[Expression, Expression] = {}
    for e in reachable([root]):
        args = [done[arg] for arg in e.args]
        unchanged = all(new is old for new, old in zip(args, e.args, strict=True))
        new = e if unchanged else rebuild(e, args)
        edge = _edge(new) if isinstance(new.op, DefinedName) else None
        done[e] = new if edge is None or not _depends(new) else counter(new, edge)
    return done[root]


def _may_switch(op: str) -> bool:
    """Whether nodes of this operation can be conditions; others stay as they are."""
    if op in _BRANCHES or op in _EXTREMES or op in ("eq", "ne") or isinstance(op, DefinedName):
        return True
    record = functions.get(op)
    return record is not None and (record.edge is not None or record.pieces is not None)


def _record(e: Expression) -> Function | None:
    return e.op.record if isinstance(e.op, DefinedName) else functions.get(e.op)


def _edge(e: Expression) -> Callable[[Expression], Expression] | None:
    """Where a function that counts goes to its next value."""
    record = _record(e)
    return record.edge if record is not None else None


def _pieces(e: Expression) -> Callable[..., tuple[Any, Callable[..., Any]]] | None:
    """What a function is while another one counts the same."""
    record = _record(e)
    return record.pieces if record is not None else None


def _depends(e: Expression) -> bool:
    """Whether it depends on a state or on time."""
    return any(leaf.op != "parameter" for leaf in inputs([e]))


def _varies(*operands: Expression) -> bool:
    """Whether some depend on a state or on time by more than conditions, which have modes."""
    found = reachable(operands, lambda e: e.op in COMPARISONS)
    return any(e.op in ("variable", "time") for e in found)


class _Modes:
    """The modes and switches found so far."""

    def __init__(self) -> None:
        self.modes: list[Expression] = []
        self.switches: list[Switch] = []
        self.equalities: list[Equality] = []
        self._by_surface: dict[Expression, Expression] = {}
        self.counted: dict[Expression, Expression] = {}
        self._names: Iterator[Expression] = iter(())  # of an array of modes that is being made

    def _new(self, what: Expression) -> Expression:
        mode = next(self._names, None)
        if mode is None:
            mode = parameter(f"mode {len(self.modes)}: {what}")
        self.modes.append(mode)
        return mode

    def side(self, e: Expression, g: Expression) -> Expression:
        """The sign of g by modes, those of its parts, for a condition or function `e`."""
        if not _varies(g):
            return g
        found = surface(g)
        return found.sign([self._part(e, g, part) for part in found.parts])

    def _part(self, e: Expression, g: Expression, part: Expression) -> Expression:
        """The mode that is the sign of a part of g."""
        if not _varies(part):
            return part
        if -part in self._by_surface:
            return -self._by_surface[-part]
        if part not in self._by_surface:
            own = e.op in COMPARISONS and (part is g or part is -g)
            written = e if own else part > 0
            self.switches.append(Switch(part, written, len(self.modes)))
            self._by_surface[part] = self._new(written)
        return self._by_surface[part]

    # -- arrays -----------------------------------------------------------------------------------

    def array_branch(self, e: Expression) -> Expression:
        """A function that has branches, of arrays, by modes that are arrays as well."""
        if e.op in _EXTREMES:
            return self._extreme(e)
        return _BRANCHES[e.op](partial(self._sides, e), *e.args)

    def _extreme(self, e: Expression) -> Expression:
        """The largest or smallest elements: of pairs, then of pairs of these, until one is left."""
        (source,) = e.args
        kept = [axis for axis in range(source.ndim) if axis not in e.payload]
        turned = transpose(source, (*kept, *e.payload))
        row = reshape(turned, (*e.shape, -1))
        while row.shape[-1] > 1:
            half = row.shape[-1] // 2
            pair = make_function_node(_EXTREMES[e.op], row[..., :half], row[..., half : 2 * half])
            best = self.array_branch(pair) if pair.op in _BRANCHES and _varies(*pair.args) else pair
            rest = row[..., 2 * half :]
            row = join([best, rest], len(e.shape)) if rest.size else best
        return reshape(row, e.shape)

    def _missing(self, elements: Iterable[Expression]) -> int:
        """How many parts of some functions have no mode yet."""
        known, new = set(self._by_surface), 0
        for part in (part for e in elements for part in surface(e).parts if _varies(part)):
            if part not in known and -part not in known:
                known.add(part)
                new += 1
        return new

    def _sides(self, e: Expression, g: Expression) -> Expression:
        """The signs of the elements of g by modes, those of their parts."""
        if not _varies(g):
            return g
        wholes = scalars(broadcast_to(e, np.broadcast_shapes(e.shape, g.shape))).ravel()
        elements = scalars(g).ravel()
        if len(wholes) != len(elements):
            wholes = elements > 0
        leaf = parameter(f"modes {len(self.modes)}: {e}", shape=(self._missing(elements),))
        self._names = iter(scalars(leaf).ravel())
        signs = [self.side(one, part) for one, part in zip(wholes, elements, strict=True)]
        self._names = iter(())
        if len(signs) == leaf.size and all(
            s is m for s, m in zip(signs, scalars(leaf), strict=True)
        ):
            return reshape(leaf, g.shape)
        return reshape(stack(signs), g.shape)

    def equality(self, e: Expression) -> Expression:
        """The condition, unless its mode says what it is."""
        a, b = e.args
        if not _varies(a - b):
            return e
        self.equalities.append(Equality(a - b, e, len(self.modes)))
        mode = self._new(e)
        asked, stays = compare("eq", mode, ZERO), compare("eq", mode, constant(ON))
        holds = logical("or", stays, logical("and", asked, compare("eq", a, b)))
        return holds if e.op == "eq" else logical_not(holds)

    def counter(self, e: Expression, edge: Callable[[Expression], Expression]) -> Expression:
        """The mode that counts the edges passed: up where the next is reached, down again."""
        if e in self.counted:
            return self.counted[e]
        record = _record(e)
        place, x = len(self.modes), e.args[0] if record is None else record.counted(*e.args)
        mode = self.counted[e] = self._new(e)
        self.switches += [
            Switch(x - edge(mode + 1), e, place, change=1),
            Switch(x - edge(mode), e, place, change=-1),
        ]
        return mode

    def piece(self, e: Expression, value: Callable[[Expression], Expression]) -> Expression:
        """A function that is `value` of what e counts."""
        edge = _edge(e)
        return value(e if edge is None else self.counter(e, edge))
