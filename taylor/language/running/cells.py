"""The variables of translated functions, which branches and turns share as cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from sys import getrefcount
from types import CellType, FunctionType
from typing import Any


class Unset:
    """What a variable without a value has."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "no value"


UNSET = Unset()


def cells_of(function: Callable[..., Any]) -> dict[str, CellType]:
    """The variables that a function shares with its surroundings, by name."""
    if not isinstance(function, FunctionType):
        return {}
    closure = function.__closure__ or ()
    return dict(zip(function.__code__.co_freevars, closure, strict=True))


def value_in(cell: CellType) -> Any:
    """What a variable is."""
    try:
        return cell.cell_contents
    except ValueError:
        return UNSET


def references(cell: CellType) -> int:
    """How many hold what a variable is."""
    return getrefcount(cell.cell_contents)


def put_in(cell: CellType, value: Any) -> None:
    """Give a variable a value, or take it away."""
    if value is not UNSET:
        cell.cell_contents = value
    elif value_in(cell) is not UNSET:
        del cell.cell_contents


def values_in(cells: Sequence[CellType]) -> list[Any]:
    """What variables are."""
    return [value_in(cell) for cell in cells]


def put_all(cells: Sequence[CellType], values: Sequence[Any]) -> None:
    """Give variables values."""
    for cell, value in zip(cells, values, strict=True):
        put_in(cell, value)
