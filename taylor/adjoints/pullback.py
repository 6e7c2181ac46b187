"""The program of a system together with its pullback, and the machine code that goes back by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from taylor.adjoints.propagator import Propagator
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.numbers.precision import as_precision
from taylor.recurrences.arrays import lower_arrays
from taylor.recurrences.externals import check_has_digits, externals
from taylor.recurrences.lowered import lowered
from taylor.systems.elements import Elements
from taylor.systems.system import System
from taylor.transforms.reusing import reusing
from taylor.transforms.reverse import adjoints
from taylor_runtime.callables.trajectories.sweep import (
    Sweeper,
    SweepOptions,
    blocks_of,
    build_array_sweeper,
    build_sweeper,
)
from taylor_runtime.program.program import Input
from taylor_runtime.program.records import dataclass

MOST_TOGETHER = 4  # products of a sum that is left as it is


@dataclass(frozen=True, slots=True)
class Pullback:
    """A sweep, and which parameters its sums belong to.

    places: the first place among the system's parameters of sums that follow one another, and their
        number; some may be of the same ones. The running cost's integral, if any, is behind them
        all.
    """

    sweeper: Sweeper
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Arrays:
    """A system's equations as they are expanded, one array (or number) after the other."""

    states: Sequence[Expression]
    slopes: Sequence[Expression]
    parameters: Sequence[Expression]
    places: Sequence[int]  # of the parameters' first elements

    @classmethod
    def of(cls, system: System) -> _Arrays:
        if not system.blocks:
            count = len(system.parameters)
            return cls(system.states, system.derivatives, system.parameters, range(count))
        states, slopes = zip(*system.blocks, strict=True)
        known = system.parameters
        if isinstance(known, Elements):
            return cls(states, slopes, tuple(known.first), tuple(known.first.values()))
        first: dict[Expression, int] = {}
        for place, e in enumerate(known):
            first.setdefault(e.args[0] if e.op == "index" else e, place)
        return cls(states, slopes, tuple(first), tuple(first.values()))


def pullback_of(
    ta: Propagator, running: Expression | None, wanted: Sequence[bool] | None
) -> Pullback:
    """What goes back over the steps of an integrator; made once.

    running: a cost whose integral is differentiated, too; wanted: of each parameter, whether
    derivatives by it are, None for all.
    """
    stepper = ta._machine.stepper
    kept: dict[Any, Pullback] = stepper.kept.setdefault("adjoints", {})
    if wanted is not None and all(wanted):
        wanted = None
    key = None if wanted is None else tuple(wanted), running
    known = kept.get(key)
    if known is None:
        system, order = ta._model.system, stepper.program.order
        own = len(ta.system.parameters)
        chosen = [True] * own if wanted is None else list(wanted)
        chosen += [False] * (len(system.parameters) - own)  # modes
        known = kept[key] = make_pullback(system, order, ta._kind.name, chosen, running)
    return known


def make_pullback(
    system: System, order: int, precision: str, wanted: Sequence[bool], running: Expression | None
) -> Pullback:
    """Compile what goes back over the steps of a system, whose series have that order.

    wanted: of each parameter, whether derivatives by it are.
    running: a scalar expression whose integral, and its derivatives, are added.

    Raises UnsupportedFunctionError for functions without a derivative.
    """
    arrays = _Arrays.of(system)
    slopes = list(arrays.slopes) if running is None else [*arrays.slopes, running]
    duals = [argument(f"adjoint of slope {k}", e.shape) for k, e in enumerate(slopes)]
    seeds = [argument(f"seed {k}", e.shape) for k, e in enumerate(arrays.states)]
    chosen = [
        (e, place)
        for e, place in zip(arrays.parameters, arrays.places, strict=True)
        if any(wanted[place : place + max(e.size, 1)])
    ]
    by = [*arrays.states, *(e for e, _ in chosen)]
    shares = reusing(adjoints(slopes, duals, by), slopes)
    count = len(arrays.states)
    backward = [seed + share for seed, share in zip(seeds, shares[:count], strict=True)]
    found = [
        (part, place)
        for share, (_, place) in zip(shares[count:], chosen, strict=True)
        if not (share.op == "constant" and share.payload == 0)
        for part in ([share] if system.blocks else parts(share))
    ]
    outputs = [*backward, *(share for share, _ in found)]
    given = list(seeds)
    if running is not None:
        outputs.append(duals[-1] * running)  # its coefficient p is the integral over the step
        given.append(duals[-1])
    inputs = _placed("state", [*arrays.states, *duals[:count]])
    inputs |= _placed("jet", given)
    for e, place in zip(arrays.parameters, arrays.places, strict=True):
        inputs[e] = Input("parameter", (place,))
    made = _compiled(
        system, inputs, outputs, [*slopes[:count], *backward], (order, precision), given
    )
    return Pullback(made, _runs((place, max(share.size, 1)) for share, place in found))


def _runs(places: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """(first place, number) of sums; of those that follow one another in one."""
    found: list[tuple[int, int]] = []
    for place, count in places:
        first, before = found.pop() if found and sum(found[-1]) == place else (place, 0)
        found.append((first, before + count))
    return tuple(found)


def parts(share: Expression) -> list[Expression]:
    """Sums whose total is a long sum of products; products with a factor in common are together.

    Of many bodies, say, what each pair gives: sums that are alike go in lanes side by side.
    """
    if share.op == "linear" and len(share.args) == 1 and share.payload[1] == 0:
        return [share.payload[0][0] * part for part in parts(share.args[0])]
    if share.op != "linear" or len(share.args) < MOST_TOGETHER or share.payload[1] != 0:
        return [share]
    groups: list[tuple[set[Expression], list[Expression]]] = []
    for number, term in zip(share.payload[0], share.args, strict=True):
        inner = {e for e in _factors(term) if e.args}
        last = groups[-1] if groups else None
        if last is not None and last[0] & inner:
            last[0].intersection_update(inner)
            last[1].append(number * term)
        else:
            groups.append((inner, [number * term]))
    return [sum(terms[1:], terms[0]) for _, terms in groups]


def _factors(term: Expression) -> list[Expression]:
    """The factors of a product, and theirs."""
    found, waiting = list[Expression](), [term]
    while waiting:
        e = waiting.pop()
        found.append(e)
        if e.op == "mul":
            waiting += e.args
    return found


def _placed(source: str, leaves: Sequence[Expression]) -> dict[Expression, Input]:
    """The slots of arrays, one after the other."""
    found: dict[Expression, Input] = {}
    first = 0
    for leaf in leaves:
        found[leaf] = Input(source, (first,))
        first += max(leaf.size, 1)
    return found


def _compiled(
    system: System,
    inputs: dict[Expression, Input],
    outputs: Sequence[Expression],
    slopes: Sequence[Expression],
    kind: tuple[int, str],
    given: Sequence[Expression],
) -> Sweeper:
    order, precision = kind
    count = len(system.states)
    running = len(given) > len(slopes) // 2
    states = [e for e, slot in inputs.items() if slot.source == "state"]
    if not system.blocks:
        blocks = blocks_of([count, 1] if running else [count], order, together=True)
        options = SweepOptions(count, blocks, running)
        program, called = lowered(outputs, inputs, order, slopes, precision)
        return build_sweeper(program, options, precision, called)
    blocks = blocks_of([max(e.size, 1) for e in given], order, together=False)
    options = SweepOptions(count, blocks, running)
    equations = list(zip(states, slopes, strict=True))
    made = lower_arrays(outputs, inputs, order, equations, own=len(slopes) // 2)
    number = as_precision(precision)
    if number.is_finer:
        check_has_digits(made.program)
    memory = made.planes(number), made.table
    program = replace(made.program, outputs=made.program.outputs[: len(outputs)])
    return build_array_sweeper(program, memory, options, precision, externals(program))
