"""Pictures of truncated polynomials: curves, contours, or how their terms decay."""

from __future__ import annotations

from typing import Any

import numpy as np

from taylor.displays.pictures import COLORS, SHADES, figure, legend, name_axes
from taylor.errors import ArgumentError

POINTS = 201
LOWER = 2  # orders that the dashed curve has less
MOST_COMPONENTS = 8


def draw(p: Any, radius: float) -> Any:
    """See `Polynomial.plot`."""
    if not 0 < radius < np.inf:
        raise ArgumentError(f"plot: radius={radius!r} must be positive and finite")
    if p.ndim > 1 or (p.ndim and len(p) > MOST_COMPONENTS):
        p = p.reshape(-1)[:MOST_COMPONENTS]
    if len(p.names) == 1:
        return _curves(p, radius)
    if len(p.names) == 2 and not p.ndim:
        return _contours(p, radius)
    return _decay(p)


def _components(p: Any) -> list[Any]:
    return list(p) if p.ndim else [p]


def _curves(p: Any, radius: float) -> Any:
    """Values over the one displacement, and with fewer terms."""
    made, (axes,) = figure()
    x = np.linspace(-radius, radius, POINTS)
    less = p.truncate(max(p.order - LOWER, 0))
    for k, (one, cut) in enumerate(zip(_components(p), _components(less), strict=True)):
        color, which = COLORS[k % len(COLORS)], f"component {k}, " if p.ndim else ""
        axes.plot(x, _values(cut, [x]), color=color, linewidth=1.0, ls="--", alpha=0.6)
        axes.plot(x, _values(one, [x]), color=color, linewidth=1.5, label=f"{which}order {p.order}")
    name_axes(axes, p.names[0], "value", f"dashed: order {less.order}")
    legend(axes)
    return made


def _contours(p: Any, radius: float) -> Any:
    """Values over the plane of two displacements."""
    made, (axes,) = figure()
    side = np.linspace(-radius, radius, POINTS)
    x, y = np.meshgrid(side, side)
    values = _values(p, [x.reshape(-1), y.reshape(-1)]).reshape(x.shape)
    shown = axes.contourf(x, y, values, 24, cmap=SHADES)
    axes.contour(x, y, values, 12, colors="white", linewidths=0.4, alpha=0.6)
    made.colorbar(shown, ax=axes, label="value")
    name_axes(axes, p.names[0], p.names[1], f"order {p.order}")
    return made


def _decay(p: Any) -> Any:
    """The size of the terms of each degree."""
    made, (axes,) = figure()
    degrees = np.arange(p.order + 1)
    for k, one in enumerate(_components(p)):
        sizes = np.asarray(one.norms("sum"))
        there = sizes > 0
        label = f"component {k}" if p.ndim else None
        axes.semilogy(
            degrees[there], sizes[there], "o-", color=COLORS[k % len(COLORS)], label=label
        )
    name_axes(axes, "total degree", "sum of absolute coefficients", f"in {', '.join(p.names)}")
    if p.ndim:
        legend(axes)
    return made


def _values(p: Any, points: list[np.ndarray]) -> np.ndarray:
    """In float64, at displacements (k,)."""
    found = np.asarray(p(*points))
    return found.sum(axis=-1) if found.ndim > points[0].ndim else found
