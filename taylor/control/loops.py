"""Loops: `while_loop`, `fori_loop` and `scan`, with the signatures and the meaning that JAX gives
them.

Of numbers they are run at once, by Python; with expressions they are one node of the graph, and one
loop of machine code, whatever the number of turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.control.maps import loop_results
from taylor.control.segments import check_memory, results_within
from taylor.control.tracing import (
    Traced,
    Value,
    as_condition,
    as_number,
    check_callable,
    check_count,
    check_same,
    closed,
    has_nodes,
    seen_as,
    trace,
    value_of,
)
from taylor.control.trees import NUMBER, Tree
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.expression import Expression
from taylor.expressions.types import Operand
from taylor.nodes.operations.regions.reversed_loops import as_scan
from taylor.nodes.regions import Region, region_node, turns

INDEX = NUMBER, ()  # what the index of a turn is


def while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any
) -> Any:
    """Return `val` after `val = body_fun(val)` for as long as `cond_fun(val)` holds.

    cond_fun: gives one condition, as in val < 1.
    body_fun: gives a value of the same structure, shapes and kinds as it takes.
    init_val: a number, an array, an expression, or a tuple, list, dictionary, dataclass or None
        with these inside.

    Derivatives are those of the turns that are taken: the values decide how many.

    Raises ArgumentTypeError or ShapeError where a turn changes the structure, shapes or kinds.

    >>> import taylor as ty
    >>> halve = ty.compile(lambda x: ty.while_loop(lambda y: y > 1, lambda y: y / 2, x))
    >>> halve([0.5, 3.0, 80.0]).tolist()
    [0.5, 0.75, 0.625]
    """
    name = "while_loop"
    check_callable(name, cond_fun=cond_fun, body_fun=body_fun)
    init = value_of(f"{name}: init_val", init_val)
    if not init.traced:
        found = _run_while(cond_fun, body_fun, init)
        if found is not None:
            return found[0]
    test = trace(f"{name}: the value of cond_fun", cond_fun, [init])
    as_condition(name, "cond_fun", test.result)
    body = trace(f"{name}: the value of body_fun", body_fun, [init])
    _check_turn(name, "body_fun", init, body.result)
    return _results(name, [test, body], init, [])


def fori_loop(
    lower: Operand,
    upper: Operand,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: int | bool | None = None,
    memory: float | None = None,
) -> Any:
    """Return `val` after `val = body_fun(i, val)` for i = lower, lower + 1, ... below `upper`.

    lower, upper: numbers or expressions; with upper <= lower `init_val` is returned.
    body_fun, init_val: as for `while_loop`.
    unroll: taken for programs that were written for JAX; how many turns are written out in a row is
        left to the compiler.
    memory: bytes, as for `scan`; where the bounds are known.

    >>> import taylor as ty
    >>> power = ty.compile(lambda x, n: ty.fori_loop(0, n, lambda i, y: y * x, 1.0))
    >>> power(2.0, [0, 3, 10]).tolist()
    [1.0, 8.0, 1024.0]
    """
    name = "fori_loop"
    check_callable(name, body_fun=body_fun)
    check_memory(name, memory)
    ends = as_number(name, "lower", lower), as_number(name, "upper", upper)
    init = value_of(f"{name}: init_val", init_val)
    if not (init.traced or has_nodes(lower) or has_nodes(upper)):
        found = _run_for(lower, upper, body_fun, init)
        if found is not None:
            return found[0]
    body = trace(f"{name}: the value of body_fun", body_fun, [INDEX, init])
    _check_turn(name, "body_fun", init, body.result)
    return _results(name, [body], init, ends, memory)


def scan(
    f: Callable[[Any, Any], Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    *,
    memory: float | None = None,
) -> tuple[Any, Any]:
    """Return the last carry and all outputs of turns `carry, y = f(carry, x)` over arrays.

    f:       takes the carry and a slice x = xs[t]; returns the next carry and an output.
    init:    the first carry, as for `while_loop`.
    xs:      arrays (or a structure of them) of the same length, gone through along their first
             axes; None (or a structure without arrays) for x = None.
    length:  number of turns, where there are no arrays.
    reverse: go from the last slice to the first; y of slice t is always output t.
    unroll:  as for `fori_loop`.
    memory:  bytes that derivatives backward may keep of the carries.  These keep what every turn
             began with, unless it is more: then turns are gone through in segments, about as many
             as there are turns in each, and those of a segment are computed again.

    Returns (carry, ys); every output becomes an array with one axis more, the first.

    >>> import numpy as np, taylor as ty
    >>> total, partial = ty.scan(lambda s, x: (s + x, s + x), 0.0, np.array([1.0, 2.0, 3.0]))
    >>> float(total), partial.tolist()
    (6.0, [1.0, 3.0, 6.0])
    """
    name = "scan"
    check_callable(name, f=f)
    check_memory(name, memory)
    first, arrays = value_of(f"{name}: init", init), value_of(f"{name}: xs", xs)
    turns = _turns(arrays, length)
    if not (first.traced or arrays.traced):
        found = _run_scan(f, first, arrays, turns, reverse)
        if found is not None:
            return found
    slices = Value([_slice(leaf, 0, turns) for leaf in arrays.leaves], arrays.tree)
    body = trace(f"{name}: the value of f", f, [first, slices])
    carry, output = _pair(name, body.result)
    _check_turn(name, "f", first, carry)
    joined = Traced(body.arguments, Value([*carry.leaves, *output.leaves], body.result.tree))
    graph = closed([joined])
    region = Region(graph.graphs, len(graph.constants), len(carry.leaves), turns, bool(reverse))
    node = region_node(name, [*graph.constants, *first.nodes, *arrays.nodes], region)
    found_parts = results_within(node, memory)
    kinds = [kind for kind, _ in joined.result.kinds]
    seen = [seen_as(kind, e) for kind, e in zip(kinds, found_parts, strict=True)]
    count = len(carry.leaves)
    return first.tree.build(seen[:count]), output.tree.build(seen[count:])


# --- nodes ---------------------------------------------------------------------------------------


def _results(
    op: str,
    functions: Sequence[Traced],
    init: Value,
    ends: Sequence[Expression],
    memory: float | None = None,
) -> Any:
    graph = closed(functions)
    region = Region(graph.graphs, len(graph.constants), len(init.leaves))
    node = region_node(op, [*ends, *graph.constants, *init.nodes], region)
    found: Sequence[Expression]
    if memory is None or turns(node) is None:
        found = list(loop_results(node))
    else:  # without the index, which may come first
        found = results_within(as_scan(node), memory)[-len(init.leaves) :]
    kinds = [kind for kind, _ in init.kinds]
    return init.tree.build([seen_as(kind, e) for kind, e in zip(kinds, found, strict=True)])


def _check_turn(function: str, body: str, before: Value, after: Value) -> None:
    check_same(function, ("what a turn takes", before), (f"what {body} returned", after))


def _turns(arrays: Value, length: int | None) -> int:
    """How many turns a scan has."""
    shapes = [shape for _, shape in arrays.kinds]
    if any(not shape for shape in shapes):
        raise ShapeError(f"scan: xs={arrays} has to consist of arrays, with an axis to go along")
    counts = {shape[0] for shape in shapes}
    if length is not None:
        counts.add(check_count("scan", length))
    if len(counts) > 1:
        given = "" if length is None else f", and length={length}"
        raise ShapeError(f"scan: the arrays of xs={arrays} are of different lengths{given}")
    if not counts:
        raise ArgumentError("scan: give length=, the number of turns, where xs has no arrays")
    return counts.pop()


def _slice(array: Any, t: int, turns: int) -> Any:
    if turns:
        return array[t]
    return np.zeros(array.shape[1:])  # of nothing: the shape is all that counts


def _pair(function: str, result: Value) -> tuple[Value, Value]:
    """The two values that a turn of a scan returns."""
    pair = result.pair
    if pair is None:
        raise ArgumentTypeError(f"{function}: f must return a pair (carry, output), got {result}")
    return pair


# --- numbers -------------------------------------------------------------------------------------
# Each returns None where expressions turn up that a function has captured: these are traced.


def _as_numpy(value: Value) -> Value:
    """The value with truths of NumPy's, whose opposites are truths."""
    leaves = [np.bool_(leaf) if isinstance(leaf, bool) else leaf for leaf in value.leaves]
    return Value(leaves, value.tree)


def _run_while(cond_fun: Any, body_fun: Any, init: Value) -> tuple[Any] | None:
    name, current = "while_loop", _as_numpy(init)
    while True:
        value = current.tree.build(current.leaves)
        test = cond_fun(value)
        if has_nodes(test):
            return None
        if not isinstance(test, bool | np.bool_):
            as_condition(name, "cond_fun", value_of(f"{name}: the value of cond_fun", test))
        if not test:
            return (value,)
        following = value_of(f"{name}: the value of body_fun", body_fun(value))
        if following.traced:
            return None
        _check_turn(name, "body_fun", init, following)
        current = following


def _run_for(lower: Any, upper: Any, body_fun: Any, init: Value) -> tuple[Any] | None:
    index, current = lower, _as_numpy(init)
    while index < upper:
        value = current.tree.build(current.leaves)
        current = value_of("fori_loop: the value of body_fun", body_fun(index, value))
        if current.traced:
            return None
        _check_turn("fori_loop", "body_fun", init, current)
        index = index + 1
    return (current.tree.build(current.leaves),)


def _run_scan(
    f: Any, init: Value, arrays: Value, turns: int, reverse: bool
) -> tuple[Any, Any] | None:
    carry, outputs = _as_numpy(init), [None] * turns
    tree: Tree | None = None
    for t in range(turns - 1, -1, -1) if reverse else range(turns):
        slices = arrays.tree.build([leaf[t] for leaf in arrays.leaves])
        found = value_of("scan: the value of f", f(carry.tree.build(carry.leaves), slices))
        if found.traced:
            return None
        carry, output = _pair("scan", found)
        _check_turn("scan", "f", init, carry)
        outputs[t], tree = output.leaves, output.tree  # type: ignore[call-overload]
    if tree is None:  # what the outputs would be, nobody has said
        return carry.tree.build(carry.leaves), _no_outputs(f, init, arrays)
    columns = [np.array(column) for column in zip(*outputs, strict=True)]
    return carry.tree.build(carry.leaves), tree.build(columns)


def _no_outputs(f: Any, init: Value, arrays: Value) -> Any:
    """The outputs of no turn: empty arrays, of the shapes that tracing tells."""
    slices = Value([_slice(leaf, 0, 0) for leaf in arrays.leaves], arrays.tree)
    _, output = _pair("scan", trace("scan: the value of f", f, [init, slices]).result)
    return output.tree.build([np.zeros((0, *shape)) for _, shape in output.kinds])
