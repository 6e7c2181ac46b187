"""What is known where blocks of a function meet: LLVM's verifier and Python say what is right."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Any

import numpy as np
import pytest

from taylor_runtime.engine.compiler import compile_ir
from taylor_runtime.ir.blocks import Blocks
from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64
from taylor_runtime.ir.values import Value

# Statements change the first of two numbers: ("add", k), ("choose", k), ("if", k, then, otherwise
# or None), ("loop", count, body) and ("again", k, body), which repeats its body while a test holds;
# the second number counts how often that happened.
Statement = tuple[Any, ...]
TERMS = 4
REPEATS = 5


def statements(rng: Random, depth: int) -> list[Statement]:
    """A random program."""
    found: list[Statement] = []
    for _ in range(rng.randint(1, 4)):
        kind = rng.choice(["add", "choose", "if", "loop", "again"] if depth else ["add", "choose"])
        k, inside = rng.randrange(TERMS), partial(statements, rng, depth - 1)
        if kind == "if":
            found.append((kind, k, inside(), inside() if rng.random() < 0.5 else None))
        elif kind == "loop":
            found.append((kind, rng.randint(0, 2), inside()))
        elif kind == "again":
            found.append((kind, k, inside()))
        else:
            found.append((kind, k))
    return found


def run(program: Sequence[Statement], x: float, numbers: list[float]) -> None:
    """Change both numbers as the program says."""
    for kind, k, *rest in program:
        if kind == "add":
            numbers[0] = numbers[0] + (x * (k + 0.5) + 1)
        elif kind == "choose":
            halved = (x > k and numbers[0] > k) or not x > 1
            numbers[0] = numbers[0] * 0.5 if halved else numbers[0] + 2
        elif kind == "if":
            run(rest[0] if x > k else rest[1] or [], x, numbers)
        elif kind == "loop":
            for _ in range(k):
                run(rest[0], x, numbers)
        else:
            run(rest[0], x, numbers)
            while x > k and numbers[1] < REPEATS:
                numbers[1] = numbers[1] + 1
                run(rest[0], x, numbers)


class Writer:
    """The same program as text, of numbers at an address."""

    def __init__(self, b: Builder, given: Value, place: Value) -> None:
        self.b, self.places = b, (place, b.at(place, 1))
        self.x = b.load(F64, given)

    def get(self, number: int = 0) -> Value:
        return self.b.load(F64, self.places[number])

    def set(self, value: Value, number: int = 0) -> None:
        self.b.store(value, self.places[number])

    def write(self, program: Sequence[Statement]) -> list[Value]:
        b, x = self.b, self.x
        for kind, k, *rest in program:
            if kind == "add":
                self.set(self.get() + (x * (k + 0.5) + 1))
            elif kind == "choose":
                halved = ((x > k) & (self.get() > k)) | ~(x > 1)
                self.set(b.select(halved, self.get() * 0.5, self.get() + 2))
            elif kind == "if":
                otherwise = partial(self.write, rest[1]) if rest[1] is not None else None
                b.if_(x > k, partial(self.write, rest[0]), otherwise)
            elif kind == "loop":
                b.fold(0, k, [], lambda _, __, body=rest[0]: self.write(body))
            else:
                self.again(k, rest[0])
        return []

    def again(self, k: int, body: Sequence[Statement]) -> None:
        b, x = self.b, self.x
        begin, more, on, after = (b.fresh_label(s) for s in ("begin", "more", "on", "after"))
        b.jump(begin)
        b.label(begin)
        self.write(body)
        b.branch(x > k, more, after)
        b.label(more)
        b.branch((x > k) & (self.get(1) < REPEATS), on, after)
        b.label(on)
        self.set(self.get(1) + 1, 1)
        b.jump(begin)
        b.label(after)


def test_random_programs(scale: int) -> None:
    for seed in range(60 * scale):
        program = statements(Random(seed), 4)
        module = Module()
        given = [("ptr noalias", "in"), ("ptr noalias", "out")]
        with define_function(module, "f", "void", given) as (b, (source, place)):
            Writer(b, source, place).write(program)
            b.ret()
        compiled = compile_ir(module.text(), ["f"])
        call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(compiled.address("f"))
        for x in (-1.0, 0.5, 1.5, 2.5, 7.0, math.nan):
            start, out, right = np.array([x]), np.array([3.0, 0.0]), [3.0, 0.0]
            call(start.ctypes.data, out.ctypes.data)
            run(program, x, right)
            assert np.array_equal(out, right, equal_nan=True), (seed, x)


def test_what_a_branch_has_decided() -> None:
    with define_function(Module(), "f", "void", [("ptr", "in")]) as (b, (given,)):
        x = b.load(F64, given)
        positive, small = x > 0, x < 1

        def then() -> list[Value]:
            assert b.decided(positive) is True
            assert positive & small is small and b.select(positive, x, 0.0) is x
            b.if_(small, list)
            assert b.decided(small) is None and b.decided(positive) is True
            return []

        def otherwise() -> list[Value]:
            assert b.decided(positive) is False
            assert positive | small is small and (positive & small) is positive
            return []

        b.if_(positive, then, otherwise)
        assert b.decided(positive) is None
        b.ret()


def test_a_way_back_from_outside_is_an_error() -> None:
    blocks = Blocks()
    blocks.reach("yes", ("c", True))
    blocks.reach("no", ("c", False))
    blocks.place("yes")
    blocks.reach("inside")
    blocks.place("inside")
    blocks.reach("yes2")
    blocks.place("no")
    with pytest.raises(AssertionError, match="inside"):
        blocks.reach("inside")
    with pytest.raises(AssertionError, match="no"):  # what led there would not be so any more
        blocks.reach("no")
