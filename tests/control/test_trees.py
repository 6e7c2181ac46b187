"""Structures that loops carry: taken apart, put together, and shown."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import pytest

import taylor as ty
from taylor.control.trees import described, flatten


class Pair(NamedTuple):
    a: Any
    b: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    x: Any
    rest: Any

    def __post_init__(self) -> None:
        assert not isinstance(self.x, str)


VALUES: list[tuple[Any, list[Any]]] = [
    (3, [3]),
    (None, []),
    ((1, [2.0, None], ()), [1, 2.0]),
    ({"b": 1, "a": (2, 3)}, [2, 3, 1]),
    (Pair({2: 1, 1: 0}, [5]), [0, 1, 5]),
    (Point(1, Pair(2, None)), [1, 2]),
]


@pytest.mark.parametrize(("value", "leaves"), VALUES)
def test_a_value_is_its_leaves_and_its_structure(value: Any, leaves: list[Any]) -> None:
    found, tree = flatten("f", value)
    assert found == leaves
    rebuilt = tree.build(found)
    assert rebuilt == value and type(rebuilt) is type(value)
    assert flatten("g", rebuilt)[1] == tree


def test_structures_differ_by_type_and_names() -> None:
    values = [
        (1, 2),
        [1, 2],
        Pair(1, 2),
        {"a": 1, "b": 2},
        {"a": 1, "c": 2},
        Point(1, 2),
        ((1, 2),),
    ]
    trees = [flatten("f", value)[1] for value in values]
    assert all((a == b) == (i == k) for i, a in enumerate(trees) for k, b in enumerate(trees))


def test_values_are_shown_by_the_kinds_of_their_leaves() -> None:
    x, q = ty.variable("x"), ty.variable("q", shape=(2, 3))
    value = Point({"s": x, "t": (x > 0, True)}, [q, np.zeros(4), None])
    leaves, tree = flatten("f", value)
    shown = (
        "Point(x={'s': number, 't': (condition, condition)}, rest=[number[2, 3], number[4], None])"
    )
    assert described(leaves, tree) == shown


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("text", r"f is 'text' of type str; use numbers, arrays"),
        ((1, {"a": {2, 3}}), r"f\[1\]\['a'\] is \{2, 3\} of type set"),
        (Pair(1, object), r"f\.b is <class 'object'> of type type"),
        ({1: 0, "a": 0}, r"f: the keys \[1, 'a'\] of the dictionary cannot be sorted"),
    ],
)
def test_other_types_are_named_with_their_place(value: Any, message: str) -> None:
    with pytest.raises(ty.ArgumentTypeError, match=message):
        flatten("f", value)
