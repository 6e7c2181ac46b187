"""Arrays of which turns change one row at a known place: the change is made where the array is, and
whoever wants the old one has it.
"""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty


def old_element_kept(v, n):
    x = v.copy()
    for i in range(n):
        old = x[0]
        x[0] = i + old * 0.5
        x[3] = x[0] + old
        for j in range(1, len(x)):
            x[j] = 0.5 * x[j] + 0.25 * x[j - 1] + 0.1 * old
    return x


def old_array_wanted(v, n):
    x = v.copy()
    for i in range(n):
        y = x.copy()
        x[0] = 1.0 * i
        for j in range(1, len(x)):
            x[j] = y[j] + y[0] + x[j - 1] * 0.25
    return x


def last_element(v, n):
    x, s = v.copy(), 0.0
    for _ in range(n):
        first, last = x[0], x[-1]
        x[-1] = first
        for j in range(len(x) - 1):
            x[j] += 0.5 * x[j + 1] * (1 if x[j] > 0 else -1)
        s += last + x[0]
    return x, s


def rows_of_a_matrix(m, n):
    x = m.copy()
    for _ in range(n):
        old = x[1].copy()
        x[1] = x[0] * 0.5
        k = 0
        while k < len(x) and x[k, 0] < 5:
            x[k, 0] += abs(old[0]) + 1
            k += 1
    return x


def swapped_first(v, n):
    x = v.copy()
    while n > 0:
        x[0], x[1] = x[1], x[0]
        j = 0
        while j < len(x) - 1:
            if x[j] > x[j + 1]:
                x[j], x[j + 1] = x[j + 1], x[j]
            j += 1
        n -= 1
    return x


def two_arrays(v, n):
    x, y = v.copy(), v.copy()
    for _ in range(n):
        x[0] = y[0] + 1
        y[0] = x[0] * 0.5
        for j in range(1, len(x)):
            x[j] = x[j - 1] * 0.5 + y[j]
            y[j] = x[j] - y[j - 1]
    return x, y


def in_branches(v, n):
    x = v.copy()
    for _ in range(n):
        z = x[0]
        if x[1] > 0:
            x[0] = 2.0
            for j in range(1, len(x)):
                x[j] -= 0.5 * x[j - 1]
        else:
            x[2] = z - 1
            for j in range(1, len(x)):
                x[j] += 0.3 * x[j - 1]
    return x


def ring(v, n):
    x = v.copy()
    for i in range(n):
        x[0] = x[0] * 0.5 + i
    return x


def two_elements(v, n):
    x = v.copy()
    for i in range(n):
        a = x[0]
        x[0] = x[5] + i
        x[5] = a * 0.5
    return x


def two_arrays_in_turn(v, n):
    x, y = v.copy(), v.copy()
    for i in range(n):
        x[0] = y[1] + i
        y[1] = x[0] * 0.25
        x[2] = x[2] + y[1]
    return x, y


def swaps(v, n):
    x = v.copy()
    for i in range(n):
        x[0], x[5] = x[5], x[0] + i
        x[-1], x[1], x[2] = x[1], x[2], x[-1]
    return x


def rows_exchanged(m, n):
    x = m.copy()
    for i in range(n):
        x[0], x[2] = x[2] + i, x[0].copy() * 0.5
        x[1] = x[1] + x[0]
    return x


def mixed(v, n):
    x, s = v.copy(), 0.0
    for i in range(n):
        x[3] = x[i % 7] + 1
        s += x[2] * x[i % 5]
        x[2] = s * 0.1
        x[i % 8] += x[2]
        old = x[4]
        x[4] = x[3]
        s += old
    return x, s


def read_as_a_whole(v, n):
    x, t = v.copy(), 0.0
    for _ in range(n):
        x[0] = t
        t = t + 0.001 * x.sum()
        x[1] = x[0] + x[2]
        if t > 3:
            x[2] = -x[1]
    return x, t


PROGRAMS = (
    old_element_kept,
    old_array_wanted,
    last_element,
    rows_of_a_matrix,
    swapped_first,
    two_arrays,
    in_branches,
    ring,
    two_elements,
    two_arrays_in_turn,
    swaps,
    rows_exchanged,
    mixed,
    read_as_a_whole,
)


def flat(value):
    return np.concatenate([np.ravel(x) for x in (value if isinstance(value, tuple) else [value])])


@pytest.mark.parametrize("size", [8, 9, 16, 17, 33])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_values_are_those_of_python(program, size):
    shape = (size, 3) if program in (rows_of_a_matrix, rows_exchanged) else (size,)
    values = np.random.default_rng(size).normal(size=shape)
    code, kept = ty.program(program), values.copy()
    for turns in (0, 1, 2, 5, 23):
        wanted = flat(program(values.copy(), turns))
        np.testing.assert_allclose(flat(code(values, turns)), wanted, rtol=1e-12, atol=1e-12)
        assert np.array_equal(values, kept)


@pytest.mark.parametrize(
    "program",
    [
        old_element_kept,
        old_array_wanted,
        last_element,
        two_arrays,
        in_branches,
        two_elements,
        two_arrays_in_turn,
        swaps,
        mixed,
    ],
)
def test_gradients_are_those_of_differences(program):
    values, turns, h = np.random.default_rng(3).normal(size=9), 3, 1e-6

    def total(x):
        return flat(program(x.copy(), turns)).sum()

    def traced(x):
        found = code(x, turns)
        return sum(y.sum() for y in found) if isinstance(found, tuple) else found.sum()

    code = ty.program(program)
    if program in (last_element, mixed):
        code = ty.program(lambda x, n: program(x, n)[0])
        total = lambda x: program(x.copy(), turns)[0].sum()  # noqa: E731
    steps = h * np.eye(9)
    wanted = [(total(values + step) - total(values - step)) / (2 * h) for step in steps]
    np.testing.assert_allclose(ty.grad(traced)(values), wanted, atol=1e-7)


def test_single_precision_has_the_same_way():
    values = np.random.default_rng(8).normal(size=12).astype(np.float32)
    for program in (old_element_kept, two_arrays):
        found = flat(ty.program(program, precision="float32")(values, 3))
        wanted = flat(program(values.astype(float), 3))
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def test_double_double_has_the_same_way():
    values = np.random.default_rng(9).normal(size=12)
    pairs = np.stack([values, np.zeros(12)], -1)
    for program in (old_element_kept, swaps, two_elements):
        found = ty.program(program, precision="double-double")(pairs, 4)
        wanted = program(values, 4)
        np.testing.assert_allclose(found.sum(-1), wanted, rtol=1e-14, atol=1e-14)


def test_small_arrays():
    for size in (4, 5, 7):
        values = np.random.default_rng(size).normal(size=size)
        for program in (old_element_kept, ring, two_arrays, in_branches):
            for turns in (0, 1, 4):
                found, wanted = ty.program(program)(values, turns), program(values, turns)
                np.testing.assert_allclose(flat(found), flat(wanted), rtol=1e-12, atol=1e-12)
