"""Construction-time simplification of products, quotients, powers and functions.

Every constructor returns the normal form of its result.  What is done is what a user would do by
hand, and nothing that shrinks the domain or loses accuracy; cancellation may extend the domain (x/x
is 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from taylor.nodes import node as ex
from taylor.nodes.logic import greater, where
from taylor.nodes.node import N, Node
from taylor.nodes.sums import add, exact_value, scale, split_factor
from taylor.numbers import exact as constants
from taylor.numbers.exact import Exact, can_merge, is_movable, normalised

HALF = Fraction(1, 2)


# --- products ----------------------------------------------------------


def multiply(a: N, b: N) -> N:
    """a * b: modest constants pulled to the front, powers of one base combined."""
    if a.shape == b.shape:
        if a.op == "constant" or b.op == "constant":
            value = exact_value(a)
            if value is not None:
                return scale(value, b)
            value = exact_value(b)
            if value is not None:
                return scale(value, a)
        if a.op == "linear" or b.op == "linear":
            factor_a, core_a = split_factor(a)
            factor_b, core_b = split_factor(b)
            factor = normalised(factor_a * factor_b)
            if factor == 1:
                a, b = core_a, core_b
            elif is_movable(factor):
                return scale(factor, multiply(core_a, core_b))
        if a is b:
            return power_exact(a, 2)
        combined = _same_base(a, b)
        if combined is not None:
            return combined
        shape = a.shape
    else:
        shape = ex.broadcast_shapes("multiply", a, b)
        for number, other in ((a, b), (b, a)):
            value = exact_value(number)
            if value is not None and other.shape == shape:
                return scale(value, other)
        factor_a, core_a = split_factor(a)
        factor_b, core_b = split_factor(b)
        factor = normalised(factor_a * factor_b)
        if factor != 1 and is_movable(factor):
            return scale(factor, multiply(core_a, core_b))
    key = ("mul", a.id, b.id) if a.id < b.id else ("mul", b.id, a.id)
    return ex.intern_node(key, "mul", (a, b), None, shape)


def multiple(number: Any, e: N) -> N:
    """number * e for a number as `numbers.exact` has it."""
    if type(number) is float:
        made: N = multiply(ex.constant_node(number), e)
        return made
    return scale(number, e)


def multiply_many(factors: Sequence[N]) -> N:
    """The product of any number of expressions as a balanced tree; 1 for none.

    >>> from taylor.expressions.leaves import variables
    >>> multiply_many(variables("a b c"))
    a*b*c
    """
    if not factors:
        return ex.ONE
    level = list(factors)
    while len(level) > 1:
        paired = [multiply(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def split_power(e: N) -> tuple[N, Exact]:
    """(b, p) with e = b**p, the exponent a constant."""
    op = e.op
    if op == "pow":
        exponent = exact_value(e.args[1])
        if exponent is not None and e.args[1].shape == () and e.args[0].op != "constant":
            return e.args[0], exponent
    elif op == "sqrt":
        return e.args[0], HALF
    elif op == "div" and e.args[0] is ex.ONE:
        return e.args[1], -1
    return e, 1


_POWER_OPS = frozenset(("pow", "sqrt", "div"))


def _same_base(a: N, b: N) -> N | None:
    """x**p * x**q where adding the exponents cannot shrink the domain; None otherwise."""
    if a.op not in _POWER_OPS and b.op not in _POWER_OPS:
        return None
    base_a, p = split_power(a)
    base_b, q = split_power(b)
    if base_a is not base_b:
        return None
    if (p > 0 and q > 0) or p + q >= 0:
        return power_exact(base_a, normalised(p + q))
    return None


# --- quotients ----------------------------------------------------------


def divide(a: N, b: N) -> N:
    """a / b: a multiple of 1/b, of a*b**-p where b is a power, or of a quotient.

    The power remembers that it was divided by: a*b**-p leaves the range where b**p is next to its
    ends, and a / b**p need not (`nodes.operations.scalars.quotients`).
    """
    value = exact_value(b)
    if value is not None:
        if value == 0:
            return _quotient(a, b)
        if b.shape == () or b.shape == a.shape:
            return scale(normalised(Fraction(1) / value), a)
    if a is b:
        return ex.constant_node(1, a.shape)
    factor_b, core_b = split_factor(b)
    value = exact_value(a)
    if value is not None and (a.shape == () or a.shape == b.shape):
        if value == 0:
            return ex.constant_node(0, b.shape)
        factor = normalised(Fraction(value) / factor_b)
        if not can_merge(value, factor_b, factor):
            return scale(value, reciprocal(b))
        base, exponent = split_power(core_b)
        if exponent != 1 and not is_movable(factor):
            return scale(factor, inverse_power(base, exponent))
        return scale(factor, reciprocal(core_b))
    factor_a, core_a = split_factor(a)
    factor = normalised(Fraction(factor_a) / factor_b)
    if factor == 1:
        a, b = core_a, core_b
    elif is_movable(factor):
        return scale(factor, divide(core_a, core_b))
    if a is b:
        return ex.constant_node(1, a.shape)
    if a.op == "mul" and a.shape == b.shape:
        for kept, dropped in (a.args, a.args[::-1]):
            if dropped is b and kept.shape == a.shape:
                return kept
    if b.op in _POWER_OPS:
        base, exponent = split_power(b)
        if exponent != 1:
            return multiply(a, inverse_power(base, exponent))
    elif a.op in _POWER_OPS:
        combined = _same_base_quotient(a, b)
        if combined is not None:
            return combined
    return _quotient(a, b)


def _same_base_quotient(a: N, b: N) -> N | None:
    """x**p / x where the result is not singular at zero."""
    base, exponent = split_power(a)
    if base is b and exponent >= 1:
        return power_exact(base, normalised(exponent - 1))
    return None


def _quotient(a: N, b: N) -> N:
    return ex.node("div", (a, b), None, ex.broadcast_shapes("divide", a, b))


def reciprocal(e: N) -> N:
    """1 / e; the reciprocal of a power is a power, that of a quotient the inverted quotient."""
    value = exact_value(e)
    if value is not None and value != 0:
        return ex.constant_node(normalised(Fraction(1) / value), e.shape)
    factor, core = split_factor(e)
    if factor != 1:
        return scale(normalised(Fraction(1) / factor), reciprocal(core))
    base, exponent = split_power(e)
    if exponent != 1:
        return power_exact(base, -exponent)
    if e.op == "div":
        return divide(e.args[1], e.args[0])
    return ex.node("div", (ex.ONE, e), None, e.shape)


def inverse_power(base: N, exponent: Exact, written: Exact | None = None) -> N:
    """1 / base**exponent as a factor of what is divided; roots have inverses wherever they are.

    written: the exponent of the divisor in the user's own order of operations, where it is another:
        derivatives of a / b**2 are divided by b once more.
    """
    made = power_exact(base, -exponent)
    if made.op != "pow" or -HALF <= exponent <= HALF:
        return made
    if written is None or made.args[0] is not base:
        written = exact_value(made.args[1])
        assert written is not None
        written = -written
    return ex.node("pow", made.args, written, made.shape)


def slope_of_inverse(base: N, exponent: Exact, written: Exact) -> N:
    """The derivative of base**-exponent, that of what is divided by base**written."""
    return scale(-exponent, inverse_power(base, normalised(exponent + 1), written))


# --- powers ----------------------------------------------------------


def power(base: N, exponent: N) -> N:
    """base ** exponent."""
    value = exact_value(exponent)
    if value is not None and exponent.shape == ():
        return power_exact(base, value)
    if base is ex.ONE:
        return ex.constant_node(1, exponent.shape)
    general = ex.node("pow", (base, exponent), None, ex.broadcast_shapes("power", base, exponent))
    if base is ex.ZERO:  # whose logarithm, the slope's factor, is infinite
        return where(greater(exponent, ex.ZERO), ex.ZERO, general)
    return general


def power_exact(base: N, exponent: Exact) -> N:
    """base ** exponent for an exact constant exponent."""
    top, below = exponent.numerator, exponent.denominator  # Fractions compare slowly
    if top == below:
        return base
    if top == 0:
        return ex.constant_node(1, base.shape)
    value = exact_value(base)
    if value is not None:
        folded = constants.power(value, exponent)
        if folded is not None:
            return ex.constant_node(folded, base.shape)
    elif type(exponent) is int and base.op == "linear":
        factor, core = _positive_square(base) if exponent % 2 == 0 else split_factor(base)
        if factor != 1:
            pulled = constants.power(factor, exponent)
            if pulled is not None and is_movable(pulled):
                return scale(pulled, power_exact(core, exponent))
        base = core if factor == 1 else base
    elif base.op in _POWER_OPS:
        inner_base, inner = split_power(base)
        # (b**p)**n: for integer n the domain can only grow; else b**p >= 0 must mean b >= 0.
        if inner != 1 and (type(exponent) is int or (type(inner) is Fraction and -1 < inner < 1)):
            return power_exact(inner_base, normalised(inner * exponent))
    elif type(exponent) is int:
        smooth = _smooth_power(base, exponent)
        if smooth is not None:
            return smooth
    if top == -below:
        return reciprocal(base)
    if below == 2 and top == 1:
        return ex.node("sqrt", (base,), None, base.shape)
    args = (base, ex.constant_node(exponent))
    return ex.intern_node(("pow", None, base.id, args[1].id), "pow", args, None, base.shape)


def _smooth_power(base: N, exponent: int) -> N | None:
    """An even power of abs or hypot, or a third one of cbrt, without the singular base."""
    if base.op == "abs" and exponent % 2 == 0:
        return power_exact(base.args[0], exponent)
    if base.op == "cbrt" and exponent % 3 == 0:
        return power_exact(base.args[0], exponent // 3)
    if base.op == "hypot" and exponent % 2 == 0:
        x, y = (power_exact(side, 2) for side in base.args)
        return power_exact(add(x, y), exponent // 2)
    return None


def _positive_square(e: N) -> tuple[Exact, N]:
    """(c, t) with e**2 = (c*t)**2 and c >= 0; 1 - x counts as x - 1."""
    factor, core = split_factor(e)
    if core.op == "linear" and len(core.args) == 1 and core.payload[0][0] < 0:
        core = scale(-1, core)
    return (factor if factor > 0 else -factor), core


def is_sum_of_squares(e: Node) -> bool:
    """Whether an array's squares are summed, or a multiple above zero: where it is zero, it is
    smallest, and does not change.
    """
    factor, core = split_factor(e)
    if factor < 0:
        return False
    if core.op == "sum":
        exponent = split_power(core.args[0])[1]
        return type(exponent) is int and exponent > 0 and exponent % 2 == 0
    if core.op == "matmul":
        return core.args[0] is core.args[1] and core.args[0].ndim == 1
    return core.op == "einsum" and core.args[0] is core.args[1] and _is_of_equal_letters(core)


def _is_of_equal_letters(e: Node) -> bool:
    first, _, second = e.payload.partition("->")[0].partition(",")
    return bool(first == second)
