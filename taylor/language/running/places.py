"""Where in the user's text a translated function is."""

from __future__ import annotations

import sys
from typing import NoReturn

from taylor.language.source.refusals import Span, refusal, span_in
from taylor.language.source.translation import is_translated_code


def place() -> Span:
    """The place of the innermost translated function that is being called."""
    frame = sys._getframe(1)
    while frame is not None:
        if is_translated_code(frame.f_code):
            return span_in(frame.f_code, frame.f_lasti)
        if frame.f_back is None:
            break
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_code.co_name, frame.f_lineno, None, None


def refuse(what: str, instead: str) -> NoReturn:
    """Raise ProgramError with the line that is being traced."""
    raise refusal(place(), what, instead)
