"""The pages of the reference: which names belong together."""

from __future__ import annotations

from dataclasses import dataclass

from _build_tools.names import Name


@dataclass(frozen=True)
class Theme:
    """A page of the reference.

    modules: where its names are defined, or how their modules begin.
    paths: how the names begin that it takes before all others.
    """

    file: str
    title: str
    sentence: str
    modules: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


FUNCTIONS = "functions"
ERRORS = "errors"
THEMES = (
    Theme(
        "expressions",
        "Expressions",
        "Formulae of variables, parameters and time, what is made of them, and what they become.",
        ("taylor.expressions", "taylor.nodes", "taylor.functions.apply", "taylor.transforms",
         "taylor.bridges.sympy"),
    ),
    Theme(
        FUNCTIONS,
        "Elementary functions",
        "Of expressions, numbers, arrays and polynomials, with all their derivatives.",
        ("taylor.functions",),
    ),
    Theme(
        "definitions",
        "Functions of your own",
        "Tables, implicit functions, solutions of equations, derivatives that you know better.",
        ("taylor.definitions",),
    ),
    Theme(
        "points",
        "Derivatives at points",
        "Taylor coefficients, derivatives of high order, compiled functions.",
        ("taylor.points",),
    ),
    Theme(
        "programs",
        "Gradients of programs",
        "Derivatives, batches and machine code of ordinary NumPy functions.",
        ("taylor.programs",),
    ),
    Theme(
        "control",
        "Loops, branches, programs",
        "Control flow that is part of what is compiled and differentiated.",
        ("taylor.control", "taylor.language"),
    ),
    Theme(
        "smooth",
        "Smooth stand-ins",
        "For functions that jump or have a kink, which descent cannot see across.",
        paths=("ty.smooth.",),
    ),
    Theme(
        "polynomials",
        "Truncated polynomials",
        "Polynomials in several variables as values, and maps made of them.",
        ("taylor.polynomials",),
    ),
    Theme(
        "integrator",
        "Differential equations",
        "Integrators, events, jumps, derivatives of solutions, and what comes out.",
        ("taylor.integrator", "taylor.systems", "taylor.machines", "taylor.surfaces"),
    ),
    Theme(
        "solutions",
        "Solutions as functions",
        "Solutions inside other functions, and gradients through them.",
        ("taylor.solutions", "taylor.adjoints"),
    ),
    Theme("ensembles", "Ensembles", "Many trajectories at once.", ("taylor.ensembles",)),
    Theme(
        "analysis",
        "Analysis of solutions",
        "Chaos, periodic orbits and their families, uncertainty.",
        paths=("ty.analysis.",),
    ),
    Theme(
        "precision",
        "Numbers of more digits",
        "Double-doubles in and out.",
        ("taylor.numbers",),
    ),
    Theme("models", "Models", "Ready systems.", paths=("ty.models.",)),
    Theme(
        "astrodynamics",
        "Astrodynamics: orbital elements",
        "Elements and conversions that need nothing else.",
        ("taylor.astrodynamics.elements",),
    ),
    Theme("astrodynamics_times", "Astrodynamics: times", "Instants and their scales.",
          ("taylor.astrodynamics.times",)),
    Theme("astrodynamics_frames", "Astrodynamics: frames", "Axes of the sky and of the Earth.",
          ("taylor.astrodynamics.frames",)),
    Theme("astrodynamics_orbits", "Astrodynamics: orbits",
          "Elements of all kinds, transfers, encounters with planets.",
          ("taylor.astrodynamics.orbits",)),
    Theme("astrodynamics_ephemerides", "Astrodynamics: ephemerides",
          "Where the Sun, Moon and planets are.", ("taylor.astrodynamics.ephemerides",)),
    Theme("astrodynamics_forces", "Astrodynamics: forces", "What moves a spacecraft.",
          ("taylor.astrodynamics.forces",)),
    Theme("astrodynamics_satellites", "Astrodynamics: SGP4", "Catalogues of satellites.",
          ("taylor.astrodynamics.satellites",)),
    Theme("astrodynamics_encounters", "Astrodynamics: encounters",
          "Conjunctions, passes, eclipses, collisions.", ("taylor.astrodynamics.encounters",)),
    Theme("astrodynamics_files", "Astrodynamics: files", "Orbits in and out.",
          ("taylor.astrodynamics.files",)),
    Theme("astrodynamics_determination", "Astrodynamics: orbit determination",
          "Orbits from measurements.", ("taylor.astrodynamics.determination",)),
    Theme("astrodynamics_more", "Astrodynamics: more", "What belongs to several of these.",
          ("taylor.astrodynamics",)),
    Theme("scipy", "Inside SciPy", "Needs the extra `scipy`.", paths=("ty.scipy.",)),
    Theme("jax", "Inside JAX", "Needs the extra `jax`.", paths=("ty.jax.",)),
    Theme("torch", "Inside PyTorch", "Needs the extra `torch`.", paths=("ty.torch.",)),
    Theme(
        ERRORS,
        "Errors and warnings",
        "What can go wrong, by name: every error is a `ty.TaylorError`.",
        ("taylor.errors", "taylor"),
    ),
)  # fmt: skip


def theme_of(name: Name) -> Theme:
    """Where a name belongs; the longest beginning of its module decides."""
    for theme in THEMES:
        if name.path.startswith(theme.paths or ("-",)):
            return theme
    if name.kind == "exception":
        return next(theme for theme in THEMES if theme.file == ERRORS)
    found = [
        (len(module), theme)
        for theme in THEMES
        for module in theme.modules
        if name.module == module or name.module.startswith(f"{module}.")
    ]
    return max(found, key=lambda pair: pair[0])[1]
