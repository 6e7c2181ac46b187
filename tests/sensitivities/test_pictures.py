"""Pictures of results: one style, and what they show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import taylor as ty

pytest.importorskip("matplotlib")
X, V = ty.variables("x v")
PENDULUM = [(X, V), (V, -ty.sin(X))]


def saved(figure: object, path: Path) -> None:
    from matplotlib.figure import Figure

    assert isinstance(figure, Figure) and figure.get_facecolor()[:3] != (1.0, 1.0, 1.0)
    figure.savefig(path)
    assert path.stat().st_size > 5000


def test_every_result_draws_itself(tmp_path: Path) -> None:
    spectrum = ty.analysis.lyapunov_spectrum(PENDULUM, [1.0, 0.0], 20.0)
    saved(spectrum.plot(), tmp_path / "spectrum.png")
    orbit = ty.analysis.periodic_orbit(PENDULUM, [1.0, 0.0], odd=V, fixed=X)
    saved(orbit.plot(), tmp_path / "orbit.png")
    saved(orbit.plot(V, "x"), tmp_path / "orbit2.png")
    family = ty.analysis.continue_family(orbit, 10)
    saved(family.plot(), tmp_path / "family.png")
    saved(family.plot(lambda o: o.period, X), tmp_path / "family2.png")
    found = ty.analysis.uncertainty(PENDULUM, [1.0, 0.0], 3.0, np.diag([0.1, 0.1]))
    saved(found.plot(X, V), tmp_path / "uncertainty.png")
    with pytest.raises(ty.ArgumentError, match="none of the states"):
        found.plot("z")


def test_indicators_are_drawn_by_their_shape(tmp_path: Path) -> None:
    x = np.linspace(0.2, 2.0, 6)
    one = ty.analysis.megno(PENDULUM, [1.0, 0.0], 30.0)
    figure = one.plot()
    saved(figure, tmp_path / "one.png")
    assert len(figure.axes) == 1 and figure.axes[0].get_xlabel() == "time"
    line = ty.analysis.megno(PENDULUM, {X: x, V: 0.0}, 30.0)
    saved(line.plot(x, names=("amplitude", "")), tmp_path / "line.png")
    across, up = np.meshgrid(x, [0.0, 0.1, 0.2], indexing="ij")
    plane = ty.analysis.megno(PENDULUM, {X: across, V: up}, 30.0)
    figure = plane.plot(x, [0.0, 0.1, 0.2])
    saved(figure, tmp_path / "plane.png")
    assert len(figure.axes) == 2  # a bar of colours
