"""Loops as nodes: one turn is the body, whatever the number of turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import CellType
from typing import Any

from taylor.control.maps import loop_results
from taylor.control.tracing import Traced, Value, closed
from taylor.control.trees import LEAF, Tree
from taylor.expressions.arguments import argument, captured, traced
from taylor.expressions.expression import Expression
from taylor.language.running.faults import first_of, is_none
from taylor.language.running.flow.choices import truth
from taylor.language.running.flow.slots import COUNT, Carried, Slot, as_node, called, tried
from taylor.language.running.journal import running
from taylor.language.running.places import refuse
from taylor.language.running.values.sequences import Steps
from taylor.nodes.conversion import as_expression
from taylor.nodes.logic import both, condition, logical_not
from taylor.nodes.regions import Region, parts, region_node

Stop = Callable[[], tuple[Any, ...]] | None


def rolled_for(
    carried: Carried, steps: Steps, start: int, body: Callable[[Any], Any], stop: Stop
) -> None:
    """Trace the turns from `start` on as one node, and put in what it changes."""
    index = argument("turn")
    index.payload.sort = "turn"  # type: ignore[attr-defined]
    turn = tried(carried, lambda: body(steps.at(index)), [index])
    if stop is not None or turn.outcome.raised:
        _until(carried, steps, start, body, stop)
        return
    now, fault = running(), argument("error")
    ends, begins, arguments = turn.ends(carried), carried.begins, [index, *turn.arguments]
    faulty = not is_none(turn.outcome.fault)
    if faulty:  # the turns after an error are taken, too: nobody sees what they compute
        arguments.append(fault)
        ends.append(first_of(fault, turn.outcome.fault))
        begins.append(as_expression(now.fault))
    if not ends:
        return
    graph = closed([_function(arguments, ends)])
    region = Region(graph.graphs, len(graph.constants), len(ends))
    bounds = as_expression(start), as_expression(steps.length)
    loop = region_node("fori_loop", [*bounds, *graph.constants, *begins], region)
    results = list(loop_results(loop))
    if faulty:
        now.fault = results.pop()
    entered = isinstance(steps.length, int) and steps.length > start
    turned = any(e.args and e.args[0] is loop for e in results)
    now.note(f"{'fori_loop' if turned else 'whole arrays'}: {carried.names}")
    carried.finish(results, turn, entered)


def _until(
    carried: Carried, steps: Steps, start: int, body: Callable[[Any], Any], stop: Stop
) -> None:
    """Turns that a flag or an error may end: a loop that counts by itself."""
    place = CellType(as_expression(start))
    carried.slots.insert(0, Slot(COUNT, place))

    def turn() -> None:
        k = place.cell_contents
        body(steps.at(k))
        place.cell_contents = k + 1

    entered = isinstance(steps.length, int) and steps.length > start
    rolled_while(
        carried, lambda: place.cell_contents < as_expression(steps.length), turn, stop, entered
    )


def rolled_while(
    carried: Carried,
    test: Callable[[], Any],
    body: Callable[[], Any],
    stop: Stop,
    entered: bool,
) -> None:
    """Trace test and turn as one node, and put in what it changes."""
    now = running()
    turn = tried(carried, body)
    if turn.outcome.raised and now.recursion is not None and now.recursion.searching:
        return  # what the turns call is not known yet
    if turn.outcome.raised:
        refuse(
            "each turn of this loop ends with an error",
            "Instead: raise it where a condition holds, or before the loop.",
        )
    ends, begins, arguments = turn.ends(carried), carried.begins, list(turn.arguments)
    fault = argument("error")
    faulty = not (is_none(turn.outcome.fault) and is_none(now.fault))
    if faulty:
        arguments.append(fault)
        ends.append(first_of(fault, turn.outcome.fault))
        begins.append(as_expression(now.fault))
    with traced(arguments):
        asked = called(carried, turn, lambda: _asked(test, stop))
    if asked.raised or not turn.is_left(carried, asked):
        refuse(
            "the test of this `while` changes an object, or ends with an error",
            "Instead: compute it in the body, and end the loop with `if not test: break`.",
        )
    goes_on = condition(as_node(asked.returned))
    meets = not is_none(asked.fault)
    if meets:
        goes_on = both(as_expression(asked.fault) <= 0, goes_on)
    if faulty:
        goes_on = both(fault <= 0, goes_on)
    graph = closed([_function(arguments, [goes_on]), _function(arguments, ends)])
    region = Region(graph.graphs, len(graph.constants), len(ends))
    results = list(parts(region_node("while_loop", [*graph.constants, *begins], region)))
    if faulty:
        now.fault = results.pop()
    now.note(f"while_loop: {carried.names}")
    carried.finish(results, turn, entered)
    if meets:  # of the last test nothing is known but what it makes of the values after the loop
        _asked(test, stop)


def _function(arguments: Sequence[Expression], results: Sequence[Any]) -> Traced:
    tree = Tree(tuple, (), [LEAF] * len(results))
    found = Traced(arguments, Value(list(results), tree))
    captured(found.result.nodes, arguments)
    return found


def _asked(test: Callable[[], Any], stop: Stop) -> Any:
    """The condition under which there is a turn: no flag is set, and the test holds."""
    found = truth(test())
    for flag in stop() if stop is not None else ():
        ended = truth(flag)
        if isinstance(found, bool) or isinstance(ended, bool):
            going = (not ended) if isinstance(ended, bool) else logical_not(ended)
            if isinstance(going, bool):
                found = found if going else False
            else:
                found = going if found else False
        else:
            found = both(logical_not(ended), found)
    return found
