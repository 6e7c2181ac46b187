"""Refused: variables that are not always set, and kinds and shapes that depend on data.

The line that an error has to show ends with a comment, `refused:` and a word of the remedy.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass
class Square:
    side: float


@dataclass
class Circle:
    radius: float


def set_in_one_branch(x):
    if x > 0:
        y = 2 * x
    return y  # refused: before


def set_in_some_turns(x, n):
    for k in range(n):
        if k > 2:
            y = x * k
    return y  # refused: before


def set_in_a_while(x):
    while x > 1:
        last = x
        x = x / 2
    return last  # refused: before


def number_or_tuple(x):
    if x > 0:  # refused: same
        y = x
    else:
        y = (x, x)
    return y


def nothing_returned(x):  # noqa: RET503
    if x > 0:  # refused: return
        return x


def returns_of_two_kinds(x):
    if x > 0:  # refused: same
        return x, 1.0
    return x


def number_becomes_array(x, n):
    total = 0.0
    for _ in range(n):  # refused: before
        total = total + x * np.ones(3)
    return total


def array_that_grows(x, n):
    values = np.zeros(1)
    for _ in range(n):  # refused: shape
        values = np.concatenate([values, np.ones(1) * x])
    return values


def list_without_capacity(x):
    halves = []
    while x > 1:
        halves.append(x)  # refused: capacity=
        x = x / 2
    return len(halves)


def dictionary_that_grows(x, n):
    table = {}
    for k in range(n):
        table[k] = x * k  # refused: array
    return x


def lists_of_two_lengths(x):
    if x > 0:  # refused: length
        values = [x]
    else:
        values = [x, 2 * x]
    return sum(values)


def two_classes(x):
    if x > 0:  # refused: same
        shape = Square(x)
    else:
        shape = Circle(x)
    return shape


def state_as_text(x):
    state = "up"
    while x > 1:
        if x > 5:  # refused: number
            state = "down"
        x = x - 1
    return x if state == "up" else -x


def text_by_branch(x):
    if x > 0:  # refused: number
        name = "a"
    else:
        name = "b"
    return x if name == "a" else 2 * x


def function_by_branch(x):
    f = math.sin if x > 0 else math.cos  # refused: call
    return f(x)


def function_by_index(x, k):
    functions = [math.sin, math.cos, math.exp]
    return functions[k](x)  # refused: match


def text_by_index(k):
    return len(("one", "three")[k])  # refused: match


def array_of_traced_length(n):
    return np.zeros(n)  # refused: static_argnums


def slice_of_traced_length(values, n):
    return np.sum(values[:n])  # refused: range


def list_of_range(n):
    return sum(list(range(n)))  # refused: range


def list_times(x, n):
    return len([x] * n)  # refused: static_argnums


def masked(values):
    return values[values > 0]  # refused: where


def comprehension_of_traced_length(x, n):
    return [x * k for k in range(n)]  # refused: static_argnums


def chosen_comprehension(values):
    return [v for v in values if v > 0]  # refused: where


CASES = (
    (set_in_one_branch, (1.0,)),
    (set_in_some_turns, (1.0, 5)),
    (set_in_a_while, (9.0,)),
    (number_or_tuple, (1.0,)),
    (nothing_returned, (1.0,)),
    (returns_of_two_kinds, (1.0,)),
    (number_becomes_array, (1.0, 3)),
    (array_that_grows, (1.0, 3)),
    (list_without_capacity, (9.0,)),
    (dictionary_that_grows, (1.0, 3)),
    (lists_of_two_lengths, (1.0,)),
    (two_classes, (1.0,)),
    (state_as_text, (9.0,)),
    (text_by_branch, (1.0,)),
    (function_by_branch, (1.0,)),
    (function_by_index, (1.0, 1)),
    (text_by_index, (1,)),
    (array_of_traced_length, (3,)),
    (slice_of_traced_length, (np.ones(4), 2)),
    (list_of_range, (3,)),
    (list_times, (1.0, 3)),
    (masked, (np.ones(3),)),
    (comprehension_of_traced_length, (1.0, 3)),
    (chosen_comprehension, (np.ones(3),)),
)
