"""Which arrays of pairs are one another's mirror images: the first axis exchanged with the last.

x[j] - x[i] of all pairs changes its sign with them, its square does not, nor does any function of
that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylor_runtime.program.arrays import ArrayProgram, ArrayRow, Shape, Total, View, contiguous
from taylor_runtime.program.program import (
    Coefficient,
    Constant,
    Convolution,
    Input,
    Kernel,
    Operand,
    Step,
    Term,
)
from taylor_runtime.program.records import dataclass, replace
from taylor_runtime.program.shapes.walks import aligned


@dataclass(frozen=True, slots=True)
class Access:
    """The elements of a row within a space: in a row that is no view, from `offset` on, `strides`
    apart along axes of `sizes`.
    """

    row: int
    offset: int
    strides: Shape
    sizes: Shape

    def mirrored(self) -> Access:
        """The same with the first axis exchanged with the last."""
        return replace(self, strides=exchanged(self.strides), sizes=exchanged(self.sizes))


def exchanged(axes: Shape) -> Shape:
    """The first of some axes exchanged with the last; there are at least two."""
    first, *middle, last = axes
    return (last, *middle, first)


class Mirrors:
    """Finds them in a program.

    numbers: the slots of source "data", by part.
    """

    def __init__(self, program: ArrayProgram, numbers: np.ndarray) -> None:
        self.program = program
        self.numbers = numbers
        self._known: dict[tuple[int, int, int], int] = {}

    def sign(self, x: int, y: int, axes: int) -> int:
        """1 where row x is the mirror image of y in a space of so many axes, -1 where it is that of
        -y, else 0.
        """
        x, y = self._copied(x), self._copied(y)
        key = (x, y, axes)
        if key not in self._known:
            self._known[key] = 0  # a row that needs itself, unless it says otherwise
            before = set(self._known)
            found = self._sign(x, y, axes)
            if not found:  # nothing that was found on the way need be so
                self._known = {known: self._known[known] for known in before}
            self._known[key] = found
        return self._known[key]

    def operands(self, a: Operand, b: Operand, axes: int) -> int:
        """The same of what terms have."""
        if isinstance(a, Coefficient) and isinstance(b, Coefficient) and a.lag == b.lag:
            return self.sign(a.row, b.row, axes)
        if not isinstance(a, Convolution) or not isinstance(b, Convolution):
            return 0
        alike = replace(a, a=b.a, b=b.b) == b
        return self.sign(a.a, b.a, axes) * self.sign(a.b, b.b, axes) if alike else 0

    def access(self, index: int, axes: int) -> Access:
        """Where the elements of a row are in a space of so many axes."""
        row = self.program.row(index)
        root, offset, strides = index, 0, contiguous(row.shape)
        if isinstance(row.moved, View):
            root, offset, strides = row.moved.source, row.moved.offset, row.moved.strides
        space = (*[1] * (axes - len(row.shape)), *row.shape)
        return Access(root, offset, aligned(strides, row.shape, space), space)

    def _copied(self, index: int) -> int:
        """The row of which another one is a copy."""
        while True:
            row = self.program.row(index)
            terms = row.step.terms if row.step is not None else ()
            if row.start or row.step != Step(terms) or row.offset != 0 or len(terms) != 1:
                return index
            operand = terms[0].operand
            if terms[0] != Term(1, operand) or not isinstance(operand, Coefficient) or operand.lag:
                return index
            if self.program.shape(operand.row) != row.shape:
                return index
            index = operand.row

    def _sign(self, x: int, y: int, axes: int) -> int:
        program = self.program
        if program.is_number(x) and program.is_number(y):
            return int(program.row(x).offset == program.row(y).offset)
        ours, theirs = self.access(x, axes), self.access(y, axes).mirrored()
        if ours.sizes != theirs.sizes:
            return 0
        if ours == theirs or self._same_numbers(ours, theirs):
            return 1
        a, b = program.row(x), program.row(y)
        if isinstance(a.moved, View) or isinstance(b.moved, View):
            return self._views(self.access(x, axes), self.access(y, axes))
        if a.shape != b.shape or len(a.shape) != axes:
            return 0
        return self._rows((x, y, axes), a, b)

    def _same_numbers(self, a: Access, b: Access) -> bool:
        """Whether both are data, and equal."""
        ours, theirs = self._data(a), self._data(b)
        return ours is not None and theirs is not None and np.array_equal(ours, theirs)

    def _data(self, access: Access) -> np.ndarray | None:
        """The numbers there, if they are known."""
        start = self.program.row(access.row).start
        if not isinstance(start, Input) or start.source != "data":
            return None
        first, item = start.index[0] + access.offset, self.numbers.itemsize
        strides = (self.numbers.strides[0], *(item * stride for stride in access.strides))
        sizes = (len(self.numbers), *access.sizes)
        return np.lib.stride_tricks.as_strided(self.numbers[:, first:], sizes, strides)

    def _views(self, x: Access, y: Access) -> int:
        """Of views of other arrays of pairs, which leave every pair where it is."""
        if (x.offset, x.strides, x.sizes) != (y.offset, y.strides, y.sizes):
            return 0
        if not keeps_pairs(x, self.program.shape(x.row)):
            return 0
        return self.sign(x.row, y.row, len(self.program.shape(x.row)))

    def _rows(self, key: tuple[int, int, int], a: ArrayRow, b: ArrayRow) -> int:
        """Of rows that are computed."""
        axes = key[2]
        if isinstance(a.moved, Total) and isinstance(b.moved, Total):
            first, second = a.moved, b.moved
            space = len(self.program.shape(first.source))
            if (first.axes, first.kind) != (second.axes, second.kind) or first.kind != "sum":
                return 0
            if {0, space - 1}.intersection(first.axes):
                return 0
            return self.sign(first.source, second.source, space)
        if a.moved or b.moved:
            return 0
        if isinstance(a.start, Kernel):
            if not isinstance(b.start, Kernel) or not self._kernels(a.start, b.start, axes):
                return 0
            self._known[key] = 1  # at order zero, and at each order if at those before
            return int(self._steps(a.step, b.step, axes, 1) and a.offset == b.offset)
        if a.start or b.start or a.step is None:
            return 0
        for sign in (1, -1):
            if a.offset == _times(sign, b.offset) and self._steps(a.step, b.step, axes, sign):
                return sign
        return 0

    def _kernels(self, a: Kernel, b: Kernel, axes: int) -> bool:
        alike = (a.function, a.constants) == (b.function, b.constants)
        pairs = zip(a.arguments, b.arguments, strict=alike)
        return alike and all(self.sign(x, y, axes) == 1 for x, y in pairs)

    def _steps(self, a: Step | None, b: Step | None, axes: int, sign: int) -> bool:
        """Whether a step gives the mirror image of what another one gives, times a sign."""
        if a is None or b is None:
            return a is b
        if a.times != b.times or (a.divisor is None) != (b.divisor is None):
            return False
        if a.divisor is not None and b.divisor is not None:
            sign *= self.sign(a.divisor, b.divisor, axes)
        left = list(b.terms)
        for term in a.terms:
            found = next((other for other in left if self._terms(term, other, axes, sign)), None)
            if found is None or not sign:
                return False
            left.remove(found)
        return not left

    def _terms(self, a: Term, b: Term, axes: int, sign: int) -> bool:
        if (a.head is None) != (b.head is None):
            return False
        if a.constant not in (b.constant, _times(-1, b.constant)):
            return False
        found = self.operands(a.operand, b.operand, axes)
        if a.head is not None and b.head is not None:
            found *= self.sign(a.head, b.head, axes)
        return found != 0 and a.constant == _times(sign * found, b.constant)


def keeps_pairs(view: Access, shape: Shape) -> bool:
    """Whether a view has the pair i, j of an array where that has it: it may have other axes
    between the first and the last.
    """
    if len(shape) < 2 or shape[0] != shape[-1] or len(view.sizes) < 2:
        return False
    own, size = contiguous(shape), shape[-1]
    ends = (view.sizes[0], view.sizes[-1]) == (shape[0], size)
    if not ends or (view.strides[0], view.strides[-1]) != (own[0], own[-1]):
        return False
    middle: Sequence[int] = view.strides[1:-1]
    if any(stride < 0 or stride % size for stride in (view.offset, *middle)):
        return False
    reach = sum(stride * (n - 1) for stride, n in zip(middle, view.sizes[1:-1], strict=True))
    return view.offset + reach < own[0]


def _times(sign: int, constant: Constant) -> Constant:
    assert not isinstance(constant, tuple)  # which packed rows alone have
    return sign * constant
