"""Reading one table of a scenario file, with errors that say where and what to write instead."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from taylor.errors import TaylorError


class ScenarioError(TaylorError, ValueError):
    """A scenario, or a file it names, cannot be used; the message names place and remedy."""


def nearest(word: str, known: Collection[str]) -> str:
    """A sentence with the nearest known words, or all of them."""
    close = difflib.get_close_matches(word.lower(), known, n=2, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(repr(name) for name in close) + "?"
    return "known: " + ", ".join(sorted(known))


class Section:
    """One TOML table: typed access to its keys; unknown keys are refused at once.

    data:  the parsed table.
    where: how to call it in messages, e.g. ``[span]``.
    known: every key that may occur, with an example of its value.
    """

    def __init__(self, data: object, where: str, known: Mapping[str, str]) -> None:
        if not isinstance(data, dict):
            raise ScenarioError(f"{where}: expected a table, found {data!r}")
        self._data: dict[str, Any] = data
        self._where = where
        self._known = known
        for key in data:
            if key not in known:
                raise ScenarioError(f"{where}: unknown key {key!r}; {nearest(key, known)}")

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def error(self, key: str, problem: str) -> ScenarioError:
        """An error about one key, with an example of what it may hold."""
        return ScenarioError(
            f"{self._where}: {key} {problem}; write e.g. {key} = {self._known[key]}"
        )

    def value(self, key: str) -> Any:
        """The parsed value; an error if the key is missing."""
        if key not in self._data:
            raise self.error(key, "is missing")
        return self._data[key]

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number, `default` if the key is missing."""
        if default is not None and key not in self._data:
            return default
        return self._finite(key, self.value(key))

    def positive(self, key: str, default: float | None = None) -> float:
        """A finite number above zero."""
        number = self.number(key, default)
        if number <= 0:
            raise self.error(key, f"is {number!r}, but must be positive")
        return number

    def natural(self, key: str) -> int:
        """An integer above zero."""
        value = self.value(key)
        if type(value) is not int or value <= 0:
            raise self.error(key, f"is {value!r}, but must be a positive integer")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A string that is not empty."""
        if default is not None and key not in self._data:
            return default
        value = self.value(key)
        if not isinstance(value, str) or not value or "\0" in value:
            raise self.error(key, f"is {value!r}, but must be a text in quotes")
        return value

    def choice(self, key: str, options: Collection[str], default: str | None = None) -> str:
        """One of `options`."""
        value = self.text(key, default)
        if value not in options:
            raise self.error(key, f"is {value!r}; {nearest(value, options)}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._data.get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"is {value!r}, but must be true or false")
        return value

    def numbers(self, key: str, count: int | None = None) -> list[float]:
        """A list of finite numbers, of the given length if there is one."""
        values = self.value(key)
        if not isinstance(values, list) or not values:
            raise self.error(key, f"is {values!r}, but must be a list of numbers")
        if count is not None and len(values) != count:
            raise self.error(key, f"has {len(values)} entries, but must have {count}")
        return [self._finite(f"{key}[{i}]", value) for i, value in enumerate(values)]

    def texts(self, key: str) -> list[str]:
        """A list of strings."""
        values = self.value(key)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.error(key, f"is {values!r}, but must be a list of texts")
        return list(values)

    def _finite(self, key: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ScenarioError(f"{self._where}: {key} is {value!r}, but must be a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise ScenarioError(f"{self._where}: {key} is {number!r}, but must be a finite number")
        return number


def require_names(where: str, names: Sequence[str], known: Sequence[str]) -> None:
    """Raise ScenarioError for a name that is not the name of a body."""
    for name in names:
        if name not in known:
            hint = nearest(str(name), known)
            raise ScenarioError(f"{where}: there is no body {name!r}; {hint}")
