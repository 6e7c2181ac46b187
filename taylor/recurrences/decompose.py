"""Expressions -> rows: the DAG walked once, every node the rows of its recurrence.

Sums absorb what only they use: a product becomes a convolution of the sum's own step, and the sum
that they begin with is continued, so that dx**2 + dy**2 + dz**2 is one row with three
convolutions.  Only the first operand of a sum is absorbed as a sum: x + (y - z) keeps the user's
brackets, because y - z may cancel.  Nothing is absorbed that another node, an output or a state's
derivative needs as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from taylor.errors import ArgumentError, UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time
from taylor.nodes.logic import warn_of_points
from taylor.nodes.operations.regions.inlined import inlined
from taylor.nodes.operations.scalars.arithmetic import has_exact_exponent
from taylor.nodes.operations.table import operation
from taylor.nodes.record import Function
from taylor.nodes.registry import get
from taylor.numbers.data import ArrayData
from taylor.numbers.exact import is_movable
from taylor.recurrences.builder import SeriesBuilder, Terms
from taylor.recurrences.defined_rows import Define, by_derivative, by_equations, split
from taylor.recurrences.exponents import general_power, power
from taylor.recurrences.operand_order import OperandOrder
from taylor.recurrences.patterns import (
    enters_numerator,
    exact_divisor,
    is_plain_sum,
    is_product,
    may_multiply,
    only_term,
)
from taylor.recurrences.regions.values import part_row
from taylor_runtime.program.program import Coefficient, Input, Program, Term

MOST_CONVOLUTIONS = 8  # of one row


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
    work = Decomposition(SeriesBuilder(order, derivatives is not None), dict(inputs))
    if derivatives is not None:
        work.declare_states(len(derivatives))
        work.inputs.setdefault(time, Input("time", (0,)))
    if order == 0:
        outputs = inlined(outputs)
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


class Decomposition:
    """The state of one walk: rows of nodes, what was absorbed, and what is still to be defined.

    Its public methods are what the records of operations ask for (`Operation.rows`, `absorbs`).
    """

    def __init__(self, builder: SeriesBuilder, inputs: dict[Expression, Input]) -> None:
        self.builder = builder
        self.inputs = inputs
        self.rows: dict[Expression, int] = {}
        self.states: list[int] = []
        self._order = OperandOrder(inputs)
        self._once: set[Expression] = set()  # used once; only ever asked, never iterated
        self._absorbed: set[Expression] = set()  # likewise
        self._convolutions: dict[Expression, int] = {}
        self._unknowns: dict[Expression, int] = {}  # rows of functions that equations define
        # What has to be lowered before declared rows can be defined, and who defines them.
        self._undefined: list[Define] = []
        self._negatives: dict[int, tuple[Any, tuple[Any, ...]]] = {}  # by the identity of payloads

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
        only = only_term(self.builder.rows[row])
        if only is not None:
            factor, inner, inner_head = only
            if may_multiply(constant, factor, inner_head):
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
            operands: dict[Expression, Sequence[Expression]] = {}
            self._order.learn(self._post_order(roots, operands))
            self._plan(operands, roots)
            absorbed, rows, inputs = self._absorbed, self.rows, self.inputs
            rules: dict[str, Any] = {}
            for node in operands:
                if node not in absorbed:
                    op = node.op
                    if op not in rules:
                        rules[op] = self._rule(op)
                    rule = None if node in inputs else rules[op]
                    rows[node] = self._row(node) if rule is None else rule(self, node)
            declared += self._undefined
            roots = [core for needed, _ in self._undefined for core in needed]
            self._undefined = []
        for _, define in declared:
            define(self.rows)

    def _post_order(
        self, roots: Sequence[Expression], found: dict[Expression, Sequence[Expression]]
    ) -> Iterator[Expression]:
        """New nodes below the roots, after their operands, with which they are entered in `found`:
        one by one, so that somebody looks at them while they are in the cache.
        """
        seen = set(self.rows)  # only ever asked, never iterated
        inputs = self.inputs
        chosen: dict[str, Any] = {}  # by operation: which operands need rows of their own
        pending: list[Any] = list(reversed(roots))
        while pending:
            node = pending.pop()
            if type(node) is tuple:  # all below it has been found
                found[node[0]] = node[1]
                yield node[0]
            elif node not in seen:
                seen.add(node)
                op = node.op
                if op not in chosen:
                    chosen[op] = operation(op).operands
                # Those that need rows of their own: no exact exponent of a power, nor orders.
                choose = chosen[op]
                operands = () if node in inputs else choose(node) if choose else node.args
                if seen.issuperset(operands):  # found already, since it is no circle
                    found[node] = operands
                    yield node
                else:
                    pending.append((node, operands))
                    pending += operands[::-1]

    # -- what is absorbed -------------------------------------------------------------------------

    def _plan(
        self, found: Mapping[Expression, Sequence[Expression]], roots: Sequence[Expression]
    ) -> None:
        """Decide which nodes get no row because the only node that uses them absorbs them."""
        uses = Counter(roots)
        uses.update(chain.from_iterable(found.values()))
        self._once = once = {e for e, count in uses.items() if count == 1}
        once -= self.rows.keys() | self.inputs.keys()
        self._absorbed = set()
        self._convolutions = {}
        for node, operands in found.items():
            absorbs = operation(node.op).absorbs
            if absorbs is not None and not once.isdisjoint(operands):
                self._absorb(node, absorbs(self, node))

    def absorbed_by_sum(self, e: Expression) -> Sequence[Expression]:
        """Operands of a sum that could become part of its step."""
        coefficients, offset = e.payload
        only = len(e.args) == 1 and offset == 0
        if only and e.args[0].op == "div":
            return e.args if enters_numerator(coefficients[0], e.args[0].args[0]) else ()
        if only and not self.builder.has_orders and exact_divisor(e) is not None:
            return ()  # rounded as NumPy rounds it
        once, first = self._once, e.args[0]
        found = [arg for arg in e.args if arg in once and is_product(arg)]
        if first in once and is_plain_sum(first) and coefficients[0] in (1, -1):
            found.insert(0, first)
        return found

    def absorbed_by_quotient(self, e: Expression) -> Sequence[Expression]:
        """The numerator, if it could become part of the quotient's step."""
        numerator = e.args[0]
        return (numerator,) if is_product(numerator) or is_plain_sum(numerator) else ()

    def _absorb(self, e: Expression, operands: Sequence[Expression]) -> None:
        total, known = 0, self._convolutions
        for operand in operands:
            if operand in self._once:
                more = total + (1 if is_product(operand) else known.get(operand, 0))
                if more <= MOST_CONVOLUTIONS:
                    total = more
                    self._absorbed.add(operand)
        known[e] = total

    # -- rows of nodes ----------------------------------------------------------------------------

    def _rule(self, op: str) -> Any:
        """What makes the rows of an operation's nodes, if anything does."""
        return operation(op).rows

    def _row(self, e: Expression) -> int:
        """The row of an input."""
        if e in self.inputs:
            return self._leaf(e)
        raise self._unknown_leaf(e) if not e.args or e.op == "index" else _no_rule(e)

    def product(self, e: Expression) -> int:
        a, b = self._order.of(e)
        return self.builder.product(self.rows[a], self.rows[b])

    def quotient(self, e: Expression) -> int:
        return self.builder.quotient(self._numerator(e, 1), self.rows[e.args[1]])

    def choice(self, e: Expression) -> int:
        """The row of a value that a condition chooses, by its record's name."""
        condition, a, b = (self.rows[arg] for arg in e.args)
        if self.builder.has_orders and not self.builder.in_time:
            warn_of_points(e.args[0], self._varies)
        return self.builder.select(e.op, (condition, a, b), condition, a, b)

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

    def power(self, e: Expression) -> int:
        base, exponent = e.args
        if has_exact_exponent(e):
            return power(self.builder, self.rows[base], exponent.payload)
        return general_power(self.builder, self.rows[base], self.rows[exponent])

    def call(self, e: Expression) -> int:
        record, builder = _record(e), self.builder
        orders = tuple(arg.payload for arg in e.args[: record.orders])
        rows = [self.rows[arg] for arg in e.args[record.orders :]]
        if builder.is_steady(*rows):
            return builder.kernel(record.value_kernel, *rows, constants=orders)
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

    def part(self, e: Expression) -> int:
        """The row of a result of a loop or a branch."""
        return part_row(self.builder, e, self.rows, self.inputs, decompose)

    def sum(self, e: Expression) -> int:
        if len(e.args) == 1:
            only = e.args[0]
            if only.op == "div" and only in self._absorbed:
                numerator = self._numerator(only, e.payload[0][0])
                return self.builder.quotient(numerator, self.rows[only.args[1]])
            divisor = exact_divisor(e)
            if divisor is not None and only not in self._absorbed:
                return self.builder.divided(self.rows[only], divisor)
        return self.builder.row(self._sum_terms(e), offset=e.payload[1])

    def _sum_terms(self, e: Expression) -> Terms:
        """The terms of a sum, those of the absorbed sum that it begins with first."""
        absorbed, rows = self._absorbed, self.rows
        sums: list[tuple[Any, Expression]] = []  # with their signs, the first of all last
        sign = 1
        while True:
            sums.append((sign, e))
            inner = e.args[0]
            if inner.op != "linear" or inner not in absorbed:
                break
            sign *= e.payload[0][0]
            e = inner
        terms: list[Term] = []
        begun = 0
        for sign, e in reversed(sums):
            coefficients = e.payload[0] if sign == 1 else self._negated(e.payload)
            for signed, operand in zip(coefficients[begun:], e.args[begun:], strict=True):
                if operand in absorbed:
                    terms += self._term(signed, operand)
                else:
                    terms.append(Term(signed, Coefficient(rows[operand])))
            begun = 1
        return tuple(terms)

    def _negated(self, payload: Any) -> tuple[Any, ...]:
        """The coefficients of a sum times -1: sums that share them share these, too."""
        known = self._negatives.get(id(payload))
        if known is None:
            found = tuple([-c for c in payload[0]])
            known = self._negatives[id(payload)] = payload, found  # which keeps its identity
        return known[1]

    def _term(self, constant: Any, operand: Expression) -> Terms:
        if operand not in self._absorbed:
            return (Term(constant, Coefficient(self.rows[operand])),)
        a, b = self._order.of(operand) if operand.op == "mul" else (operand.args[0],) * 2
        row_a, row_b = self.rows[a], self.rows[b]
        if (self.builder.is_steady(row_a) or self.builder.is_steady(row_b)) and not is_movable(
            constant
        ):  # heads are multiplied by constants first: k*1e30 may overflow where k*x does not
            return self.builder.term(constant, self.builder.product(row_a, row_b))
        return self.builder.convolution(constant, row_a, row_b)

    def _numerator(self, e: Expression, constant: Any) -> Terms:
        """The terms of constant times a quotient's numerator."""
        numerator = e.args[0]
        if numerator.op == "constant" and not isinstance(numerator.payload, ArrayData):
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
