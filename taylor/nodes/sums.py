"""Sums in normal form: linear combinations with exact coefficients.

A `linear` node is either ``coefficient * term + offset`` with one term, or a sum of two or more
terms without offset.  Sums of several terms are oriented (the oldest term is positive) and carry no
common magnitude, so that a - b, b - a and 2*a - 2*b are multiples of one node.

Terms are combined only where no accuracy can be lost: like terms of one sum are merged, and a term
that cancels altogether disappears, but differences are not spread out, because (a - b) - (b - c) is
accurate where a - 2*b + c is not.  Longer sums nest, so that ``s = s + x`` takes constant time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from taylor.nodes import node as ex
from taylor.nodes.node import N, Node
from taylor.numbers.data import ArrayData
from taylor.numbers.exact import Exact, can_merge, key, normalised

SEARCH_LIMIT = 16  # operands looked at when searching a sum for a term that could cancel


def exact_value(e: Node) -> Exact | None:
    """The number of a scalar or filled finite constant, else None."""
    if e.op == "constant":
        value = e.payload
        if type(value) is int or type(value) is Fraction:
            return value
    return None


def split_factor(e: N) -> tuple[Exact, N]:
    """(c, t) with e = c*t, the constant factor of a linear node without offset."""
    if e.op == "linear":
        coefficients, offset = e.payload
        if len(coefficients) == 1 and offset == 0:
            return coefficients[0], e.args[0]
    return 1, e


def affine(coefficient: Exact, term: N, offset: Exact) -> N:
    """coefficient * term + offset, the coefficient not zero."""
    top, below = coefficient.numerator, coefficient.denominator  # Fractions compare slowly
    if offset == 0:
        if top == below:
            return term
        inner, core = split_factor(term) if term.op == "linear" else (1, term)
        if inner.__class__ is int and inner == -1:
            if top == -below:
                return core
            term, top = core, -top
        elif inner.__class__ is not int or inner != 1:
            merged = normalised(inner * coefficient)
            if merged == 1:
                return core
            if can_merge(coefficient, inner, merged):
                term, top, below = core, merged.numerator, merged.denominator
    number, payload = _one_term(top, below)
    if offset != 0:
        payload = (payload[0], offset)
    filed = ("linear", number, offset if type(offset) is int else key(offset), term.id)
    return ex.intern_node(filed, "linear", (term,), payload, term.shape)


@lru_cache(maxsize=4096)
def _one_term(numerator: int, denominator: int) -> tuple[Any, tuple[tuple[Exact, ...], Exact]]:
    """What a node with one coefficient and no offset is filed under, and its payload: nodes with
    equal ones share them.
    """
    c: Exact = numerator if denominator == 1 else Fraction(numerator, denominator)
    return key(c), ((c,), 0)


def _scaled(factor: Exact, c: Exact, term: N) -> tuple[Exact, N]:
    """(a, t) with factor*(c*term) = a*t, merged where that is safe."""
    merged = normalised(factor * c)
    if factor == 1 or factor == -1 or can_merge(factor, c, merged):
        return merged, term
    return factor, affine(c, term, 0)


def scale(factor: Exact, e: N) -> N:
    """factor * e for an exact factor."""
    top, below = factor.numerator, factor.denominator
    if top == below:
        return e
    if e.op == "constant" and type(e.payload) is not ArrayData:
        return _constant_product(factor, e)
    if top == 0:
        return ex.constant_node(0, e.shape)
    if top == -below and e.op == "linear":
        # Only a sign is carried through an offset: 0.1*(x - 1) is accurate near 1, 0.1*x - 0.1 not.
        coefficients, offset = e.payload
        if len(coefficients) == 1 and offset != 0:
            return affine(-coefficients[0], e.args[0], -offset)
    return affine(factor, e, 0)


def _constant_product(factor: Exact, e: N) -> N:
    value = e.payload
    if type(value) is float:
        return ex.constant_node(math.copysign(1, factor) * value if factor else math.nan, e.shape)
    return ex.constant_node(normalised(factor * value), e.shape)


def negate(e: N) -> N:
    """-e."""
    return scale(-1, e)


def add(a: N, b: N) -> N:
    """a + b."""
    return combine(1, a, 1, b)


def subtract(a: N, b: N) -> N:
    """a - b."""
    return combine(1, a, -1, b)


def combine(c1: Exact, e1: N, c2: Exact, e2: N) -> N:
    """c1*e1 + c2*e2 with coefficients that are not zero, simplified."""
    if e1.shape != e2.shape:
        return _combine_mixed(c1, e1, c2, e2)
    op1, op2 = e1.op, e2.op
    if op1 == "constant" or op2 == "constant":
        if op2 == "constant":
            value = exact_value(e2)
            if value is not None:
                return add_constant(scale(c1, e1), c2 * value)
        value = exact_value(e1)
        if value is not None:
            return add_constant(scale(c2, e2), c1 * value)
        if op1 == op2 and ArrayData not in (type(e1.payload), type(e2.payload)):
            return ex.constant_node(float(c1) * e1.payload + float(c2) * e2.payload, e1.shape)
    if op1 == "linear" or op2 == "linear":
        return _combine_linear(c1, e1, c2, e2)
    if e1 is e2:
        return scale(normalised(c1 + c2), e1)
    return _two_terms(c1, e1, c2, e2)


def _two_terms(c1: Exact, t1: N, c2: Exact, t2: N) -> N:
    """c1*t1 + c2*t2 for different terms, oriented and without common magnitude."""
    in_order = t1.id < t2.id
    first, second = (c1, c2) if in_order else (c2, c1)
    factor, numbers, payload, swapped = _oriented(
        first.numerator, first.denominator, second.numerator, second.denominator
    )
    shape = t1.shape if t1.shape == t2.shape else ex.broadcast_shapes("add", t1, t2)
    filed = ("linear", numbers, t1.id, t2.id)
    if not in_order:
        filed, payload = ("linear", numbers, t2.id, t1.id), swapped
    core = ex.intern_node(filed, "linear", (t1, t2), payload, shape)
    return core if factor == 1 else affine(factor, core, 0)


_Payload = tuple[tuple[Exact, Exact], Exact]


@lru_cache(maxsize=4096)
def _oriented(
    top: int, below: int, second_top: int, second_below: int
) -> tuple[Exact, tuple[Any, Any], _Payload, _Payload]:
    """(factor, numbers, payload, payload of the terms the other way round) of two coefficients,
    given as ratios, that of the older term first: nodes with equal ones share them.
    """
    first, second = normalised(Fraction(top, below)), normalised(Fraction(second_top, second_below))
    ordered: tuple[Exact, Exact]
    if first in (second, -second):
        factor, ordered = first, (1, 1) if first == second else (1, -1)
    else:
        factor = 1 if first > 0 else -1
        ordered = (normalised(factor * first), normalised(factor * second))
    return factor, (key(ordered[0]), key(ordered[1])), (ordered, 0), (ordered[::-1], 0)


def add_constant(e: N, value: Exact) -> N:
    """e + value, merged with an offset that is there already."""
    if value == 0:
        return e
    if e.op == "constant" and type(e.payload) is not ArrayData:
        if type(e.payload) is float:
            return e
        return ex.constant_node(normalised(e.payload + value), e.shape)
    if e.op == "linear":
        coefficients, offset = e.payload
        if len(coefficients) == 1:
            return affine(coefficients[0], e.args[0], normalised(offset + value))
    return affine(1, e, normalised(value))


def _combine_linear(c1: Exact, e1: N, c2: Exact, e2: N) -> N:
    """`combine` where at least one side is a linear node and none a constant."""
    a1, t1, d1 = _affine_parts(c1, e1)
    a2, t2, d2 = _affine_parts(c2, e2)
    if t1 is t2:
        total, offset = normalised(a1 + a2), normalised(d1 + d2)
        return ex.constant_node(offset, t1.shape) if total == 0 else affine(total, t1, offset)
    if d1 != -d2:  # offsets stay: (x - 1) + y is accurate near x = 1, x + y - 1 is not
        if d1 != 0:
            a1, t1 = c1, e1
        if d2 != 0:
            a2, t2 = c2, e2
    sum1, sum2 = _is_sum(t1), _is_sum(t2)
    merged = _absorb(a1, t1, a2, t2) if sum1 else None
    if merged is None and sum2:
        merged = _absorb(a2, t2, a1, t1)
        if merged is None and sum1:
            merged = _cancel(a1, t1, a2, t2)
    if merged is None:
        return _two_terms(a1, t1, a2, t2)
    from taylor.nodes.arrays import broadcast_to

    return merged if merged.shape == t1.shape else broadcast_to(merged, t1.shape)


def _affine_parts(c: Exact, e: N) -> tuple[Exact, N, Exact]:
    """(a, t, d) with c*e = a*t + d."""
    if e.op == "linear":
        coefficients, offset = e.payload
        if len(coefficients) == 1:
            if c == 1:
                return coefficients[0], e.args[0], offset
            if offset == 0 or c == -1:
                inner = normalised(c * coefficients[0])
                if can_merge(c, coefficients[0], inner):
                    return inner, e.args[0], c * offset
    return c, e, 0


def _is_sum(e: Node) -> bool:
    return e.op == "linear" and len(e.args) > 1


def _absorb(a: Exact, total: N, c: Exact, leaf: N) -> N | None:
    """a*total + c*leaf where `leaf` already occurs in the sum `total`, else None.

    A term of the sum itself gets a new coefficient; further down only complete cancellation counts.
    """
    path = _locate(total, leaf)
    if path is None:
        return None
    coefficient = a
    sums = [(a, total)]
    for position in path[:-1]:
        parent = sums[-1][1]
        coefficient = normalised(coefficient * parent.payload[0][position])
        sums.append((coefficient, parent.args[position]))
    inner, holder = sums[-1]
    rest = normalised(inner * holder.payload[0][path[-1]] + c)
    if rest != 0 and len(path) > 1:
        return None
    replacement: N | None = None
    for depth in range(len(path) - 1, -1, -1):
        factor, parent = sums[depth]
        terms = [
            _scaled(factor, k, t)
            for i, (k, t) in enumerate(zip(parent.payload[0], parent.args, strict=True))
            if i != path[depth]
        ]
        if replacement is not None:
            terms.insert(path[depth], (1, replacement))
        elif rest != 0:
            terms.insert(path[depth], (rest, leaf))
        replacement = linear_combination(terms, total.shape)
    return replacement


def _locate(total: Node, leaf: Node) -> tuple[int, ...] | None:
    """Where `leaf` stands among the operands of nested sums; operands are older than results."""
    if total.id < leaf.id:
        return None
    pending: list[Any] = [total]
    budget, oldest = SEARCH_LIMIT, leaf.id
    while pending:  # nearly always in vain, so that nothing else is noted on the way
        args = pending.pop().args
        budget -= len(args)
        if budget < 0:  # the last ones that are looked at
            found = any(child is leaf for child in args[: budget + len(args) + 1])
            return _path(total, leaf) if found else None
        for child in args:
            if child is leaf:
                return _path(total, leaf)
            if child.op == "linear" and child.id > oldest and child.payload[1] == 0:
                pending.append(child)
    return None


def _path(total: Node, leaf: Node) -> tuple[int, ...]:
    """Where `_locate` found `leaf`."""
    pending: list[tuple[Node, tuple[int, ...]]] = [(total, ())]
    while pending:
        parent, path = pending.pop()
        for position, child in enumerate(parent.args):
            if child is leaf:
                return (*path, position)
            if child.id > leaf.id and child.op == "linear" and child.payload[1] == 0:
                pending.append((child, (*path, position)))
    raise AssertionError("it is there")


def _cancel(a1: Exact, t1: N, a2: Exact, t2: N) -> N | None:
    """a1*t1 + a2*t2 for two sums, if at least one term of theirs cancels altogether, else None."""
    if len(t1.args) > SEARCH_LIMIT or len(t2.args) > SEARCH_LIMIT:
        return None
    terms1, terms2 = _terms_of(a1, t1), _terms_of(a2, t2)
    if len(terms1) < len(t1.args) or len(terms2) < len(t2.args):
        return None  # two terms became one: `linear_combination` will merge them
    gone = [i for i, (c, _) in terms1.items() if i in terms2 and terms2[i][0] == -c]
    if not gone:
        return None
    for i in gone:
        del terms1[i], terms2[i]
    rest1 = linear_combination(list(terms1.values()), t1.shape)
    return combine(1, rest1, 1, linear_combination(list(terms2.values()), t2.shape))


def _terms_of(a: Exact, e: N) -> dict[int, tuple[Exact, N]]:
    """The terms (coefficient, term) of a times a sum, by the id of the term."""
    scaled = (_scaled(a, c, t) for c, t in zip(e.payload[0], e.args, strict=True))
    return {term.id: (coefficient, term) for coefficient, term in scaled}


def _combine_mixed(c1: Exact, e1: N, c2: Exact, e2: N) -> N:
    """`combine` for different shapes: broadcast, never cancel, because the shape would be lost."""
    shape = ex.broadcast_shapes("subtract" if c2 == -1 else "add", e1, e2)
    for c, e, k, other in ((c2, e2, c1, e1), (c1, e1, c2, e2)):
        value = exact_value(e)
        if value is not None and other.shape == shape:
            return add_constant(scale(k, other), c * value)
    a1, t1 = _scaled(c1, *split_factor(e1))
    a2, t2 = _scaled(c2, *split_factor(e2))
    return _two_terms(a1, t1, a2, t2)


def linear_combination(
    terms: Iterable[tuple[Exact, N]], shape: tuple[int, ...] = (), offset: Exact = 0
) -> N:
    """The flat sum of coefficient * term over many terms, plus an offset; like terms are merged.

    shape: shape of the result where no term is left.

    >>> from taylor.expressions.leaves import variables
    >>> x, y = variables("x y")
    >>> linear_combination([(2, x), (1, y), (-2, x)]) is y
    True
    """
    merged: dict[int, tuple[Exact, N]] = {}
    for coefficient, term in terms:
        value = exact_value(term)
        if value is not None and term.shape in ((), shape):
            offset = normalised(offset + coefficient * value)
            continue
        inner, core = split_factor(term)
        if inner == 1:
            total = coefficient
        else:
            total, core = _scaled(coefficient, inner, core)
        previous = merged.get(core.id)
        merged[core.id] = (normalised(total + previous[0] if previous else total), core)
    found = [(c, t) for c, t in merged.values() if c != 0]
    if not found:
        return ex.constant_node(offset, shape)
    if len(found) == 1:
        return add_constant(scale(found[0][0], found[0][1]), offset)
    if len(found) == 2:
        (c1, t1), (c2, t2) = found
        return add_constant(_two_terms(c1, t1, c2, t2), offset)
    oldest: Exact = min(found, key=lambda pair: pair[1].id)[0]
    factor: Exact = oldest
    if any(c not in (oldest, -oldest) for c, _ in found):
        factor = 1 if oldest > 0 else -1
    coefficients = tuple(normalised(c if factor == 1 else Fraction(c) / factor) for c, _ in found)
    args = tuple(t for _, t in found)
    core = ex.node("linear", args, (coefficients, 0), ex.broadcast_shapes("sum", *args))
    return add_constant(scale(factor, core), offset)


def add_many(terms: Sequence[N]) -> N:
    """The sum of any number of expressions as one flat node; 0 for none.

    >>> from taylor.expressions.leaves import variables
    >>> add_many(variables("a b c"))
    a + b + c
    """
    if not terms:
        return ex.ZERO
    shape = ex.broadcast_shapes("sum", *terms)
    if any(term.shape != shape for term in terms):
        total = terms[0]
        for term in terms[1:]:
            total = add(total, term)
        return total
    return linear_combination([(1, term) for term in terms], shape)
