"""What Python's built-in functions do with traced values."""

from __future__ import annotations

import builtins
import functools
import itertools
import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.expression import Expression
from taylor.language.running import library
from taylor.language.running.digits import floor_division, is_whole, modulo
from taylor.language.running.flow.choices import choose, contains, negation, truth
from taylor.language.running.journal import running
from taylor.language.running.places import refuse
from taylor.language.running.values.casts import whole
from taylor.language.running.values.kinds import Flat, is_traced
from taylor.language.running.values.objects import List, born, plain
from taylor.language.running.values.sequences import (
    Both,
    Generated,
    Range,
    always,
    enumerate_of,
    is_traced_sequence,
    listed,
    range_of,
    reversed_of,
    steps_of,
    zip_of,
)
from taylor.nodes.conversion import as_expression
from taylor.nodes.elementary import make_function_node
from taylor.nodes.logic import both, either, number

MOST_DIGITS = 22  # of a power of ten that is a number


def _kept(value: Any) -> Any:
    return value


def _len(value: Any) -> Any:
    if isinstance(value, List) and value.fixed is not None:
        return value.fixed.length
    if isinstance(value, Generated):
        raise TypeError("object of type 'generator' has no len()")
    if isinstance(value, Range | Both):
        return steps_of(value).length
    return len(value)


def _abs(value: Any) -> Any:
    return born(abs(value))


def _sum(items: Any, /, start: Any = 0) -> Any:
    if _is_open(items):
        return _folded(library.sum_of, items, start)
    if is_traced(items) and start == 0 and getattr(items, "shape", ())[1:] == ():
        return as_expression(_now(items)).sum()
    total = start
    for item in listed(items):
        total = total + item
    return born(total)


def _is_open(items: Any) -> bool:
    """Whether a traced value decides which elements there are."""
    if isinstance(items, Generated):
        return not items.is_known
    return is_traced_sequence(items) and not steps_of(items).is_known


def _folded(function: Callable[..., Any], items: Any, *more: Any) -> Any:
    """A function of the library, of elements of which a traced value decides which there are."""
    if isinstance(items, Generated):
        given = items.iterable, items.element, items.test
    else:
        given = items, _kept, always
    return running().operators.call(function, *given, *more)


def _now(value: Any) -> Any:
    return value.now if isinstance(value, ArrayUnderConstruction) else value


def _extreme(name: str, better: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    native = getattr(builtins, name)
    of_open = library.largest if name == "max" else library.smallest
    of_array = np.max if name == "max" else np.min

    def found(*args: Any, key: Any = None, **options: Any) -> Any:
        if len(args) == 1 and key is None and not options:
            if _is_open(args[0]):
                return _folded(of_open, args[0])
            if is_traced(args[0]) and args[0].ndim == 1 and len(args[0]):
                return of_array(as_expression(_now(args[0])))
        items = list(listed(args[0])) if len(args) == 1 else list(args)
        if not any(Flat(item).traced for item in items) and key is None:
            return native(items, **options)
        if not items:
            return native(items, **options)

        best, value = items[0], items[0] if key is None else running().operators.call(key, items[0])
        for item in items[1:]:
            other = item if key is None else running().operators.call(key, item)
            test = better(other, value)
            best, value = choose(test, partial(_kept, (item, other)), partial(_kept, (best, value)))
        return best

    return found


def _joined(rolled: Callable[..., Any], ends: bool, join: Callable[[Any, Any], Any]) -> Any:
    """`all` or `any`: the value that `ends` it is known at once, others are joined."""

    def found(items: Any) -> Any:
        if _is_open(items):
            return _folded(rolled, items)
        result: Any = not ends
        for item in listed(items):
            known = truth(item)
            if known is ends:
                return ends
            if known is not (not ends):
                result = known if result is (not ends) else join(result, known)
        return result

    return found


_all = _joined(library.all_of, False, both)
_any = _joined(library.any_of, True, either)


def _float(value: Any = 0.0) -> Any:
    if _is_node(value):
        return number(_scalar(value))
    return float(value)


def _int(value: Any = 0, *base: Any) -> Any:
    if _is_node(value):
        now = _scalar(value)
        return is_whole(whole(now)) if is_traced(now) else int(now)
    return int(value, *base)


def _bool(value: Any = False) -> Any:
    return truth(value)


def _round(value: Any, digits: Any = None) -> Any:
    if not _is_node(value):
        return round(value, digits)
    value = _now(value)
    if isinstance(digits, int) and 0 < digits <= MOST_DIGITS and not np.ndim(value):
        return make_function_node("round_decimal", 10**digits, value)
    return np.round(value, digits or 0)


def _is_node(value: Any) -> bool:
    return is_traced(value) or isinstance(value, Expression)


def _scalar(value: Any) -> Any:
    now = _now(value)
    if getattr(now, "shape", ()):
        if now.size != 1:
            raise TypeError("only length-1 arrays can be converted to Python scalars")
        now = now.reshape(())
    return now


def _list(items: Any = ()) -> Any:
    return born(list(listed(items)))


def _tuple(items: Any = ()) -> Any:
    return tuple(listed(items))


def _divmod(a: Any, b: Any) -> Any:
    if _is_node(a) or _is_node(b):
        a, b = _now(a), _now(b)
        return floor_division(a, b), modulo(a, b)
    return divmod(a, b)


def _pow(a: Any, b: Any, modulus: Any = None) -> Any:
    if modulus is None:
        return a**b
    if any(map(_is_node, (a, b, modulus))):
        refuse(
            "pow with a modulus of traced values",
            "Instead: write the loop of squarings, with % in each turn.",
        )
    return pow(a, b, modulus)


def _isinstance(value: Any, kinds: Any) -> Any:
    if not _is_node(value):
        return isinstance(value, kinds)
    listed_kinds: Sequence[Any] = kinds if isinstance(kinds, tuple) else (kinds,)
    now = _now(value)
    if now.shape:
        return any(issubclass(np.ndarray, kind) for kind in listed_kinds)
    whole = bool(getattr(now.payload, "whole", False)) or (
        now.op == "constant" and isinstance(now.payload, int)
    )
    return any(issubclass(int if whole else float, kind) for kind in listed_kinds)


def _sorted(items: Any, *, key: Any = None, reverse: bool = False) -> Any:
    found = list(listed(items))
    if key is None and not any(Flat(item).traced for item in found):
        return born(sorted(found, reverse=reverse))

    keys = [item if key is None else running().operators.call(key, item) for item in found]
    if not any(Flat(k).traced for k in keys):
        order = sorted(range(len(found)), key=keys.__getitem__, reverse=reverse)
        return born([found[k] for k in order])
    if key is None and all(np.ndim(_now(item)) == 0 for item in found):
        ordered = np.sort(as_expression([_now(item) for item in found]))
        listed_up = [ordered[k] for k in range(len(found))]
        return born(listed_up[::-1] if reverse else listed_up)
    # By insertion: equal ones keep their order.
    done: list[Any] = []
    for item, value in zip(found, keys, strict=True):
        done.append((item, value))
        for k in range(len(done) - 1, 0, -1):
            (a, x), (b, y) = done[k - 1], done[k]
            swap = (y > x) if reverse else (y < x)
            kept, swapped = ((a, x), (b, y)), ((b, y), (a, x))
            done[k - 1], done[k] = choose(swap, partial(_kept, swapped), partial(_kept, kept))
    return born([item for item, _ in done])


def _map(function: Any, *iterables: Any) -> Any:

    columns = [list(listed(one)) for one in iterables]
    return [running().operators.call(function, *row) for row in zip(*columns, strict=False)]


def _filter(function: Any, items: Any) -> Any:

    kept = []
    for item in listed(items):
        test = truth(item if function is None else running().operators.call(function, item))
        if not isinstance(test, bool):
            refuse(
                "filter with a condition that a traced value decides",
                "How many elements are left is not known while the program is traced. Instead: use "
                "0 (or what changes nothing) in place of what is left out.",
            )
        if test:
            kept.append(item)
    return kept


def _reduce(function: Any, items: Any, *initial: Any) -> Any:

    found = [*initial, *listed(items)]
    total = found[0] if found else functools.reduce(function, found)
    for item in found[1:]:
        total = running().operators.call(function, total, item)
    return total


def _accumulate(items: Any, function: Any = operator.add, *, initial: Any = None) -> Any:

    found = list(listed(items)) if initial is None else [initial, *listed(items)]
    totals = found[:1]
    for item in found[1:]:
        totals.append(running().operators.call(function, totals[-1], item))
    return totals


def known_text(name: str, value: Any) -> Any:
    """A value of which a text is made: of a traced one in messages of errors alone."""
    if not Flat(value).traced:
        return plain(value)
    if not running().explaining:
        refuse(
            f"{name} of a traced value",
            "Its text is not known while the program is traced. Instead: compute with the number, "
            "and write it down outside.",
        )
    return "..."


def _as_text(function: Callable[..., Any]) -> Callable[..., Any]:
    name = function.__name__
    return lambda value, *args: function(known_text(name, value), *args)


BUILTINS: dict[Any, Callable[..., Any]] = {
    len: _len,
    abs: _abs,
    sum: _sum,
    max: _extreme("max", lambda a, b: a > b),
    min: _extreme("min", lambda a, b: a < b),
    all: _all,
    any: _any,
    float: _float,
    int: _int,
    bool: _bool,
    round: _round,
    list: _list,
    tuple: _tuple,
    range: range_of,
    zip: zip_of,
    enumerate: enumerate_of,
    reversed: reversed_of,
    divmod: _divmod,
    pow: _pow,
    isinstance: _isinstance,
    sorted: _sorted,
    map: _map,
    filter: _filter,
    functools.reduce: _reduce,
    itertools.accumulate: _accumulate,
    **{function: _as_text(function) for function in (str, repr, format, hex, oct, bin, hash, id)},
    **{function: _as_text(function) for function in (chr, ascii)},
    operator.not_: negation,
    operator.contains: contains,
    operator.truth: truth,
}
