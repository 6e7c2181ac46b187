"""Where in the user's text a translated function is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from taylor.language.source.refusals import Span, refusal, span_in
from taylor.language.source.translation import name_of

Columns = tuple[int, int, int]  # a line of the user's, from a column to another
Reads = Sequence[tuple[str, Columns]]  # where variables are read


def place() -> Span:
    """The place of the innermost translated function that is being called."""
    frame = sys._getframe(1)
    while frame is not None:
        name = name_of(frame.f_code)
        if name is not None:
            return span_in(frame.f_code, frame.f_lasti, name)
        if frame.f_back is None:
            break
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_code.co_name, frame.f_lineno, None, None


def refuse(what: str, instead: str) -> NoReturn:
    """Raise ProgramError with the line that is being traced."""
    raise refusal(place(), what, instead)


def refuse_at(where: Columns, what: str, instead: str) -> NoReturn:
    """Raise ProgramError with another line of the function that is being traced."""
    file, function, *_ = place()
    raise refusal((file, function, *where), what, instead)
