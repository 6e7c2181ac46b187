"""Text of files, line by line, and what is said of a line that is wrong."""

from __future__ import annotations

import math
from os import PathLike
from pathlib import Path
from typing import NoReturn, TypeAlias

from taylor.errors import ArgumentError, ArgumentTypeError, FormatError, warn_user
from taylor_runtime.program.records import dataclass

Source: TypeAlias = "str | PathLike[str]"


class NotKeptWarning(UserWarning):
    """Something that a kind of file has no place for, and that was left out.

    >>> import taylor as ty
    >>> issubclass(ty.astrodynamics.NotKeptWarning, UserWarning)
    True
    """


def not_kept(what: list[str], kind: str) -> None:
    """Warn that a file will lack something, if anything."""
    if what:
        warn_user(f"{kind} has no place for {', '.join(what)}, which was left out", NotKeptWarning)


@dataclass(frozen=True)
class Line:
    """One line of a file: where it is, and what it says."""

    source: str
    number: int
    text: str

    def wrong(self, what: str) -> NoReturn:
        """Raise FormatError with the place and the line."""
        shown = f": {self.text.strip()!r:.80}" if self.text.strip() else ""
        raise FormatError(f"{self.source}, line {self.number}: {what}{shown}")

    def number_of(self, text: str, name: str) -> float:
        """A finite number."""
        try:
            value = float(text)
        except ValueError:
            self.wrong(f"{name} is {text.strip()!r}, which is no number")
        if not math.isfinite(value):
            self.wrong(f"{name} is {text.strip()!r}, which is not finite")
        return value

    def whole_of(self, text: str, name: str) -> int:
        """A whole number; blanks are zero."""
        try:
            return int(text) if text.strip() else 0
        except ValueError:
            self.wrong(f"{name} is {text.strip()!r}, which is no whole number")


def read_text(source: Source) -> tuple[str, str]:
    """The name of a file and its text; what has several lines is the text itself.

    Raises FormatError for a file that cannot be read or is no text.
    """
    if isinstance(source, str) and "\n" in source:
        return "the text", source
    if not isinstance(source, str | PathLike):
        raise ArgumentTypeError(f"a file is named by a text or a path, got {source!r:.60}")
    if not str(source).strip():
        raise FormatError("the text is empty")
    path = Path(source)
    try:
        return path.name, path.read_text(encoding="utf-8")
    except OSError as error:
        raise FormatError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise FormatError(f"{path} is no text file") from None


def read_lines(source: Source) -> list[Line]:
    """The lines of a file, or of a text with several."""
    name, text = read_text(source)
    return [Line(name, k, line) for k, line in enumerate(text.splitlines(), start=1)]


def write_text(path: Source, text: str) -> None:
    """Write a file; ArgumentError where that is not possible."""
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ArgumentError(f"cannot write {path}: {error.strerror or error}") from None
