"""Vectors as triples of expressions."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from taylor.functions.powers import sqrt

Triple: TypeAlias = tuple[Any, Any, Any]
NORTH = (0.0, 0.0, 1.0)  # the axis that directions of turning are told by, where none is given


def triple(vector: Any) -> Triple:
    """The components of an array of shape (..., 3)."""
    return vector[..., 0], vector[..., 1], vector[..., 2]


def joined(*components: Any) -> Any:
    """The inverse, of any number of components, whose shapes broadcast."""
    shape = np.broadcast_shapes(*map(np.shape, components))
    return np.stack([np.broadcast_to(c, shape) for c in components], axis=-1)


def dot(a: Triple, b: Triple) -> Any:
    """a . b."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Triple, b: Triple) -> Triple:
    """a x b."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def norm(a: Triple) -> Any:
    """|a|."""
    return sqrt(dot(a, a))


def scaled(factor: Any, a: Triple) -> Triple:
    """factor a."""
    return factor * a[0], factor * a[1], factor * a[2]


def summed(*vectors: Triple) -> Triple:
    """The sum of vectors."""
    first, *others = vectors
    for b in others:
        first = first[0] + b[0], first[1] + b[1], first[2] + b[2]
    return first


def unit(a: Triple) -> Triple:
    """a / |a|."""
    return scaled(1 / norm(a), a)
