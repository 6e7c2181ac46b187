"""Pickles that know what wrote them, checked when they are loaded."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from taylor.errors import FormatError

FORMAT = 4  # of pickles and checkpoints; raised when what they hold changes


def stamped(kept: dict[str, Any]) -> dict[str, Any]:
    """A pickle's contents with the number of their format."""
    return {**kept, "format": FORMAT}


def checked(kept: Any, name: str) -> dict[str, Any]:
    """The contents without the number.

    Raises FormatError for those of another format.
    """
    number = kept.get("format") if isinstance(kept, dict) else None
    if number != FORMAT:
        written = "has no format number" if number is None else f"has format {number}"
        raise FormatError(
            f"this pickle of {name} {written}, and this version of taylor reads format {FORMAT}; "
            "load it with the version that wrote it, or make it anew"
        )
    return {key: value for key, value in kept.items() if key != "format"}


class Versioned:
    """Dataclasses whose pickles are stamped."""

    __slots__ = ()

    def __reduce__(self) -> Any:
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return _restored, (type(self), stamped(values))


def _restored(kind: type, kept: Any) -> Any:
    values = checked(kept, kind.__name__)
    known = {field.name for field in fields(kind)}
    if known != values.keys():
        raise FormatError(f"this pickle of {kind.__name__} has fields {sorted(values)}")
    instance: Any = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(instance, name, value)
    return instance
