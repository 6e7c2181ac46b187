"""Errors of other rooms, told with the user's line underlined and what to write instead."""

from __future__ import annotations

import re

from taylor.errors import TracingError
from taylor.language.source.refusals import Span, span_in
from taylor.language.source.translation import name_of

# Words in errors, and what to write instead.
_REMEDIES = (
    (
        r"\bindex\(\)|length or the end",
        "A length, a count of copies or a shape has to be known while the program is traced. "
        "Instead: name the argument in static_argnums, or use a loop.",
    ),
    (
        r"no attribute",
        "Traced values have the methods of NumPy's arrays. Instead: use a function of NumPy's, or "
        "a `while` or `for` loop that computes it.",
    ),
    (
        r"linalg\.eig\b",
        "Instead: numpy.linalg.eigh of a symmetric matrix, or real and imaginary parts apart.",
    ),
    (
        r"real numbers|complex",
        "Instead: write real and imaginary parts apart, with math.hypot and math.atan2 for the "
        "absolute value and the angle.",
    ),
    (
        r"known before evaluation",
        "Instead: choose with numpy.where what changes nothing in place of what is left out, or "
        "use a `for` statement.",
    ),
)
_HERE = re.compile(r" ?\(?at [^ ]*:\d+\)?")


def span_of_error(error: BaseException) -> Span | None:
    """Where an error came from: the innermost translated function that it went through."""
    step, found = error.__traceback__, None
    while step is not None:
        name = name_of(step.tb_frame.f_code)
        if name is not None:
            found = span_in(step.tb_frame.f_code, step.tb_lasti, name)
        step = step.tb_next
    return found


def explained(error: BaseException) -> tuple[str, str]:
    """What is wrong, and what to write instead."""
    text = _HERE.sub("", str(error))
    for pattern, remedy in _REMEDIES:
        if re.search(pattern, text):
            return text, remedy
    if isinstance(error, TracingError):
        return text, "Instead: compute it with functions of NumPy's or `math`, which have rules."
    return text, "Instead: use a function that has a rule, or write it in Python."
