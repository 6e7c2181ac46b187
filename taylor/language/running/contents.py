"""What is in variables and objects after a choice or a turn, and which objects stay the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import CellType
from typing import Any

from taylor.language.running.cells import put_in, value_in
from taylor.language.running.journal import (
    Changeable,
    content_of,
    put_content,
    replace_content,
    running,
)
from taylor.language.running.values.kinds import Flat, Structure
from taylor.language.running.values.objects import List
from taylor.nodes.conversion import Mutable, as_expression


def put_all_of(
    target: Any,
    structure: Structure,
    leaves: Sequence[Any],
    frozen: str = "",
    kept: Sequence[Any] = (),
) -> None:
    """Set a shared variable, or what is in an object."""
    if isinstance(target, CellType):
        put_in(target, structure.build(iter(leaves), frozen, kept))
    else:
        replace_content(target, content_from(target, structure, leaves, frozen, kept))


def left_by(target: Any, changes: Mapping[int, tuple[Any, Flat]]) -> Flat:
    """What is in what a branch has not changed, where it has changed what is in that."""
    others = [(t, f) for t, f in changes.values() if not isinstance(t, CellType)]
    before = [content_of(other) for other, _ in others]
    for other, flat in others:
        content = content_from(other, flat.structure, flat.leaves, kept=flat.places)
        put_content(other, content)
    try:
        return Flat(value_in(target) if isinstance(target, CellType) else content_of(target))
    finally:
        for (other, _), content in zip(others, before, strict=True):
            put_content(other, content)


def both_have(a: Flat, b: Flat) -> list[Any]:
    """The objects that are in the same place of two values, by place; None where there is none."""
    if len(a.places) != len(b.places) or not a.structure.is_like(b.structure):
        return []
    return [x if x is y else None for x, y in zip(a.places, b.places, strict=True)]


def tie(objects: Sequence[Any], words: str) -> None:
    """What a copy may stand for, as a traced value decides, cannot be changed from now on: the copy
    would not change.
    """
    for one in objects:
        if isinstance(one, Changeable) and not one.frozen:
            one.frozen = words
            running().tied.append(one)


def untie(count: int) -> None:
    """Forget what was tied after the first so many: where that was found will be traced anew."""
    tied = running().tied
    for one in tied[count:]:
        one.frozen = ""
    del tied[count:]


def content_from(
    target: Any,
    structure: Structure,
    leaves: Sequence[Any],
    frozen: str = "",
    kept: Sequence[Any] = (),
) -> Any:
    """The content of an object from leaves."""
    if isinstance(target, Mutable):
        return as_expression(leaves[0])
    built = structure.build(iter(leaves), frozen, kept)
    if isinstance(target, List):
        return built.content()
    return built
