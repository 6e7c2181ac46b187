"""Dictionaries keep the order of their keys, in what functions see and in what they return."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.control.trees import flatten

FALLING = {"b": np.array([1.0, 2.0]), "a": np.array([3.0])}
RISING = {"a": np.array([3.0]), "b": np.array([1.0, 2.0])}


def joined(d: Any) -> Any:
    """What depends on the order."""
    return np.concatenate(list(d.values()))


@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_functions_see_the_order_that_was_given(kind: Any) -> None:
    fast, batched = ty.jit(joined), ty.vmap(joined)
    program = ty.program(joined)
    for _ in range(3):  # traced, then by the quick way
        for d in (kind(FALLING), kind(RISING)):
            wanted = joined(d)
            assert fast(d).tolist() == wanted.tolist() == program(d).tolist()
            rows = kind((key, np.stack([value, 2 * value])) for key, value in d.items())
            assert batched(rows).tolist() == [wanted.tolist(), (2 * wanted).tolist()]
            nested = ty.jit(lambda pair: joined(pair[1]["inside"]))
            assert nested((1.0, {"inside": d})).tolist() == wanted.tolist()


@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_results_have_the_order_that_was_written(kind: Any) -> None:
    function = ty.jit(lambda x: kind(b=x, a=2 * x))
    slope = ty.grad(lambda d: np.sum(d["a"]) * np.sum(d["b"]))
    for _ in range(3):
        found = function(1.0)
        assert type(found) is kind and list(found.items()) == [("b", 1.0), ("a", 2.0)]
        assert list(slope(kind(FALLING))) == ["b", "a"]
        assert list(slope(kind(RISING))) == ["a", "b"]


def test_structures_are_the_same_whatever_the_order() -> None:
    (one, falling), (other, rising) = flatten("f", FALLING), flatten("f", RISING)
    assert falling == rising and hash(falling) == hash(rising)
    assert [x.tolist() for x in one] == [x.tolist() for x in other]
    assert list(falling.build(other)) == ["b", "a"]
    _, along = ty.jvp(joined, (FALLING,), (RISING,))
    assert along.tolist() == joined(FALLING).tolist()

    def turned(c: Any, _: Any) -> Any:
        return {"a": 2 * c["a"], "b": 3 * c["b"]}, None

    found = ty.jit(lambda d: ty.scan(turned, d, length=2)[0])(FALLING)
    assert [(k, v.tolist()) for k, v in found.items()] == [("b", [9.0, 18.0]), ("a", [12.0])]
    either = ty.jit(lambda x: ty.cond(x > 0, lambda: {"b": x, "a": x}, lambda: {"a": 1.0, "b": x}))
    assert either(-2.0) == {"a": 1.0, "b": -2.0}


def test_other_containers_are_named() -> None:
    from collections import defaultdict, deque

    for value, words in (
        (deque([2.0]), r"list\(\.\.\.\)"),
        (defaultdict(float), r"dict\(\.\.\.\)"),
    ):
        with pytest.raises(ty.ArgumentTypeError, match=words):
            ty.jit(lambda d: d[0])(value)
