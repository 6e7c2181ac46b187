"""Elementary functions: one record each, in files by family, and the public callables of them.

To add a function, add its record to a family, and its name to what that file publishes; tests and
documentation pick it up from the registry (`nodes.registry`; `nodes.record` says what it holds).
"""

from __future__ import annotations

from taylor.functions import (
    airy,
    bessel,
    beta_family,
    combined,
    elliptic,
    exponential,
    gamma_family,
    hyperbolic,
    incomplete_gamma,
    integrals,
    inverse_error,
    kepler,
    lambert,
    network,
    piecewise,
    powers,
    riemann,
    scaled_error,
    special,
    trigonometric,
)
from taylor.functions.airy import *  # noqa: F403
from taylor.functions.apply import apply as apply
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

__all__ = ["log_softmax", "logsumexp", "prod", "softmax", "sum", "where"]
__all__ += airy.__all__
__all__ += bessel.__all__
__all__ += beta_family.__all__
__all__ += combined.__all__
__all__ += elliptic.__all__
__all__ += exponential.__all__
__all__ += gamma_family.__all__
__all__ += hyperbolic.__all__
__all__ += incomplete_gamma.__all__
__all__ += integrals.__all__
__all__ += inverse_error.__all__
__all__ += kepler.__all__
__all__ += lambert.__all__
__all__ += network.__all__
__all__ += piecewise.__all__
__all__ += powers.__all__
__all__ += scaled_error.__all__
__all__ += special.__all__
__all__ += trigonometric.__all__
__all__ += riemann.__all__
