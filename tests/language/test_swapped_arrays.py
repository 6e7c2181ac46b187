"""Arrays that turns change and exchange: as Python, or refused where two names are one."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

START = np.array([1.0, 2.0, 3.0, 4.0, 5.0])


def copies(start, n):
    u, old = start.copy(), np.zeros(len(start))
    for _ in range(n):
        for i in range(1, len(start) - 1):
            u[i] = old[i - 1] + old[i + 1] + 1
        u, old = old.copy(), u.copy()
    return u, old


def exchanged(start, n):
    u, old = start.copy(), np.zeros(len(start))
    for _ in range(n):
        for i in range(1, len(start) - 1):
            u[i] = old[i - 1] + old[i + 1] + 1
        u, old = old, u
    return u, old


def three(start, n):
    u, v, w = start.copy(), start.copy(), start.copy()
    for _ in range(n):
        u[0] += v[1] * 0.125
        v[1] += w[2] * 0.125
        w[2] += u[0] * 0.125
        u, v, w = v, w, u
    u[0] += 5
    return u, v, w


def through_one(start, n):
    """In a turn two names are one array, at its ends they are not."""
    u, old = start.copy(), start.copy()
    for _ in range(n):
        u[0] += 1
        old = u
        u[1] += old[0]
        u = u.copy()
        u[2] += old[1]
    return u, old


def seen_by_a_function(start, n):
    u, old = start.copy(), start.copy()

    def first():
        return u[0]

    total = 0.0
    for _ in range(n):
        u[0] += 1
        total += first()
        u, old = old, u
    return u, old, total


def while_loop(start, n):
    u, old, k = start.copy(), 2 * start, 0
    while k < n:
        u[k % 5] -= old[(k + 1) % 5]
        u, old = old, u
        k += 1
    return u, old


def in_a_branch(start, n):
    u, old = start.copy(), 2 * start
    if n > 2:
        u, old = old, u
    u[0] = 7.0
    old[1:3] += u[0]
    return u, old


def in_both_branches(start, n):
    u, v, w = start.copy(), 2 * start, 3 * start
    if n > 2:
        u, v = v, u
        u[4] *= 2
    else:
        u, v, w = w, u, v
    u[0] += 1
    v[0] -= u[1]
    w[0] += v[1]
    return u, v, w


def in_branches_of_turns(start, n):
    u, old, new = start.copy(), 2 * start, np.zeros(len(start))
    for k in range(n):
        if k % 3 == 1:
            u, old = old, u
        elif k % 3 == 2:
            old, new = new, old
            new[1] += u[3]
        u[0] += old[2]
        if n > 2:
            while u[4] > 100 * k:
                u[4] -= 200
                u, old = old, u
        old[1] -= 1
    return u, old, new


def by_a_third_name(start, n):
    u, old, k = start.copy(), 2 * start, 0
    while k < n:
        aside = u
        aside[1] += 1
        u = old
        old = aside
        u[0] += old[1]
        k += 1
    return u, old


def to_another(start, n):
    """A branch gives an array another name, and begins a new one."""
    u, kept = start.copy(), np.zeros(len(start))
    for k in range(n):
        u[0] += 1
        if k % 4 == 1:
            kept = u
            u = 3 * start
        kept[1] += u[0]
    return u, kept


def another_name(start, n):
    u, old = start.copy(), start.copy()
    seen = u
    for _ in range(n):
        u[0] += 1
        u, old = old.copy(), u.copy()
    return u, old, seen


def in_a_list(start, n):
    u, old = start.copy(), start.copy()
    seen = [u]
    for _ in range(n):
        u[0] += 1
        u, old = old.copy(), u.copy()
    return u, old, seen[0]


def in_a_tuple(start, n):
    u = start.copy()
    seen = (u, 1)
    for _ in range(n):
        u[0] += 1
        u = u.copy()
    return u, seen[0]


def become_one(start, n):
    u, old = start.copy(), start.copy()
    for _ in range(n):
        u[0] += 1
        old[1] += u[0]
        u = old
    return u, old


def begin_as_one(start, n):
    u = start.copy()
    old = u
    for _ in range(n):
        old[1] += 1
        u[0] += 1
        old = u.copy()
    return u, old


def one_of_two(start, n):
    u, old = start.copy(), 2 * start
    seen = old
    if n > 2:
        u, old = old, u
    u[0] += 1
    old[1] -= u[0]
    return u, old, seen


def both_in_a_branch(start, n):
    u, old = start.copy(), 2 * start
    if n > 2:
        u = old
    u[0] += 1
    return u, old


def branch_in_a_branch(start, n):
    """The inner branch may give another array the name of what is one with `u`."""
    u, old, new = start.copy(), 2 * start, 3 * start
    if n > 1:
        u = old
        if n > 2:
            old, new = new, old
    u[0] += 1
    return u, old, new


def one_in_each_turn(start, n):
    """What surely is turned is one array in the end."""
    u, old = start.copy(), 2 * start
    for _ in range(9):
        u = old * 0.5 + n
        old = u
    old[0] += 1
    return u, old


def kept_in_a_list(start, n):
    u, old, seen = start.copy(), 2 * start, [start]
    for k in range(n):
        if k % 2 == 1:
            u, old = old, u
            seen = [u]
        u[0] += 1
    return u, old, seen[0]


def left_over(start, n):
    u, old = start.copy(), start.copy()
    v = u
    for _ in range(n):
        v = u
        v[0] += 1
        u, old = old, u
        v[1] *= 0.5
    return u, old, v


RIGHT = [
    *(copies, exchanged, three, through_one, seen_by_a_function, while_loop),
    *(in_a_branch, in_both_branches, in_branches_of_turns, by_a_third_name, to_another),
]
ONE = [
    *(another_name, in_a_list, in_a_tuple, become_one, begin_as_one, left_over),
    *(one_of_two, both_in_a_branch, branch_in_a_branch, one_in_each_turn, kept_in_a_list),
]


def flat(values):
    return np.concatenate([np.ravel(v) for v in values])


@pytest.mark.parametrize("function", RIGHT, ids=lambda f: f.__name__)
def test_right(function):
    for n in (0, 1, 2, 3, 12):
        found = flat(ty.program(function)(START, n))
        np.testing.assert_allclose(found, flat(function(START, n)), rtol=1e-14)


@pytest.mark.parametrize("function", RIGHT, ids=lambda f: f.__name__)
def test_derivatives(function):
    def total(start):
        return flat(function(start, 6)) @ np.arange(1.0, len(flat(function(START, 6))) + 1)

    program = ty.program(lambda start, n: function(start, n))

    def of_program(start):
        found = ty.concatenate([v.reshape(-1) for v in map(ty_array, program(start, 6))])
        return found @ np.arange(1.0, found.size + 1)

    right = [total(START + e) - total(START) for e in np.eye(5)]  # all are linear in the start
    np.testing.assert_allclose(ty.grad(of_program)(START), right, rtol=1e-12)


def ty_array(value):
    return value if value.shape else value.reshape((1,))


@pytest.mark.parametrize("function", ONE, ids=lambda f: f.__name__)
def test_two_names_of_one_array(function):
    """Never another value: as Python, or refused."""
    for n in (1, 2, 3, 12):
        try:
            found = flat(ty.program(function)(START, n))
        except ty.ProgramError as error:
            assert "same object" in str(error)
        else:
            np.testing.assert_allclose(found, flat(function(START, n)), rtol=1e-14)
