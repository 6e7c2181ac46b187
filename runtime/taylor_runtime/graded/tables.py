"""Tables for the loops of graded programs (`graded_loops`).

What a table holds depends on supports alone, so that rows, programs and threads share them: there
is one table of the products of two polynomials that have all monomials, whatever is computed by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakValueDictionary

import numpy as np

from taylor_runtime.graded.supports import Supports
from taylor_runtime.program.monomials import INDEX, Monomials, Products
from taylor_runtime.program.program import Convolution, Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import convolutions_of, is_square
from taylor_runtime.program.widths import REGISTER

_shared: WeakValueDictionary[tuple[object, ...], np.ndarray] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Request:
    """What the code looks up: a table, or a number.

    The rank of a monomial is its position among those that a row has.  Tables by rank of `row`:
    "positions" (among all monomials), "sources" (the rank in row `other`; its size if it has none),
    "starts" and "ends" (of the products of `convolution` that make it), "middles" (the rank of its
    root in a factor that is squared).  Others: "segments" (first rank of each degree), "pairs"
    (ranks of the factors of each product), "records" (headers of rows, see `graded_shapes`).  Ranks
    of sources, roots and factors are in elements.

    Numbers: "base" (where a row begins in the workspace, or the scaled copy of a convolution's left
    factor), "count" (of a row's monomials), "given" (where the input `row` begins; in all, for -1),
    "size" (how many monomials there are).
    """

    kind: str
    row: int = -1
    other: int = -1
    convolution: Convolution | None = None

    @property
    def is_number(self) -> bool:
        return self.kind in ("base", "count", "given", "size")


class GradedTables:
    """The tables of a program for given supports, and the layout of its workspace.

    Every row is followed by a zero, for those that look for monomials that it does not have.

    given: how many numbers all inputs are, then where those of each begin.
    """

    def __init__(
        self, program: Program, supports: Supports, lanes: int, given: Sequence[int]
    ) -> None:
        self.supports = supports
        self.given = given
        self.unit = max(lanes, 1)
        self.counts = [int(mask.sum()) for mask in supports.masks]
        self._ranks: dict[int, np.ndarray] = {}
        self._bases: dict[object, int] = {}
        end = 0
        for index, count in enumerate(self.counts):
            self._bases[index] = end
            end += count + 1
        for row in program.rows:
            for c in convolutions_of(row.step.terms if row.step else ()):
                if c.weight is not None and c not in self._bases:
                    self._bases[c] = end
                    end += self.counts[c.a]
        self.size = -(-end * self.unit // REGISTER) * REGISTER

    def header(
        self, requests: Sequence[Request], *records: Sequence[Request]
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """The size of the workspace, then numbers and addresses of tables; and the tables.

        records: further headers, which lie one behind the other in the table "records".
        """
        tables: list[np.ndarray] = []
        listed = [entry for record in records for entry in self._entries(record, tables)]
        tables.append(np.array(listed, np.int64))
        self._records = tables[-1]
        return np.array(self._entries(requests, tables), np.int64), tables

    def entry(self, request: Request) -> int | np.ndarray:
        """A number, or a table."""
        return self._number(request) if request.is_number else self._table(request)

    def _entries(self, requests: Sequence[Request], tables: list[np.ndarray]) -> list[int]:
        found = [self.size]
        for request in requests:
            if request.is_number:
                found.append(self._number(request))
            else:
                tables.append(self._table(request))
                found.append(tables[-1].ctypes.data)
        return found

    def _number(self, request: Request) -> int:
        if request.kind == "base":
            return self._bases[request.convolution or request.row] * self.unit
        if request.kind == "count":
            return self.counts[request.row]
        return self.given[request.row + 1] if request.kind == "given" else self._among.size

    @property
    def _among(self) -> Monomials:
        return self.supports.among

    def _table(self, request: Request) -> np.ndarray:
        """A table, perhaps one that is there already."""
        if request.kind == "records":
            return self._records
        c = request.convolution
        rows = [row for row in (request.row, request.other) if row >= 0]
        rows += [] if c is None else [c.a, c.b]
        masks = tuple(self.supports.masks[row].tobytes() for row in rows)
        bounds = None if c is None else (c.first, c.last, is_square(c))
        key = (request.kind, self._among, masks, bounds, self.unit)
        table = _shared.get(key)
        if table is None:
            made = np.asarray(getattr(self, f"_{request.kind}")(request))
            table = _shared[key] = np.ascontiguousarray(made, INDEX)
        return table

    def _here(self, row: int) -> np.ndarray:
        """Positions of a row's monomials, by rank."""
        return np.flatnonzero(self.supports.masks[row])

    def _rank(self, row: int) -> np.ndarray:
        """Rank of every monomial in a row, by position; the row's size where it has none."""
        found = self._ranks.get(row)
        if found is None:
            mask = self.supports.masks[row]
            found = self._ranks[row] = np.where(mask, np.cumsum(mask) - 1, self.counts[row])
        return found

    def _products(self, request: Request) -> tuple[Products, np.ndarray, np.ndarray]:
        """A convolution's products, their targets, and which of them are no squares."""
        assert request.convolution is not None
        products = self.supports.products(request.convolution)
        targets = np.repeat(products.targets, np.diff(products.starts))
        unequal = np.ones(len(targets), bool)
        if is_square(request.convolution):
            unequal = products.left != products.right
        return products, targets, unequal

    def _segments(self, request: Request) -> np.ndarray:
        degrees = self._among.degrees[self._here(request.row)]
        return np.searchsorted(degrees, np.arange(self._among.order + 2))

    def _positions(self, request: Request) -> np.ndarray:
        return self._here(request.row)

    def _sources(self, request: Request) -> np.ndarray:
        return self._rank(request.other)[self._here(request.row)] * self.unit

    def _starts(self, request: Request) -> np.ndarray:
        _, targets, unequal = self._products(request)
        return np.searchsorted(targets[unequal], self._here(request.row))

    def _ends(self, request: Request) -> np.ndarray:
        _, targets, unequal = self._products(request)
        return np.searchsorted(targets[unequal], self._here(request.row), side="right")

    def _pairs(self, request: Request) -> np.ndarray:
        c = request.convolution
        assert c is not None
        products, _, unequal = self._products(request)
        left, right = self._rank(c.a)[products.left], self._rank(c.b)[products.right]
        return np.column_stack([left[unequal], right[unequal]]).ravel() * self.unit

    def _middles(self, request: Request) -> np.ndarray:
        c = request.convolution
        assert c is not None
        products, targets, unequal = self._products(request)
        roots = np.full(self._among.size, self.counts[c.a])
        roots[targets[~unequal]] = self._rank(c.a)[products.left[~unequal]]
        return roots[self._here(request.row)] * self.unit
