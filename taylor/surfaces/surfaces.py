"""What a surface is: where the sign of a function g of the solution changes, and how that is found.

Events, switches, documentation and tests mean this by a zero of g:

* A sign change counts once, in order of time, with the direction in which g goes: through a zero of
  any multiplicity, a jump, a pole, an infinite slope (a cube root), or a kink.
* A touch, where g comes to zero and goes back, counts once, with direction 0.  Where it is not seen
  from how g is written (an even power, an absolute value), it is seen if |g| is below its rounding
  error there, and otherwise not at all.
* A pole without a sign change is nothing.  Where the domain of g ends at zero (a square root), that
  counts as a touch; other endings are nothing, and what g is behind them begins anew.
* A stretch on which g is exactly zero is one sign change where it is left to the other side, and
  nothing where it is left to the same.  An equation in a condition (x == 1), which holds at single
  instants, never holds.
* Two sign changes of a function that is put together from several parts count as none if they are
  closer than 1e-13 of the time or of the step.

Machine code finds simple zeros of smooth functions: their polynomials tell everything.  So g is
taken apart into smooth functions, its parts, whose signs determine its own: a product has the
product of the signs, an odd power or a cube root the sign of its base, a quotient that of numerator
and denominator, where(c, a, b) that of one branch by the signs in c.  Sums are multiplied by their
denominators, cubed if they have a cube root, squared if they have a square root, and split where a
piecewise function is inside.  What is left that is not smooth is a rough part: it is searched by
its series up to its singularities, which are zeros of smooth functions (`edges.py`), and by its
values across them.  Smooth functions are their own only part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, inf, nan, pi

from taylor import functions as f
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, ZERO, constant, variable
from taylor.expressions.substitute import substitute
from taylor.nodes.logic import where
from taylor.nodes.operations.table import operation
from taylor.nodes.products import multiply_many
from taylor.nodes.registry import functions
from taylor.nodes.sums import exact_value, split_factor
from taylor.nodes.traverse import inputs, reachable
from taylor.numbers.exact import Exact
from taylor.surfaces.smoothness import Facts, is_positive_function
from taylor_runtime.program.records import dataclass

MOST_PARTS = 64  # of one function; what would take more is searched as it is
MOST_SPLITS = 6  # piecewise functions in one sum
MOST_NESTED = 100  # operations inside one another
MOST_EXPONENT = 300  # of a constant that a logarithm is compared with
MOST_POLES = 4  # denominators of one sum

_SIGN_OF_ARGUMENT = {
    "cbrt", "sign", "sinh", "tanh", "asinh", "atan", "erf", "expm1", "asin", "atanh", "log1p",
}  # fmt: skip
_ROUNDED_DOWN = ("floor", "floor_divide", "rint")
_NOT_A_NUMBER = constant(nan)

Terms = list[tuple[Exact, Expression]]  # of a sum, with their coefficients


@dataclass(frozen=True, slots=True)
class Surface:
    """The sign of a function as a formula of the signs of others.

    parts:   functions of the solution with simple zeros, or as they are.
    rough:   per part, whether it may have jumps, poles or infinite slopes that were not taken away.
    signs:   per part, the variable that stands for its sign in the formula: +1, -1, 0 at its zero.
    formula: the sign of the function: +1, -1, 0, or NaN where it is not defined.
    """

    parts: tuple[Expression, ...]
    rough: tuple[bool, ...]
    signs: tuple[Expression, ...]
    formula: Expression

    @property
    def single(self) -> Expression | None:
        """One function that has the sign of this one everywhere, None if it takes several."""
        if len(self.parts) != 1:
            return None
        (part,), (sign,) = self.parts, self.signs
        listed = [self.formula.evaluate({sign: value}) for value in (-1, 0, 1)]
        if listed == [-1, 0, 1]:
            return part
        return -part if listed == [1, 0, -1] else None

    def sign(self, values: Sequence[Expression]) -> Expression:
        """The formula with expressions for the signs of the parts: +1, -1, or 0."""
        return substitute(self.formula, dict(zip(self.signs, values, strict=True)))


def surface(g: Expression) -> Surface:
    """The sign of a scalar function of states, time and parameters, see the head of the module.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> surface(x * f.abs(x)).single
    x
    >>> found = surface((x - 1) ** 3 / y)
    >>> found.parts
    (x - 1, y)
    >>> found.sign([x, y])
    x*where(y < 0, -1, 1)
    """
    made = _Signs()
    formula = made.sign(g)
    if len(made.parts) > MOST_PARTS:
        made = _Signs()
        formula = made.part(g)
    used = set(inputs([formula]))
    kept = [k for k, s in enumerate(made.signs) if s in used]
    return Surface(
        tuple(made.parts[k] for k in kept),
        tuple(not made.facts.is_smooth(made.parts[k]) for k in kept),
        tuple(made.signs[k] for k in kept),
        formula,
    )


# -- signs -----------------------------------------------------------------------------------------


class _Signs:
    """The parts found so far, and signs as formulas of theirs."""

    def __init__(self) -> None:
        self.parts: list[Expression] = []
        self.signs: list[Expression] = []
        self.facts = Facts()
        self.depth = self.splits = 0

    def part(self, e: Expression) -> Expression:
        """The sign of a function that is not taken apart further."""
        factor, core = split_factor(e)
        for k, other in enumerate(self.parts):
            if core is other or core is -other:
                same = (core is other) == (factor > 0)
                return self.signs[k] if same else -self.signs[k]
        if factor < 0 and self.parts:
            return -self.part(-e)
        self.parts.append(e if not self.parts else core)
        self.signs.append(variable(f"sign {len(self.signs)}"))
        return self.signs[-1]

    def sign(self, e: Expression, zeros: bool = True) -> Expression:
        """The sign of a function; `zeros`: that of 0 where it is zero without changing its sign."""
        value = exact_value(e)
        if value is not None:
            return constant(int(value > 0) - int(value < 0))
        own = not self.facts.varies(e) or (zeros and self.facts.is_its_own(e))
        if own or len(self.parts) > MOST_PARTS or self.depth > MOST_NESTED:
            return self.part(e)
        self.depth += 1
        try:
            found: Expression = operation(e.op).surface(self, e, zeros)
            return found
        finally:
            self.depth -= 1

    def call(self, e: Expression, zeros: bool) -> Expression:
        """The sign of an elementary function."""
        if is_positive_function(e):
            return ONE
        rule = _RULES.get(e.op)
        if rule is not None:
            return rule(self, e, zeros)
        return self.sign(e.args[0], zeros) if e.op in _SIGN_OF_ARGUMENT else self.inside(e)

    # -- products, powers, and functions of one sign

    def pole(self, e: Expression) -> Expression:
        """The sign of 1 / e: its poles are no zeros, though signs may change there."""
        sign = self.sign(e, zeros=False)
        return sign if exact_value(sign) is not None else where(sign < 0, -1, 1)

    def product(self, e: Expression, zeros: bool) -> Expression:
        a, b = e.args
        return self.sign(a, zeros) * self.sign(b, zeros)

    def quotient(self, e: Expression, zeros: bool) -> Expression:
        return self.sign(e.args[0], zeros) * self.pole(e.args[1])

    def power(self, e: Expression, zeros: bool) -> Expression:
        base, n = e.args[0], exact_value(e.args[1])
        vanishes = zeros and n is not None and n > 0
        if type(n) is int and n % 2:
            return self.sign(base, zeros) if vanishes else self.pole(base)
        if type(n) is int or self.facts.is_nonnegative(base):
            return self.sign(base) ** 2 if vanishes else ONE
        return self.inside_of(base, ONE, ZERO if vanishes else _NOT_A_NUMBER)

    def root(self, e: Expression, zeros: bool) -> Expression:
        base = e.args[0]
        if self.facts.is_nonnegative(base):
            return self.sign(base) if zeros else ONE
        return self.inside_of(base, ONE, ZERO if zeros else _NOT_A_NUMBER)

    def length(self, e: Expression, zeros: bool) -> Expression:
        return self.sign(e.args[0]) ** 2 if zeros else ONE

    def tangent(self, e: Expression, zeros: bool) -> Expression:
        u = e.args[0]
        return self.sign(f.sin(u), zeros) * self.pole(f.cos(u))

    def gamma(self, e: Expression, zeros: bool) -> Expression:
        u = e.args[0]
        return where(self.sign(u - Fraction(1, 2)) > 0, 1, self.pole(f.sin(pi * u)))

    def logarithm(self, e: Expression, zeros: bool) -> Expression:
        return self.inside_of(e.args[0], self.sign(e.args[0] - 1), _NOT_A_NUMBER)

    def inside_of(self, u: Expression, inside: Expression, at_end: Expression) -> Expression:
        """A function that is defined where u > 0 alone."""
        end = self.sign(u)
        return where(end > 0, inside, where(end < 0, _NOT_A_NUMBER, at_end))

    # -- branches

    def choice(self, e: Expression, zeros: bool) -> Expression:
        test, a, b = e.args
        holds = self.condition(test)
        return where(holds, self.sign(a, zeros), self.sign(b, zeros))

    def extreme(self, e: Expression, zeros: bool) -> Expression:
        return f.apply(e.op, *(self.sign(arg, zeros) for arg in e.args))

    def steps(self, u: Expression, value: Fraction) -> Expression:
        """The sign of u rounded down, less a value."""
        if value.denominator > 1:
            return self.sign(u - ceil(value))
        low, high = self.sign(u - value), self.sign(u - (value + 1))
        return where(low < 0, -1, where(high > 0, 1, 0))

    def condition(self, e: Expression) -> Expression:
        """A condition by the signs of its surfaces."""
        if not self.facts.varies(e):
            return e
        found: Expression = operation(e.op).holds(self, e)
        return found

    # -- sums

    def sum(self, e: Expression) -> Expression:
        terms, offset = _terms(e)
        if len(terms) == 1 and offset == 0:
            sign = self.sign(terms[0][1])
            return sign if terms[0][0] > 0 else -sign
        for rule in (self._one_term, self._over_denominator, self._without_root):
            found = rule(terms, offset)
            if found is not None:
                return found
        return self.inside(e)

    def inside(self, e: Expression) -> Expression:
        """A function of something that is not smooth."""
        found = self._split(e)
        return self.part(e) if found is None else found

    def _split(self, e: Expression) -> Expression | None:
        """One branch or the other of the first piecewise function in there."""
        nodes = [n for n in reachable([e]) if _is_piecewise(n) and self.facts.varies(n)]
        if not 0 < len(nodes) <= MOST_SPLITS - self.splits:
            return None
        node = nodes[0]
        self.splits += 1
        try:
            test, a, b = _branches(node)
            choice = self.condition(test)
            return where(choice, *(self.sign(substitute(e, {node: x})) for x in (a, b)))
        finally:
            self.splits -= 1

    def _one_term(self, terms: Terms, offset: Exact) -> Expression | None:
        """c f(u) + d for a function that can be undone."""
        if len(terms) > 1:
            return None
        ((c, term),) = terms
        level = Fraction(-offset) / Fraction(c)
        found: Expression | None = None
        if term.op in _ROUNDED_DOWN:
            found = self.steps(_counted(term), level)
        elif term.op in _UNDONE:
            low, high, undo = _UNDONE[term.op]
            if low < level < high:
                found = self.sign(term.args[0] - undo(constant(level)))
            else:
                found = constant(1 if level <= low else -1)
        if found is None:
            return None
        return found if c > 0 else -found

    def _over_denominator(self, terms: Terms, offset: Exact) -> Expression | None:
        """The sum times its denominators, and their signs."""
        quotients = [(c, *self._quotient(term)) for c, term in terms]
        poles = list(dict.fromkeys(d for _, _, listed in quotients for d in listed))
        if not poles or len(poles) > MOST_POLES:
            return None
        total = multiply_many(poles)
        numerator: Expression = offset * total
        for c, above, own in quotients:
            left = [d for d in poles if d not in set(own)]
            numerator = numerator + c * multiply_many([above, *left])
        return self.sign(numerator) * self.pole(total)

    def _quotient(self, e: Expression) -> tuple[Expression, tuple[Expression, ...]]:
        """A term as a numerator, and denominators that may be zero."""
        if e.op == "div" and not self.facts.is_positive(e.args[1]) and self.facts.varies(e.args[1]):
            return e.args[0], (e.args[1],)
        if e.op == "pow":
            n = exact_value(e.args[1])
            if type(n) is int and n < 0 and not self.facts.is_positive(e.args[0]):
                return ONE, (e.args[0] ** -n,)
        if e.op == "tan":
            return f.sin(e.args[0]), (f.cos(e.args[0]),)
        if e.op == "mul":
            (a, below_a), (b, below_b) = (self._quotient(arg) for arg in e.args)
            if below_a or below_b:
                return a * b, tuple(dict.fromkeys((*below_a, *below_b)))
        return e, ()

    def _without_root(self, terms: Terms, offset: Exact) -> Expression | None:
        """The sum without its only root or logarithm that is not smooth."""
        rough = [k for k, (_, term) in enumerate(terms) if not self.facts.is_smooth(term)]
        if len(rough) != 1:
            return None
        c, term = terms[rough[0]]
        rest = constant(offset)
        for k, (factor, other) in enumerate(terms):
            rest = rest if k == rough[0] else rest + factor * other
        if term.op == "cbrt":
            return self.sign(constant(c) ** 3 * term.args[0] + rest**3)
        if term.op == "log" and len(terms) == 1 and abs(Fraction(offset) / c) < MOST_EXPONENT:
            u = term.args[0]
            inside = self.sign(u - f.exp(-rest / c))
            return self.inside_of(u, inside if c > 0 else -inside, _NOT_A_NUMBER)
        if term.op == "sqrt":
            u = term.args[0]
            above, larger = self.sign(rest), self.sign(constant(c) ** 2 * u - rest**2)
            found = where(above > 0, 1, larger) if c > 0 else where(above < 0, -1, -larger)
            return self.inside_of(u, found, found)
        return None


_RULES: dict[str, Callable[[_Signs, Expression, bool], Expression]] = {
    "sqrt": _Signs.root,
    "abs": _Signs.length,
    "tan": _Signs.tangent,
    "copysign": lambda signs, e, zeros: signs.pole(e.args[1]),
    "atan2": lambda signs, e, zeros: signs.sign(e.args[0], zeros),
    "gamma": _Signs.gamma,
    **dict.fromkeys(("log", "log2", "log10"), _Signs.logarithm),
    "acosh": lambda signs, e, zeros: signs.inside_of(e.args[0] - 1, ONE, ZERO),
    "acos": lambda signs, e, zeros: signs.inside_of(1 - e.args[0], ONE, ZERO),
    **dict.fromkeys(("minimum", "maximum"), _Signs.extreme),
    **dict.fromkeys(_ROUNDED_DOWN, lambda signs, e, zeros: signs.steps(_counted(e), Fraction(0))),
}
_UNDONE: dict[str, tuple[float, float, Callable[[Expression], Expression]]] = {
    "exp": (0.0, inf, f.log),
    "expm1": (-1.0, inf, f.log1p),
    "sinh": (-inf, inf, f.asinh),
    "asinh": (-inf, inf, f.sinh),
    "cbrt": (-inf, inf, lambda level: level**3),
    "atan": (-pi / 2, pi / 2, f.tan),
    "tanh": (-1.0, 1.0, f.atanh),
}


def _counted(e: Expression) -> Expression:
    """What is rounded down."""
    found: Expression = functions[e.op].counted(*e.args)
    return found


def _terms(e: Expression) -> tuple[Terms, Exact]:
    """All terms of a sum of sums, and the constant."""
    found: Terms = []
    offset: Exact = 0
    pending: Terms = [(1, e)]
    while pending:
        c, node = pending.pop()
        if node.op == "linear":
            coefficients, constant_term = node.payload
            offset += c * constant_term
            pending += [(c * k, arg) for k, arg in zip(coefficients, node.args, strict=True)]
        else:
            found.append((c, node))
    return found[::-1], offset


def _is_piecewise(e: Expression) -> bool:
    function = functions.get(e.op)
    return e.op == "where" or (function is not None and function.branches is not None)


def _branches(e: Expression) -> Sequence[Expression]:
    """A piecewise function as condition and two branches."""
    rule = functions[e.op].branches if e.op in functions else None
    return e.args if rule is None else rule(*e.args)
