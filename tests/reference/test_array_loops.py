"""The reference interpreter of loops and choices of arrays, in exact numbers, and machine code."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import taylor as ty
from taylor.recurrences import arrays
from taylor.recurrences.arrays import lower_arrays
from taylor.reference.arrays import array_coefficients
from taylor.reference.interpreter import fraction_algebra
from taylor_runtime.program.program import Input

W = np.arange(16.0).reshape(4, 4) / 64 - 0.1
CASES = {
    "counted": lambda x: ty.fori_loop(1, 4, lambda i, c: c * 0.5 + x / i, x),
    "bounds by values": lambda x: ty.fori_loop(0, x[1] * 8, lambda i, c: c * x[0] + i, x),
    "while": lambda x: ty.while_loop(lambda c: c.sum() > 0.5, lambda c: c * 0.75 - 0.125, x),
    "scan": lambda x: ty.scan(lambda c, a: (c * a, c.sum() + a), x, W[0], reverse=True)[1],
    "choice": lambda x: ty.switch(x[2] * 4, [lambda c: c * 2, lambda c: c[::-1] * c], x),
    "places": lambda x: ty.fori_loop(1, 4, turned, x),
}


def turned(i, c):
    b = c.copy()
    b[i] = b[i - 1] * b[-i] + 0.25
    return b


@pytest.mark.parametrize("name", CASES)
def test_values(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "FEWEST", -1)
    x = ty.variable("x", shape=4)
    point = [0.5, 0.375, -0.25, 0.125]
    e = CASES[name](x)
    known = lower_arrays([e], {x: Input("parameter", (0,))}, 0)
    exact = {"parameter": [Fraction(p) for p in point], **known.outside()}
    found = array_coefficients(known.program, exact, fraction_algebra())[0][0]
    code = ty.compile(e, [x])(np.array(point))
    right = [float(v) for v in found.reshape(-1)]
    np.testing.assert_allclose(code.reshape(-1), right, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("name", ["counted", "scan", "places"])
def test_series(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "FEWEST", -1)
    x = ty.variable("x", shape=4)
    point, step = [0.5, 0.375, -0.25, 0.125], [1.0, -2.0, 0.5, 1.0]
    known = lower_arrays([CASES[name](x)], {x: Input("jet", (0,))}, 3)
    zeros = [Fraction(0)] * 2
    jets = [[Fraction(p), Fraction(d), *zeros] for p, d in zip(point, step, strict=True)]
    given = {"jet": jets, **known.outside()}
    found = array_coefficients(known.program, given, fraction_algebra())[0]
    jet = ty.jet(CASES[name], np.array(point), 3, direction=np.array(step))
    for n in range(4):
        right = [float(v) for v in found[n].reshape(-1)]
        np.testing.assert_allclose(jet[n].reshape(-1), right, rtol=1e-13, atol=1e-15)
