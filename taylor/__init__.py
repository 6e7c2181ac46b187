"""High-order Taylor-mode automatic differentiation with an LLVM just-in-time compiler.

>>> import taylor as ty
>>> x, v = ty.variables("x v")
>>> ty.diff(x * v**2, v)
2*x*v
"""

from __future__ import annotations

import gc
from types import ModuleType
from typing import TYPE_CHECKING

# What is imported stays: to look for garbage in it again and again takes a fifth of the time.
_collects = gc.isenabled()
gc.disable()
try:
    import taylor.definitions.singular
    import taylor.ensembles.solutions  # noqa: F401 - functions of many solutions find it there
    from taylor import astrodynamics as astrodynamics
    from taylor import functions as functions
    from taylor.adjoints.gradient import Gradient as Gradient
    from taylor.adjoints.gradient import gradient_through as gradient_through
    from taylor.adjoints.means import MeanGradient as MeanGradient
    from taylor.adjoints.means import mean_gradient_through as mean_gradient_through
    from taylor.bridges.sympy import from_sympy as from_sympy
    from taylor.bridges.sympy import to_sympy as to_sympy
    from taylor.control.branches import checkpoint as checkpoint
    from taylor.control.branches import cond as cond
    from taylor.control.branches import switch as switch
    from taylor.control.loops import fori_loop as fori_loop
    from taylor.control.loops import scan as scan
    from taylor.control.loops import while_loop as while_loop
    from taylor.definitions.custom import custom_derivative as custom_derivative
    from taylor.definitions.custom import stop_gradient as stop_gradient
    from taylor.definitions.implicit import implicit as implicit
    from taylor.definitions.removable import removable as removable
    from taylor.definitions.solutions import fixed_point as fixed_point
    from taylor.definitions.solutions import root as root
    from taylor.definitions.tables import chebyshev as chebyshev
    from taylor.definitions.tables import piecewise as piecewise
    from taylor.definitions.tables import spline as spline
    from taylor.definitions.user import register_function as register_function
    from taylor.displays.tables import MissingPackageError as MissingPackageError
    from taylor.ensembles.ensemble import ensemble as ensemble
    from taylor.ensembles.outcome import EnsembleOutcome as EnsembleOutcome
    from taylor.ensembles.outcome import EnsembleRecords as EnsembleRecords
    from taylor.errors import ArgumentError as ArgumentError
    from taylor.errors import ArgumentTypeError as ArgumentTypeError
    from taylor.errors import DifferentiationWarning as DifferentiationWarning
    from taylor.errors import FormatError as FormatError
    from taylor.errors import ItemError as ItemError
    from taylor.errors import ProgramError as ProgramError
    from taylor.errors import ShapeError as ShapeError
    from taylor.errors import TaylorError as TaylorError
    from taylor.errors import TracingError as TracingError
    from taylor.errors import UnsupportedFunctionError as UnsupportedFunctionError
    from taylor.expressions.arrays.assignment import zeros as zeros
    from taylor.expressions.evaluate import evaluate as evaluate
    from taylor.expressions.expression import Expression as Expression
    from taylor.expressions.leaves import concatenate as concatenate
    from taylor.expressions.leaves import constant as constant
    from taylor.expressions.leaves import parameter as parameter
    from taylor.expressions.leaves import parameters as parameters
    from taylor.expressions.leaves import pi as pi
    from taylor.expressions.leaves import stack as stack
    from taylor.expressions.leaves import time as time
    from taylor.expressions.leaves import variable as variable
    from taylor.expressions.leaves import variables as variables
    from taylor.expressions.substitute import substitute as substitute
    from taylor.functions.airy import *  # noqa: F403
    from taylor.functions.apply import prod as prod
    from taylor.functions.apply import sum as sum
    from taylor.functions.apply import where as where
    from taylor.functions.bessel import *  # noqa: F403
    from taylor.functions.beta_family import *  # noqa: F403
    from taylor.functions.combined import *  # noqa: F403
    from taylor.functions.elliptic import *  # noqa: F403
    from taylor.functions.exponential import *  # noqa: F403
    from taylor.functions.gamma_family import *  # noqa: F403
    from taylor.functions.hyperbolic import *  # noqa: F403
    from taylor.functions.incomplete_gamma import *  # noqa: F403
    from taylor.functions.integrals import *  # noqa: F403
    from taylor.functions.inverse_error import *  # noqa: F403
    from taylor.functions.kepler import *  # noqa: F403
    from taylor.functions.lambert import *  # noqa: F403
    from taylor.functions.network import *  # noqa: F403
    from taylor.functions.piecewise import *  # noqa: F403
    from taylor.functions.powers import *  # noqa: F403
    from taylor.functions.riemann import *  # noqa: F403
    from taylor.functions.scaled_error import *  # noqa: F403
    from taylor.functions.shifted import log_softmax as log_softmax
    from taylor.functions.shifted import logsumexp as logsumexp
    from taylor.functions.shifted import softmax as softmax
    from taylor.functions.special import *  # noqa: F403
    from taylor.functions.trigonometric import *  # noqa: F403
    from taylor.integrator.integrator import Integrator as Integrator
    from taylor.integrator.outcome import Outcome as Outcome
    from taylor.integrator.outcome import Status as Status
    from taylor.integrator.stiffness import StiffnessWarning as StiffnessWarning
    from taylor.language.explain import explain as explain
    from taylor.language.program import program as program
    from taylor.machines.arrivals import SolutionError as SolutionError
    from taylor.machines.crossing import UndefinedDerivativesError as UndefinedDerivativesError
    from taylor.machines.dense import DenseOutput as DenseOutput
    from taylor.machines.dense import ExtrapolationError as ExtrapolationError
    from taylor.nodes.arrays import matmul as matmul
    from taylor.numbers.precision import from_mpmath as from_mpmath
    from taylor.numbers.precision import to_mpmath as to_mpmath
    from taylor.points.derivatives import derivatives as derivatives
    from taylor.points.formula import Function as Function
    from taylor.points.formula import compile as compile
    from taylor.points.jets import derivative as derivative
    from taylor.points.jets import jet as jet
    from taylor.points.partials import Derivatives as Derivatives
    from taylor.polynomials.polynomial import Polynomial as Polynomial
    from taylor.programs import smooth as smooth
    from taylor.programs.batching import vmap as vmap
    from taylor.programs.expectations import expectation as expectation
    from taylor.programs.expectations import expectation_grad as expectation_grad
    from taylor.programs.gradients import grad as grad
    from taylor.programs.gradients import hvp as hvp
    from taylor.programs.gradients import value_and_grad as value_and_grad
    from taylor.programs.jacobians import hessian as hessian
    from taylor.programs.jacobians import jacfwd as jacfwd
    from taylor.programs.jacobians import jacobian as jacobian
    from taylor.programs.jacobians import jacrev as jacrev
    from taylor.programs.jit import jit as jit
    from taylor.programs.products import jvp as jvp
    from taylor.programs.products import linearize as linearize
    from taylor.programs.products import vjp as vjp
    from taylor.systems.events import Crossings as Crossings
    from taylor.systems.events import Event as Event
    from taylor.systems.impulses import Impulse as Impulse
    from taylor.systems.system import EquationsError as EquationsError
    from taylor.systems.system import SystemError as SystemError
    from taylor.systems.variational import Variational as Variational
    from taylor.systems.variational import variational as variational
    from taylor.transforms.differentiate import diff as diff
    from taylor.transforms.differentiate import grad_expressions as grad_expressions
    from taylor_runtime.callables.process import prepare

    prepare()
finally:
    if _collects:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()  # all there is counts as old, and is not looked at now
        gc.enable()

# NumPy's names of functions that have another one here.
_NUMPY_NAMES = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "absolute": "abs",
    "gammaln": "lgamma",
    "psi": "digamma",
    "expit": "sigmoid",
}

if TYPE_CHECKING:
    from taylor import models as models
    from taylor import sensitivities as _sensitivities
    from taylor.bridges import jax as jax
    from taylor.bridges import scipy as scipy
    from taylor.bridges import torch as torch
    from taylor.solutions.solution import Solution as Solution

    analysis = _sensitivities
    __version__: str
else:  # a type checker knows the names, and refuses all others

    def __getattr__(name: str) -> str | type | ModuleType:
        """What few programs use is loaded when it is first asked for."""
        if name == "analysis":
            import taylor.sensitivities as found
        elif name == "models":
            import taylor.models as found
        elif name == "Solution":
            from taylor.solutions.solution import Solution as found
        elif name == "jax":
            from taylor.bridges import jax as found
        elif name == "scipy":
            from taylor.bridges import scipy as found
        elif name == "torch":
            from taylor.bridges import torch as found
        elif name == "__version__":
            from importlib.metadata import version

            found = version("taylor-jit")
        else:
            raise AttributeError(f"module 'taylor' has no attribute {name!r}{_meant(name)}")
        globals()[name] = found
        return found


def _meant(name: str) -> str:
    """A hint to the public name that somebody may have meant."""
    if name in _NUMPY_NAMES:
        return f"; did you mean ty.{_NUMPY_NAMES[name]}?"
    from taylor.errors import meant

    return meant(name, __dir__(), "ty.")


def __dir__() -> list[str]:
    own = (
        name
        for name, value in globals().items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name not in _NO_NAMES
    )
    return sorted({*own, *_MODULES, "Solution", "__version__"})


_MODULES = ("analysis", "astrodynamics", "functions", "models", "smooth")
_NO_NAMES = frozenset(("annotations", "ModuleType", "TYPE_CHECKING", "prepare"))
