"""What elements, Lambert's problem and transfers refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
GM = 398600.4418
R, S = [7000.0, 0, 0], [0, 8000.0, 0]


def still(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.tile(R, (len(t), 1)), np.zeros((len(t), 3))


def cartesian(*elements: float) -> Any:
    return sky.convert_elements(elements, "keplerian", "cartesian", GM)


WRONG: dict[str, Callable[[], Any]] = {
    r"lambert: dt=-5.0 must be positive": lambda: sky.lambert(R, S, -5.0, GM),
    r"lambert: gm=-1.0 must be positive": lambda: sky.lambert(R, S, 1000.0, -1.0),
    r"lambert: dt=.* must be positive": lambda: sky.lambert(R, S, [100.0, 0.0], GM),
    r"kepler_propagate: gm=0.0": lambda: sky.kepler_propagate(R, S, 10.0, 0.0),
    r"hohmann: r1=-7000.0": lambda: sky.hohmann(-7000.0, 8000.0, GM),
    r"bi_elliptic: far=0.0": lambda: sky.bi_elliptic(7000.0, 8000.0, 0.0, GM),
    r"flyby: pericentre=-100.0": lambda: sky.flyby([1.0, 0, 0], -100.0, 0.0, GM),
    r"flyby_turn: gm=-1": lambda: sky.flyby_turn(1.0, 100.0, -1),
    r"b_plane: gm=-1.0": lambda: sky.b_plane(R, S, -1.0),
    r"semi-major axis -7000.0 with eccentricity 0.1 is no orbit": lambda: cartesian(
        -7000.0, 0.1, 0, 0, 0, 0
    ),
    r"semi-major axis 7000.0 with eccentricity -0.1": lambda: cartesian(7000.0, -0.1, 0, 0, 0, 0),
    r"semi-major axis 7000.0 with eccentricity 1.5": lambda: cartesian(7000.0, 1.5, 0, 0, 0, 0),
    r"convert_elements: gm=-1.0": lambda: sky.convert_elements(
        np.ones(6), "cartesian", "keplerian", -1.0
    ),
    r"porkchop: departure is int": lambda: sky.porkchop(1, still, [0.0], [1.0], GM),
    r"porkchop: arrival returned ndarray": lambda: sky.porkchop(
        still, lambda t: still(t)[0], [0.0], [1.0], GM
    ),
    r"porkchop: departures=.* must be numbers": lambda: sky.porkchop(
        still, still, ["March"], [1.0], GM
    ),
}


@pytest.mark.parametrize("said", list(WRONG))
def test_wrong_orbits_are_refused(said: str) -> None:
    with pytest.raises(ty.TaylorError, match=said):
        WRONG[said]()


def test_hyperbolas_and_expressions_pass() -> None:
    assert np.isfinite(cartesian(-7000.0, 1.1, 0.1, 0, 0, 0)).all()
    a = ty.variable("a")
    values = ty.stack([a, 0.1, 0, 0, 0, 0])
    assert sky.convert_elements(values, "keplerian", "cartesian", GM).shape == (6,)
    assert sky.lambert(R, S, ty.variable("dt"), GM)[0].shape == (3,)


def test_a_porkchop_prints_in_a_line() -> None:
    chart = sky.porkchop(still, lambda t: (still(t)[0] + S, still(t)[1]), [0.0], [3000.0], GM)
    assert repr(chart).startswith("<Porkchop: 1 departures by 1 arrivals, least C3 ")
    late = sky.porkchop(still, still, [10.0], [0.0], GM)
    assert repr(late) == "<Porkchop: 1 departures by 1 arrivals, without a transfer>"
