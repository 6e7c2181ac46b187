"""What is known of functions by how they are written: their bounds, and where they are smooth."""

from __future__ import annotations

from taylor.expressions.expression import Expression
from taylor.nodes.operations.table import operation
from taylor.nodes.record import positive
from taylor.nodes.registry import functions
from taylor.nodes.sums import exact_value, split_factor
from taylor.nodes.traverse import reachable


class Facts:
    """What is known of functions by how they are written, found once for every node."""

    def __init__(self) -> None:
        self._varies: dict[Expression, bool] = {}
        self._sign: dict[Expression, int] = {}  # 2: positive, 1: at least zero, 0: unknown
        self._smooth: dict[Expression, bool] = {}

    def varies(self, e: Expression) -> bool:
        """Whether it depends on more than parameters."""
        self._learn(e)
        return self._varies[e]

    def is_positive(self, e: Expression) -> bool:
        """Whether it is greater than zero, whatever its inputs (poles excepted)."""
        self._learn(e)
        return self._sign[e] == 2

    def is_nonnegative(self, e: Expression) -> bool:
        """Whether it is at least zero, whatever its inputs."""
        self._learn(e)
        return self._sign[e] > 0

    def is_smooth(self, e: Expression) -> bool:
        """Whether it has series everywhere that it is defined."""
        self._learn(e)
        return self._smooth[e]

    def is_its_own(self, e: Expression) -> bool:
        """Whether the search finds every zero of a function as it is written."""
        return self.is_smooth(e) and max(factors(e).values()) < 2

    def _learn(self, e: Expression) -> None:
        if e in self._smooth:
            return
        for node in reachable([e], stop=self._smooth.__contains__):
            if node not in self._smooth:
                args = node.args
                vary = [self._varies[arg] for arg in args]
                self._varies[node] = any(vary) or node.op in ("variable", "time")
                record = operation(node.op)
                signs = [self._sign[arg] for arg in args]
                self._sign[node] = record.sign(node, signs)
                smooth = not self._varies[node] or record.smooth(node, signs, vary)
                self._smooth[node] = smooth and all(self._smooth[arg] for arg in args)


def is_positive_function(e: Expression) -> bool:
    """Whether e applies a function whose values are all positive."""
    function = functions.get(e.op)
    return function is not None and function.sign is positive


def factors(e: Expression) -> dict[Expression, int]:
    """Bases and exponents of a product of positive powers."""
    found: dict[Expression, int] = {}
    pending = [split_factor(e)[1]]
    while pending:
        node = pending.pop()
        n = exact_value(node.args[1]) if node.op == "pow" else 1
        if node.op == "mul":
            pending += node.args
        elif node.op == "pow" and type(n) is int and n > 0:
            found[node.args[0]] = found.get(node.args[0], 0) + n
        else:
            found[node] = found.get(node, 0) + 1
    return found
