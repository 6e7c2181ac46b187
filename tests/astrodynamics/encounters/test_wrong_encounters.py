"""What searches for encounters refuse, and how their results print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
TIMES = np.arange(0.0, 6000.0, 60.0)
EYE = np.eye(3)
TURN = sky.uniform_rotation()
STATION = sky.Station.geodetic("here", 0.5, 0.1, rotation=TURN)
P, V = [1.0, 0, 0], [0, 1.0, 0]


def still(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two objects that stay where they are."""
    places = np.repeat([[[7000.0, 0, 0]], [[7001.0, 0, 0]]], len(t), axis=1)
    return places, np.zeros_like(places)


def sun(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.tile([1.5e8, 0, 0], (len(t), 1)), np.zeros((len(t), 3))


PROBABILITY = sky.collision_probability
WRONG: dict[str, Callable[[], Any]] = {
    r"access: the ephemeris is str": lambda: sky.access(STATION, "orbit", TIMES),
    r"access: .*function still.* is no Station": lambda: sky.access(still, STATION, TIMES),
    r"access: there are no stations": lambda: sky.access([], still, TIMES),
    r"access: times=.* must be numbers": lambda: sky.access(STATION, still, ["a", "b"]),
    r"latitude is 50.0, beyond a pole": lambda: sky.Station.geodetic("here", 50.0, 8.0),
    r"mask=10.0 must be 1.57.* rad or less": lambda: sky.Station.geodetic(
        "here", 0.5, 0.1, mask=10.0
    ),
    r"mask=9.0 must be": lambda: sky.Station.geodetic("here", 0.5, 0.1, mask=((0.0, 9.0),)),
    r"rotation=1 must be a function": lambda: sky.Station.geodetic("here", 0.5, 0.1, rotation=1),
    r"eclipses: sun is list": lambda: sky.eclipses(still, TIMES, [1.5e8, 0, 0]),
    r"eclipses: sun returned ndarray": lambda: sky.eclipses(still, TIMES, lambda t: sun(t)[0]),
    r"eclipses: radius=-1.0 must be above 0": lambda: sky.eclipses(still, TIMES, sun, radius=-1.0),
    r"conjunctions: objects=\[5\] must be numbers of objects, from 0 to 1": lambda: (
        sky.conjunctions(still, TIMES, 1.0, objects=[5])
    ),
    r"conjunctions: the ephemeris returned NoneType": lambda: sky.conjunctions(
        lambda t: None, TIMES, 1.0
    ),
    r"coverage: latitudes and longitudes": lambda: sky.coverage(
        still, TIMES, [], [], rotation=TURN
    ),
    r"coverage: elevation=10 must be": lambda: sky.coverage(
        still, TIMES, [0.0], [0.0], elevation=10, rotation=TURN
    ),
    r"walker: semi_major_axis=-7000.0": lambda: sky.walker(
        6, 3, 1, inclination=1.0, semi_major_axis=-7000.0
    ),
    r"has no negative eigenvalue": lambda: PROBABILITY(P, V, -EYE, 0.01),
    r"is symmetric": lambda: PROBABILITY(P, V, EYE + np.eye(3, k=1), 0.01),
    r"radius=-0.01 must be above 0": lambda: PROBABILITY(P, V, EYE, -0.01),
    r"relative velocity is zero": lambda: PROBABILITY(P, [0, 0, 0.0], EYE, 0.01),
    r"catalogue_motion: epoch='2026-01-01' must be an Epoch": lambda: sky.catalogue_motion(
        sky.Catalogue([]), "2026-01-01"
    ),
}


@pytest.mark.parametrize("said", list(WRONG))
def test_wrong_encounters_are_refused(said: str) -> None:
    with pytest.raises(ty.TaylorError, match=said):
        WRONG[said]()


def test_results_print_in_a_line_and_are_tables() -> None:
    pandas = pytest.importorskip("pandas")
    found = sky.conjunctions(still, [0.0, 10.0], 2.0)
    assert "\n" not in repr(found) and repr(found).startswith("<Conjunctions: ")
    seen = sky.access(STATION, still, TIMES)
    assert repr(seen) == "<Windows: none>"
    dark = sky.eclipses(still, TIMES, lambda t: (-sun(t)[0], sun(t)[1]))
    assert repr(dark) == "<Windows: 2, from 0 to 5940 s>"
    assert "<table>" in dark._repr_html_() and "<table>" in found._repr_html_()
    table = dark.to_dataframe()
    assert isinstance(table, pandas.DataFrame) and list(table["object"]) == [0, 1]
    assert list(found.to_dataframe().columns) == ["first", "second", "time", "distance", "speed"]
    whole = sky.coverage(still, [0.0, 1.0], [0.0], [0.0], rotation=TURN)
    assert repr(whole).startswith("<Coverage: 1 points at 2 times")
