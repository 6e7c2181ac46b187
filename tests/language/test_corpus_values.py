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
