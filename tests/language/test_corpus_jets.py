"""Taylor coefficients of the corpus to order 10, against differences in many digits."""

from __future__ import annotations

import numpy as np
import pytest
from language.answers import along, direction, plain, program, total
from language.corpus.every import EVERY
from language.in_many_digits import ORDER, series

import taylor as ty

ANALYTIC = [case for case in EVERY if case.jets]


@pytest.mark.filterwarnings("ignore::taylor.DifferentiationWarning")
@pytest.mark.parametrize("case", ANALYTIC, ids=lambda case: case.name)
def test_series(case):
    function, first = program(case), case.wrt[0]
    for args in case.points:
        ours, way = total(function, case, args), direction(args[first])

        def moved(s, args=args, ours=ours, way=way):
            value = along(args[first], way, s)
            return ours(*args[:first], value, *args[first + 1 :])

        found = ty.jet(moved, 0.0, ORDER)
        wanted = series(plain(case, args), args, first, way)
        # Against the largest coefficient of the same order that a function as steep has.
        reach = max(abs(wanted[n]) ** (1 / (n + 1)) for n in range(ORDER + 1))
        scale = np.abs(wanted[0]) + reach ** np.arange(1.0, ORDER + 2) + 1e-12
        np.testing.assert_allclose(found / scale, wanted / scale, rtol=0, atol=100 * case.slack)
