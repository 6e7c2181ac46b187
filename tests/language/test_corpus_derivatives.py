"""Derivatives of the corpus, forward and backward, against differences in many digits."""

from __future__ import annotations

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
    made = {}  # functions of points that are alike, and their gradients
    for args in case.points:
        known = repr([args[k] for k in case.static])
        alike = real_places(case, args), known
        if alike not in made:
            ours = total(function, case, args)
            made[alike] = ours, ty.grad(ours, argnums=case.wrt)
        ours, gradient_of = made[alike]
        wanted = [slopes(plain(case, args), args, k) for k in case.wrt]
        chosen = tuple(args[k] for k in case.wrt)
        gradient = gradient_of(*args)  # whole numbers are not known, too
        atol = case.slack * max(max(np.abs(w).max() for w in wanted), 1e-3)
        for found, slope in zip(gradient, wanted, strict=True):
            np.testing.assert_allclose(flat_numbers(found), slope, rtol=0, atol=atol)
        _, moved = ty.jvp(  # whole numbers are
            lambda *chosen, args=args, ours=ours: ours(*_with(case, args, chosen)),
            chosen,
            tuple(tangent(args[k]) for k in case.wrt),
        )
        expected = sum(
            np.dot(slope, direction(args[k])) for slope, k in zip(wanted, case.wrt, strict=True)
        )
        np.testing.assert_allclose(float(moved), expected, rtol=0, atol=10 * atol)


def _with(case, args, chosen):
    found = list(args)
    for k, value in zip(case.wrt, chosen, strict=True):
        found[k] = value
    return found
