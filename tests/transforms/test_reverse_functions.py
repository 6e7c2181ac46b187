"""All elementary functions of arrays, forward and backward, to the second order."""

from __future__ import annotations

import numpy as np
import pytest
from gradient_checks import check
from random_formulas import ORDERS

import taylor as ty
from taylor.expressions.leaves import constant, make_function_node
from taylor.nodes.registry import functions
from taylor.transforms.reverse import adjoints

NAMES = sorted(f.name for f in functions.values() if f.built_in)
POINTS = ([0.31, 0.74], [0.83], [0.45, 0.6])  # the second argument is broadcast
OTHERS = {"acosh": ([1.3, 2.5],), "kepler_F": ([0.31, 0.2], [0.4], [0.45, 0.6])}


@pytest.mark.parametrize("name", NAMES)
def test_every_function(name: str) -> None:
    record = functions[name]
    leading = [constant(ORDERS.get(name, (2,))[1 if name in ORDERS else 0])] * record.leading
    count = record.arity - record.leading
    points = [np.array(p) for p in OTHERS.get(name, POINTS)[:count]]
    arguments = [ty.variable(f"x{i}", p.shape) for i, p in enumerate(points)]
    own = list(arguments)
    if name.startswith("lambertw"):  # the second argument chooses a branch
        arguments, points, own[1] = arguments[:1], points[:1], constant(0)
    e = make_function_node(name, *leading, *own)
    check(e, arguments, points, 1e-13)
    gradient = adjoints([e], [constant(1, e.shape)], arguments)
    total = constant(0)
    for k, share in enumerate(gradient):
        total = total + (k + 1) * share.sum()
    if total.args:
        check(total, arguments, points, 1e-12)
