"""The command `taylor`: scenarios, examples, and facts about this installation."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence, Sized
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

SPACECRAFT = """\
a scenario is a TOML file, of a spacecraft about the Earth, in km, s, kg and degrees (it needs the
extra "astrodynamics"):

  [spacecraft]
  name = "SURVEYOR"
  epoch = "2026-03-20T12:00:00"   # UTC unless a scale stands behind it
  elements = { a = 6878.0, e = 0.0012, i = 97.4, node = 10.0, peri = 90.0, M = 0.0 }
  frame = "gcrs"              # or j2000, itrf, teme; or file = "start.opm" for all of these
  mass = 500.0                # instead of elements: position = [..], velocity = [..]

  [forces]
  gravity = { field = "EGM2008", degree = 20, order = 20 }
  rotation = "itrf"           # of the Earth; or uniform, which needs no tables
  bodies = ["sun", "moon"]    # of the ephemeris = "de421" (or "de440", a file)
  drag = { area = 2.5, cd = 2.2, atmosphere = "harris-priester" }
  radiation = { area = 2.5, cr = 1.3, shadow = "penumbra" }
  relativity = true

  [span]
  duration = 86400.0          # or end = "2026-03-21T12:00:00"

  [output]
  every = 60.0
  trajectory = "orbit.oem"    # .oem, .xml (an OEM, too) or .csv
  plot = "orbit.png"
  frame = "gcrs"
"""

EXAMPLE = """\
or of a ready model (cr3bp, two_body, pendulum), in its own units:

  title = "Near the first Lagrange point"

  [model]
  name = "cr3bp"
  mu = 0.012150585
  dimensions = 2
  state = [0.835915, 0.0, 0.0, 0.0]

  [span]
  duration = 12.5

  [output]
  every = 0.05
  trajectory = "run.csv"      # .csv or .npz
  plot = "run.png"            # all states over time, or y over x
  x = "x"
  y = "y"

or of bodies that attract one another:

  title = "Earth and an asteroid"

  [units]                     # required: in which units all numbers below are
  length = "au"               # m, km, au
  time = "day"                # s, min, h, day, year
  mass = "solar"              # kg, earth, jupiter, solar; only where `mass` is used instead of `gm`
  angle = "deg"               # deg, rad; of orbital elements
  axes = "ecliptic"           # equatorial (ICRF), ecliptic, own; how the picture is turned

  [bodies]                    # bodies from a table day,body,gm,x,y,z,vx,vy,vz ...
  file = "bodies.csv"         # relative to the scenario's folder

  [[body]]                    # ... and bodies described here; without gm or mass: massless
  name = "sun"
  mass = 1.0
  position = [0.0, 0.0, 0.0]
  velocity = [0.0, 0.0, 0.0]

  [[body]]
  name = "ceres"
  central = "sun"             # the elements are about this body
  axes = "ecliptic"           # equatorial or ecliptic, of these elements; as in [units] if left out
  elements = { a = 2.77, e = 0.079, i = 10.6, node = 80.3, peri = 73.6, M = 60.1 }  # all six

  [forces]
  relativity = "sun"          # adds this body's first post-Newtonian term

  [span]
  start = 0.0
  duration = 3652.0           # or end = ...; may be negative

  [integration]
  tolerance = 1e-16           # also: order, max_step, max_steps, high_accuracy
  conservation = true         # follow energy and angular momentum (of a Newtonian control run)

  [output]
  every = 10.0                # or times = [30.0, 365.0]
  trajectory = "run.csv"      # .csv or .npz
  plot = "run.png"            # .png, .svg or .pdf; needs the extra "plot"

  [comparison]                # distances in km from states in a file
  file = "ephemeris.csv"
  name = "DE421"
  center = "sun"              # positions are compared relative to this body
  pairs = [["moon", "earth"]] # and one body relative to another
"""

DISTRIBUTION = "taylor-jit"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0, 1 for an interrupted run, 2 for wrong input.

    >>> main(["propagate", "there-is-no-such-file.toml"])
    2
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    from taylor.errors import TaylorError

    try:
        _COMMANDS[options.command](options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has stopped, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except TaylorError as error:
        print(f"taylor {options.command}: {error}", file=sys.stderr)
        return getattr(error, "exit_code", 2)
    except KeyboardInterrupt:
        print(f"taylor {options.command}: interrupted; nothing was written", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="taylor", description="High-order Taylor integration with a just-in-time compiler."
    )
    parser.add_argument("--version", action="version", version=f"taylor {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "propagate",
        help="integrate the bodies of a scenario file",
        description="Integrate the bodies of a scenario file, compare them with an ephemeris, "
        "write and draw their trajectories.",
        epilog=f"{SPACECRAFT}\n{EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("scenario", type=Path, metavar="FILE", help="scenario file (TOML), see below")
    run.add_argument(
        "--output", type=Path, metavar="PATH", help="write the trajectory here, as .csv or .npz"
    )
    run.add_argument(
        "--plot", type=Path, metavar="PATH", help="write the picture here, e.g. as .png"
    )
    run.add_argument("--quiet", action="store_true", help="print errors only")
    shown = commands.add_parser(
        "examples",
        help="list the examples, show or run one",
        description="List the examples; with a name, copy one to a folder and run it there.",
    )
    shown.add_argument("name", nargs="?", metavar="NAME", help="which example to run")
    shown.add_argument("--names", action="store_true", help="print their names alone")
    shown.add_argument("--show", action="store_true", help="print its program instead")
    shown.add_argument(
        "--folder", type=Path, metavar="PATH", help="where to run it (default: taylor_examples)"
    )
    commands.add_parser("info", help="print versions, processor and cache of this installation")
    completed = commands.add_parser(
        "completion",
        help="print what makes a shell complete this command",
        description='For bash: eval "$(taylor completion bash)" in ~/.bashrc; for zsh the same '
        "with zsh in ~/.zshrc; for fish: taylor completion fish | source.",
    )
    completed.add_argument("shell", choices=("bash", "zsh", "fish"))
    return parser


def _version() -> str:
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def propagate(options: argparse.Namespace) -> None:
    """Run a scenario: report to standard output, files as the scenario and the options say."""
    from taylor.scenario import execute, load
    from taylor.scenario.output import PLOT_KINDS, TRAJECTORY_KINDS, check_target, write_trajectory
    from taylor.scenario.report import report
    from taylor.scenario.scenario import parsed

    tables = parsed(options.scenario)
    if "spacecraft" in tables:
        fly(options)
        return
    if "model" in tables:
        run_model(options)
        return
    scenario = load(options.scenario)
    scenario = replace(
        scenario,
        trajectory=options.output or scenario.trajectory,
        plot=options.plot or scenario.plot,
    )
    if scenario.trajectory:
        check_target(scenario.trajectory, TRAJECTORY_KINDS)
    if scenario.plot:
        check_target(scenario.plot, PLOT_KINDS)
    result = execute(scenario, progress=not options.quiet)
    lines = [report(scenario, result), ""]
    if scenario.trajectory:
        write_trajectory(scenario.trajectory, scenario, result.run)
        lines.append(f"trajectory: {scenario.trajectory}")
    if scenario.plot:
        from taylor.scenario.plot import write_plot

        try:
            write_plot(scenario.plot, scenario, result.run)
            lines.append(f"picture: {scenario.plot}")
        except ImportError:
            _no_picture(scenario.plot)
    if not options.quiet:
        print("\n".join(lines).rstrip())
    _say_where(result.run.times, scenario.times, scenario.units.time)


def fly(options: argparse.Namespace) -> None:
    """The same of a spacecraft."""
    from taylor.scenario.flight import read_flight
    from taylor.scenario.flying import (
        FLIGHT_KINDS,
        flight_report,
        in_frame,
        plot_flight,
        write_flight,
    )
    from taylor.scenario.flying import fly as flown_by
    from taylor.scenario.output import PLOT_KINDS, check_target
    from taylor.scenario.scenario import parsed
    from taylor.scenario.section import ScenarioError

    path = options.scenario
    try:
        flight = read_flight(parsed(path), path.parent, path.stem)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {error}") from None
    trajectory, plot = options.output or flight.trajectory, options.plot or flight.plot
    if trajectory:
        check_target(trajectory, FLIGHT_KINDS)
    if plot:
        check_target(plot, PLOT_KINDS)
    flown = flown_by(flight, progress=not options.quiet)
    lines = [flight_report(flight, flown)]
    if trajectory:
        write_flight(trajectory, in_frame(flown.trajectory, flight.frame))
        lines.append(f"trajectory: {trajectory}")
    if plot:
        try:
            plot_flight(plot, flight, flown)
            lines.append(f"picture: {plot}")
        except ImportError:
            _no_picture(plot)
    if not options.quiet:
        print("\n".join(lines))
    _say_where(flown.trajectory.seconds, flight.times, "s")


def run_model(options: argparse.Namespace) -> None:
    """The same of a ready model."""
    from taylor.scenario.ready import read_ready, run_ready
    from taylor.scenario.scenario import parsed
    from taylor.scenario.section import ScenarioError

    path = options.scenario
    try:
        ready = read_ready(parsed(path), path.parent, path.stem)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {error}") from None
    trajectory, plot = options.output or ready.trajectory, options.plot or ready.plot
    try:
        outcome, lines = run_ready(ready, trajectory, plot, progress=not options.quiet)
    except ImportError:
        assert plot is not None
        _no_picture(plot)
        outcome, lines = run_ready(ready, trajectory, None, progress=not options.quiet)
    if not options.quiet:
        print("\n".join(lines))
    assert outcome.states is not None
    _say_where(outcome.states, ready.times, "")


def _say_where(reached: Sized, wanted: Any, unit: str) -> None:
    """Raises Stopped where Ctrl-C has ended a run before all of its times were reached."""
    from taylor.scenario.stops import Stopped

    if len(reached) < len(wanted):
        there = f"{wanted[len(reached) - 1]:.10g} {unit}".rstrip()
        raise Stopped(f"interrupted; what was reached, up to t = {there}, was kept")


def _no_picture(path: Path) -> None:
    print(
        f"taylor propagate: {path} was not drawn: matplotlib is missing; "
        f'install it with: pip install "{DISTRIBUTION}[plot]"',
        file=sys.stderr,
    )


def information() -> str:
    """Versions, LLVM, processor, SIMD width, and the cache of machine code, one fact a line."""
    from taylor_runtime.callables.process import info

    facts = info()
    width = max(len(name) for name in facts)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in facts.items())


def show_examples(options: argparse.Namespace) -> None:
    """List the examples, or show or run one of them."""
    from taylor import gallery

    if options.names:
        print(" ".join(example.name for example in gallery.examples()))
        return
    if options.name is None:
        print(gallery.listing())
        return
    example = gallery.chosen(options.name)
    if options.show:
        print(example.path.read_text(encoding="utf-8"), end="")
        return
    where = gallery.run(example, options.folder or gallery.WORKING)
    print(f"in {where}", file=sys.stderr)


def completion(shell: str) -> str:
    """What a shell evaluates to complete the command's words.

    >>> "complete -F _taylor taylor" in completion("bash")
    True
    """
    parser = _parser()
    (actions,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    options = {
        name: " ".join(word for a in sub._actions for word in a.option_strings if word[:2] == "--")
        for name, sub in actions.choices.items()
    }
    names = " ".join(options)
    if shell == "fish":
        lines = ["complete -c taylor -f"]
        lines += [
            f"complete -c taylor -n __fish_use_subcommand -a {name} -d '{a.help}'"
            for name, a in zip(options, actions._choices_actions, strict=True)
        ]
        seen = "__fish_seen_subcommand_from"
        lines.append(f"complete -c taylor -n '{seen} propagate' -F")
        lines.append(f"complete -c taylor -n '{seen} examples' -a '(taylor examples --names)'")
        for name, words in options.items():
            lines += [
                f"complete -c taylor -n '{seen} {name}' -l {word[2:]}" for word in words.split()
            ]
        return "\n".join(lines)
    cases = "\n".join(
        f'    {name}) words="{words}{_MORE.get(name, "")}" ;;' for name, words in options.items()
    )
    start = "autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else ""
    return f"""{start}_taylor() {{
  local words current="${{COMP_WORDS[COMP_CWORD]}}"
  case "${{COMP_WORDS[1]}}" in
{cases}
    *) words="{names} --help --version" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="{names} --help --version"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ "${{COMP_WORDS[1]}}" = propagate ]; then COMPREPLY+=($(compgen -f -- "$current")); fi
}}
complete -F _taylor taylor"""


_MORE = {"examples": " $(taylor examples --names)", "completion": " bash zsh fish"}
_COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "propagate": lambda options: propagate(options),
    "examples": lambda options: show_examples(options),
    "info": lambda options: print(information()),
    "completion": lambda options: print(completion(options.shell)),
}

if __name__ == "__main__":
    sys.exit(main())
