"""Expressions -> rows: the DAG walked once, every node the rows of its recurrence.

Sums absorb what only they use: a product becomes a convolution of the sum's own step, and the sum
that they begin with is continued, so that dx**2 + dy**2 + dz**2 is one row with three
convolutions.  Only the first operand of a sum is absorbed as a sum: x + (y - z) keeps the user's
brackets, because y - z may cancel.  Nothing is absorbed that another node, an output or a state's
derivative needs as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from taylor.errors import ArgumentError, UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time
from taylor.nodes.logic import warn_of_points
from taylor.nodes.node import CONDITIONS
from taylor.nodes.record import Function
from taylor.nodes.registry import functions, get
from taylor.numbers.exact import can_merge, is_movable
from taylor.recurrences.builder import SeriesBuilder, Terms
from taylor.recurrences.defined_rows import Define, by_derivative, by_equations, split
from taylor.recurrences.exponents import general_power, power
from taylor.recurrences.operand_order import OperandOrder
from taylor_runtime.program.program import Coefficient, Input, Program, Row, Term

MOST_CONVOLUTIONS = 8  # of one row
_EXACT_INTEGERS = 1 << 53  # below this, integers are exact in float64


def decompose(
    outputs: Sequence[Expression],
    inputs: Mapping[Expression, Input],
    order: int,
    derivatives: Sequence[Expression] | None = None,
) -> Program:
    """Return the program of the outputs' Taylor coefficients up to `order`.

    outputs: scalar expressions (see `taylor.nodes.node.scalars` for arrays).
    inputs: where the leaves come from; every variable and parameter that occurs has to be among
        them. `taylor.time` may be left out of a differential equation.
    order: highest coefficient; 0 gives a plain formula, in which every input is constant.
    derivatives: the right-hand sides of a differential equation, one for each slot of the source
        "state", in the order of the slots.  Without them all inputs are given.

    Raises ArgumentError for an unknown leaf, a missing state or a negative order,
    UnsupportedFunctionError for array operations and functions that are not registered.

    >>> from taylor.expressions.leaves import variables
    >>> x, v = variables("x v")
    >>> states = {x: Input("state", (0,)), v: Input("state", (1,))}
    >>> program = decompose([x, v], states, order=20, derivatives=[v, -x])
    >>> len(program.rows), program.inputs
    (2, (('state', 2),))
    """
    if order < 0:
        raise ArgumentError(f"decompose: order={order} is negative")
    work = _Decomposition(SeriesBuilder(order, derivatives is not None), dict(inputs))
    if derivatives is not None:
        work.declare_states(len(derivatives))
        work.inputs.setdefault(time, Input("time", (0,)))
    scaled = [split(derivative) for derivative in derivatives or ()]
    work.lower([core for _, core in scaled] + list(outputs))
    for slot, (constant, core) in enumerate(scaled):
        work.define_state(slot, constant, core)
    builder = work.builder
    rows = [work.rows[output] for output in outputs]
    if order > 0:
        rows = [builder.varying(row) for row in rows]
    return builder.program(rows, _slots(inputs))


def _slots(inputs: Mapping[Expression, Input]) -> tuple[tuple[str, int], ...]:
    """The number of slots of every source, in the order of first mention."""
    slots: dict[str, int] = {}
    for source in inputs.values():
        slots[source.source] = max(slots.get(source.source, 0), max(source.index) + 1)
    return tuple(slots.items())


def _exact_divisor(e: Expression) -> Fraction | None:
    """q if e is x / q and dividing rounds once, multiplying by 1/q twice; else None.

    q is p / 2**k with an odd p > 1: exact in float64, and its reciprocal is not.
    """
    if e.op != "linear" or len(e.args) != 1 or e.payload[1] != 0:
        return None
    coefficient = Fraction(e.payload[0][0])
    p, power = coefficient.denominator, abs(coefficient.numerator)
    is_power_of_two = power & (power - 1) == 0
    p_is_power_of_two = p & (p - 1) == 0
    if is_power_of_two and not p_is_power_of_two and max(p, power) < _EXACT_INTEGERS:
        return 1 / coefficient
    return None


def _only_term(row: Row) -> tuple[Any, int, int | None] | None:
    """(c, r, p) if the row is just c p_0 times row r: a state takes that into its own step."""
    step = row.step
    if step is None or row.start is not None or (step.times, step.divisor) != ("1", None):
        return None
    if len(step.terms) != 1 or row.offset != 0:
        return None
    operand = step.terms[0].operand
    if not isinstance(operand, Coefficient):
        return None
    return step.terms[0].constant, operand.row, step.terms[0].head


class _Decomposition:
    """The state of one walk: rows of nodes, what was absorbed, and what is still to be defined."""

    def __init__(self, builder: SeriesBuilder, inputs: dict[Expression, Input]) -> None:
        self.builder = builder
        self.inputs = inputs
        self.rows: dict[Expression, int] = {}
        self.states: list[int] = []
        self._order = OperandOrder(inputs)
        self._absorbed: set[Expression] = set()  # only ever asked, never iterated
        self._convolutions: dict[Expression, int] = {}
        self._unknowns: dict[Expression, int] = {}  # rows of functions that equations define
        # What has to be lowered before declared rows can be defined, and who defines them.
        self._undefined: list[Define] = []

    # -- inputs and states ------------------------------------------------------------------------

    def declare_states(self, count: int) -> None:
        """The rows of the state come first, in the order of their slots."""
        slots = {s.index[0]: e for e, s in self.inputs.items() if s.source == "state"}
        if sorted(slots) != list(range(count)):
            raise ArgumentError(
                f"decompose: {count} derivatives need state inputs with slots 0 to {count - 1}; "
                f"got slots {sorted(slots)}"
            )
        self.states = [self._leaf(slots[slot]) for slot in range(count)]

    def define_state(self, slot: int, constant: Any, core: Expression) -> None:
        """x_n = h f_{n-1} / n, with f = constant * core."""
        if core.op == "constant" and core.payload == 0:
            return
        row, head = self.rows[core], None
        only = _only_term(self.builder.rows[row])
        if only is not None:
            factor, inner, inner_head = only
            if _may_multiply(constant, factor, inner_head):
                constant, row, head = constant * factor, inner, inner_head
        operand = Coefficient(row, lag=1)
        self.builder.define(self.states[slot], (Term(constant, operand, head),), times="h/n")

    def _leaf(self, e: Expression) -> int:
        if e not in self.rows:
            source = self.inputs[e]
            row = self.builder.input(source.source, source.index[0])
            self.builder.name(row, e.payload if isinstance(e.payload, str) else str(e))
            self.rows[e] = row
        return self.rows[e]

    # -- the walk ---------------------------------------------------------------------------------

    def lower(self, roots: Sequence[Expression]) -> None:
        """Make rows for the roots and everything below them, derivatives of functions included.

        A function without a recurrence of its own is declared when it is met; the partial
        derivatives that its step needs are lowered in the next round, because they may contain the
        function itself.
        """
        declared: list[Define] = []
        while roots:
            nodes = self._post_order(roots)
            self._order.learn(nodes)
            self._plan(nodes, roots)
            for node in nodes:
                if node not in self._absorbed:
                    self.rows[node] = self._row(node)
            declared += self._undefined
            roots = [core for needed, _ in self._undefined for core in needed]
            self._undefined = []
        for _, define in declared:
            define(self.rows)

    def _post_order(self, roots: Sequence[Expression]) -> list[Expression]:
        """New nodes below the roots, operands first, in the order of the operands."""
        found: list[Expression] = []
        seen: set[Expression] = set()  # only ever asked, never iterated
        pending = [(root, False) for root in reversed(roots)]
        while pending:
            node, finished = pending.pop()
            if finished:
                found.append(node)
            elif node not in seen and node not in self.rows:
                seen.add(node)
                pending.append((node, True))
                if node not in self.inputs:
                    pending.extend((arg, False) for arg in reversed(_operands(node)))
        return found

    # -- what is absorbed -------------------------------------------------------------------------

    def _plan(self, nodes: Sequence[Expression], roots: Sequence[Expression]) -> None:
        """Decide which nodes get no row because the only node that uses them absorbs them."""
        uses: dict[Expression, int] = {}
        for used in roots:
            uses[used] = uses.get(used, 0) + 1
        for node in nodes:
            for used in _operands(node) if node not in self.inputs else ():
                uses[used] = uses.get(used, 0) + 1
        self._absorbed = set()
        self._convolutions = {}
        for node in nodes:
            for operand in self._absorbable(node):
                if uses[operand] == 1 and operand not in self.rows and operand not in self.inputs:
                    self._absorb(node, operand)

    def _absorbable(self, e: Expression) -> Sequence[Expression]:
        """Operands of a sum or quotient that could become part of its step."""
        if e.op == "div":
            numerator = e.args[0]
            return (numerator,) if _is_product(numerator) or _is_plain_sum(numerator) else ()
        if e.op != "linear":
            return ()
        coefficients, offset = e.payload
        only = len(e.args) == 1 and offset == 0
        if only and e.args[0].op == "div":
            return e.args if _enters_numerator(coefficients[0], e.args[0].args[0]) else ()
        if only and self.builder.order == 0 and _exact_divisor(e) is not None:
            return ()  # rounded as NumPy rounds it
        found = [arg for arg in e.args if _is_product(arg)]
        if _is_plain_sum(e.args[0]) and coefficients[0] in (1, -1):
            found.insert(0, e.args[0])
        return found

    def _absorb(self, e: Expression, operand: Expression) -> None:
        added = 1 if _is_product(operand) else self._convolutions.get(operand, 0)
        total = self._convolutions.get(e, 0) + added
        if total <= MOST_CONVOLUTIONS:
            self._convolutions[e] = total
            self._absorbed.add(operand)

    # -- rows of nodes ----------------------------------------------------------------------------

    def _row(self, e: Expression) -> int:
        builder, op = self.builder, e.op
        if e in self.inputs:
            return self._leaf(e)
        if op == "constant":
            return builder.number(e.payload)
        if op == "linear":
            return self._sum(e)
        if op == "mul":
            factors = self._order.of(e)
            return builder.product(*(self.rows[factor] for factor in factors))
        if op == "div":
            return builder.quotient(self._numerator(e, 1), self.rows[e.args[1]])
        if op == "pow":
            return self._power(e)
        if op in CONDITIONS:
            return builder.kernel(op, *(self.rows[arg] for arg in e.args))
        if op == "where":
            condition, a, b = (self.rows[arg] for arg in e.args)
            if builder.order and not builder.in_time:
                warn_of_points(e.args[0], self._varies)
            return builder.select("where", (condition, a, b), condition, a, b)
        if not e.args or op == "index":
            raise self._unknown_leaf(e)
        return self._function(e)

    def _varies(self, e: Expression) -> bool:
        return not self.builder.is_steady(self.rows[e])

    def _unknown_leaf(self, e: Expression) -> Exception:
        if e.shape:
            return _no_rule(e)
        known = ", ".join(str(leaf) for leaf in self.inputs)
        return ArgumentError(
            f"decompose: {e} occurs in an expression but is not among the inputs ({known}); "
            "add it to them"
        )

    def _power(self, e: Expression) -> int:
        base, exponent = e.args
        if _has_exact_exponent(e):
            return power(self.builder, self.rows[base], exponent.payload)
        return general_power(self.builder, self.rows[base], self.rows[exponent])

    def _function(self, e: Expression) -> int:
        record, builder = _record(e), self.builder
        orders = tuple(arg.payload for arg in e.args[: record.orders])
        rows = [self.rows[arg] for arg in e.args[record.orders :]]
        if builder.is_steady(*rows):
            return builder.kernel(record.kernel_name, *rows, constants=orders)
        record.check_fixed([not builder.is_steady(row) for row in rows[: record.fixed]])
        if record.recurrence is not None:
            return builder.apply(record.name, *rows, orders=orders)
        if record.equations is None:
            row, later = by_derivative(builder, record, e.args, rows)
            self._undefined.append(later)
            return row
        if e not in self._unknowns:
            equations = record.equations(*e.args)
            found, later = by_equations(builder, equations, rows)
            self._undefined.append(later)
            self._unknowns.update(zip(equations.unknowns, found, strict=True))
        return self._unknowns[e]

    def _sum(self, e: Expression) -> int:
        if len(e.args) == 1:
            only = e.args[0]
            if only.op == "div" and only in self._absorbed:
                numerator = self._numerator(only, e.payload[0][0])
                return self.builder.quotient(numerator, self.rows[only.args[1]])
            divisor = _exact_divisor(e)
            if divisor is not None and only not in self._absorbed:
                return self.builder.divided(self.rows[only], divisor)
        return self.builder.row(self._sum_terms(e), offset=e.payload[1])

    def _sum_terms(self, e: Expression) -> Terms:
        """The terms of a sum, those of the absorbed sum that it begins with first."""
        parts: list[Terms] = []
        sign = 1
        while True:
            coefficients = e.payload[0]
            begins_with_sum = e.args[0].op == "linear" and e.args[0] in self._absorbed
            first = 1 if begins_with_sum else 0
            terms: Terms = ()
            for constant, operand in zip(coefficients[first:], e.args[first:], strict=True):
                terms += self._term(sign * constant, operand)
            parts.append(terms)
            if not begins_with_sum:
                return tuple(term for part in reversed(parts) for term in part)
            sign *= coefficients[0]
            e = e.args[0]

    def _term(self, constant: Any, operand: Expression) -> Terms:
        if operand not in self._absorbed:
            return self.builder.term(constant, self.rows[operand])
        a, b = self._order.of(operand) if operand.op == "mul" else (operand.args[0],) * 2
        row_a, row_b = self.rows[a], self.rows[b]
        if not is_movable(constant) and (
            self.builder.is_steady(row_a) or self.builder.is_steady(row_b)
        ):  # heads are multiplied by constants first: k*1e30 may overflow where k*x does not
            return self.builder.term(constant, self.builder.product(row_a, row_b))
        return self.builder.convolution(constant, row_a, row_b)

    def _numerator(self, e: Expression, constant: Any) -> Terms:
        """The terms of constant times a quotient's numerator."""
        numerator = e.args[0]
        if numerator.op == "constant":
            return self.builder.term(1, self.builder.number(constant * numerator.payload))
        if numerator.op == "linear" and numerator in self._absorbed:
            terms = self._sum_terms(numerator)
            return tuple(Term(constant * t.constant, t.operand, t.head) for t in terms)
        return self._term(constant, numerator)


def _record(e: Expression) -> Function:
    try:
        return get(e.op)
    except UnsupportedFunctionError:
        raise _no_rule(e) from None


def _no_rule(e: Expression) -> UnsupportedFunctionError:
    return UnsupportedFunctionError(
        f"decompose: there is no rule for {e.op!r} in {e}; arrays are turned into scalars by "
        "taylor.nodes.node.scalars, functions are added by taylor.register_function"
    )


def _has_exact_exponent(e: Expression) -> bool:
    exponent = e.args[1]
    return exponent.op == "constant" and not isinstance(exponent.payload, float)


def _may_multiply(constant: Any, factor: Any, head: int | None) -> bool:
    """Whether the constants of constant * (factor * head_0 * row_n) may become one."""
    if head is not None and not is_movable(constant):
        return False
    return constant in (1, -1) or can_merge(constant, factor, constant * factor)


def _enters_numerator(constant: Any, numerator: Expression) -> bool:
    """Whether constant * (a / b) may be computed as (constant * a) / b."""
    if numerator.op == "constant" and not isinstance(numerator.payload, float):
        return can_merge(constant, numerator.payload, constant * numerator.payload)
    if not is_movable(constant):
        return False
    while _is_plain_sum(numerator):  # a sum that begins with a sum may absorb it
        if not all(can_merge(constant, c, constant * c) for c in numerator.payload[0]):
            return False
        numerator = numerator.args[0]
    return True


def _operands(e: Expression) -> tuple[Expression, ...]:
    """The operands that need rows of their own: not the exact exponent of a power, nor orders."""
    if e.op == "pow" and _has_exact_exponent(e):
        return e.args[:1]
    record = functions.get(e.op)
    return e.args[record.orders :] if record is not None and record.orders else e.args


def _is_product(e: Expression) -> bool:
    if e.op == "pow":
        return e.args[1].op == "constant" and e.args[1].payload == 2
    return e.op == "mul"


def _is_plain_sum(e: Expression) -> bool:
    """Whether another step may take the terms: a multiple of a quotient is a step of its own."""
    only_quotient = e.op == "linear" and len(e.args) == 1 and e.args[0].op == "div"
    return e.op == "linear" and e.payload[1] == 0 and not only_quotient
