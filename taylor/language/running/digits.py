"""What needs every digit of a number: remainders, places in arrays, counts of turns.

Whole numbers are doubles. Where one may have outgrown them (2**53) its rounding does no more harm
than that of other numbers, as long as nobody asks for its last digits. A remainder does: there it
is an error: at once in loops and branches, outside where the remainder decides what is done, and
else it is NaN. So is a place or a count that is not whole. Checked is only what is not known.

Here a number is whole by its type in Python, before there are rows, so that errors name a line.
`taylor_runtime.passes.whole` asks of rows which have whole values, whatever they were in Python,
so that machine code may count with integers.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
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
from taylor.nodes.node import COMPARISONS
from taylor.nodes.operation import nothing_known
from taylor.nodes.operations.table import operation
from taylor.nodes.registry import get
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


def known_of(e: Any) -> Known:
    """What is known of an expression, as far as it is asked for in this program."""
    found: dict[Any, Known] = running().digits
    pending = [e]
    while pending:
        one = pending[-1]
        missing = [] if one in found else [arg for arg in _asked(one) if arg not in found]
        if missing:
            pending += missing
            continue
        pending.pop()
        if one not in found:
            found[one] = _known(one, found)
    return found[e]


def _asked(e: Any) -> tuple[Any, ...]:
    """The arguments that decide."""
    record = operation(e.op)
    if record.chooses:
        return (e.args[0],)
    return e.args if record.moves or record.digits is not nothing_known else ()


def _known(e: Any, found: Mapping[Any, Known]) -> Known:
    record, parts = operation(e.op), [found[arg] for arg in _asked(e)]
    if record.moves or record.chooses:
        return _digits.one_of(parts)
    known: Known = record.digits(_digits, e, parts)
    return known


class _Digits:
    """What the records of operations ask for what is known of digits (`Operation.digits`)."""

    nothing = Known(None)
    real = Known(False)
    truth = Known(True, 1.0)

    def number(self, value: Any) -> Known:
        if isinstance(value, ArrayData):
            numbers = value.array
            if numbers.dtype == object or not numbers.size:
                return self.nothing
            whole = None if (numbers % 1 == 0).all() else False  # of floats, perhaps
            return Known(whole, float(abs(numbers).max()))
        if isinstance(value, float):
            return self.real
        return Known(isinstance(value, int), _size(value))

    def argument(self, name: Any) -> Known:
        if not isinstance(name, ArgumentName):
            return self.nothing
        if name.sort == "turn":
            return Known(True, COUNTED)
        return Known(True, running().limit - 1) if name.sort == "whole" else self.sort(name.sort)

    def sort(self, sort: str) -> Known:
        return Known({"real": False, "began whole": True}.get(sort))

    def sum(self, coefficients: Sequence[Any], offset: Any, parts: Sequence[Known]) -> Known:
        numbers = [*coefficients, offset]
        if any(isinstance(c, float) for c in numbers):
            return self.real
        whole = _all_whole(parts)
        if whole and not all(isinstance(c, int) for c in numbers):
            whole = False
        reach = _size(offset)
        for c, part in zip(coefficients, parts, strict=True):
            reach += _product(_size(c), part.reach)
        return Known(whole, reach)

    def product(self, a: Known, b: Known) -> Known:
        return Known(_all_whole((a, b)), _product(a.reach, b.reach))

    def quotient(self, a: Known, b: Known) -> Known:
        return Known(False, a.reach if b.whole else math.inf)  # by one at least

    def power(self, base: Known, exponent: Known, value: Any) -> Known:
        if isinstance(value, int):
            return self.real if value < 0 else Known(base.whole, _power(base.reach, value))
        return Known(_all_whole((base, exponent)) or None)

    def one_of(self, parts: Sequence[Known]) -> Known:
        return Known(_all_whole(parts), max((k.reach for k in parts), default=math.inf))

    def call(self, e: Any, parts: Sequence[Known]) -> Known:
        """An elementary function: of the `math` module's all but these are floats."""
        record = get(e.op)
        if record.branches is not None:
            return self.one_of([known_of(branch) for branch in record.branches(*e.args)[1:]])
        if record.pieces is not None:
            counted, value = record.pieces(*e.args)
            return known_of(value(counted))
        return Known(True, known_of(record.counted(*e.args)).reach) if record.jumps else self.real


_digits = _Digits()


def _all_whole(given: Sequence[Known]) -> bool | None:
    if any(k.whole is False for k in given):
        return False
    return True if all(k.whole for k in given) else None


def _size(number: Any) -> float:
    try:
        return float(abs(number))
    except OverflowError:
        return math.inf


def _product(a: float, b: float) -> float:
    return a * b if a and b else 0.0


def _power(a: float, n: int) -> float:
    try:
        return a**n
    except OverflowError:
        return math.inf


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
    made = compute(a, b)
    if symbol == "%":
        return made_of_digits(made, symbol, a, b)
    if isinstance(made, Expression) and made.op != "constant":
        test = _beyond([as_expression(x) for x in (a, b)])
        if test is not None:
            running().rounded[made] = test
    return made


def made_of_digits(made: Any, what: str, *of: Any) -> Any:
    """A number not larger than those that it is made of, by all of their digits: where they lack
    some, this is an error or NaN.

    what: what makes it, for the error.
    """
    now, given = running(), [as_expression(x) for x in of]
    if not isinstance(made, Expression) or made.op == "constant":
        return made
    test, known = _beyond(given), [known_of(e) for e in given]
    now.digits[made] = remains = Known(_all_whole(known), min(k.reach for k in known))
    if test is None or now.recursion is not None:  # whose calls would wait for the error
        return made
    error = refusal(
        place(),
        f"{what} of a whole number beyond 2**{math.frexp(now.limit)[1] - 1}, of which not all "
        "digits are there",
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


def is_whole(made: Any) -> Any:
    """A number that is whole, however it is made and whatever its size may be."""
    if isinstance(made, Expression):
        running().digits[made] = Known(True)
    return made


def is_one_of(made: Any, one: Any, other: Any) -> None:
    """What a choice makes of two leaves is known to be whole where they are."""
    if isinstance(made, Expression) and made.op != "constant" and known_of(made).whole is None:
        both = [known_of(as_expression(int(x) if isinstance(x, bool) else x)) for x in (one, other)]
        running().digits[made] = _digits.one_of(both)


def returned(result: Sequence[Any]) -> None:
    """What is returned: an error where a comparison in it lacks digits, which would be false."""
    doubtful = running().doubtful
    if not doubtful:
        return
    found = reachable([e for e in result if isinstance(e, Expression)], doubtful.__contains__)
    lacking: set[Any] = set()  # operands before results
    for e in found:
        if e in doubtful or any(arg in lacking for arg in e.args):
            lacking.add(e)
            if e.op in COMPARISONS:
                decides(e)


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
    running().digits[result] = _digits.sort(sort_of(leaf))
