"""Two names of one array or list, where a traced value decides which: as Python, or refused.

What a branch or a loop leaves behind is a copy where it may be one of several objects.  It must not
differ from what Python has when one of these is changed later, by whichever name.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pytest

import taylor as ty

START = np.array([3.0, 1.0, 4.0, 1.5, -2.0])


def flat(values: Any) -> np.ndarray:
    if isinstance(values, tuple | list):
        return np.concatenate([flat(v) for v in values])
    return np.ravel(np.asarray(values, float))


# --- pieces of which the programs are put together: what is tied, and what is changed ------------

BEGIN = {
    "variables": ("u = a.copy()\n    v = 2 * a\n    w = u", "u", "v", "w"),
    "list": ("r = [a.copy(), 2 * a]\n    w = r[0]", "r[0]", "r[1]", "w"),
    "dict": ('r = {"x": a.copy(), "y": 2 * a}\n    w = r["x"]', 'r["x"]', 'r["y"]', "w"),
    "object": ("r = Pair(a)\n    w = r.x", "r.x", "r.y", "w"),
    "lists": ("r = [[1.0, a[0]], [3.0, 4.0]]\n    w = r[0]", "r[0]", "r[1]", "w"),
}
TIES = (
    "{u} = {v}",
    "{v} = {u}",
    "{u}, {v} = {v}, {u}",
    "{u} = {v}\n        {v} = {new}",
    "{u} = {new}",
    "{u}[0] += 1.0\n        {v} = {new}",
    "{v} = {new}\n        {v}[0] += {u}[1]",
    "t = {u}\n        t[1] -= 1.0\n        {u} = {new}",
)
CHANGES = ("{u}[0] = 9.0", "{v}[0] = 9.0", "w[0] = 9.0", "w[1] += {u}[0]", "{u}[1] = w[0] + 1")
WAYS = (
    "if n > 1:\n        {tie}",
    "if n > 1:\n        {tie}\n    else:\n        w[1] = 5.0",
    "for k in range(n):\n        {tie}",
    "for k in range(n):\n        {tie}\n        {change}",
    "for k in range(n):\n        {change}\n        {tie}",
    "k = 0\n    while k < n:\n        {tie}\n        k += 1",
)


class Pair:
    """An object with two arrays."""

    def __init__(self, a: Any) -> None:
        self.x, self.y = a.copy(), 2 * a


def texts() -> list[str]:
    found = []
    parts = itertools.product(BEGIN.items(), TIES, CHANGES, WAYS)
    for (kind, (begin, u, v, _)), tie, change, way in parts:
        new = f"[{u}[0] + 1.0, {u}[1]]" if kind == "lists" else f"{u} * 0.5 + 1.0"
        names = {"u": u, "v": v, "new": new}
        filled = way.format(tie=tie.format(**names), change=change.format(**names))
        after = "" if "{change}" in way else f"    {change.format(**names)}\n"
        found.append(f"def f(a, n):\n    {begin}\n    {filled}\n{after}    return {u}, {v}, w\n")
    random.Random(0).shuffle(found)
    return found


def test_all_ways_to_have_two_names(scale: int, tmp_path: Any) -> None:
    """A share of all combinations, all of them with a scale of 12."""
    right = refused = 0
    wrong = []
    programs = texts()
    for number, text in enumerate(programs[: 100 * scale]):
        path = tmp_path / f"case_{number}.py"
        path.write_text(text, encoding="utf-8")
        names: dict[str, Any] = {"Pair": Pair}
        exec(compile(text, str(path), "exec"), names)
        program = ty.program(names["f"])
        for n in (0, 1, 2, 5):
            try:
                found = flat(program(START, n))
            except ty.TaylorError:
                refused += 1
                continue
            right += 1
            if not np.allclose(found, flat(names["f"](START, n)), rtol=1e-13, atol=0):
                wrong.append((n, text))
    print(f"random run: {right} values, {len(wrong)} wrong")
    assert not wrong, wrong[0]
    assert right > refused / 4


def exchanged_and_best(a: Any, n: Any) -> Any:
    """The best of what a loop has seen, by its name alone."""
    best, q = a.copy(), a.copy()
    for k in range(n):
        q = q * 1.1
        q[0] -= k
        if q.sum() > best.sum():
            best = q
    return best, q


def one_of_a_list(a: Any, n: Any) -> Any:
    """What stays the same object goes on to be changed by both names."""
    r = [a.copy(), a.copy()]
    first = r[0]
    for _ in range(n):
        r[0][0] += 1
        first[1] += 1
        r[1] = r[0] * 0.5
    if n > 3:
        r[1] = r[0] + 1
    first[2] = 7.0
    return r[0], r[1], first


@pytest.mark.parametrize("function", [exchanged_and_best, one_of_a_list], ids=lambda f: f.__name__)
def test_what_has_to_go_on(function: Any) -> None:
    for n in (0, 1, 2, 3, 9):
        found = flat(ty.program(function)(START, n))
        np.testing.assert_allclose(found, flat(function(START, n)), rtol=1e-13)
