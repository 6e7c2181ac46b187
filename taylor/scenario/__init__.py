"""Scenarios: propagations of bodies described in a TOML file, as `taylor propagate` runs them."""

from taylor.scenario.run import Result as Result
from taylor.scenario.run import Run as Run
from taylor.scenario.run import execute as execute
from taylor.scenario.scenario import Scenario as Scenario
from taylor.scenario.scenario import load as load
from taylor.scenario.section import ScenarioError as ScenarioError
