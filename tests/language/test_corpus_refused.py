"""What cannot be translated is refused, with the line and what to write instead."""

from __future__ import annotations

import inspect
import re
import warnings

import pytest
from language.refused import calls, kinds, side_effects, statements

import taylor as ty

CASES = [case for module in (side_effects, statements, kinds, calls) for case in module.CASES]


def marked(function):
    """The line that has to be shown, and a word of the remedy."""
    lines, first = inspect.getsourcelines(function)
    for number, line in enumerate(lines, max(first, 1)):
        if found := re.search(r"# refused: (\S+)", line):
            return number, line.split("#")[0].strip(), found.group(1)
    raise AssertionError(f"{function.__name__} marks no line")


def test_there_are_enough():
    assert len({function for function, _ in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize(("function", "args"), CASES, ids=[f.__qualname__ for f, _ in CASES])
def test_refused(function, args):
    owner = calls.other_turn if function is calls.endless_by_turns else function
    line, text, remedy = marked(owner)
    with warnings.catch_warnings(), pytest.raises(ty.TaylorError) as caught:
        warnings.simplefilter("ignore")
        ty.program(function)(*args)
    message = str(caught.value)
    assert f'{function.__code__.co_filename}", line {line},' in message
    assert text in message
    assert remedy.lower() in message.lower()
