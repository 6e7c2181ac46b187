"""In which order the rows of a flow's program of order zero are computed, and which by degree.

Rows that are sums of products of others need no recurrence: they are products of polynomials.
Others are computed by degree, with those that they need and that need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from taylor_runtime.program.program import Coefficient, Convolution, Input, Kernel, Program, Row
from taylor_runtime.program.signature import renumbered, rows_used


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Rows that are computed together by degree.

    rows:   their numbers.
    given:  those of rows that they read.
    slopes: and of rows n u_n, which need not be anywhere.
    """

    rows: tuple[int, ...]
    given: tuple[int, ...]
    slopes: tuple[int, ...] = ()

    def program(self, whole: Program, wide: Sequence[bool]) -> Program:
        """The rows alone: what is given first, polynomials from "jet" and numbers from
        "parameter"; equal ones of equal recurrences.
        """
        rows: list[Row] = []
        counts = {"jet": 0, "parameter": 0}
        for row in self.given:
            source = "jet" if wide[row] else "parameter"
            rows.append(Row(Input(source, (counts[source],))))
            counts[source] += 1
        place = {row: k for k, row in enumerate((*self.given, *self.slopes, *self.rows))}
        own = (*self.slopes, *self.rows)
        rows += [replace(renumbered(whole.rows[row], place), name="") for row in own]
        return Program(tuple(rows), (), whole.order, tuple(counts.items()))


def start_order(program: Program) -> list[int | Recurrence]:
    """Rows, or several together, each after all that it reads."""
    found: list[int | Recurrence] = []
    for group in _components([_read(row) for row in program.rows]):
        row = program.rows[group[0]]
        rows = tuple(sorted(group))
        used = dict.fromkeys(one for index in rows for one in _read(program.rows[index]))
        slopes = tuple(one for one in used if one not in rows and _is_slope(program.rows[one]))
        if len(group) == 1 and _is_slope(row):
            continue
        known = isinstance(row.start, Input) or is_plain(group[0], row)
        if len(group) == 1 and not slopes and known:
            found.append(group[0])
            continue
        for slope in slopes:
            used |= dict.fromkeys(_read(program.rows[slope]))
        given = tuple(one for one in used if one not in rows and one not in slopes)
        found.append(Recurrence(rows, given, slopes))
    return found


def _is_slope(row: Row) -> bool:
    """Whether a row is n u_n of another one."""
    step = row.step
    if step is None or row.start is not None or step.times != "n" or len(step.terms) != 1:
        return False
    return isinstance(step.terms[0].operand, Coefficient)


def is_plain(index: int, row: Row) -> bool:
    """Whether a row is a sum of products and of other rows, at all degrees."""
    step = row.step
    if step is None or row.start is not None or step.times != "1" or step.divisor is not None:
        return False
    for term in step.terms:
        operand = term.operand
        if isinstance(term.constant, tuple) or index in _read(row):
            return False
        if isinstance(operand, Convolution):
            if operand.first or operand.last or operand.weight is not None:
                return False
        elif not isinstance(operand, Coefficient) or operand.lag:
            return False
    return True


def _read(row: Row) -> list[int]:
    start = list(row.start.arguments) if isinstance(row.start, Kernel) else []
    return list(dict.fromkeys([*start, *rows_used(row)]))


def _components(edges: Sequence[Sequence[int]]) -> list[list[int]]:
    """Nodes that reach one another, each group after all that it leads to (Tarjan, SIAM J. Comput.
    1 (1972) 146).
    """
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    open_ = set[int]()
    found: list[list[int]] = []
    for root in range(len(edges)):
        if root in number:
            continue
        number[root] = low[root] = len(number)
        stack.append(root)
        open_.add(root)
        walk = [(root, iter(edges[root]))]
        while walk:
            node, rest = walk[-1]
            for after in rest:
                if after not in number:
                    number[after] = low[after] = len(number)
                    stack.append(after)
                    open_.add(after)
                    walk.append((after, iter(edges[after])))
                    break
                if after in open_:
                    low[node] = min(low[node], number[after])
            else:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[node])
                if low[node] == number[node]:
                    cut = stack.index(node)
                    group, stack[cut:] = stack[cut:], []
                    open_.difference_update(group)
                    found.append(group)
    return found
