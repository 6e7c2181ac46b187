"""Writing trajectories."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from taylor.scenario.bodies import COLUMNS
from taylor.scenario.run import Run
from taylor.scenario.scenario import Scenario
from taylor.scenario.section import ScenarioError

TRAJECTORY_KINDS = (".csv", ".npz")
PLOT_KINDS = (".png", ".svg", ".pdf")


def check_target(path: Path, kinds: tuple[str, ...]) -> None:
    """Raise ScenarioError, before anything is computed, if `path` could not be written later."""
    if path.suffix.lower() not in kinds:
        raise ScenarioError(f"cannot write {path}: the name must end in {' or '.join(kinds)}")
    if not path.parent.is_dir():
        raise ScenarioError(f"cannot write {path}: there is no folder {path.parent}; make it first")
    if path.is_dir():
        raise ScenarioError(f"cannot write {path}: it is a folder")


def write_trajectory(path: Path, scenario: Scenario, run: Run) -> None:
    """Write a run, as CSV (a file of bodies, so that it can start another run) or NPZ.

    NPZ holds `times` (k,), `states` (k, bodies, 6), `bodies` (names), `gm` (bodies,), `units`
    (length, time); numbers of either can be read back without loss.
    """
    try:
        if path.suffix.lower() == ".npz":
            np.savez_compressed(
                path,
                times=run.times,
                states=run.states,
                bodies=np.array(scenario.names),
                gm=np.array([body.gm for body in scenario.bodies]),
                units=np.array([scenario.units.length, scenario.units.time]),
            )
            return
        with path.open("w", newline="", encoding="utf-8") as file:
            length, time = scenario.units.length, scenario.units.time
            title = scenario.title.replace("\n", " ")
            file.write(
                f"# {title}\n"
                f"# Units: {length}, {length}/{time}, {length}^3/{time}^2; times in {time}.\n"
            )
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for moment, states in zip(run.times.tolist(), run.states.tolist(), strict=True):
                for body, state in zip(scenario.bodies, states, strict=True):
                    writer.writerow([f"{moment:.17g}", body.name, body.gm, *state])
    except OSError as error:
        raise ScenarioError(f"cannot write {path}: {error.strerror or error}") from None
