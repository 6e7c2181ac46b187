"""Refused: statements that no machine code can be made of.

The line that an error has to show ends with a comment, `refused:` and a word of the remedy.
"""

import contextlib
import math


def generator(x, n):
    for _ in range(n):
        yield x  # refused: list
        x = x / 2


def generator_of_another(x):
    yield from [x, 2 * x]  # refused: list


def inner_generator(x, n):
    def halves():
        y = x
        while y > 1:
            yield y  # refused: list
            y = y / 2

    return sum(halves())


def trying(x):
    try:  # refused: if
        return math.sqrt(x)
    except ValueError:
        return 0.0


def finishing(x):
    try:  # refused: without
        x = x + 1
    finally:
        x = x * 2
    return x


def with_statement(x):
    with contextlib.suppress(ValueError):  # refused: without
        x = math.sqrt(x)
    return x


async def asynchronous(x):  # refused: async
    return x


def class_inside(x):
    if x > 0:

        class Pair:  # refused: outside
            first = 1

        return x * Pair.first
    return x


def deletion(x):
    y = 2 * x
    if x > 0:
        del y  # refused: del
    return x


def import_in_branch(x):
    if x > 0:
        import cmath  # refused: top

        return cmath.pi * x
    return x


def executed(x):
    if x > 0:
        exec("x = 1")  # refused: argument
    return x


CASES = (
    (generator, (1.0, 3)),
    (generator_of_another, (1.0,)),
    (inner_generator, (9.0, 3)),
    (trying, (1.0,)),
    (finishing, (1.0,)),
    (with_statement, (1.0,)),
    (asynchronous, (1.0,)),
    (class_inside, (1.0,)),
    (deletion, (1.0,)),
    (import_in_branch, (1.0,)),
    (executed, (1.0,)),
)
