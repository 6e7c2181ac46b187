"""What is known of functions by how they are written: their bounds, and where they are smooth."""

from __future__ import annotations

from taylor.expressions.expression import Expression
from taylor.nodes.node import CONDITIONS
from taylor.nodes.sums import exact_value, split_factor
from taylor.nodes.traverse import reachable

POSITIVE = {
    "exp", "exp2", "cosh", "sigmoid", "sigmoid_derivative", "softplus", "erfc", "erf_derivative",
    "sech_squared", "erfinv_derivative",
}  # fmt: skip
_SINGULAR = {  # somewhere: poles, ends of domains, kinks, jumps, cuts
    "cbrt", "tan", "gamma", "lgamma", "digamma", "polygamma", "bessely", "lambertw",
    "lambertw_derivative", "log1p", "erfinv", "erfinv_derivative", "erfcinv", "erfcinv_derivative",
    "beta", "betaln", "gammainc", "gammaincc", "gammainc_derivative", "besseli_scaled", "ellipk",
    "ellipe", "expi", "asin", "acos", "acosh", "atanh", "atan2", "abs", "sign",
    "floor", "minimum", "maximum", "relu", "leaky_relu", "where", *CONDITIONS,
}  # fmt: skip
_LOGARITHMS = {"log", "log2", "log10"}


class Facts:
    """What is known of functions by how they are written, found once for every node."""

    def __init__(self) -> None:
        self._varies: dict[Expression, bool] = {}
        self._bound: dict[Expression, int] = {}  # 2: positive, 1: at least zero, 0: unknown
        self._smooth: dict[Expression, bool] = {}

    def varies(self, e: Expression) -> bool:
        """Whether it depends on more than parameters."""
        self._learn(e)
        return self._varies[e]

    def is_positive(self, e: Expression) -> bool:
        """Whether it is greater than zero, whatever its inputs (poles excepted)."""
        self._learn(e)
        return self._bound[e] == 2

    def is_nonnegative(self, e: Expression) -> bool:
        """Whether it is at least zero, whatever its inputs."""
        self._learn(e)
        return self._bound[e] > 0

    def is_smooth(self, e: Expression) -> bool:
        """Whether it has series everywhere that it is defined."""
        self._learn(e)
        return self._smooth[e]

    def is_its_own(self, e: Expression) -> bool:
        """Whether the search finds every zero of a function as it is written."""
        return self.is_smooth(e) and max(factors(e).values()) < 3

    def _learn(self, e: Expression) -> None:
        if e in self._smooth:
            return
        for node in reachable([e], stop=self._smooth.__contains__):
            if node not in self._smooth:
                args = node.args
                self._varies[node] = any(self._varies[arg] for arg in args) or node.op in (
                    "variable", "time",
                )  # fmt: skip
                self._bound[node] = self._find_bound(node)
                smooth = not self._varies[node] or self._is_smooth_operation(node)
                self._smooth[node] = smooth and all(self._smooth[arg] for arg in args)

    def _find_bound(self, e: Expression) -> int:
        value = exact_value(e)
        if value is not None:
            return 2 * (value > 0) or int(value >= 0)
        bounds = [self._bound[arg] for arg in e.args]
        if e.op in POSITIVE:
            return 2
        if e.op == "linear":
            coefficients, offset = e.payload
            if offset < 0 or min(coefficients) < 0 or not min(bounds):
                return 0
            return 2 if offset > 0 else max(bounds)
        if e.op in ("mul", "div"):
            return min(bounds)
        if e.op == "pow":
            n = exact_value(e.args[1])
            even = type(n) is int and n % 2 == 0
            # A length to a negative power has a pole, but no change of sign.
            negative = n is not None and n < 0
            return 2 if bounds[0] == 2 or (even and negative) else int(even) or bounds[0]
        if e.op == "sqrt":
            return max(bounds[0], 1)
        return int(e.op in ("abs", "hypot", "relu"))

    def _is_smooth_operation(self, e: Expression) -> bool:
        if e.op in _SINGULAR:
            return False
        if e.op == "div":
            return self._bound[e.args[1]] > 0 or not self._varies[e.args[1]]
        if e.op == "pow":
            n = exact_value(e.args[1])
            return (type(n) is int and n > 0) or self._bound[e.args[0]] > 0
        if e.op == "sqrt":
            return self._bound[e.args[0]] > 0
        return e.op not in _LOGARITHMS or self._bound[e.args[0]] == 2


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
