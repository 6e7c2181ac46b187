"""Expectations over random numbers, which are inputs, with derivatives and with their variances.

The same random numbers, whatever the parameters are (common random numbers), make an estimate a
function of the parameters: differences of estimates are as smooth as the function.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from taylor.control.tracing import Value, value_of
from taylor.definitions.custom import stop_gradient
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.programs.batching import vmap
from taylor.programs.gradients import grad
from taylor.programs.program import Program

Function = Callable[..., Any]


def expectation(
    fun: Function, sample: Function | None = None, log_density: Function | None = None
) -> Program[..., Any]:
    """Return a function of (parameters, noise) that gives an estimate of the expectation of `fun`
    and the variance of that estimate.

    fun: of (parameters, z), a number that is smooth in the parameters: the *pathwise* estimator.
        With `sample` and `log_density` of (parameters, x): the *score-function* estimator, for
        what jumps in x, as a branch or a count.
    sample: of (parameters, z), gives x; it is not differentiated.
    log_density: of (parameters, x), the logarithm of the density or the probability of x.
    noise: random numbers of your own, arrays (or containers of them) whose first axis has at least
        two rows, a row z for each sample.

    The estimate is a mean over samples, and its derivatives of every order are estimates of those
    of the expectation.  Of the score function that is by factors exp(log p - stop(log p)), whose
    value is 1 (Foerster et al. 2018, "DiCE"), and each sample is compared with the mean of all
    others, which lowers the variance and leaves the expectation as it is.
    The variance is the unbiased one of the samples' values, divided by their number;
    `taylor.expectation_grad` has that of gradients.

    >>> import numpy as np, taylor as ty
    >>> z = np.random.default_rng(0).normal(size=4000)
    >>> square = ty.expectation(lambda m, z: (m + z) ** 2)  # of x ~ N(m, 1): m**2 + 1
    >>> value, variance = square(2.0, z)
    >>> bool(abs(value - 5) < 3 * np.sqrt(variance))
    True
    """
    build = partial(_estimate, fun, sample, log_density)
    return Program("expectation", _together(fun, sample, log_density), build)


def expectation_grad(
    fun: Function, sample: Function | None = None, log_density: Function | None = None
) -> Program[..., Any]:
    """Return a function of (parameters, noise) that gives the gradient of the expectation of `fun`
    by its parameters and the variances of its components, in their structure.

    Arguments are those of `taylor.expectation`.

    >>> import numpy as np, taylor as ty
    >>> z = np.random.default_rng(0).uniform(size=4000)
    >>> def won(p, x):  # 3 with the probability p, else 1
    ...     return np.where(x > 0.5, 3.0, 1.0)
    >>> def drawn(p, z):
    ...     return np.where(z < p, 1.0, 0.0)
    >>> def log_probability(p, x):
    ...     return np.log(np.where(x > 0.5, p, 1 - p))
    >>> slope, variance = ty.expectation_grad(won, drawn, log_probability)(0.3, z)
    >>> bool(abs(slope - 2) < 3 * np.sqrt(variance))
    True
    """
    build = partial(_slopes, fun, sample, log_density)
    return Program("expectation_grad", _together(fun, sample, log_density), build)


def _together(fun: Any, sample: Any, log_density: Any) -> Function:
    """One function that has all three in it, so that all are looked at for changes."""
    for name, one in (("fun", fun), ("sample", sample), ("log_density", log_density)):
        if not callable(one) and (name == "fun" or one is not None):
            raise ArgumentTypeError(f"expectation: {name}={one!r} is not a function")
    if (sample is None) != (log_density is None):
        raise ArgumentError(
            "expectation: the score function takes sample= and log_density=, the pathwise "
            "estimator none of them"
        )

    def estimator(params: Any, noise: Any) -> Any:
        return fun, sample, log_density

    estimator.__module__ = getattr(fun, "__module__", estimator.__module__)
    estimator.__name__ = getattr(fun, "__name__", type(fun).__name__)
    return estimator


def _of_each(
    fun: Any, sample: Any, log_density: Any, params: Any, noise: Any
) -> tuple[Function, tuple[Any, ...]]:
    """A function of the parameters and of what belongs to one sample, whose mean over the samples
    is the estimate, in its value and in all derivatives; and what belongs to them.
    """
    if sample is None:
        return fun, (noise,)
    drawn = stop_gradient(vmap(sample, (None, 0))(params, noise))
    values = stop_gradient(vmap(fun, (None, 0))(params, drawn))
    others = (values.sum() - values) / (values.shape[0] - 1)

    def one(own: Any, x: Any, other: Any) -> Any:
        score = log_density(own, x)
        return other + (fun(own, x) - other) * np.exp(score - stop_gradient(score))

    return one, (drawn, others)


def _count(noise: Any) -> int:
    """How many samples there are."""
    given = value_of("expectation: noise", noise)
    counts = {shape[0] if shape else 0 for _, shape in given.kinds}
    if len(counts) != 1 or min(counts) < 2:
        raise ArgumentError(
            f"expectation: noise is {given}; give arrays with at least two rows, a row for each "
            "sample"
        )
    return counts.pop()


def _estimate(fun: Any, sample: Any, log_density: Any, /, params: Any, noise: Any) -> Any:
    _count(noise)
    one, given = _of_each(fun, sample, log_density, params, noise)
    found = vmap(one, (None, *[0] * len(given)))(params, *given)
    if getattr(found, "ndim", None) != 1:
        raise ArgumentTypeError("expectation: fun has to return a single number")
    return _mean(found), _spread(found)


def _slopes(fun: Any, sample: Any, log_density: Any, /, params: Any, noise: Any) -> Any:
    _count(noise)
    one, given = _of_each(fun, sample, log_density, params, noise)
    found = vmap(grad(one), (None, *[0] * len(given)))(params, *given)
    each: Value = value_of("expectation_grad: the gradient", found)
    means, spreads = ([f(x) for x in each.leaves] for f in (_mean, _spread))
    return each.tree.build(means), each.tree.build(spreads)


def _mean(values: Any) -> Any:
    return np.sum(values, axis=0) / values.shape[0]


def _spread(values: Any) -> Any:
    """The unbiased variance of the mean of independent values."""
    count = values.shape[0]
    return np.sum((values - _mean(values)) ** 2, axis=0) / (count * (count - 1))
