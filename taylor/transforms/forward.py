"""TEMPORARY shim."""

from taylor.expressions.scalars import scalars
from taylor.nodes.conversion import from_elements
from taylor.transforms.differentiate import directional_derivatives
import numpy as np


def tangents(outputs, seeds):
    table = {}
    for x, d in seeds.items():
        for a, b in zip(scalars(x).ravel(), scalars(d).ravel()):
            table[a] = b
    out = []
    for o in outputs:
        found = directional_derivatives(list(scalars(o).ravel()), table)
        arr = np.empty(len(found), object)
        arr[:] = found
        out.append(from_elements(arr.reshape(o.shape)))
    return out
