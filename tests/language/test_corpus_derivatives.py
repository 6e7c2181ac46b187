"""Derivatives of the corpus, forward and backward, against differences in many digits."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from language.answers import direction, plain, program, real_places, tangent, total
from language.corpus.every import EVERY
from language.in_many_digits import flat_numbers, slopes

import taylor as ty

WITH_DERIVATIVES = [case for case in EVERY if case.wrt]


# Of conditions such as x == 0: derivatives are those of the branch, as in Python.
@pytest.mark.filterwarnings("ignore::taylor.DifferentiationWarning")
@pytest.mark.parametrize("case", WITH_DERIVATIVES, ids=lambda case: case.name)
def test_derivatives(case):
    function = program(case)
    totals, gradients, moved = {}, {}, {}  # of points that are alike
    for args in case.points:
        others = {k: x for k, x in enumerate(args) if k not in case.wrt}
        known = pickle.dumps([args[k] for k in case.static])
        alike = real_places(case, args), known
        if alike not in totals:
            totals[alike] = total(function, case, args)
            gradients[alike] = ty.grad(totals[alike], argnums=case.wrt)
        key = alike, pickle.dumps(others)
        if key not in moved:
            moved[key] = _of_chosen(totals[alike], case, others)
        wanted = [slopes(plain(case, args), args, k) for k in case.wrt]
        chosen = tuple(args[k] for k in case.wrt)
        gradient = gradients[alike](*args)  # whole numbers are not known, too
        atol = case.slack * max(max(np.abs(w).max() for w in wanted), 1e-3)
        for found, slope in zip(gradient, wanted, strict=True):
            np.testing.assert_allclose(flat_numbers(found), slope, rtol=0, atol=atol)
        tangents = tuple(tangent(args[k]) for k in case.wrt)
        _, along = ty.jvp(moved[key], chosen, tangents)  # whole numbers are
        expected = sum(
            np.dot(slope, direction(args[k])) for slope, k in zip(wanted, case.wrt, strict=True)
        )
        np.testing.assert_allclose(float(along), expected, rtol=0, atol=10 * atol)


def _of_chosen(function, case, others):
    """The function of the arguments that are differentiated; of the others it has these."""

    def of_chosen(*chosen):
        given = others | dict(zip(case.wrt, chosen, strict=True))
        return function(*(given[k] for k in range(len(given))))

    return of_chosen
