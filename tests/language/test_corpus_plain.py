"""The corpus itself: what it is, and that the same functions in many digits say the same."""

from __future__ import annotations

import numpy as np
import pytest
from language.corpus.every import EVERY
from language.in_many_digits import flat, flat_numbers, in_many_digits, rebuilt
from mpmath import mp, mpf


def test_there_are_enough_and_their_names_differ():
    names = [case.name for case in EVERY]
    assert len(set(names)) == len(names) >= 150
    assert sum(bool(case.wrt) for case in EVERY) >= 100
    assert sum(case.jets for case in EVERY) >= 80


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_python_and_mpmath(case):
    function = in_many_digits(case.function)
    for args in case.inputs:
        with mp.workdps(50):
            exact = [
                rebuilt(x, [mpf(y) for y in flat_numbers(x)]) if k not in case.static else x
                for k, x in enumerate(args)
            ]
            wanted = flat(function(*exact))
        found = flat(case.function(*args))
        wanted = [float(x) for x in wanted]
        scale = max(map(abs, wanted), default=1.0)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=10 * case.tolerance * scale + 1e-15)
