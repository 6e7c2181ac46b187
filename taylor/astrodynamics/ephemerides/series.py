"""Chebyshev series by pieces of time, as tables and as expressions.

A table has a row for each piece, as records of SPK kernels have: the middle of the piece, half its
length, and the coefficients of each component.  In expressions the piece that t is in is a place in
the table (`definitions.lookup`), so that coefficients are constant within a step of an integrator,
which ends where a piece does.  Sums of series are tables again, over the pieces of all of them;
tables over the same pieces share their polynomials T_k in expressions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from taylor.definitions.lookup import entry_name, place_name
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, as_expression, make_function_node
from taylor.nodes.conversion import stack
from taylor.nodes.defined import DefinedName

Doubles = NDArray[np.float64]
SLACK = 64  # units in the last place by which a table is longer than its ends say
_HEAD = 2  # numbers of a record before the coefficients


class Series:
    """Vectors by pieces.

    edges:   where pieces begin, and the end of the last: shape (pieces + 1,), ascending seconds.
    records: shape (pieces, 2 + components * terms): the middle of a Chebyshev interval, half its
             length, and the coefficients of T_0, T_1 ... of one component after the other.
    name:    what it is, for messages where an integration comes to its end.
    """

    def __init__(
        self, edges: Doubles, records: Doubles, components: int = 3, name: str = "an ephemeris"
    ) -> None:
        self.edges, self.records, self.components = edges, records, components
        self.name = name
        self.terms = (records.shape[1] - _HEAD) // components

    @property
    def start(self) -> float:
        """Where the first piece begins."""
        return float(self.edges[0])

    @property
    def end(self) -> float:
        """Where the last piece ends."""
        return float(self.edges[-1])

    def over(self, start: float, end: float) -> Series:
        """The pieces that have a part between two times."""
        first = int(np.searchsorted(self.edges, start, side="right")) - 1
        last = int(np.searchsorted(self.edges, end, side="left"))
        first, last = max(first, 0), min(max(last, first + 1), len(self.records))
        return Series(self.edges[first : last + 1], self.records[first:last], self.components)

    def named(self, name: str) -> Series:
        """The same with a name."""
        return Series(self.edges, self.records, self.components, name)

    @cached_property
    def place(self) -> DefinedName:
        """The function that tells the piece, counted from 1: 0 is before the first."""
        ends = np.array(self.edges)
        near = SLACK * np.spacing(np.abs(ends[[0, -1]]).max())
        wide = ends + np.concatenate([[-near], np.zeros(len(ends) - 2), [near]])
        return place_name(wide, self.name)

    @cached_property
    def interval(self) -> DefinedName:
        """The function that gives middle and half length; NaN beyond the ends."""
        outside = np.full((1, _HEAD), np.nan)
        return entry_name(np.concatenate([outside, self.records[:, :_HEAD], outside]))

    @cached_property
    def entries(self) -> DefinedName:
        """The function that gives the numbers of a record."""
        return entry_name(self.records)


Link = tuple[int, Series]
"""A series, and whether it is added (1) or subtracted (-1)."""


def vector(series: Series, t: Expression, derivative: int = 0) -> Expression:
    """The series at a time, or a derivative of it by time; shape (components,).

    Outside of the series it is NaN.
    """
    place = make_function_node(series.place, t)
    middle, radius = (make_function_node(series.interval, place, column) for column in range(_HEAD))
    polynomials = _polynomials((t - middle) / radius, series.terms, derivative)
    first = next((k for k, one in enumerate(polynomials) if one is not ZERO), series.terms)
    if first == series.terms:
        return as_expression(np.zeros(series.components))
    columns = _HEAD + np.arange(series.components * series.terms)
    columns = columns.reshape(series.components, series.terms)
    # One node for all coefficients: a row of lanes, not as many rows.
    coefficients = make_function_node(series.entries, place - 1, columns)
    value = coefficients[:, first:] @ stack(polynomials[first:])
    return value / radius**derivative if derivative else value


def _polynomials(s: Expression, count: int, derivative: int) -> list[Expression]:
    """T_0 .. T_{count-1} at s, or a derivative of them by s:

    T_{k+1}^(m) = 2 s T_k^(m) + 2 m T_k^(m-1) - T_{k-1}^(m), from T_{k+1} = 2 s T_k - T_{k-1}
    (Abramowitz & Stegun 1964, 22.7.4) differentiated m times.
    """
    one = as_expression(1)
    lower: list[Expression] = []
    for m in range(derivative + 1):
        found = [one, s] if m == 0 else [ZERO, one if m == 1 else ZERO]
        for k in range(1, count - 1):
            below = 2 * m * lower[k] if m else ZERO
            found.append(2 * s * found[k] + below - found[k - 1])
        lower = found[:count]
    return lower


def summed(links: Sequence[Link]) -> Series:
    """The sum of series as one, where all of them are: of several, to the rounding of a double.

    Raises ArgumentError where they have no time in common.
    """
    if len(links) == 1 and links[0][0] == 1:
        return links[0][1]
    start = max(series.start for _, series in links)
    end = min(series.end for _, series in links)
    if not start < end:
        raise ArgumentError("Ephemeris: the bodies are known at no common time")
    edges = np.unique(np.concatenate([[start, end], *(series.edges for _, series in links)]))
    edges = edges[(edges >= start) & (edges <= end)]
    middle, radius = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    components = links[0][1].components
    total = np.zeros((len(middle), components, max(series.terms for _, series in links)))
    for sign, series in links:
        total[:, :, : series.terms] += sign * _moved(series, middle, radius)
    head = np.stack([middle, radius], axis=1)
    records = np.concatenate([head, total.reshape(len(middle), -1)], axis=1)
    return Series(edges, records, components)


def _moved(series: Series, middle: Doubles, radius: Doubles) -> Doubles:
    """Coefficients of a series over pieces that are parts of its own: (pieces, components, terms).

    With s the place in its own piece and x that in the part, s = a x + b, and T_k(s) is a sum of
    the T_j(x) with j <= k: T_{k+1}(s) = 2 (a x + b) T_k(s) - T_{k-1}(s), x T_j = (T_{j+1} +
    T_{|j-1|})/2.  So no coefficient takes rounding errors from larger ones of lower order.
    """
    row = np.searchsorted(series.edges, middle, side="right") - 1
    records = series.records[row]
    coefficients = records[:, _HEAD:].reshape(len(row), series.components, -1)
    a, b = radius / records[:, 1], (middle - records[:, 0]) / records[:, 1]
    if np.all(a == 1) and np.all(b == 0):
        return coefficients
    kinds, kind = np.unique(a + 1j * b, return_inverse=True)  # of regular pieces there are few
    a, b = kinds.real[:, None], kinds.imag[:, None]
    terms = series.terms
    matrices = np.zeros((len(kinds), terms, terms))  # T_k(s) in row k
    matrices[:, 0, 0] = 1
    for k in range(terms - 1):
        newest = matrices[:, k]
        shifted = np.zeros_like(newest)
        shifted[:, 1:] += newest[:, :-1] / 2
        shifted[:, :-1] += newest[:, 1:] / 2
        shifted[:, 1] += newest[:, 0] / 2 if terms > 1 else 0
        if k == 0:
            matrices[:, 1] = a * shifted + b * newest
        else:
            matrices[:, k + 1] = 2 * (a * shifted + b * newest) - matrices[:, k - 1]
    found = np.empty_like(coefficients)
    for number, matrix in enumerate(matrices):
        here = np.flatnonzero(kind == number)
        # Not by a library's product, whose threads are in each other's way for such small matrices.
        found[here] = np.einsum("pck,kj->pcj", coefficients[here], matrix)
    return found


def joined(pieces: Sequence[Series]) -> Series:
    """Several tables as one: where they overlap, a later one counts.

    Raises ArgumentError where there is a gap between them.
    """
    if len(pieces) == 1:
        return pieces[0]
    components = pieces[0].components
    edges = np.unique(np.concatenate([series.edges for series in pieces]))
    middles = (edges[:-1] + edges[1:]) / 2
    longest = max(series.terms for series in pieces)
    records = np.full((len(middles), _HEAD + components * longest), np.nan)
    for series in pieces:
        row = np.searchsorted(series.edges, middles, side="right") - 1
        inside = (row >= 0) & (row < len(series.records))
        taken = series.records[row[inside]]
        filled = np.zeros((len(taken), components, longest))
        filled[:, :, : series.terms] = taken[:, _HEAD:].reshape(len(taken), components, -1)
        records[inside] = np.concatenate([taken[:, :_HEAD], filled.reshape(len(taken), -1)], axis=1)
    if np.isnan(records[:, 0]).any():
        gap = int(np.isnan(records[:, 0]).argmax())
        raise ArgumentError(
            f"Ephemeris: there is nothing between {edges[gap]} and {edges[gap + 1]} seconds; "
            "give a kernel without gaps, or several"
        )
    return Series(edges, records, components)
