"""Records that are made late behave as those of `dataclasses`."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable, Iterator
from dataclasses import field, fields, replace
from typing import Any

import pytest

from taylor_runtime.program import records


class Point:
    """A class before it is decorated."""

    x: float
    name: str = field(default="p", compare=False)
    tags: list[str] = field(default_factory=list, repr=False, compare=False)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", len(self.name))


class Pair:
    """Another."""

    first: int
    second: Any = None


class Own:
    """One that has methods of its own."""

    first: int

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "first", int(text))

    def __repr__(self) -> str:
        return "own"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 7


class Nothing:
    """One without fields."""


GIVEN = [Point, Pair, Own, Nothing]
WAYS: list[dict[str, bool]] = [
    {"frozen": frozen, "slots": slots, **more}
    for frozen in (True, False)
    for slots in (True, False)
    for more in ({}, {"eq": False}, {"repr": False}, {"kw_only": True})
]


CALLS: list[tuple[tuple[object, ...], dict[str, object]]] = [
    ((), {}),
    ((1,), {}),
    ((2, "q"), {}),
    ((1, 2, 3, 4, 5), {}),
    ((), {"first": 1}),
    ((), {"x": 1, "name": "long"}),
    ((), {"wrong": 1}),
]


def decorated(cls: type, decorator: Any, options: dict[str, bool]) -> Any:
    """A class of its own that is made of `cls`."""
    left_out = ("__dict__", "__weakref__")
    body = {key: copy.copy(value) for key, value in vars(cls).items() if key not in left_out}
    return decorator(**options)(type(cls.__name__, (), body))


def outcome(function: Callable[..., object], *args: object, **options: object) -> Any:
    """What a call returns, or its error."""
    try:
        return function(*args, **options)
    except Exception as error:
        return type(error), str(error)


def seen(kind: Any) -> Iterator[object]:
    """All that can be seen of a class and of its instances."""
    made = [outcome(kind, *args, **options) for args, options in CALLS]
    for one in made:
        if isinstance(one, tuple):  # an error
            yield one
            continue
        yield repr(one).partition(" object at")[0]
        yield outcome(lambda record: hash(record) == hash(copy.copy(record)), one)
        yield [one == other for other in [*made, 1]]
        changed = copy.copy(one)
        for name in [f.name for f in fields(one)]:
            yield outcome(setattr, changed, name, 3)
            yield outcome(delattr, changed, name)
    yield from (str(inspect.signature(kind)), kind.__init__.__qualname__, kind.__match_args__)
    yield from (inspect.get_annotations(kind.__init__), kind.__doc__)
    yield from ([f.name for f in fields(kind)], hasattr(kind, "__slots__"), kind.__hash__ is None)


@pytest.mark.parametrize("options", WAYS, ids=str)
@pytest.mark.parametrize("cls", GIVEN, ids=lambda cls: cls.__name__)
def test_same_as_of_python(cls: type, options: dict[str, bool]) -> None:
    ours = decorated(cls, records._dataclass, options)
    assert [*seen(ours)] == [*seen(decorated(cls, dataclasses.dataclass, options))]


@records.dataclass(frozen=True, slots=True)
class Kept:
    """A record with slots, at a place where pickles find it."""

    value: Any
    other: int = 3


@records.dataclass(frozen=True)
class KeptBelow:
    """A record with a dictionary."""

    value: Any


@pytest.mark.parametrize("kind", [Kept, KeptBelow])
def test_copies_pickles_and_changes(kind: Any) -> None:
    one = kind([1, 2])
    for other in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert other == one and type(other) is kind
    assert replace(one, value=5) == kind(5) != one
    assert dataclasses.asdict(one)["value"] == [1, 2]


def test_a_pickle_is_read_before_the_first_record_is_made() -> None:
    class Late:
        value: int

    Late.__qualname__ = "Late"
    globals()["Late"] = made = records._dataclass(frozen=True, slots=True)(Late)
    found = pickle.loads(b"\x80\x04c" + f"{__name__}\nLate\n".encode() + b")\x81]K\x07ab.")
    assert isinstance(vars(made)["__init__"], records._Unmade)
    assert found.value == 7 and repr(found) == "Late(value=7)" and found == made(7)


def test_a_record_of_itself_is_shown() -> None:
    values: list[object] = []
    values.append(Kept(values))
    assert repr(values[0]) == "Kept(value=[...], other=3)"


def test_a_match_sees_the_fields() -> None:
    match Kept(1, 2):
        case Kept(a, other=b):
            assert (a, b) == (1, 2)
        case _:
            raise AssertionError


def test_init_is_made_once_and_subclasses_inherit_it() -> None:
    made = decorated(Pair, records._dataclass, {"frozen": True})
    below: Any = type("Below", (made,), {})
    assert below(3).first == 3
    assert vars(made)["__init__"] is made.__init__
