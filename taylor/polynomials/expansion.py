"""Functions expanded in truncated polynomials: what is compiled, and how it is run over points."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from functools import cached_property, lru_cache, partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.arguments import argument, structure
from taylor.expressions.expression import Expression
from taylor.expressions.scalars import scalars
from taylor.nodes.operations.regions.recursions import with_calls
from taylor.nodes.operations.scalars.quotients import as_written
from taylor.nodes.regions import has_regions
from taylor.numbers.precision import Precision, as_precision
from taylor.recurrences.lowered import lowered
from taylor.reference.singular_points import (
    all_finite,
    may_be_singular,
    polynomial_point,
    with_limits,
)
from taylor_runtime.callables.memory import address_of
from taylor_runtime.callables.process import in_shares, shares
from taylor_runtime.program.monomials import Monomials, monomials
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.records import dataclass

if TYPE_CHECKING:  # it comes with all that expands, 10 ms to import
    from taylor.control.coefficients import Formulas
    from taylor_runtime.callables.expansion import Expansion as Code

CONSTANT = -2  # an argument that is a number
POLYNOMIAL = -1  # an argument that is a polynomial, of which all coefficients are given
STREAMED = 1 << 23  # bytes of results that are not kept in the caches while they are computed
LINE = 64
FEW = 1 << 12  # numbers of results


def expansion_monomials(variables: int, order: int, limits: tuple[int, ...]) -> Monomials:
    """The monomials of an expansion; ArgumentError for more of them than memory holds."""
    try:
        return monomials(variables, order, limits)
    except ValueError as error:
        raise ArgumentError(str(error)) from None


@dataclass(frozen=True, eq=False)
class Expansion:
    """Expressions of arguments, expanded in the monomials of some variables.

    arguments: all leaves of `outputs`.
    roles: for each, the position of the variable that it is (the polynomial x_i0 + x_i), or
        CONSTANT, or POLYNOMIAL.
    looped: code that serves any monomials, made for them by tables.
    """

    outputs: tuple[Expression, ...]
    arguments: tuple[Expression, ...]
    roles: tuple[int, ...]
    among: Monomials
    precision: str
    looped: bool = False

    def run(self, numbers: np.ndarray, threads: int, room: np.ndarray | None = None) -> np.ndarray:
        """Coefficients of the outputs, shape (parts, outputs, monomials, points or more).

        numbers: shape (parts, numbers, points): of each argument one, or its coefficients.
        room: what an earlier run of as many points has returned, to be overwritten.
        """
        kind, count = self.kind, numbers.shape[-1]
        if self._with_loops:
            return self._by_formulas(numbers, threads, room)
        code, padded = self._single if count == 1 else self._many(count)
        if count == 1:
            inputs = numbers[:, self._places].repeat(padded, 2)
        else:
            inputs = np.empty((kind.parts, numbers.shape[1], padded), numbers.dtype)
            inputs[..., :count] = numbers[:, self._places]
            inputs[..., count:] = inputs[..., count - 1 : count] if count else 1
        if room is None:
            shape = kind.parts, len(self.outputs), self.among.size, padded
            if math.prod(shape) <= FEW:
                room = np.zeros(shape, kind.dtype)  # takes less time than to choose
            else:
                room = aligned_empty(shape, kind)
                for k, positions in enumerate(code.untouched):
                    room[:, k, positions] = 0
        results = room
        if threads == 1:
            code.run(inputs, results, padded, 0, padded // code.block)
        else:

            def work(first: int, last: int) -> None:
                code.run(inputs, results, padded, first, last)

            in_shares(work, padded // code.block, shares(count * self.among.size, threads))
        if self._singular is not None:
            newest = results[0, :, self.among.of_degree(self.among.order), :count]
            if not all_finite(newest):
                point_of = partial(polynomial_point, self.roles, self.among)
                with_limits(self._singular, point_of, numbers, results, kind)
        return results

    @cached_property
    def one(self) -> Callable[..., np.ndarray | None]:
        """The coefficients at one point, shape (1, outputs, monomials, points or more), of its
        coordinates as arguments, by the shortest way; None where they are no floats, and where
        `run` has to do it.
        """
        code = None if self._with_loops or POLYNOMIAL in self.roles else self.code(1)
        entry = None
        if code is not None and len(self.outputs) * self.among.size * code.block <= FEW:
            places = np.argsort(self._order).tolist()
            shape = 1, len(self.outputs), self.among.size, code.block
            entry = code.entry(places, [1] * len(places), shape, owned=True, otherwise=None)
        return entry or _nothing

    def _by_formulas(
        self, numbers: np.ndarray, threads: int, room: np.ndarray | None
    ) -> np.ndarray:
        """The same of outputs with loops or branches, whose coefficients are formulas."""
        found = _formulas(self).run(numbers, threads)
        shaped = found.reshape(found.shape[0], len(self.outputs), self.among.size, -1)
        if room is None:
            return shaped
        room[..., : shaped.shape[-1]] = shaped
        return room

    @cached_property
    def kind(self) -> Precision:
        """Of number."""
        return as_precision(self.precision)

    @cached_property
    def _single(self) -> tuple[Code, int]:
        return self._many(1)

    def _many(self, count: int) -> tuple[Code, int]:
        """Machine code for so many points, and how many there is to be room for."""
        code = self.code(count)
        return code, _padded(count, code.block)

    @cached_property
    def _with_loops(self) -> bool:
        return has_regions(self.outputs)

    def code(self, count: int) -> Code:
        """Machine code for so many points."""
        wanted = count == 1, self._result_size * count > STREAMED
        found = self._codes.get(wanted)
        if found is None:
            found = self._codes[wanted] = _compiled(self, *wanted)
        return found

    @cached_property
    def _codes(self) -> dict[tuple[bool, bool], Code]:
        return {}

    @cached_property
    def _singular(self) -> Program | None:
        """The program, if powers in it may have singular points and all arguments are numbers."""
        if POLYNOMIAL in self.roles:
            return None
        program, _ = _lowered(self)
        return program if may_be_singular(program) else None

    @cached_property
    def _result_size(self) -> int:
        """Bytes of the results of a point."""
        kind = as_precision(self.precision)
        return kind.record.bytes * len(self.outputs) * self.among.size

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, Expansion) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def __reduce__(self) -> tuple[object, ...]:
        return Expansion, tuple(getattr(self, field.name) for field in fields(self))

    @cached_property
    def _key(self) -> tuple[object, ...]:
        """What makes two the same: not which nodes the arguments are."""
        computed = structure(self.outputs, self.arguments)
        return (computed, self.roles, self.among, self.precision, self.looped)

    @cached_property
    def _places(self) -> np.ndarray | slice:
        """The numbers of the arguments in the order of the machine code: constants come last."""
        sizes = [self.among.size if role == POLYNOMIAL else 1 for role in self.roles]
        ends = list(accumulate(sizes))
        if self._order == list(range(len(sizes))):
            return slice(None)
        return np.array([k for i in self._order for k in range(ends[i] - sizes[i], ends[i])])

    @property
    def _order(self) -> list[int]:
        """The arguments as machine code has them: constants come last."""
        return sorted(range(len(self.roles)), key=lambda i: self.roles[i] == CONSTANT)


def _nothing(*_: object) -> None:
    """No coefficients."""


def aligned_empty(shape: tuple[int, ...], kind: Precision) -> np.ndarray:
    """An array that starts at a cache line."""
    size = kind.record.bytes // kind.parts
    count = math.prod(shape)
    raw = np.empty(count + LINE // size, kind.dtype)
    start = -address_of(raw) % LINE // size
    return raw[start : start + count].reshape(shape)


def _padded(count: int, block: int) -> int:
    """Points to make room for: an odd number of blocks, so that the rows of an array are not in the
    same few places of a cache.
    """
    return block * (-(-max(count, 1) // block) | 1)


@lru_cache(maxsize=64)
def _lowered(expansion: Expansion) -> tuple[Program, dict[str, int]]:
    roles = expansion.roles
    varying = [i for i, role in enumerate(roles) if role != CONSTANT]
    constant = [i for i, role in enumerate(roles) if role == CONSTANT]
    inputs = {expansion.arguments[i]: Input("jet", (k,)) for k, i in enumerate(varying)}
    inputs |= {expansion.arguments[i]: Input("parameter", (k,)) for k, i in enumerate(constant)}
    outputs = as_written(expansion.outputs)
    return lowered(outputs, inputs, expansion.among.order, precision=expansion.precision)


@lru_cache(maxsize=64)
def _formulas(expansion: Expansion) -> Formulas:
    """The coefficients of outputs with loops or branches, of the numbers of the arguments."""
    from taylor.control.coefficients import Formulas
    from taylor.control.expansion import Degrees, expanded

    space = Degrees(expansion.among)
    inputs: list[Expression] = []
    known: dict[Expression, list[Expression]] = {}
    for x, role in zip(expansion.arguments, expansion.roles, strict=True):
        inputs.append(x)
        if role == POLYNOMIAL:
            more = [argument(f"{x}.{k}") for k in range(1, space.size)]
            known[x] = [x, *more]
            inputs += more
        elif role != CONSTANT:
            known[x] = space.variable(x, role)
    memo: dict[Expression, Any] = {}
    outputs = with_calls(expansion.outputs)
    roots = [e for output in outputs for e in scalars(output, memo).reshape(-1)]
    flat = [c for listed in expanded(roots, known, space) for c in listed]
    return Formulas(flat, inputs, expansion.precision)


@lru_cache(maxsize=64)
def _compiled(expansion: Expansion, single: bool, streaming: bool) -> Code:
    from taylor_runtime.callables.expansion import ExpansionOptions, build_expansion

    among, roles = expansion.among, expansion.roles
    program, externals = _lowered(expansion)
    options = ExpansionOptions(
        among.variables,
        among.order,
        among.limits,
        tuple(role for role in roles if role != CONSTANT),
        looped=expansion.looped,
        single=single,
        streaming=streaming,
        precision=expansion.precision,
    )
    return build_expansion(program, options, externals)
