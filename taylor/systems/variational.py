"""Systems whose solutions are wanted with derivatives: of what, by what, to which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time as time_node
from taylor.expressions.scalars import scalars
from taylor.numbers.precision import FLOAT64, Precision, as_array, leading
from taylor.polynomials.polynomial import Polynomial
from taylor.polynomials.space import Space, make_space
from taylor.systems.system import Equations, System
from taylor.systems.versions import Versioned
from taylor_runtime.program.records import dataclass, replace

Varied: TypeAlias = "Expression | str"  # a state, a parameter, or `taylor.time`
CONTROLS = ("derivatives", "state")
NEXT_TO_NOTHING = 2.0**-800  # a weight of 0 would say that there is nothing to compare with
MOST_NAMES = 6  # of variables that are written out


@dataclass(frozen=True, slots=True, eq=False)
class Variational(Versioned):
    """Equations, and the derivatives of their solution that are wanted; see `variational`.

    >>> import taylor as ty
    >>> x, k = ty.variable("x"), ty.parameter("k")
    >>> system = ty.variational([(x, -k * x)], order=2, wrt=[x, k])
    >>> isinstance(system, ty.Variational)
    True
    """

    equations: System | Equations
    order: int
    wrt: tuple[Varied, ...] | None = None
    limits: tuple[tuple[Varied, int], ...] = ()
    directions: np.ndarray | None = None
    control: str = "derivatives"
    tolerances: tuple[float, ...] | None = None
    initial: Polynomial | None = None

    def __repr__(self) -> str:
        names = "all states" if self.wrt is None else ", ".join(map(str, self.wrt))
        return f"Variational(order={self.order}, wrt={names})"


def variational(
    system: System | Equations,
    order: int = 1,
    wrt: Sequence[Varied] | Varied | None = None,
    *,
    limits: Mapping[Varied, int] | None = None,
    directions: ArrayLike | None = None,
    control: str = "derivatives",
    tolerances: Sequence[float] | None = None,
    initial: Polynomial | None = None,
) -> Variational:
    """A system for `Integrator` that carries the derivatives of its solution along.

    The Taylor coefficients of the solution become truncated polynomials in displacements of what
    `wrt` names, and the same recurrences hold: derivatives of any order, of any right-hand side.
    The integrator then has a `flow_map`, an array of `Polynomial`, one for each state.

    system:     as `Integrator` takes it.
    order:      highest total order of the derivatives.
    wrt:        states, parameters (arrays of them, too) and `taylor.time`, the initial time; all
                states by default.
    limits:     highest power of some of them: {k: 1} has first derivatives by k alone.
    directions: shape (len(wrt), d), a matrix J: derivatives along the d columns of J only.  The
                variables of the polynomials are then called s0, s1, ...
    control:    "derivatives": step sizes are such that derivatives are as accurate as the state,
                each order relative to its largest derivative.  "state": as without derivatives.
    tolerances: relative tolerances of the derivatives of order 1, 2, ..; by default the state's.
    initial:    a polynomial for each state, in any variables, that the displacements of the states
                begin as: another solution's `flow_map`, for example, or starts on a curve.  Its
                constant part is the initial state, or zero.  `wrt` then names parameters and time
                alone: they are the variables of `initial` that have their names, or further ones.

    Raises TypeError or ValueError for orders that are no natural numbers, for a `wrt` that is
    empty or names something twice, and for shapes that do not fit; what is no state or parameter
    of the system is refused by `Integrator`.

    Source: the method of Berz (Modern Map Methods in Particle Beam Physics, 1999), with the
    coefficients in time by automatic differentiation.

    >>> import numpy as np, taylor as ty
    >>> x, v = ty.variables("x v")
    >>> ta = ty.Integrator(ty.variational([(x, v), (v, -x)]), [1.0, 0.0])
    >>> outcome = ta.propagate_until(np.pi / 2)
    >>> ta.state_transition_matrix.round(12) + 0.0
    array([[ 0.,  1.],
           [-1.,  0.]])
    """
    if not isinstance(order, int | np.integer) or isinstance(order, bool) or order < 1:
        raise ArgumentError(f"variational: order must be an integer from 1 on, got {order!r}")
    listed = None if wrt is None else _listed(wrt)
    if control not in CONTROLS:
        raise ArgumentError(f"variational: control must be one of {CONTROLS}, got {control!r}")
    if initial is not None:
        _check_initial(initial, directions, limits)
        listed = listed or ()
    matrix = None
    if directions is not None:
        matrix = as_array(directions, FLOAT64, "variational: directions", 2)
        if matrix.ndim != 2 or matrix.shape[1] < 1 or not np.isfinite(matrix).all():
            raise ArgumentError(
                f"variational: directions must be a matrix with a column for each direction, got "
                f"shape {matrix.shape}"
            )
        if limits:
            raise ArgumentError("variational: give limits or directions, not both")
    if limits is not None and not isinstance(limits, Mapping):
        raise ArgumentTypeError(f"variational: limits must be a dict, as {{k: 1}}, got {limits!r}")
    given = tuple((limits or {}).items())
    for what, most in given:
        if not isinstance(what, Expression | str):
            raise ArgumentTypeError(f"variational: limits has {what!r}, which is not in wrt")
        if not isinstance(most, int | np.integer) or isinstance(most, bool) or most < 0:
            raise ArgumentError(f"variational: the limit of {what} must be >= 0, got {most!r}")
    return Variational(
        system,
        int(order),
        listed,
        given,
        matrix,
        control,
        _tolerances(tolerances, int(order)),
        initial,
    )


def _check_initial(initial: object, directions: object, limits: object) -> None:
    if not isinstance(initial, Polynomial):
        raise ArgumentTypeError(
            f"variational: initial must be a taylor.Polynomial, got {type(initial).__name__}"
        )
    if initial.ndim != 1:
        raise ArgumentError(
            f"variational: initial must have a polynomial for each state, got shape {initial.shape}"
        )
    if directions is not None or limits:
        raise ArgumentError("variational: give initial without directions and limits")


def _listed(wrt: Sequence[Varied] | Varied) -> tuple[Varied, ...]:
    try:
        items = (wrt,) if isinstance(wrt, Expression | str) else tuple(wrt)
    except TypeError:
        items = (cast(Varied, wrt),)
    for item in items:
        if not isinstance(item, Expression | str):
            raise ArgumentTypeError(
                f"variational: wrt names states, parameters and taylor.time, got {item!r}"
            )
    if not items:
        raise ArgumentError("variational: wrt is empty; leave it out for all states")
    return items


def _tolerances(given: Sequence[float] | None, order: int) -> tuple[float, ...] | None:
    if given is None:
        return None
    try:
        found = tuple(float(one) for one in given)
    except (TypeError, ValueError):
        found = ()
    if len(found) != order or not all(0 < one < 1 for one in found):
        raise ArgumentError(
            f"variational: tolerances must be {order} numbers between 0 and 1, one for each order "
            f"of derivatives, got {given!r}"
        )
    return found


@dataclass(frozen=True, slots=True)
class Variations:
    """What the states and parameters of a system are displaced by.

    space:      the polynomials.
    states:     for each displaced state its place, and
    parameters: for each displaced parameter its place, in the order of their rows in
    seeds:      the linear parts: (states, then parameters, then perhaps time; variables).
    time:       whether the initial time is displaced, which is the last row.
    weights:    by degree: how much derivatives count in the choice of steps.
    initial:    what states are displaced by instead, if given.
    """

    space: Space
    states: tuple[int, ...]
    parameters: tuple[int, ...]
    seeds: np.ndarray
    time: bool
    weights: tuple[float, ...]
    initial: Polynomial | None = None

    def __str__(self) -> str:
        names = self.space.names
        listed = ", ".join(names) if len(names) <= MOST_NAMES else f"{len(names)} variables"
        return f"derivatives to order {self.space.order} by {listed}"

    @property
    def size(self) -> int:
        """Numbers of a polynomial."""
        return self.space.size

    def without_time(self, count: int) -> Variations | None:
        """The same without the initial time, where those know enough: what it displaces are the
        states, and all of these are displaced, `count`, each by a variable of its own.
        """
        rows, columns = self.seeds.shape
        own = rows == columns and bool(np.isin(self.seeds, (0, 1)).all())
        own = own and all((self.seeds.sum(axis=axis) == 1).all() for axis in (0, 1))
        if not (self.time and own and len(self.states) == count) or self.space.limits:
            return None
        if self.initial is not None:
            return None
        column = int(np.argmax(self.seeds[-1]))
        names = tuple(name for k, name in enumerate(self.space.names) if k != column)
        seeds = np.delete(self.seeds[:-1], column, axis=1)
        space = make_space(names, self.space.order)
        return replace(self, space=space, seeds=seeds, time=False)

    def check_state(self, state: np.ndarray, kind: Precision) -> None:
        """Raise ArgumentError unless `initial`, if given, goes with a state (n,) or (n, 2)."""
        if self.initial is None:
            return
        if self.initial.shape != (len(state),):
            raise ArgumentError(
                f"variational: initial has {self.initial.shape[0]} polynomials, the system "
                f"{len(state)} states"
            )
        own = leading(np.asarray(self.initial.constant_part), self.initial._kind)
        if own.any() and not np.array_equal(own.astype(float), leading(state, kind).astype(float)):
            raise ArgumentError(
                "variational: the constant part of initial is not the initial state; give "
                "initial.constant_part as the state, or initial without it"
            )


def variations_of(asked: Variational, system: System, smallest: float) -> Variations:
    """The displacements that are asked for, of a system whose smallest tolerance is known.

    Raises ArgumentError for what is no state or parameter of it, or named twice.
    """
    leaves = _leaves(asked, system)
    places = {e: place for place, e in enumerate(system.states)}
    parameters = {e: place for place, e in enumerate(system.parameters)}
    names = tuple(str(leaf) for leaf in leaves)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ArgumentError(f"variational: two of wrt are called {twice}; rename one of them")
    count = len(leaves)
    limits: tuple[int, ...] = ()
    if asked.limits:
        limits = _limits(asked, leaves, system)
    matrix = np.eye(count)
    if asked.directions is not None:
        matrix = asked.directions
        if len(matrix) != count:
            raise ArgumentError(
                f"variational: directions must have a row for each of the {count} in wrt, got "
                f"shape {matrix.shape}"
            )
        names = tuple(f"s{k}" for k in range(matrix.shape[1]))
    states = [k for k in range(count) if leaves[k] in places]
    if asked.initial is not None:
        if states:
            raise ArgumentError(
                f"variational: wrt names the state {leaves[states[0]]}, and initial says how "
                "states are displaced; name parameters and time alone"
            )
        own, names = names, tuple(dict.fromkeys((*asked.initial.names, *names)))
        matrix = np.array([[float(name == other) for other in names] for name in own])
        matrix = matrix.reshape(count, len(names))
    others = [k for k in range(count) if leaves[k] in parameters]
    last = [k for k in range(count) if leaves[k] is time_node]
    wanted = asked.tolerances or (smallest,) * asked.order
    looked = 1.0 if asked.control == "derivatives" else NEXT_TO_NOTHING
    return Variations(
        make_space(names, asked.order, limits),
        tuple(places[leaves[k]] for k in states),
        tuple(parameters[leaves[k]] for k in others),
        matrix[[*states, *others, *last]],
        bool(last),
        (1.0, *(looked * smallest / one for one in wanted)),
        asked.initial,
    )


def _leaves(asked: Variational, system: System) -> list[Expression]:
    if asked.wrt is None:
        return list(system.states)
    found: dict[Expression, None] = {}
    for item in asked.wrt:
        for leaf in _elements(item, system):
            if leaf in found:
                raise ArgumentError(f"variational: wrt names {leaf} twice")
            found[leaf] = None
    return list(found)


def _limits(asked: Variational, leaves: list[Expression], system: System) -> tuple[int, ...]:
    """The highest powers of what is displaced."""
    highest: dict[Expression, int] = {}
    for what, most in asked.limits:
        for leaf in _elements(what, system, "limits"):
            if leaf in highest:
                raise ArgumentError(f"variational: limits names {leaf} twice")
            if all(leaf is not one for one in leaves):
                raise ArgumentError(f"variational: limits has {leaf}, which is not in wrt")
            highest[leaf] = most
    found = tuple(highest.get(leaf, asked.order) for leaf in leaves)
    if not any(found):
        raise ArgumentError("variational: with limits of 0 for all in wrt there are no derivatives")
    return found


def _elements(item: Varied, system: System, where: str = "wrt") -> list[Expression]:
    """The states and parameters that an expression or a name stands for."""
    known = dict.fromkeys([*system.states, *system.parameters, time_node])
    if isinstance(item, Expression):
        listed = [item] if item.shape == () else list(scalars(item).ravel())
        if all(leaf in known for leaf in listed):
            return listed
        if item.shape:  # of an array parameter some elements may not occur
            own = [leaf for leaf in listed if leaf in known]
            if own and all(leaf.op == "index" for leaf in listed):
                return own
    else:
        own = [leaf for leaf in known if str(leaf) == item]
        own = own or [e for e in known if e.op == "index" and str(e.args[0]) == item]
        if own:
            return own
    names = ", ".join(str(e) for e in known)
    raise ArgumentError(
        f"variational: {where} has {item}, which is no state or parameter of the system; known are "
        f"{names}"
    )
