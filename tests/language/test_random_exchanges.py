"""Random programs that exchange, rename, copy and change arrays in branches and loops: as Python
has it, or refused where two names may be one array.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

import taylor as ty

NAMES = ("u", "v", "w")
FIRST, SECOND = np.array([1.0, 2.0, 3.0]), np.array([2.5, -1.0, 0.5])
ON_ARRAYS = (  # with their weights
    (16, "{a}, {b} = {b}, {a}"),
    (6, "{a}, {b}, {c} = {b}, {c}, {a}"),
    (3, "t = {a}\n{a} = {b}\n{b} = t"),
    (5, "{a} = {b}"),
    (6, "{a} = {b}.copy()"),
    (7, "{a} = {b} * 0.5 + {c}"),
    (12, "{a}[{i}] = {b}[{j}] + 0.5 * s"),
    (8, "{a}[{i}] += {b}[{j}] * 0.25"),
    (4, "{a} += {b}"),
    (3, "{a}[1:] = {b}[:-1]"),
    (3, "s += {a}[{i}] * 0.125"),
)
AROUND = (
    (17, "if {test}:\n{body}"),
    (8, "if {test}:\n{body}\nelse:\n{other}"),
    (8, "for k{d} in range({turns}):\n{body}"),
    (5, "m{d} = 0\nwhile m{d} < n:\n{body}\n    m{d} += 1"),
)
TESTS = ("{a}[{i}] > {b}[{j}]", "s > 1.0", "n > 2", "{a}[{i}] > 1.0 and s < 2.0")


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


class Writer:
    """Writes random programs."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def _pick(self, *tables: Any) -> str:
        listed = [entry for table in tables for entry in table]
        weights = [weight for weight, _ in listed]
        return str(self.random.choices([text for _, text in listed], weights)[0])

    def _statement(self, depth: int) -> str:
        text = self._pick(ON_ARRAYS, AROUND) if depth else self._pick(ON_ARRAYS)
        a, b, c = self.random.sample(NAMES, 3)
        names = {"a": a, "b": b, "c": c, "i": self.random.randrange(3), "d": depth}
        names["j"] = self.random.randrange(3)
        if "{body}" in text:
            names["body"], names["other"] = (indented(self._block(depth - 1)) for _ in range(2))
            names["test"] = self.random.choice(TESTS).format(**names)
            names["turns"] = self.random.choice(["n", "3"])
        return text.format(**names)

    def _block(self, depth: int) -> str:
        return "\n".join(self._statement(depth) for _ in range(self.random.randint(1, 3)))

    def program(self) -> str:
        third = self.random.choice(["u", "v", "a + b", "np.zeros(3)", "a.copy()"])
        begin = f"u = a.copy()\nv = b.copy()\nw = {third}\ns = a[0]"
        body = "\n".join(self._statement(2) for _ in range(self.random.randint(2, 5)))
        return "def f(a, b, n):\n" + indented(f"{begin}\n{body}\nreturn u, v, w, s") + "\n"


def flat(values: Any) -> np.ndarray:
    return np.concatenate([np.ravel(np.asarray(v, float)) for v in values])


def test_random_exchanges(scale: int, tmp_path: Any) -> None:
    right = refused = 0
    for seed in range(40 * scale):
        text = Writer(seed).program()
        path = tmp_path / f"case_{seed}.py"
        path.write_text(text, encoding="utf-8")
        names: dict[str, Any] = {"np": np}
        exec(compile(text, str(path), "exec"), names)
        program = ty.program(names["f"])
        for n in (0, 1, 3):
            try:
                found = flat(program(FIRST, SECOND, n))
            except ty.ProgramError as error:
                assert "same object" in str(error), text
                refused += 1
                continue
            right += 1
            expected = flat(names["f"](FIRST, SECOND, n))
            np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11, err_msg=text)
    print(f"random run: {right} values, {refused} refused")
    assert right > 2 * refused
