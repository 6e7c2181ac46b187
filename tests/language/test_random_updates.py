"""Random programs that change elements of arrays in loops within loops and branches.

Old versions of arrays are read beside new ones, rows are exchanged, elements are put where others
have been read.  Values are Python's; derivatives forwards, backwards, of second order and along
jets are those of the same function in many digits.
"""

from __future__ import annotations

import linecache
import math
import random

import numpy as np
import pytest
from language.in_many_digits import MATH, NUMPY, series, slopes

import taylor as ty

SIZE, ROWS, COLUMNS = 18, 4, 9  # of u and old, and of w: too large for branches to be both computed
ORDER = 4


class Updates:
    """Writes a function of an array x and a whole number n."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = [
            "def f(x, n):",
            "    u, old, w, s = np.zeros(18), np.zeros(18), np.zeros((4, 9)), 0.5",
            "    for i in range(18):",
            "        u[i], old[i] = (1 - 0.04 * i) * x[i % 6], 0.3 * x[5 - i % 6]",
        ]
        self.count = 0
        self.block(1, [], 2)
        self.lines += [
            "    for i in range(18):",
            "        s += (1 + 0.1 * i) * u[i] - 0.2 * i * old[i] + (0.3 + i) * w[i // 5, i % 9]",
            "    return s + w[0, 3] + w[1, 0]",
        ]

    def chance(self, share):
        return self.random.random() < share

    def pick(self, *ways):
        return self.random.choice(ways)

    def place(self, indices, size):
        """A place along an axis."""
        if not indices or self.chance(0.15):
            return str(self.random.randrange(-1, size))
        k = self.random.choice(indices)
        other = self.random.choice(indices)
        return self.pick(
            f"{k} % {size}", f"({k} + {other} + 1) % {size}", f"{size - 1} - {k} % {size}"
        )

    def element(self, indices):
        array = self.pick("u", "u", "u", "old", "w")
        if array == "w":
            return f"w[{self.place(indices, ROWS)}, {self.place(indices, COLUMNS)}]"
        return f"{array}[{self.place(indices, SIZE)}]"

    def value(self, indices):
        one, other = self.element(indices), self.element(indices)
        return self.pick(
            one,
            f"0.6 * {one} - 0.3 * {other}",
            f"math.sin({one} + s)",
            f"0.4 * {one} * {other} + 0.2",
            "0.5 * s",
        )

    def test(self, indices):
        other = self.pick(self.element(indices), "0.2")
        return f"{self.element(indices)} {self.pick('<', '>')} {other}"

    def add(self, depth, *lines):
        self.lines += ["    " * depth + line for line in lines]

    def block(self, depth, indices, left):
        for _ in range(self.random.randint(2, 3)):
            self.statement(depth, indices, left)

    def statement(self, depth, indices, left):
        kind = self.random.random()
        if left and kind < 0.3:
            self.loop(depth, indices, left)
        elif left and kind < 0.6:
            self.add(depth, f"if {self.test(indices)}:")
            self.block(depth + 1, indices, left - 1)
            if self.chance(0.5):
                self.add(depth, "else:")
                self.block(depth + 1, indices, left - 1)
        else:
            self.update(depth, indices)

    def update(self, depth, indices):
        i, j = self.place(indices, SIZE), self.place(indices, SIZE)
        row, other = self.place(indices, ROWS), self.place(indices, ROWS)
        ways = [
            [f"u[{i}] = {self.value(indices)}"],
            [f"u[{i}] = {self.value(indices)}", f"u[{j}] = {self.value(indices)}"],
            [f"u[{i}] {self.pick('+', '-')}= 0.3 * ({self.value(indices)})"],
            [f"u[{i}], u[{j}] = u[{j}], u[{i}]"],
            [f"w[{row}, {self.place(indices, COLUMNS)}] = {self.value(indices)}"],
            [f"held = w[{row}].copy()", f"w[{row}] = w[{other}]", f"w[{other}] = held"],
            [f"w[{row}] = 0.5 * w[{other}] + {self.element(indices)}"],
            ["old[:] = u"],
            ["u[:] = 0.6 * u + 0.3 * old"],
            ["u[1:9] = 0.7 * old[2:10]"],
            [f"s = 0.6 * s + 0.3 * {self.element(indices)}"],
        ]
        self.add(depth, *self.random.choice(ways))

    def loop(self, depth, indices, left):
        self.count += 1
        k = f"k{self.count}"
        if self.chance(0.3):  # as insertion does
            self.add(depth, f"{k} = {self.pick('7', 'n')}")
            self.add(depth, f"while {k} > 0 and u[{k} - 1] > 0.3 * old[{k}]:")
            self.update(depth + 1, [*indices, k])
            if left > 1:
                self.block(depth + 1, [*indices, k], left - 2)
            self.add(depth + 1, f"{k} -= 1")
            return
        many = self.pick("n", "3", "2", *[f"{i} % 3 + 1" for i in indices])
        self.add(depth, f"for {k} in range({many}):")
        self.block(depth + 1, [*indices, k], left - 1)
        if self.chance(0.2):
            self.add(depth + 1, f"if {self.test([*indices, k])}:", "    break")


def text_of(seed):
    return "\n".join(Updates(seed).lines) + "\n"


def made(seed, **names):
    """The function, with its source where Python looks for it."""
    text = text_of(seed)
    file = f"<random updates {seed}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    exec(compile(text, file, "exec"), names)
    return names["f"]


def close(found, wanted, scale=0.0):
    size = 1 + np.abs(wanted).max() + scale
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10 * size)


@pytest.mark.seeds(12)
def test_random_updates(seed):
    function = made(seed, math=math, np=np)
    many_digits = made(seed, math=MATH, np=NUMPY)
    program = ty.program(function)
    rng = np.random.default_rng(seed)
    way = rng.normal(size=6)
    for n in (0, 3, 4):
        x = rng.normal(size=6)
        np.testing.assert_allclose(program(x, n), function(x, n), rtol=1e-12, atol=1e-12)
    of = lambda x: program(x, 4)  # noqa: E731
    slope = slopes(lambda x: many_digits(x, 4), [x], 0)
    close(ty.grad(of)(x), slope)
    close(ty.jvp(of, (x,), (way,))[1], slope @ way)
    if seed % 4 == 0:
        wanted = series(lambda x: many_digits(x, 4), [x], 0, list(way))[: ORDER + 1]
        _, turned = ty.jvp(ty.grad(of), (x,), (way,))
        close(turned @ way, 2 * wanted[2], abs(slope).max())
        close(ty.jet(lambda s: of(x + s * way), 0.0, ORDER), wanted)
