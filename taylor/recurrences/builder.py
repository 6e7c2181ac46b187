"""Recurrences written as rows: the builder that every elementary function speaks to.

A `SeriesBuilder` collects the rows of a program (`taylor_runtime.program`).  A rule asks it for
the rows it needs (products, derivatives, kernels), declares its own, and defines the step that
gives coefficient n; see `taylor/functions/` for rules.  Equal rows are made once.

A row is *steady* if its coefficients beyond order zero all vanish: constants, parameters, and what
is piecewise constant (floor, comparisons, scale factors).  Steady rows never enter a convolution:
a product with one becomes a term with a `head`, a quotient by one a `divisor`.

Conventions: n is the order, j the summation index; u is the row that a rule defines, x its
argument, x' the derivative row n x_n (the Euler operator applied to x).  Sources of the rules of
arithmetic: Moore (1966) ch. 11; Griewank & Walther (2008) section 13.2, table 13.1; Jorba & Zou
(2005) section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from taylor.errors import ArgumentTypeError
from taylor.numbers.exact import normalised
from taylor.recurrences.degree import Slope, slope_of
from taylor.recurrences.prune import Numbered, copied_row, heads, pruned, scaled
from taylor_runtime.program.program import (
    Coefficient,
    Constant,
    Convolution,
    Input,
    Kernel,
    Number,
    OwnKernel,
    Program,
    Row,
    Select,
    Step,
    Term,
)
from taylor_runtime.program.records import replace
from taylor_runtime.program.signature import rows_used
from taylor_runtime.program.verify import rows_at_order, rows_of_every_order

Exact = int | Fraction
Terms = tuple[Term, ...]
P = ParamSpec("P")
R = TypeVar("R")

_TO_BE_DEFINED = Step(())
_MULTIPLIED_OUT = 3  # powers up to here are products at order zero too, larger ones call `pow`


def shared(
    rule: Callable[Concatenate[SeriesBuilder, P], R],
) -> Callable[Concatenate[SeriesBuilder, P], R]:
    """Make a rule return what it returned before for the same rows (and numbers, soon hashed)."""

    @wraps(rule)
    def once(builder: SeriesBuilder, *args: P.args, **kwargs: P.kwargs) -> R:
        plain = [(a.numerator, a.denominator) if a.__class__ is Fraction else a for a in args]
        key = (rule, *plain, *kwargs.items())
        if key not in builder.results:
            builder.results[key] = rule(builder, *args, **kwargs)
        return builder.results[key]  # type: ignore[return-value]

    return once  # type: ignore[return-value]  # wraps() hides that `builder` is positional


class SeriesBuilder:
    """Collects rows in evaluation order; rows are named by their position.

    order: highest coefficient that the program will compute.  At order 0 every row is constant,
        and no recurrence is expanded.
    in_time: rows are coefficients along a solution, which leaves singular points behind: the
        cheapest rules are taken.  Points of functions may be singular points themselves.

    >>> builder = SeriesBuilder(order=3)
    >>> x = builder.input("jet", 0)
    >>> u = builder.apply("exp", builder.product(x, x))
    >>> builder.product(x, x) == u - 2  # made once; its derivative row stands between
    True
    """

    def __init__(self, order: int, in_time: bool = False) -> None:
        self._order = order
        self.of_one_order = False  # whether a rule asked for the order: other orders, other rows
        self.in_time = in_time
        self.rows: list[Row] = []
        self._used: list[Sequence[int]] = []  # by each row
        self.results: dict[object, object] = {}  # of shared rules
        self._slopes: dict[int, Slope] = {}  # of rows that are linear in time
        self._growths: dict[int, Slope] = {}  # of their Euler derivatives: coefficient 1 is all
        self._steady: list[bool] = []
        self._number: dict[int, Number] = {}
        self._numbered = Numbered(self.rows)
        self._reads_later = False  # whether a step reads rows that were made after its own

    @property
    def order(self) -> int:
        """The order, for rules whose rows depend on it; others ask `has_orders`."""
        self.of_one_order = True
        return self._order

    @property
    def has_orders(self) -> bool:
        """Whether there are coefficients beyond order zero."""
        return self._order > 0

    # -- rows -----------------------------------------------------------------------------------

    def _append(self, row: Row, steady: bool, used: Sequence[int] = ()) -> int:
        self.rows.append(row)
        self._used.append(used)
        self._steady.append(steady)
        return len(self.rows) - 1

    def _shared_row(self, row: Row, steady: bool) -> int:
        used, new = tuple(rows_used(row)), len(self.rows)
        known = self._numbered.number(row, used, new)
        return self._append(row, steady, used) if known == new else known

    def is_steady(self, *rows: int) -> bool:
        """Whether all coefficients of these rows beyond order zero vanish."""
        return all(self._steady[row] for row in rows)

    def _is_constant(self, rows: Iterable[int]) -> bool:
        return all(self.rows[row].constant for row in rows)

    def name(self, row: int, name: str) -> None:
        """Name a row that has no name yet, for explanations and errors."""
        if not self.rows[row].name:
            self.rows[row] = replace(self.rows[row], name=name)

    def input(self, source: str, index: int = 0) -> int:
        """Return the row of an input slot: "state", "parameter", "time" or "jet"."""
        constant = source == "parameter" or not self.has_orders
        row = self._shared_row(Row(start=Input(source, (index,)), constant=constant), constant)
        if source == "time" and self.in_time and self.has_orders:
            self._slopes[row] = Slope(1)
        return row

    def number(self, value: Number) -> int:
        """Return the constant row of an exact number."""
        row = self._shared_row(Row(step=Step(()), offset=value, constant=True), steady=True)
        self._number[row] = value
        return row

    def number_of(self, row: int) -> Number | None:
        """The exact number that a row is; None for a row that is none."""
        return self._number.get(row)

    def kernel(
        self, function: str | OwnKernel, *rows: int, constants: Sequence[Constant] = ()
    ) -> int:
        """Return the steady row of a kernel's value at order zero."""
        start = Kernel(function, rows, tuple(constants))
        constant = self._is_constant(rows)
        row = Row(start=start, constant=constant, name=str(function))
        return self._shared_row(row, steady=True)

    def declare(
        self, function: str | OwnKernel, *rows: int, constants: Sequence[Constant] = ()
    ) -> int:
        """Return a new row that starts from a kernel; `define` gives its step later."""
        start = Kernel(function, rows, tuple(constants)) if function else None
        row = Row(start=start, step=_TO_BE_DEFINED, name=str(function))
        return self._append(row, steady=False, used=rows)

    def define(
        self,
        row: int,
        terms: Terms,
        times: str = "1",
        divisor: int | None = None,
        offset: Number = 0,
    ) -> int:
        """Give a declared row (or a state's input row) its step; return the row."""
        step = Step(self._varying_terms(terms), times, divisor)
        self.rows[row] = defined = replace(self.rows[row], step=step, offset=offset)
        self._used[row] = rows_used(defined)
        reads = (max(rows_at_order(term.operand), default=row) for term in step.terms)
        self._reads_later |= any(read > row for read in reads)
        return row

    def row(
        self,
        terms: Terms,
        times: str = "1",
        divisor: int | None = None,
        offset: Number = 0,
        start: Kernel | None = None,
    ) -> int:
        """Return the row with this step, at order zero too unless `start` is given."""
        if len(terms) == 1 and start is None and divisor is None and times == "1" and offset == 0:
            copied = copied_row(terms[0])
            if copied is not None:
                return copied
        read: list[int] = []
        for term in terms:
            operand = term.operand
            if operand.__class__ is Coefficient:
                read.append(operand.row)
            else:
                read += rows_of_every_order(operand)
        are_steady = [*map(self._steady.__getitem__, read)]
        steady = False not in are_steady
        constant = steady and self._is_constant([*read, *heads(terms, divisor, start)])
        if not constant and True in are_steady:
            terms = self._varying_terms(terms)
        step = Step(terms, times, divisor)
        name = str(start.function) if start else ""
        made = self._shared_row(Row(start, step, offset, None, 1, constant, name), steady)
        if self._slopes and not steady:
            found = slope_of(step, self._slopes, self.is_steady)
            self._slopes |= {} if found is None else {made: found}
        return made

    # -- constant rows in varying sums ----------------------------------------------------------

    def varying(self, row: int) -> int:
        """Return the row with coefficients of every order; a constant row has only order zero."""
        if not self.rows[row].constant:
            return row
        if row in self._number:
            made = Row(step=Step(()), offset=self._number[row])
        else:
            unit = self.varying(self.number(1))
            made = Row(step=Step((Term(1, Coefficient(unit), row),)))
        return self._shared_row(made, steady=True)

    def _varying_terms(self, terms: Terms) -> Terms:
        read = [row for term in terms for row in rows_of_every_order(term.operand)]
        if any(self._steady[row] and self.rows[row].constant for row in read):
            return tuple([self._varying_term(term) for term in terms])
        return terms

    def _varying_term(self, term: Term) -> Term:
        """The term without a constant row as operand: p becomes p times the series 1."""
        operand = term.operand
        if isinstance(operand, Select):
            a, b = self.varying(operand.a), self.varying(operand.b)
            return Term(term.constant, Select(operand.condition, a, b), term.head)
        if not isinstance(operand, Coefficient) or not self.rows[operand.row].constant:
            return term
        value = self._number.get(operand.row)
        if value is not None or term.head is None:
            unit = Coefficient(self.varying(self.number(1)), operand.lag)
            if value is None:
                return Term(term.constant, unit, operand.row)
            return Term(scaled(term.constant, value), unit, term.head)
        head, one = term.head, operand.row
        if self.rows[head].constant:  # no piecewise one, as a quotient rounded down
            head, one = self.row((Term(1, Coefficient(one), head),)), self.number(1)
        return Term(term.constant, Coefficient(self.varying(one), operand.lag), head)

    # -- terms ----------------------------------------------------------------------------------

    def term(self, constant: Number, row: int, head: int | None = None) -> Terms:
        """constant * head_0 * row_n."""
        return (Term(constant, Coefficient(row), head),)

    def convolution(
        self,
        constant: Number,
        a: int | None,
        b: int | None,
        first: int = 0,
        last: int = 0,
        head: int | None = None,
    ) -> Terms:
        """constant * head_0 * sum_{j=first}^{n-last} a_j b_{n-j}, where None is a row of zeros.

        `first` and `last` are 0 or 1.  A steady factor leaves one term of the sum, or none; with
        `head` neither factor may be steady.
        """
        if a is None or b is None:
            return ()
        steady = self._steady
        if not steady[a] and not steady[b]:
            for factor, other, cut in ((a, b, last), (b, a, first)) if self._slopes else ():
                if factor in self._growths and not cut:
                    return self.term(constant, self._grown(self._growths[factor], other), head)
                if factor in self._slopes and head is None and first == last == 0:
                    grown = self._grown(self._slopes[factor], other)
                    return self.term(constant, grown) + self.term(constant, other, factor)
            return (Term(constant, Convolution(a, b, first, last), head),)
        if steady[a]:
            return () if first else self._scaled(constant, a, b)
        return () if last else self._scaled(constant, b, a)

    def _grown(self, slope: Slope, row: int) -> int:
        """h slope row_{n-1}: what the first coefficient of a row that is linear in time gives."""
        terms = (Term(slope.constant, Coefficient(row, lag=1), slope.head),)
        return self._shared_row(Row(step=Step(terms, "h", slope.divisor)), steady=False)

    def _scaled(self, constant: Number, steady: int, row: int) -> Terms:
        """constant * steady_0 * row_n, with numbers merged into the constant."""
        if steady in self._number:
            return self.term(scaled(constant, self._number[steady]), row)  # type: ignore[arg-type]
        if row in self._number:
            return self.term(scaled(constant, self._number[row]), steady)  # type: ignore[arg-type]
        if self.rows[row].constant:  # a constant operand would have to be made varying
            steady, row = row, steady
        return self.term(constant, row, head=steady)

    # -- arithmetic -----------------------------------------------------------------------------

    def linear(self, terms: Iterable[tuple[Number, int]], offset: Number = 0) -> int:
        """Return the sum of constant * row, plus an offset."""
        return self.row(tuple(Term(c, Coefficient(row)) for c, row in terms), offset=offset)

    def derivative(self, x: int) -> int | None:
        """Return the row n x_n, the Euler derivative of x; None if x is steady."""
        if self.is_steady(x):
            return None
        row = self.row(self.term(1, x), times="n")
        if x in self._slopes:
            self._growths[row] = self._slopes[x]
        return row

    def derivative_terms(self, x: int, head: int | None = None) -> Terms:
        """head_0 times the derivative row of x, as terms: none if x is steady."""
        derivative = self.derivative(x)
        return () if derivative is None else self.term(1, derivative, head)

    def product(self, a: int, b: int) -> int:
        """Return a b."""
        return self.row(self.convolution(1, a, b))

    @shared
    def quotient(self, numerator: Terms, b: int) -> int:
        """Return numerator / b: b_0 u_n = numerator_n - sum_{j=1}^{n} b_j u_{n-j}."""
        if self.is_steady(b):
            return self.row(numerator, divisor=b)
        if self.is_steady(
            *(row for term in numerator for row in rows_of_every_order(term.operand))
        ):
            u = self.declare("div", self.row(numerator), b)  # it enters at order zero only
            numerator = ()
        else:
            numerator = self._varying_terms(numerator)  # rows that it makes come before
            u = self.declare("")
        return self.define(u, numerator + self.convolution(-1, b, u, first=1), divisor=b)

    def divided(self, x: int, divisor: Exact) -> int:
        """Return x / divisor for an exact number, correctly rounded at order zero."""
        start = Kernel("div", (x,), (divisor,))
        if self.is_steady(x):
            return self.kernel("div", x, constants=(divisor,))
        return self.row(self.term(Fraction(1) / divisor, x), start=start)

    # -- functions ------------------------------------------------------------------------------

    @shared
    def apply(self, name: str, *rows: int, orders: tuple[int, ...] = ()) -> int:
        """Return the row of a registered function that has a recurrence.

        orders: the exact integers that choose the function (`Function.orders`).
        """
        from taylor.nodes.registry import get

        record = get(name)
        if self.is_steady(*rows):
            return self.kernel(record.value_kernel, *rows, constants=orders)
        if record.recurrence is None:
            raise ArgumentTypeError(
                f"SeriesBuilder.apply: {name!r} has no recurrence of its own; decompose it"
            )
        return record.recurrence(self, *rows, *orders)

    @shared
    def select(
        self,
        name: str,
        kernel_rows: tuple[int, ...],
        conditions: int | tuple[int, ...],
        a: int,
        b: int,
    ) -> int:
        """Return the row that starts from a kernel and goes on as a or, if not the condition, b.

        Of several conditions, it goes on as the mean of what they choose.
        """
        if self.is_steady(a, b):
            return self.kernel(name, *kernel_rows)
        each = conditions if isinstance(conditions, tuple) else (conditions,)
        weight = normalised(Fraction(1, len(each)))
        terms = tuple(Term(weight, Select(condition, a, b)) for condition in each)
        return self.row(terms, start=Kernel(name, kernel_rows))

    # -- the program ----------------------------------------------------------------------------

    def program(self, outputs: Sequence[int], inputs: Sequence[tuple[str, int]] = ()) -> Program:
        """Return the program of the rows that `outputs` and the states need."""
        rows, to = pruned(self.rows, self._used, outputs, self._reads_later)
        wanted = tuple((to[row], 0) for row in outputs)
        return Program(rows, wanted, self._order, tuple(inputs), of_one_order=self.of_one_order)
