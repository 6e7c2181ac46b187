"""Random programs of nested statements and jumps give what Python gives, derivatives included."""

from __future__ import annotations

import linecache
import math
import random

import numpy as np
import pytest

import taylor as ty

NAMES = "abc"


class Source:
    """Writes a function of x, y and a whole number n, with every kind of jump."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = ["def f(x, y, n):", "    a, b, c = x, y, 0.5", "    v = np.zeros(3)"]
        self.count = 0
        self.block(1, 0, 3)
        self.lines.append("    return a + 2 * b - c + v[0] * v[1] - v[2]")

    def chance(self, share):
        return self.random.random() < share

    def number(self):
        pick = self.random.choice
        if self.chance(0.2):
            return f"v[{pick('012')}]"
        return pick([*NAMES, "x", "y", "0.3", "1.7", "-0.9"])

    def value(self):
        one, other = self.number(), self.number()
        return self.random.choice(
            (
                f"{one} - 0.4 * {other}",
                f"math.sin({one} + {other})",
                f"0.5 * {one} * {other}",
                f"({one} if {self.test()} else {other})",
                f"max({one}, 0.3 * {other})",
            )
        )

    def test(self):
        plain = f"{self.number()} {self.random.choice('<>')} {self.number()}"
        if self.chance(0.2):
            return f"{plain} {self.random.choice(('and', 'or'))} not {self.number()} < 0.1"
        if self.chance(0.1):
            return f"-1 < {self.number()} < {self.number()}"
        return plain

    def add(self, depth, text):
        self.lines.append("    " * depth + text)

    def block(self, depth, loops, left):
        for _ in range(self.random.randint(1, 3)):
            self.statement(depth, loops, left)

    def statement(self, depth, loops, left):
        kind = self.random.random()
        if left and kind < 0.35:
            self.add(depth, f"if {self.test()}:")
            self.block(depth + 1, loops, left - 1)
            if self.chance(0.4):
                self.add(depth, f"elif {self.test()}:")
                self.block(depth + 1, loops, left - 1)
            if self.chance(0.5):
                self.add(depth, "else:")
                self.block(depth + 1, loops, left - 1)
        elif left and loops < 2 and kind < 0.55:
            self.loop(depth, loops, left)
        elif loops and kind < 0.65:
            self.add(depth, self.random.choice(("break", "continue")))
        elif kind < 0.7:
            self.add(depth, f"return {self.value()}")
        elif kind < 0.8:
            self.add(depth, f"v[{self.random.choice('012')}] += {self.value()}")
        elif kind < 0.85:
            self.add(depth, f"a, b = b, {self.value()}")
        else:
            self.add(depth, f"{self.random.choice(NAMES)} = {self.value()}")

    def loop(self, depth, loops, left):
        self.count += 1
        k = f"k{self.count}"
        if self.chance(0.4):
            self.add(depth, f"{k} = 0")
            self.add(depth, f"while {k} < 7 and {self.test()}:")
            self.add(depth + 1, f"{k} += 1")
        else:
            many = self.random.choice(("n", "3", "12"))
            self.add(depth, f"for {k} in range({many}):")
        self.block(depth + 1, loops + 1, left - 1)
        self.add(depth + 1, f"c = 0.8 * c + 0.1 * {k}")
        if self.chance(0.3):
            self.add(depth, "else:")
            self.block(depth + 1, loops, left - 1)


def made(seed):
    """The function, with its source where Python looks for it."""
    text = "\n".join(Source(seed).lines) + "\n"
    file = f"<random program {seed}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    names = {"math": math, "np": np}
    exec(compile(text, file, "exec"), names)
    return names["f"]


@pytest.mark.parametrize("seed", range(48))
def test_random_program(seed):
    function = made(seed)
    program = ty.program(function)
    rng = np.random.default_rng(seed)
    slope = ty.grad(lambda x: program(x, y, n))
    for n in (0, 1, 4):
        x, y = rng.normal(size=2)
        wanted = function(x, y, n)
        assert program(x, y, n) == pytest.approx(wanted, rel=1e-12, abs=1e-12)
        if seed % 6:
            continue
        h = 1e-5
        ends = [function(x + s * h, y, n) for s in (-1, -0.5, 0.5, 1)]
        rough, fine = (ends[3] - ends[0]) / (2 * h), (ends[2] - ends[1]) / h
        if abs(rough - fine) < 1e-7 * (1 + abs(fine)):  # not at a jump
            assert slope(x) == pytest.approx(fine, rel=1e-6, abs=1e-6)
