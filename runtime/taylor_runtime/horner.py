"""Values of polynomials whose coefficients are rows, with little latency."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taylor_runtime.ir import Builder, Index, Value

CHAINS = 4


def evaluate(
    b: Builder,
    coefficient: Callable[[Index], Value],
    first: int,
    last: int,
    x: Value,
    unroll: bool,
) -> Value:
    """sum_{n=first}^{last} c_n x^{n-first}: Horner's rule in x^4, in four chains side by side."""
    count = last - first + 1
    if count < 2 * CHAINS:
        value = coefficient(last)
        for n in range(last - 1, first - 1, -1):
            value = b.fma(value, x, coefficient(n))
        return value
    square = x * x
    fourth = square * square
    blocks, rest = divmod(count, CHAINS)
    start = first + CHAINS * (blocks - 1)
    sums = [coefficient(start + r) for r in range(CHAINS)]
    for r in range(rest):
        sums[r] = b.fma(coefficient(start + CHAINS + r), fourth, sums[r])

    def lower(i: Index, carried: list[Value]) -> Sequence[Value]:
        block = i * -CHAINS + (start - CHAINS)
        return [b.fma(total, fourth, coefficient(block + r)) for r, total in enumerate(carried)]

    sums = b.fold(0, blocks - 1, sums, lower, unroll=unroll)
    low, high = b.fma(sums[1], x, sums[0]), b.fma(sums[3], x, sums[2])
    return b.fma(high, square, low)
