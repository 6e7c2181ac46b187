"""Contractions of strided arrays: exact sums, bounds of errors, and the order of summation.

The references are exact: a multiply-add is a fraction that is rounded once.
"""

from __future__ import annotations

import ctypes
import math
import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from taylor_runtime.arrays.choice import ROOM
from taylor_runtime.arrays.contraction import Contraction, contraction, emit_contraction
from taylor_runtime.engine.compiler import Module as Code
from taylor_runtime.engine.compiler import compile_ir
from taylor_runtime.engine.target import Target
from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.order import Summation, contracted, halves_added, summation

DTYPES = {"float": np.float32, "double": np.float64, "double-double": np.float64}
UNIT = {"float": Fraction(1, 2**24), "double": Fraction(1, 2**53)}
SCALE = 2**400  # of exact numbers, of which integers are made
GAP = -77.0  # what lies between the elements of the result

Array = np.ndarray[Any, Any]


# -- numbers ------------------------------------------------------------------------------------


def ratio(x: float, y: float, z: float) -> tuple[int, int]:
    """x * y + z, exactly: numerator and denominator, a power of two."""
    (a, b), (c, d), (e, f) = (number.as_integer_ratio() for number in (x, y, z))
    return a * c * f + e * b * d, b * d * f


def fused(x: float, y: float, z: float) -> float:
    """Rounded once, as Python divides integers."""
    numerator, denominator = ratio(x, y, z)
    return numerator / denominator


def fused_single(x: float, y: float, z: float) -> np.float32:
    """The nearest float32, ties to even: the nearest double may lie on the wrong side of a tie."""
    numerator, denominator = ratio(float(x), float(y), float(z))
    near = numerator / denominator
    found = np.float32(near)
    other = np.nextafter(found, np.float32(math.copysign(math.inf, near - float(found))))
    if near - float(found) == float(other) - near:
        a, b = near.as_integer_ratio()
        beyond = numerator * b - a * denominator
        if beyond:
            return max(found, other) if beyond > 0 else min(found, other)
    return found


def two_sum(x: float, y: float) -> tuple[float, float]:
    """Knuth: x + y and its error."""
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


Pair = tuple[float, float]


def pair_fma(x: Pair, y: Pair, total: Pair) -> Pair:
    """As `ir.pairs.multiply_add` has it."""
    high = x[0] * y[0]
    error = fused(x[0], y[0], -high)
    error = fused(x[0], y[1], error)
    error = fused(x[1], y[0], error)
    high, lost = two_sum(total[0], high)
    return high, (total[1] + error) + lost


def pair_normal(x: Pair) -> Pair:
    total = x[0] + x[1]
    return total, (x[0] - total) + x[1]


def pair_add(x: Pair, y: Pair) -> Pair:
    """Joldes, Muller & Popescu 2017, algorithm 6."""
    high, error = two_sum(x[0], y[0])
    low, rest = two_sum(x[1], y[1])
    error += low
    middle = high + error
    small = error - (middle - high)
    return pair_normal((middle, rest + small))


ARITHMETIC: dict[str, Any] = {
    "float": SimpleNamespace(
        zero=np.float32(0),
        fma=fused_single,
        normal=lambda x: x,
        add=lambda x, y: x + y,
    ),
    "double": SimpleNamespace(
        zero=0.0, fma=fused, normal=lambda x: x, add=lambda x, y: float(x) + float(y)
    ),
    "double-double": SimpleNamespace(
        zero=(0.0, 0.0), fma=pair_fma, normal=pair_normal, add=pair_add
    ),
}


# -- arrays -------------------------------------------------------------------------------------


class Strided:
    """An array of numbers somewhere in memory: a plane for each of their parts."""

    def __init__(self, element: str, planes: Sequence[Array], bases: Sequence[Array]) -> None:
        self.element = element
        self.planes = planes
        self.bases = bases

    @property
    def strides(self) -> tuple[int, ...]:
        return tuple(step // self.planes[0].itemsize for step in self.planes[0].strides)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.planes[0].shape)

    def addresses(self) -> list[int]:
        return [plane.ctypes.data for plane in self.planes]

    def number(self, index: tuple[int, ...]) -> Any:
        """As its arithmetic has it."""
        parts = tuple(plane[index] for plane in self.planes)
        return tuple(map(float, parts)) if len(parts) > 1 else parts[0]

    def exact(self, index: tuple[int, ...]) -> int:
        """In units of 1 / SCALE."""
        total = 0
        for plane in self.planes:
            numerator, denominator = float(plane[index]).as_integer_ratio()
            units, rest = divmod(SCALE, denominator)
            assert not rest
            total += numerator * units
        return total


def strided(
    rng: random.Random, element: str, shape: Sequence[int], layout: str, fill: bool = True
) -> Strided:
    """Random numbers; `layout`: "plain" (row-major), or "wild": axes in any order, reversed, with
    gaps, and with `fill` some of them the same number over and over.
    """
    wild = layout == "wild"
    order = list(range(len(shape)))
    steps = [1] * len(shape)
    same = [False] * len(shape)
    if wild:
        rng.shuffle(order)
        steps = [rng.choice((1, 1, 1, 2, 3, -1, -2)) for _ in shape]
        same = [fill and rng.random() < 0.12 for _ in shape]
    base_shape = [1 if same[axis] else shape[axis] * abs(steps[axis]) for axis in order]
    dtype = DTYPES[element]
    numbers = np.random.default_rng(rng.randrange(2**32))
    planes, bases = [], []
    for part in range(ELEMENTS[element].parts):
        count = int(np.prod(base_shape))
        shift = rng.randrange(16)  # elements from a multiple of a register, or how many may be
        base = np.full(count + 32, GAP, dtype)[shift : shift + count].reshape(base_shape)
        if fill:
            base[...] = numbers.standard_normal(base_shape)
        if part and fill:
            base *= 2.0**-55
        cuts = tuple(slice(None, None, steps[axis]) for axis in order)
        view = base[
            (*(slice(None) if same[a] else c for a, c in zip(order, cuts, strict=True)), ...)
        ]
        back = [order.index(axis) for axis in range(len(shape))]
        view = view.transpose(back)
        planes.append(np.broadcast_to(view, tuple(shape)) if fill else view)
        bases.append(base)
    if fill and len(planes) == 2:  # so that they are normalised
        assert np.all(np.abs(bases[1]) < 2.0**-50)
        for index in np.ndindex(*bases[0].shape):
            bases[0][index], bases[1][index] = pair_normal((bases[0][index], bases[1][index]))
    return Strided(element, planes, bases)


def compiled(
    element: str,
    plan: Contraction,
    add: bool,
    room: int = ROOM,
    target: Target | None = None,
) -> Code:
    module = Module()
    count = ELEMENTS[element].parts
    parameters = [("ptr", f"p{i}") for i in range(3 * count)]
    with define_function(module, "contract", "void", parameters, "nounwind") as (b, got):
        a, x, c = (b.pointers(got[i : i + count]) for i in range(0, 3 * count, count))
        emit_contraction(b, element, plan, a, x, c, add, room)
        b.ret()
    return compile_ir(module.text(), ["contract"], target=target)


def run(code: Code, *arrays: Strided) -> None:
    addresses = [address for array in arrays for address in array.addresses()]
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(addresses))(code.address("contract"))
    call(*addresses)


def plan_of(subscripts: str, a: Strided, x: Strided, c: Strided) -> Contraction:
    return contraction(subscripts, (a.shape, x.shape), (a.strides, x.strides, c.strides))


# -- references ---------------------------------------------------------------------------------


def factors_of(
    subscripts: str, a: Strided, x: Strided, index: tuple[int, ...]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Where the factors of one element are, in row-major order of the summed axes."""
    operands, result = subscripts.split("->")
    first, second = operands.split(",")
    sizes = dict(zip(first, a.shape, strict=True)) | dict(zip(second, x.shape, strict=True))
    summed = [letter for letter in sizes if letter not in result]
    at = dict(zip(result, index, strict=True))
    found = []
    for position in product(*(range(sizes[letter]) for letter in summed)):
        here = at | dict(zip(summed, position, strict=True))
        found.append((tuple(here[c] for c in first), tuple(here[c] for c in second)))
    return found


def check(
    subscripts: str,
    arrays: tuple[Strided, Strided, Strided],
    add: bool,
    rng: random.Random,
    samples: int = 5,
) -> None:
    """Contract and compare: some elements bit by bit with the order of summation and with the
    bound of errors, all elements with NumPy, and what lies between them with what was there.
    """
    a, x, c = arrays
    element = a.element
    plan = plan_of(subscripts, a, x, c)
    if add:
        for part, plane in enumerate(c.planes):
            plane[...] = np.round(np.random.default_rng(1).standard_normal(c.shape), 2)
            plane *= 1 - min(part, 1)
    before = [plane.copy() for plane in c.planes]
    there = Strided(element, before, before)
    run(compiled(element, plan, add), a, x, c)
    for plane, base in zip(c.planes, c.bases, strict=True):
        left = base.copy()
        plane[...] = GAP
        gaps = base.copy()
        base[...] = left
        assert np.all(gaps == GAP)
    everywhere = list(np.ndindex(*c.shape))
    arithmetic = ARITHMETIC[element]
    for index in rng.sample(everywhere, min(samples, len(everywhere))):
        places = factors_of(subscripts, a, x, index)
        factors = [(a.number(i), x.number(j)) for i, j in places]
        start = there.number(index) if add else None
        want = contracted(plan.order, factors, arithmetic.zero, arithmetic, start)
        assert c.number(index) == want, (subscripts, plan, index)
        products = [a.exact(i) * x.exact(j) for i, j in places]
        begin = SCALE * there.exact(index) if add else 0
        error = abs(SCALE * c.exact(index) - sum(products, begin))
        most = _bound(element, plan.order, len(places))
        assert error <= most * (sum(map(abs, products)) + abs(begin))
    kind = np.longdouble
    total = np.einsum(subscripts, *(sum(o.planes).astype(kind) for o in (a, x)))  # type: ignore
    got = sum(c.planes).astype(kind)  # type: ignore[union-attr]
    scale = np.einsum(subscripts, *(np.abs(o.planes[0]).astype(kind) for o in (a, x)))
    if add:
        total, scale = total + before[0], scale + np.abs(before[0])
    unit = float(max(UNIT.get(element, UNIT["double"]), Fraction(1, 2**53)))
    terms = max(1, plan.order.block)
    assert np.all(np.abs(got - total) <= unit * (terms + 40) * scale)


def _bound(element: str, order: Summation, terms: int) -> Fraction:
    """Of the relative error of a sum, against the sum of absolute values: one rounding for each
    addition on the way of a product (Higham, Accuracy and Stability of Numerical Algorithms,
    section 4.2), (1 + u)**n - 1 < 1.01 n u; of double-doubles 3 u**2 an addition at most, as
    `ir/pairs.py` says.
    """
    ways = order.block // order.chains + order.chains.bit_length() + terms // order.block + 2
    unit = UNIT.get(element, 4 * UNIT["double"] ** 2)
    return ways * unit * Fraction(101, 100)


# -- tests --------------------------------------------------------------------------------------

SUBSCRIPTS = (
    *("ab,bc->ac", "ab,cb->ac", "ba,bc->ac", "ba,cb->ac", "ab,bc->ca", "ab,cb->ca"),
    *("ab,b->a", "ba,b->a", "b,bc->c", "ab,ab->a", "ab,ab->b"),
    *("nab,nbc->nac", "abn,bcn->acn", "nab,nb->na", "nab,ncb->nac"),
    *("abc,bcd->ad", "cab,dbc->da", "ab,ab->", "ab,ba->", "a,a->", "abcd,cd->ab"),
    *("a,b->ab", "a,b->ba", "a,a->a", "ab,ba->ab", "a,->a", ",->", "mab,nbc->mnac"),
    *("ab,c->ac", "ab,cd->ac"),
)


def sizes_of(rng: random.Random, subscripts: str, most: int) -> dict[str, int]:
    """Sizes of which the product is not too large."""
    letters = sorted(set(subscripts) - set(",->"))
    while True:
        sizes = {
            letter: rng.choice((0, 1, 1, 2, 2, 3, 4, 5, 7, 8, 9, 16, 17, 24, 31, 33, 40, 65, 130))
            for letter in letters
        }
        if np.prod([max(1, size) for size in sizes.values()]) <= most:
            return sizes


def arrays_of(
    rng: random.Random, element: str, subscripts: str, sizes: dict[str, int], layout: str
) -> tuple[Strided, Strided, Strided]:
    operands, result = subscripts.split("->")
    first, second = operands.split(",")
    a, x = (strided(rng, element, [sizes[c] for c in s], layout) for s in (first, second))
    return a, x, strided(rng, element, [sizes[c] for c in result], layout, fill=False)


CASES = [(seed, SUBSCRIPTS[seed % len(SUBSCRIPTS)]) for seed in range(3 * len(SUBSCRIPTS))]


@pytest.mark.parametrize(("seed", "subscripts"), CASES)
def test_random_arrays(seed: int, subscripts: str, scale: int) -> None:
    rng = random.Random(seed)
    for _ in range(scale):
        for element in DTYPES:
            most = 3000 if element == "double-double" else 20000
            sizes = sizes_of(rng, subscripts, most)
            layout = rng.choice(("plain", "wild"))
            arrays = arrays_of(rng, element, subscripts, sizes, layout)
            check(subscripts, arrays, rng.random() < 0.5, rng)


# Large enough for blocks, ragged tiles of every kind, and panels.
LARGE = [
    ("ab,bc->ac", (37, 300, 53)),
    ("ab,cb->ac", (29, 513, 41)),
    ("ba,bc->ac", (31, 257, 25)),
    ("ab,bc->ca", (70, 33, 90)),
    ("ab,b->a", (67, 2500, 1)),
    ("ba,b->a", (67, 2500, 1)),
    ("b,bc->c", (1, 2500, 67)),
    ("ab,cb->ac", (3, 2500, 19)),
    ("ab,bc->ac", (2, 530, 45)),
    ("ab,b->", (3, 5001, 1)),
    ("b,b->", (1, 9001, 1)),
    ("bn,bn->n", (35, 300, 1)),
    ("b,bc->c", (1, 150, 72)),
    ("ba,b->a", (104, 2100, 1)),
    ("ba,bc->ac", (80, 64, 3)),
    ("ab,bc->ac", (131, 17, 520)),
    ("ab,b->a", (37, 2, 1)),  # every second number of the columns
    ("ba,b->a", (2, 97, 1)),
    ("b,bc->c", (1, 2, 21)),
]


@pytest.mark.parametrize("element", DTYPES)
@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize(("subscripts", "numbers"), LARGE)
def test_blocks_and_ragged_edges(
    subscripts: str, numbers: tuple[int, int, int], add: bool, element: str
) -> None:
    rng = random.Random(7)
    names = "nbc" if "n" in subscripts else "abc"
    sizes = dict(zip(names, numbers, strict=True))
    layouts = ("plain",) if element == "double-double" else ("plain", "wild")
    for layout in layouts:
        arrays = arrays_of(rng, element, subscripts, sizes, layout)
        check(subscripts, arrays, add, rng, samples=2)


@pytest.mark.parametrize("size", [5, 12, 100])
def test_windows_of_one_array(size: int) -> None:
    """A convolution: the operand's axes overlap in memory, and the summed ones are not one."""
    rng = random.Random(3)
    image = strided(rng, "double", (size + 2, size + 4), "plain")
    windows = np.lib.stride_tricks.sliding_window_view(image.planes[0], (3, 5))
    a = Strided("double", [windows], image.bases)
    x = strided(rng, "double", (3, 5), "plain")
    c = strided(rng, "double", windows.shape[:2], "plain", fill=False)
    check("abcd,cd->ab", (a, x, c), False, rng)


@pytest.mark.parametrize("subscripts", ["ab,bc->ac", "ab,cb->ac", "ba,b->a", "ab,b->a"])
def test_registers_do_not_matter(subscripts: str) -> None:
    """Nor do older processors: the same bits."""
    rng = random.Random(11)
    sizes = {"a": 41, "b": 270, "c": 29}
    targets: list[Target | None] = [None]
    if Target.host().triple.startswith("x86_64"):
        older = [Target.named(cpu) for cpu in ("x86-64", "x86-64-v3")]
        targets += [target for target in older if target.runs_on(Target.host())]
    for element in DTYPES:
        a, x, c = arrays_of(rng, element, subscripts, sizes, "plain")
        plan = plan_of(subscripts, a, x, c)
        found = []
        for room, target in product((ROOM, 6, 1), targets):
            run(compiled(element, plan, False, room, target), a, x, c)
            found.append([plane.copy() for plane in c.planes])
        for planes in found[1:]:
            assert all(np.array_equal(p, q) for p, q in zip(planes, found[0], strict=True))


def test_text_does_not_grow_with_sizes() -> None:
    """Nor does it where a size is no multiple of anything."""

    def lines(rows: int, terms: int, columns: int) -> int:
        plan = contraction(
            "ab,bc->ac",
            ((rows, terms), (terms, columns)),
            ((terms, 1), (columns, 1), (columns, 1)),
        )
        module = Module()
        with define_function(module, "f", "void", [("ptr", p) for p in "acx"]) as (b, got):
            emit_contraction(b, "double", plan, *got, False)
        return module.text().count("\n")

    assert lines(2400, 24000, 2400) <= 1.1 * lines(768, 2400, 768)
    assert lines(2411, 24007, 2413) <= 1.2 * lines(757, 2411, 761)


def test_equal_contractions_share_a_function() -> None:
    plan = contraction("ab,b->a", ((40, 50), (50,)), ((50, 1), (1,), (1,)))
    module = Module()
    with define_function(module, "f", "void", [("ptr", p) for p in "acx"]) as (b, got):
        emit_contraction(b, "double", plan, *got, False)
        once = module.text().count("define")
        emit_contraction(b, "double", plan, got[1], got[2], got[0], False)
        assert module.text().count("define") == once
        emit_contraction(b, "double", plan, *got, True)
        assert module.text().count("define") == once + 1


# -- the order of summation ---------------------------------------------------------------------


def test_order_depends_on_sizes_alone() -> None:
    assert summation(1, 1, 100) == Summation(8, 104)
    assert summation(1, 1, 100_000) == Summation(32, 7712)
    assert summation(64, 1, 256) == summation(1, 64, 256) == Summation(8, 256)
    assert summation(64, 64, 784) == Summation(1, 196)
    assert summation(64, 64, 0) == Summation(1, 1)


def test_halves() -> None:
    texts = halves_added(["a", "b", "c", "d"], lambda x, y: f"({x}{y})")
    assert texts == "((ac)(bd))"


def test_blocks_are_added_in_order() -> None:
    text = SimpleNamespace(
        fma=lambda x, y, total: f"{total}{x}{y}",
        normal=lambda total: f"<{total}>",
        add=lambda x, y: f"({x}+{y})",
    )
    factors = [(c, c.upper()) for c in "abcde"]
    assert contracted(Summation(2, 4), factors, "0", text) == "((<0aAcC>+<0bBdD>)+(<0eE>+<0>))"
    assert contracted(Summation(1, 8), [], "0", text, "s") == "(s+<0>)"
