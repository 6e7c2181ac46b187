"""Refused: calls that cannot be followed, and uses of a value that is not known yet.

The line that an error has to show ends with a comment, `refused:` and a word of the remedy.
"""

import numpy as np


def endless(n):
    return 1 if n <= 1 else n * endless(n - 1)  # refused: depth=


def endless_by_turns(x):
    if x < 1:
        return 0.0
    return 1.0 + other_turn(x / 2)


def other_turn(x):
    return 2.0 + endless_by_turns(x - 1)  # refused: depth=


def key_of_dictionary(k):
    table = {0: 1.0, 1: 2.0}
    return table[k]  # refused: match


def in_a_set(x):
    return len({x, 2 * x})  # refused: tuple


def written(x):
    return len(str(x))  # refused: number


def formatted(x):
    return len(f"{x:.3f}")  # refused: number


def bits(n):
    return n.bit_length()  # refused: while


def hexadecimal(n):
    return int(hex(n), 16)  # refused: number


def unique(values):
    return len(np.unique(values))  # refused: np


def places(values):
    return np.nonzero(values)[0]  # refused: where


def eigenvalues(matrix):
    return np.linalg.eig(matrix)[0]  # refused: eigh


def complex_number(x):
    return abs(x + 2j)  # refused: hypot


def evaluated(x):
    return eval("x + 1")  # refused: argument


def local_names(x):
    if x > 0:
        return locals()["x"]  # refused: name
    return x


def identity(x):
    return id(x) % 2  # refused: number


CASES = (
    (endless, (5,)),
    (endless_by_turns, (5.0,)),
    (key_of_dictionary, (1,)),
    (in_a_set, (1.0,)),
    (written, (1.0,)),
    (formatted, (1.0,)),
    (bits, (5,)),
    (hexadecimal, (5,)),
    (unique, (np.ones(3),)),
    (places, (np.ones(3),)),
    (eigenvalues, (np.eye(2),)),
    (complex_number, (1.0,)),
    (evaluated, (1.0,)),
    (local_names, (1.0,)),
    (identity, (1.0,)),
)
