"""In which order the factors of a product are multiplied: by what they are, not by their history.

Equal products are one node, whose operands are in the order in which they were first written in the
process.  Last bits of a convolution depend on the order, so that a program has one of its own.
Factors are ordered by the form of their formulas first, in which inputs of a kind are alike and
simple formulas come first, so that products that differ by nothing but their inputs, as those of
pairs of bodies do, remain alike and are computed side by side; then by the inputs they begin and
end with; then by all the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from zlib import crc32

from taylor.expressions.expression import Expression
from taylor.nodes.traverse import reachable
from taylor.numbers import exact as constants
from taylor_runtime.program.program import Input
from taylor_runtime.program.records import blake2b

Key = tuple[int, int, int]  # form, first and last input

_NO_INPUT = 1 << 40
_MASK = (1 << 40) - 1  # of the numbers that tell forms apart


@cache
def _code(op: str) -> int:
    """A number for an operation, the same in all processes."""
    return crc32(op.encode())


class OperandOrder:
    """Orders factors of one program's products.

    >>> import taylor as ty
    >>> x, y = ty.variables("x y")
    >>> order = OperandOrder({x: Input("jet", (0,)), y: Input("jet", (1,))})
    >>> order.of(y * x), order.of(x * y)
    ((x, y), (x, y))
    """

    def __init__(self, inputs: Mapping[Expression, Input]) -> None:
        self._depths: dict[Expression, int] = dict.fromkeys(inputs, 0)
        self._partly: dict[Expression, tuple[Expression, ...]] = {}  # operands that count, not all
        self._keys: dict[Expression, Key] = {}
        self._contents: dict[Expression, int] = {}
        for place, (e, source) in enumerate(inputs.items()):
            self._keys[e] = _code(source.source), place, place
            self._contents[e] = place

    def learn(self, nodes: Iterable[Expression]) -> None:
        """Nodes of the program, operands before results.

        Only how deep they are is noted: it decides of most products.
        """
        depths = self._depths
        get = depths.get
        for node in nodes:
            if node in depths:
                continue
            deepest = 0
            for arg in node.args:
                depth = get(arg)
                if depth is None:  # an exact exponent
                    self._partly[node] = tuple([arg for arg in node.args if arg in depths])
                elif depth > deepest:
                    deepest = depth
            depths[node] = deepest + 1

    def of(self, product: Expression) -> tuple[Expression, Expression]:
        """The two factors, the first first."""
        a, b = product.args
        first, second = self._depths[a], self._depths[b]
        if first != second:
            return (a, b) if first < second else (b, a)
        one, other = self._key(a), self._key(b)
        if one == other:
            return (b, a) if self._content(b) < self._content(a) else (a, b)
        return (b, a) if other < one else (a, b)

    def _key(self, e: Expression) -> Key:
        keys = self._keys
        if e in keys:
            return keys[e]
        for node in reachable([e], stop=keys.__contains__):
            if node in keys or node not in self._depths:
                continue
            total, product, first, last = 0, 1, _NO_INPUT, -1
            for arg in self._partly.get(node, node.args):
                its_form, its_first, its_last = keys[arg]
                total += its_form
                product = product * (its_form | 1) & _MASK
                first, last = min(first, its_first), max(last, its_last)
            form = (total * 69069 + product * 31 + _code(node.op)) & _MASK
            keys[node] = form, first, last
        return keys[e]

    def _content(self, e: Expression) -> int:
        """A number that equal formulas share, and hardly any others do."""
        known = self._contents
        for node in reachable([e], stop=known.__contains__):
            if node in known:
                continue
            args, payload = [known[arg] for arg in node.args], node.payload
            if node.op == "linear":
                numbers = map(constants.key, payload[0])
                terms = sorted(zip(args, map(str, numbers), strict=True))
                described = repr((terms, constants.key(payload[1])))
            elif node.op == "mul":
                described = repr(sorted(args))
            else:
                described = repr((args, payload))
            text = f"{node.op} {described}".encode()
            known[node] = int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
        return known[e]
