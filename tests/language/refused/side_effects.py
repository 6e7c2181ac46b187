"""Refused: what reaches outside objects, or does more than give a value.

The line that an error has to show ends with a comment, `refused:` and a word of the remedy.
"""

import random
import time

import numpy as np

SEEN = []
TABLE = {}
TOTAL = 0.0
MEMORY = np.zeros(3)


class Counter:
    """An object outside."""

    def __init__(self):
        self.count = 0


COUNTER = Counter()


def append_outside(x):
    if x > 0:
        SEEN.append(x)  # refused: return
    return x


def entry_outside(x):
    while x > 1:
        TABLE["last"] = x  # refused: return
        x = x / 2
    return x


def attribute_outside(x, n):
    for _ in range(n):
        COUNTER.count += 1  # refused: return
        x = x / 2
    return x


def element_outside(x):
    if x > 0:
        MEMORY[0] = x  # refused: copy
    return x


def global_statement(x):
    global TOTAL  # refused: return
    TOTAL = TOTAL + x
    return TOTAL


def argument_array(values, n):
    for k in range(n):
        values[k] = 0.0  # refused: copy
    return values


def argument_array_at_once(values):
    values[0] = 1.0  # refused: copy
    return values


def argument_list(items, x):
    if x > 0:
        items.append(x)  # refused: copy
    return items[0]


def argument_dictionary(state, x):
    while x > 1:
        state["x"] = x  # refused: copy
        x = x - 1
    return state["x"]


def printing(x):
    if x > 0:
        print("positive")  # refused: return
    return x


def printing_in_turns(x):
    while x > 1:
        x = x / 2
        print(x)  # refused: return
    return x


def reading(x):
    if x > 0:
        return x * float(input())  # refused: argument
    return x


def chance(x, n):
    for _ in range(n):
        x = x + random.random()  # refused: argument
    return x


def chance_of_numpy(x, n):
    for _ in range(n):
        x = x + np.random.normal()  # refused: argument
    return x


def clock(x):
    while x < 1:
        x = x + time.time()  # refused: argument
    return x


def opening(x):
    if x > 0:
        open("somewhere", "w")  # refused: return  # noqa: SIM115
    return x


def make_counter():
    count = 0

    def counted(x):
        nonlocal count
        if x > 0:
            count += 1  # refused: return
        return x

    return counted


nonlocal_outside = make_counter()

CASES = (
    (append_outside, (1.0,)),
    (entry_outside, (9.0,)),
    (attribute_outside, (9.0, 3)),
    (element_outside, (1.0,)),
    (global_statement, (1.0,)),
    (argument_array, (np.ones(3), 2)),
    (argument_array_at_once, (np.ones(3),)),
    (argument_list, ([1.0, 2.0], 1.0)),
    (argument_dictionary, ({"x": 1.0}, 5.0)),
    (printing, (1.0,)),
    (printing_in_turns, (9.0,)),
    (reading, (1.0,)),
    (chance, (1.0, 3)),
    (chance_of_numpy, (1.0, 3)),
    (clock, (0.0,)),
    (opening, (1.0,)),
    (nonlocal_outside, (1.0,)),
)
