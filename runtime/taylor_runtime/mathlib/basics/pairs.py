"""Double-double steps inside the kernels for double: the unevaluated sum of a pair (high, low).

Not normalised everywhere, and faster for it; `ir_pairs` has full double-double arithmetic.

Sources: Dekker, Numer. Math. 18 (1971) 224; Knuth, The Art of Computer Programming 2, section
4.2.2; Joldes, Muller & Popescu, ACM Trans. Math. Softw. 44 (2017) 15.  Low words are approximate:
a relative error of some 2**-100 is more than the elementary functions need.
"""

from __future__ import annotations

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import fast_two_sum, two_product, two_sum
from taylor_runtime.ir.values import Value

__all__ = [
    "Constant", "Pair", "divide", "fast_two_sum", "multiply", "square", "square_root",
    "two_product", "two_sum",
]  # fmt: skip

Pair = tuple[Value, Value]
Constant = tuple[float, float]


def multiply(b: Builder, x: Pair, y: Pair | Constant) -> Pair:
    """x * y, not normalised."""
    high, low = two_product(b, x[0], y[0])
    return high, b.fma(x[0], y[1], b.fma(x[1], y[0], low))


def square(b: Builder, x: Pair) -> Pair:
    high, low = two_product(b, x[0], x[0])
    return high, b.fma(x[0] * 2, x[1], low)


def divide(b: Builder, x: Pair, y: Pair) -> Pair:
    """x / y for normalised x and y, not normalised; one division serves quotient and remainder."""
    reciprocal = 1 / y[0]
    quotient = x[0] * reciprocal
    remainder = b.fma(-quotient, y[0], x[0]) + b.fma(-quotient, y[1], x[1])
    return quotient, remainder * reciprocal


def square_root(b: Builder, x: Pair) -> Pair:
    """sqrt(x) for a normalised x, 0 or not below 1e-290; not normalised."""
    root = b.sqrt(x[0])
    remainder = b.fma(-root, root, x[0]) + x[1]
    return root, remainder * (0.5 / (root + 1e-300))  # 1e-300 only keeps 0 / 0 away
