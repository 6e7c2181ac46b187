"""SciPy: Taylor series as a method of its integrators, all events, and machine code for its
functions.

SciPy is imported when `taylor.scipy` is first looked at.
"""

from __future__ import annotations

try:
    import scipy as _scipy  # noqa: F401
except ImportError as error:  # pragma: no cover - SciPy is there where this is tested
    from taylor.displays.tables import MissingPackageError

    raise MissingPackageError("ty.scipy needs SciPy: pip install 'taylor-jit[scipy]'") from error

from taylor.bridges.scipy.low_level import low_level_callable as low_level_callable
from taylor.bridges.scipy.optimize import curve_jacobian as curve_jacobian
from taylor.bridges.scipy.optimize import value_and_derivatives as value_and_derivatives
from taylor.bridges.scipy.optimize import value_and_jacobian as value_and_jacobian
from taylor.bridges.scipy.optimize import weighted_hessian as weighted_hessian
from taylor.bridges.scipy.solver import Taylor as Taylor
from taylor.bridges.scipy.solving import solve_ivp as solve_ivp
