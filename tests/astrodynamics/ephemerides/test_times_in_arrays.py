"""Times in arrays of every form: ephemerides, frames and scales give what they give one by one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
TIMES = np.random.default_rng(3).uniform(-1e8, 6e8, 24)  # seconds of TDB since J2000


@functools.cache
def ephemeris() -> Any:
    return sky.Ephemeris("de421")


def of_ephemeris(method: str, *body: str) -> Callable[[Any], Any]:
    def found(t: Any) -> Any:
        pytest.importorskip("de421")
        return getattr(ephemeris(), method)(*body[:1], t, *body[1:])

    return found


ASKED: dict[str, Callable[[Any], Any]] = {
    "position": of_ephemeris("position", "moon"),
    "velocity": of_ephemeris("velocity", "mars", "sun"),
    "acceleration": of_ephemeris("acceleration", "moon"),
    "state": of_ephemeris("state", "venus", "ssb"),
    "librations": of_ephemeris("librations"),
    "moon_axes": of_ephemeris("moon_axes"),
    "body_rotation": lambda t: sky.body_rotation("mars", t),
    "body_rotation_rate": lambda t: sky.body_rotation_rate("mars", t),
    "body_angles": lambda t: sky.body_angles("moon", t),
    "frame_rotation": lambda t: sky.frame_rotation("gcrs", "mod", t),
    "frame_rate": lambda t: sky.frame_rate("gcrs", "mod", t),
    "frame_angular_velocity": lambda t: sky.frame_angular_velocity("gcrs", "mod", t),
    "tdb_minus_tt": sky.tdb_minus_tt,
}
FORMS: dict[str, Callable[[np.ndarray], Any]] = {
    "vector": lambda t: t,
    "backwards": lambda t: t[::-1],
    "every third, backwards": lambda t: t[::-3],
    "matrix": lambda t: t.reshape(4, 6),
    "transposed": lambda t: t.reshape(4, 6).T,
    "three axes": lambda t: t.reshape(2, 3, 4),
    "columns first": lambda t: np.asfortranarray(t.reshape(4, 6)),
    "one number": lambda t: np.array(t[3]),
    "NumPy's number": lambda t: t[3],
    "one": lambda t: t[:1],
    "none": lambda t: t[:0],
    "none in rows": lambda t: t[:0].reshape(3, 0),
    "repeated": lambda t: np.broadcast_to(t[5], (3, 2)),
    "other bytes first": lambda t: t.astype(">f8"),
    "unaligned": lambda t: np.frombuffer(b"x" + t.tobytes(), np.float64, offset=1),
    "objects": lambda t: t.astype(object),
    "list": lambda t: t.tolist(),
    "whole": lambda t: np.array([0, 86400, -86400]),
}
OUTSIDE = {"beyond": [0.0, 1e12], "nan": [0.0, np.nan], "inf": np.inf, "complex": [1j]}


@pytest.mark.parametrize("name", ASKED)
def test_as_one_by_one(name: str) -> None:
    f = ASKED[name]
    shape = np.shape(f(0.0))
    for form, make in FORMS.items():
        times = make(TIMES)
        numbers = np.asarray(times, float)
        single = [f(float(t)) for t in numbers.ravel()]
        right = np.array(single).reshape((*numbers.shape, *shape))
        found = np.asarray(f(times))
        assert found.dtype == np.float64 and found.shape == right.shape, form
        np.testing.assert_array_equal(found, right, err_msg=form)


@pytest.mark.parametrize("name", ASKED)
def test_what_is_no_time(name: str) -> None:
    """Formulas of rotations have no end; ephemerides have."""
    f, ends = ASKED[name], name in ("position", "velocity", "acceleration", "state")
    for what, times in OUTSIDE.items():
        if what != "beyond" or ends:
            with pytest.raises(ty.TaylorError):
                f(times)
    with pytest.raises(ty.TaylorError):
        f(np.array([True, False]))
