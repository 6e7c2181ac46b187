"""The value of every program of the corpus is Python's, from one trace."""

from __future__ import annotations

import numpy as np
import pytest
from language.answers import is_real, numbers, program
from language.corpus.every import EVERY


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_value(case):
    function = program(case)
    for args in case.inputs:
        wanted, found = numbers(case.function(*args)), numbers(function(*args))
        assert len(found) == len(wanted)
        scale = max((abs(float(x)) for x in wanted if is_real(x)), default=1.0)
        for x, y in zip(found, wanted, strict=True):
            error = case.tolerance * scale if is_real(y) else 0.0
            np.testing.assert_allclose(float(x), float(y), rtol=0, atol=error)
    # Whatever the loops do: traced once for arguments of one structure.
    assert len(function._compiled) <= len({signature(args, case.static) for args in case.inputs})


def signature(args, static):
    return tuple(
        repr(x)
        if k in static
        else [(type(leaf), np.shape(leaf)) for leaf in leaves_of(x)].__repr__()
        for k, x in enumerate(args)
    )


def leaves_of(value):
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves_of(item)]
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in leaves_of(item)]
    return [value]
