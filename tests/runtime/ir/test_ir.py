"""The IR text builder: what its text computes when it is compiled and called."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest

from taylor_runtime.engine.compiler import compile_ir
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I64, Type, float_literal, parse_type
from taylor_runtime.ir.values import Index, Value, index_text
from taylor_runtime.program.kinds import nearest_float

Body = Callable[[Builder, Value, Value], None]


def build(body: Body) -> str:
    """The text of `void f(ptr in, ptr out)`."""
    module = Module()
    parameters = [("ptr noalias", "in"), ("ptr noalias", "out")]
    with define_function(module, "f", "void", parameters) as (b, given):
        body(b, *given)
        b.ret()
    return module.text()


def run(body: Body, inputs: Sequence[float] = (), count: int = 1) -> np.ndarray:
    """The `count` doubles that `body` writes."""
    compiled = compile_ir(build(body), ["f"])
    given = np.array([*inputs, 0.0], dtype=float)
    out = np.full(count, np.nan)
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(compiled.address("f"))
    call(given.ctypes.data, out.ctypes.data)
    return out


# -- literals --------------------------------------------------------------------------------------

HALFWAY = 1 + Fraction(1, 2**53)  # between 1 and the next float64


@pytest.mark.parametrize(
    ("number", "right"),
    [
        (Fraction(1, 3), 1 / 3),
        (HALFWAY, 1.0),
        (HALFWAY + Fraction(1, 10**40), 1 + 2.0**-52),
        (Fraction(1, 2**1075), 0.0),
        (Fraction(3, 2**1076), 2.0**-1074),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        (math.inf, math.inf),
        (-0.0, -0.0),
        (2**53 + 1, 2.0**53),
    ],
)
def test_numbers_are_rounded_once(number: Fraction, right: float) -> None:
    assert nearest_float(number) == right
    found = run(lambda b, x, y: b.store(b.constant(number, F64), y))[0]
    assert found.tobytes() == np.float64(right).tobytes()


def test_not_a_number_is_a_literal() -> None:
    assert math.isnan(run(lambda b, x, y: b.store(b.constant(math.nan, F64), y))[0])


def test_single_precision_literals() -> None:
    assert nearest_float(Fraction(1, 3), "float") == float(np.float32(1 / 3))
    assert nearest_float(1e39, "float") == math.inf and nearest_float(-1e39, "float") == -math.inf
    # LLVM spells a float as the double of the same value.
    assert float_literal(0.5, "float") == float_literal(0.5, "double") == "0x3FE0000000000000"


def test_vector_and_integer_literals() -> None:
    def body(b: Builder, x: Value, y: Value) -> None:
        b.store(b.constants([1, Fraction(1, 3), -2.5, math.inf]) * 2, y)
        b.store(b.cast("sitofp", b.constant(-7, Type("i64", 2)), "double"), b.at(y, 4))

    assert run(body, count=6).tolist() == [2, 2 / 3, -5, math.inf, -7, -7]
    assert str(Value(Builder(Module()), Type("i1"), "true").type) == "i1"
    assert Builder(Module()).constant(1, Type("i1", 4)).text == "splat (i1 true)"


def test_types_and_their_text() -> None:
    for text in ("double", "<8 x double>", "i64", "<4 x i1>", "ptr"):
        assert str(parse_type(text)) == text
    assert Type("double", 8).suffix == "v8f64" and Type("float").suffix == "f32"
    assert Type("i64", 2).suffix == "v2i64" and Type("double", 4).of("i1") == Type("i1", 4)
    assert index_text(5) == "5"


# -- arithmetic ------------------------------------------------------------------------------------


def test_operators_and_their_reflections() -> None:
    def body(b: Builder, x: Value, y: Value) -> None:
        v = b.load(F64, x)
        values = [v + 1, 1 + v, v - 1, 1 - v, v * 3, 3 * v, v / 4, 4 / v, -v, b.fma(v, v, 1)]
        for i, value in enumerate(values):
            b.store(value, b.at(y, i))

    assert run(body, [2.5], 10).tolist() == [3.5, 3.5, 1.5, -1.5, 7.5, 7.5, 0.625, 1.6, -2.5, 7.25]


def test_integer_operators() -> None:
    def body(b: Builder, x: Value, y: Value) -> None:
        v = b.cast("fptosi", b.load(F64, x), "i64")
        values = [v // 3, v & 6, v | 8, v ^ 1, ~v, v << 2, v >> 1, -v, (-v) >> 1]
        values.append(b.logical_shift_right(-v, 60))
        for i, value in enumerate(values):
            b.store(b.cast("sitofp", value, "double"), b.at(y, i))

    assert run(body, [13.0], 10).tolist() == [4, 4, 13, 12, -14, 52, 6, -13, -7, 15]


def test_intrinsics_and_comparisons() -> None:
    def body(b: Builder, x: Value, y: Value) -> None:
        v = b.load(Type("double", 4), x)
        results = [b.sqrt(v), b.fabs(v), b.floor(v), b.round_even(v), b.copysign(v, -1)]
        for relation in ("lt", "le", "gt", "ge", "eq", "ne"):
            chosen = b.select(b.compare(relation, v, 2.5), b.constant(1, v.type), 0)
            results.append(chosen)
        results.append(b.select(b.is_nan(v), b.constant(1, v.type), 0))
        for i, value in enumerate(results):
            b.store(value, b.at(y, 4 * i))

    given = np.array([2.5, -2.5, np.nan, 9.0])
    with np.errstate(invalid="ignore"):
        right = [np.sqrt(given), abs(given), np.floor(given), np.rint(given), -abs(given)]
        right += [given < 2.5, given <= 2.5, given > 2.5, given >= 2.5, given == 2.5, given != 2.5]
    found = run(body, given, 48).reshape(12, 4)
    assert np.array_equal(found[:11], np.array(right, dtype=float), equal_nan=True)
    assert found[11].tolist() == [0, 0, 1, 0]


def test_lanes_are_moved() -> None:
    def body(b: Builder, x: Value, y: Value) -> None:
        v = b.load(Type("double", 4), x)
        w = b.insert(b.shuffle(v, None, [3, 2, 1, 0]), b.extract(v, 1), 0)
        b.store(w, y)
        b.store(b.shuffle(v, w, [0, 7]), b.at(y, 4))
        b.store(b.splat(b.extract(v, 2), 2), b.at(y, 6))
        true = b.any_lane(b.eq(v, 4)), b.any_lane(b.eq(v, 5)), b.any_lane(b.eq(b.load(F64, x), 1))
        for i, condition in enumerate(true):
            b.store(b.select(condition, b.constant(1, F64), 0), b.at(y, 8 + i))

    assert run(body, [1, 2, 3, 4], 11).tolist() == [2, 3, 2, 1, 1, 1, 3, 3, 1, 0, 1]


# -- memory ----------------------------------------------------------------------------------------


def test_tables_are_shared_and_gathered() -> None:
    module = Module()
    assert module.table([1, 2.0]) == module.table([1.0, Fraction(2)]) != module.table([1, 2], "i64")

    def body(b: Builder, x: Value, y: Value) -> None:
        index = b.load(Type("i64", 4), b.table([3, 0, 0, 2], "i64"), 64)
        b.store(b.gather(Type("double", 4), x, index), y)
        b.store(b.load(F64, b.at(b.table([5, 6, 7]), 2)), b.at(y, 4))

    assert run(body, [10, 11, 12, 13], 5).tolist() == [13, 10, 10, 12, 7]


def test_allocas_are_made_in_the_entry_block() -> None:
    def body(b: Builder, x: Value, y: Value) -> None:
        def turn(i: Index, carried: list[Value]) -> list[Value]:
            room = b.alloca("double", 8)
            b.store(b.cast("sitofp", b.like(carried[0], i), "double"), b.at(room, 3))
            b.store(b.load(F64, b.at(room, 3)), b.at(y, i))
            return carried

        b.fold(0, 4, [b.constant(0, I64)], turn)

    assert run(body, count=4).tolist() == [0, 1, 2, 3]
    assert build(body).index("alloca") < build(body).index("while")


# -- control flow ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "stop"), [(0, 7), (3, 5), (4, 4), (5, 2), (-2, 1)])
def test_unrolled_and_looped_folds_are_the_same(start: int, stop: int) -> None:
    """A sum that depends on the order of its terms, and a product carried along."""

    def body(unroll: bool, bounds: Callable[[Builder, int], Index]) -> Body:
        def write(b: Builder, x: Value, y: Value) -> None:
            def turn(i: Index, carried: list[Value]) -> list[Value]:
                total, power = carried
                term = b.load(F64, b.at(x, i + 2))
                return [b.fma(total, power, term), power * 0.7]

            first = [b.constant(0.1, F64), b.constant(1, F64)]
            last = b.fold(bounds(b, start), bounds(b, stop), first, turn, unroll=unroll)
            b.store(last[0], y)
            b.store(last[1], b.at(y, 1))

        return write

    def literal(b: Builder, n: int) -> Index:
        return n

    given = [1 / (k + 3) for k in range(12)]
    written = run(body(True, literal), given, 2)
    looped = run(body(False, literal), given, 2)
    by_values = run(body(True, lambda b, n: b.constant(n, I64)), given, 2)
    total, power = 0.1, 1.0
    for i in range(start, stop):
        total = float(Fraction(total) * Fraction(power) + Fraction(given[i + 2]))
        power = power * 0.7
    assert written.tolist() == looped.tolist() == by_values.tolist() == [total, power]


def test_nested_loops_and_branches() -> None:
    """Primes below 50 by trial division: loops, a branch and its values, inside a loop."""

    def body(b: Builder, x: Value, y: Value) -> None:
        def number(n: Index, carried: list[Value]) -> list[Value]:
            assert isinstance(n, Value)

            def divide(d: Index, found: list[Value]) -> list[Value]:
                rest = n - (n // d) * d
                return [found[0] + b.cast("zext", b.eq(rest, 0), "i64")]

            (divisors,) = b.fold(2, n, [b.constant(0, I64)], divide)

            def keep() -> list[Value]:
                b.store(b.cast("sitofp", n, "double"), b.at(y, carried[0]))
                return [carried[0] + 1]

            return b.if_(b.eq(divisors, 0), keep, lambda: [carried[0]])

        b.fold(2, 50, [b.constant(0, I64)], number)

    found = run(body, count=15).tolist()
    assert found == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47]


def test_while_loops_stop_by_their_condition() -> None:
    def body(b: Builder, x: Value, y: Value) -> None:
        """Newton's iteration for sqrt(2), until it stands still."""

        def still_falls(carried: list[Value]) -> Value:
            return carried[1] < carried[0]

        def turn(carried: list[Value]) -> list[Value]:
            return [carried[1], (carried[1] + 2 / carried[1]) * 0.5]

        start = [b.constant(9, F64), b.constant(3, F64)]
        b.store(b.while_(start, still_falls, turn)[0], y)

    assert abs(run(body)[0] - math.sqrt(2)) <= 2.0**-52


def test_branches_without_values() -> None:
    def body(b: Builder, x: Value, y: Value) -> None:
        def write() -> list[Value]:
            b.store(b.constant(1, F64), y)
            return []

        b.store(b.constant(0, F64), y)
        b.if_(b.load(F64, x) > 2, write)

    assert run(body, [3.0])[0] == 1 and run(body, [1.0])[0] == 0


def test_functions_call_one_another() -> None:
    module = Module()
    with define_function(module, "twice", "double", [("double", "x")], "nounwind", "internal") as (
        b,
        (v,),
    ):
        b.ret(v * 2)
    assert module.has_function("twice") and not module.has_function("f")
    with define_function(module, "f", "void", [("ptr", "in"), ("ptr", "out")]) as (b, (x, y)):
        b.store(b.call(F64, "twice", b.load(F64, x)), y)
        b.ret()
    compiled = compile_ir(module.text(), ["f"])
    given, out = np.array([21.0]), np.zeros(1)
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(compiled.address("f"))
    call(given.ctypes.data, out.ctypes.data)
    assert out[0] == 42


# -- what has been computed already ----------------------------------------------------------------


def test_an_instruction_is_written_once() -> None:
    """Arithmetic and addresses; what is loaded may have changed meanwhile."""

    def body(b: Builder, given: Value, out: Value) -> None:
        x = b.load(F64, given)
        assert x * 3 is x * 3
        assert b.at(given, 1) is b.at(given, 1)
        assert b.fma(x, x, 1) is b.fma(x, x, 1)
        b.store(x * 3, given)
        y = b.load(F64, given)
        assert y is not x
        inside = x * 3
        b.jump("next")
        b.label("next")
        assert x * 3 is inside
        b.store(y + x * 3, out)

    assert run(body, [2.0])[0] == 12.0


def test_branches_do_not_share_what_one_of_them_computes() -> None:
    def body(b: Builder, given: Value, out: Value) -> None:
        x = b.load(F64, given)
        (first,) = b.if_(x > 0, lambda: [x * x], lambda: [x * x + 1])
        b.store(first + x * x, out)

    assert run(body, [3.0])[0] == 18.0
    assert run(body, [-3.0])[0] == 19.0
