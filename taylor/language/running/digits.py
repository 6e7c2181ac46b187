"""What needs every digit of a number: remainders, places in arrays, counts of turns.

Whole numbers are doubles. Where one may have outgrown them (2**53) its rounding does no more harm
than that of other numbers, as long as nobody asks for its last digits. A remainder does: there it
is an error: at once in loops and branches, outside where the remainder decides what is done, and
else it is NaN. So is a place or a count that is not whole. Checked is only what is not known.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from taylor.expressions.arguments import ArgumentName
from taylor.expressions.expression import Expression
from taylor.language.running.faults import fault_where
from taylor.language.running.journal import running
from taylor.language.running.places import place
from taylor.language.running.values.kinds import is_traced
from taylor.language.source.refusals import refusal
from taylor.nodes.conversion import as_expression
from taylor.nodes.elementary import make_function_node
from taylor.nodes.logic import either, logical_not, where
from taylor.nodes.sums import exact_value
from taylor.nodes.traverse import reachable
from taylor.numbers.data import ArrayData

COUNTED = 2.0**50  # turns take days


class Known(NamedTuple):
    """What is known of a number.

    whole: by its type; None where that is not known, or may change from turn to turn.
    reach: its size is not more.
    """

    whole: bool | None
    reach: float = math.inf


_UNKNOWN = Known(None)
_REAL = Known(False)


def known_of(e: Any) -> Known:
    """What is known of an expression, as far as it is asked for in this program."""
    found: dict[Any, Known] = running().digits
    pending = [e]
    while pending:
        one = pending[-1]
        if one in found:
            pending.pop()
            continue
        asked = _asked(one)
        missing = [arg for arg in asked if arg not in found]
        if missing:
            pending += missing
            continue
        found[pending.pop()] = _known(one, [found[arg] for arg in asked])
    return found[e]


def _asked(e: Any) -> tuple[Any, ...]:
    """The arguments that decide."""
    rule = _RULES.get(e.op)
    return tuple(e.args[k] for k in _DECIDE[e.op]) if e.op in _DECIDE else e.args if rule else ()


def _known(e: Any, given: list[Known]) -> Known:
    rule = _RULES.get(e.op)
    return _UNKNOWN if rule is None else rule(e, given)


def _of_number(e: Any, _: list[Known]) -> Known:
    value = e.payload
    if isinstance(value, ArrayData):
        numbers = value.array
        if numbers.dtype == object or not numbers.size:
            return _UNKNOWN
        whole = None if (numbers % 1 == 0).all() else False  # of floats, perhaps
        return Known(whole, float(abs(numbers).max()))
    if isinstance(value, float):
        return _REAL
    try:
        return Known(isinstance(value, int), float(abs(value)))
    except OverflowError:
        return Known(isinstance(value, int))


def _of_argument(e: Any, _: list[Known]) -> Known:
    name = e.payload
    if not isinstance(name, ArgumentName):
        return _UNKNOWN
    if name.sort == "turn":
        return Known(True, COUNTED)
    if name.sort == "whole":
        return Known(True, running().limit - 1)
    return _of_sort(name.sort)


def _of_sort(sort: str) -> Known:
    return Known({"real": False, "began whole": True}.get(sort))


def _of_sum(e: Any, given: list[Known]) -> Known:
    coefficients, offset = e.payload
    numbers = [*coefficients, offset]
    if any(isinstance(c, float) for c in numbers):
        return _REAL
    whole = _all_whole(given)
    if whole is not False and not all(isinstance(c, int) for c in numbers):
        whole = None if whole is None else False
    try:
        reach = float(abs(offset))
        for c, k in zip(coefficients, given, strict=True):
            reach += _product(float(abs(c)), k.reach)
    except OverflowError:
        reach = math.inf
    return Known(whole, reach)


def _of_one(e: Any, given: list[Known]) -> Known:
    """One of the arguments, or its size, or elements of it."""
    return Known(_all_whole(given), max((k.reach for k in given), default=math.inf))


def _of_floor(e: Any, given: list[Known]) -> Known:
    return Known(True, given[0].reach)


def _of_product(e: Any, given: list[Known]) -> Known:
    return Known(_all_whole(given), _product(given[0].reach, given[1].reach))


def _of_power(e: Any, given: list[Known]) -> Known:
    exponent = exact_value(e.args[1])
    if isinstance(exponent, int):
        if exponent < 0:
            return _REAL
        return Known(given[0].whole, _power(given[0].reach, exponent))
    return Known(_all_whole(given) or None)


def _of_quotient(e: Any, given: list[Known]) -> Known:
    return Known(False, given[0].reach if given[1].whole else math.inf)  # by one at least


def _of_truth(e: Any, given: list[Known]) -> Known:
    return Known(True, 1.0)


def _of_function(e: Any, given: list[Known]) -> Known:
    return _REAL


def _all_whole(given: list[Known]) -> bool | None:
    if any(k.whole is False for k in given):
        return False
    return True if all(k.whole for k in given) else None


def _product(a: float, b: float) -> float:
    return a * b if a and b else 0.0


def _power(a: float, n: int) -> float:
    try:
        return a**n
    except OverflowError:
        return math.inf


_DECIDE = {"where": (1, 2), "pick": (0,)}  # places of arguments, where not all decide
_ONE = ("where", "abs", "index", "reshape", "broadcast", "transpose", "take", "pick", "view")
_RULES: dict[str, Callable[[Any, list[Known]], Known]] = {
    "constant": _of_number,
    "variable": _of_argument,
    "parameter": _of_argument,
    "linear": _of_sum,
    "floor": _of_floor,
    "mul": _of_product,
    "pow": _of_power,
    "div": _of_quotient,
    **dict.fromkeys((*_ONE, "stack"), _of_one),
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"), _of_truth),
    **dict.fromkeys(("sqrt", "sin", "cos", "exp", "log"), _of_function),
}


# --- remainders ----------------------------------------------------------------------------------


def modulo(a: Any, b: Any) -> Any:
    """``a % b``."""
    return _of_whole(operator.mod, "%", a, b)


def floor_division(a: Any, b: Any) -> Any:
    """``a // b``."""
    return _of_whole(operator.floordiv, "//", a, b)


def _of_whole(compute: Callable[[Any, Any], Any], symbol: str, a: Any, b: Any) -> Any:
    if not (is_traced(a) or is_traced(b)) or isinstance(a, str):
        return compute(a, b)
    now, given = running(), [as_expression(x) for x in (a, b)]
    test = _beyond(given)
    made = compute(a, b)
    if not isinstance(made, Expression) or made.op == "constant":
        return made
    if symbol == "//":
        if test is not None:
            now.rounded[made] = test
        return made
    known = [known_of(e) for e in given]
    now.digits[made] = remains = Known(_all_whole(known), min(k.reach for k in known))
    if test is None or now.recursion is not None:  # whose calls would wait for the error
        return made
    error = refusal(
        place(),
        f"% of a whole number beyond 2**{math.frexp(now.limit)[1] - 1}, of which not all digits "
        "are there",
        "Whole numbers are doubles. Instead: keep it smaller, as by % at each step, or begin with "
        'a float where rounding does no harm; precision="double-double" has 105 bits.',
    )
    if now.levels:  # what comes of it may decide how long a loop goes on
        fault_where(test, error)
        return made
    made = where(test, as_expression(math.nan), made)
    now.digits[made], now.doubtful[made] = remains, (test, error)
    return made


def _beyond(given: Sequence[Any]) -> Any:
    """Where a whole number is beyond those that are exact, or was when it was divided; None for
    nowhere.
    """
    now, found = running(), None
    tests = [
        logical_not(abs(e) < now.limit)
        for e in given
        if not e.shape and known_of(e).whole and known_of(e).reach >= now.limit
    ]
    if now.rounded:
        tests += [now.rounded[e] for e in reachable(given) if e in now.rounded]
    for test in tests:
        found = test if found is None else either(found, test)
    return found


def decides(value: Any) -> None:
    """A value decides what is done: an error where it lacks digits."""
    doubtful = running().doubtful
    if doubtful and isinstance(value, Expression):
        for e in reachable([value]):
            if e in doubtful:
                fault_where(*doubtful[e])


# --- places and counts ---------------------------------------------------------------------------


def need_whole(value: Any, what: str) -> None:
    """An error where a number is not whole that is a float by its type."""
    if not is_traced(value) or running().recursion is not None:
        return
    e = as_expression(value)
    decides(e)
    if not e.shape and known_of(e).whole is False:
        error = refusal(
            place(),
            f"{what} is not a whole number",
            "Python takes none but an int there. Instead: cut it off, int(x) or x // 1, where that "
            "is meant.",
        )
        fault_where(make_function_node("floor", e) != e, error)


def sort_of(leaf: Any) -> str:
    """What is known of what stands for a leaf from turn to turn, as `ArgumentName.sort` has it."""
    if isinstance(leaf, float):
        return "real"
    whole = known_of(as_expression(int(leaf) if isinstance(leaf, bool) else leaf)).whole
    return "" if whole is None else ("began whole" if whole else "real")


def is_like(result: Any, leaf: Any) -> None:
    """What a loop makes of a leaf is whole where the leaf is."""
    running().digits[result] = _of_sort(sort_of(leaf))
