"""Whether steps are limited by stability rather than by accuracy."""

from __future__ import annotations

import math
import sys
import warnings
from typing import Protocol
from weakref import ref

import numpy as np

from taylor.errors import PACKAGE
from taylor.machines.dense import DenseOutput
from taylor.machines.machine import Machine
from taylor.numbers.precision import leading

LOOK_STEPS = 64  # between looks, at least, and while there is suspicion at most
MOST_WAIT = 1 << 14  # the same after suspicions that were wrong, each of which doubles the wait
LOOKS = 4  # in a row that must say so; rows of terms that die out by underflow are shorter
MISSES = 8  # looks without suspicion that end it
LIMIT_STEPS = 100  # in a propagation that ended at its limit, for a look at its end
STEEP = 0.3  # of the order: |lambda h| from there on is at the boundary of stability
SUSPECT = 0.2  # the same of the last two terms alone, which oscillate with a mode that does
LEAST_STEP = 2.0**-44  # of the time: below, a state that no longer moves is more likely
ROUNDED = 2.0**-22  # of the step: what rounding it to float32 may take away
LEAST_ORDER = 6  # below, short steps are the fault of the order


class StiffnessWarning(RuntimeWarning):
    """Steps are limited by stability, not by accuracy: an implicit method would be faster.

    >>> import warnings, taylor as ty
    >>> x = ty.variable("x")
    >>> ta = ty.Integrator([(x, -1e6 * (x - ty.cos(ty.time)))], [1.0])
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     outcome = ta.propagate_until(1e-1)
    >>> outcome.stiff, {w.category.__name__ for w in caught}
    (True, {'StiffnessWarning'})
    """


def fastest_mode(terms: np.ndarray) -> tuple[float, float]:
    """|lambda h| over the order, and the size, of the mode that the last terms are made of.

    terms: (order + 1,), the sizes of h^n x_n. A mode of size a contributes a |lambda h|^n / n!; the
    upper half of the orders tells both. Each end is the largest of neighbours, because every other
    term may vanish.

    >>> from math import factorial
    >>> ratio, size = fastest_mode(np.array([1e-16 * 8.0**n / factorial(n) for n in range(21)]))
    >>> round(20 * ratio, 9), round(size / 1e-16, 9)
    (8.0, 1.0)
    """
    order = len(terms) - 1
    middle, typical = order // 2, math.log(STEEP * order)
    n = np.arange(order + 1)
    with np.errstate(divide="ignore"):
        logs = np.log(terms) + np.cumsum(np.log(np.maximum(n, 1))) - n * typical
    lower, upper = middle + np.argmax(logs[middle : middle + 2]), order - np.argmax(logs[:-3:-1])
    if not np.isfinite(logs[[lower, upper]]).all():
        return 0.0, 0.0
    rate = float(logs[upper] - logs[lower]) / float(upper - lower)
    return STEEP * math.exp(rate), math.exp(float(logs[upper] - upper * rate))


def relative_terms(dense: DenseOutput, step: float, floors: np.ndarray | None) -> np.ndarray:
    """The sizes of h^n x_n of a recorded step, (order + 1,), in the norm of the step control."""
    coefficients = leading(dense.coefficients[0], dense.precision).astype(np.float64)
    powers = (step / float(dense.scales[0])) ** np.arange(len(coefficients))
    terms = np.abs(coefficients) * powers[:, None]
    size = np.maximum(terms[0], terms[1])
    size = size.max() if floors is None else floors + size
    with np.errstate(divide="ignore", invalid="ignore"):
        largest: np.ndarray = np.nan_to_num(terms / size).max(axis=1)
    return largest


class Watched(Protocol):
    """What is asked of the trajectory that is watched."""

    order: int
    tol: float
    _machine: Machine

    @property
    def time(self) -> float: ...

    @property
    def max_step(self) -> float: ...

    @property
    def dense(self) -> DenseOutput: ...


class StiffnessWatch:
    """Looks now and then, between slices of machine code, whether steps are limited by stability.

    Where accuracy limits a step h, the solution's own terms h^n x_n fall from some size at low
    orders to the tolerance at the last: like (h / rho)^n with h / rho near e^-2, or like
    |omega h|^n / n! with |omega h| about 1.  Where stability does, the last terms are those of a
    mode that is kept at the level of the tolerance or below, for it decays: |lambda h|^n / n! from
    so low a start reaches the tolerance at the last order only if |lambda h| is near the boundary
    of stability of the Taylor polynomial, 0.35 to 0.5 times the order.  So stiffness is seen by
    rate and size of the mode that the last terms are made of; a mode that is faster than the rest
    but larger than the tolerance has to be resolved.

    What the step loop leaves, the sizes of the last two coefficients, raises a suspicion; only then
    the series is looked at.
    """

    def __init__(self, integrator: Watched) -> None:
        self._watched = ref(integrator)  # whose memory is free as soon as nobody has it
        self.warned = False
        self.begin()

    @property
    def integrator(self) -> Watched:
        """The trajectory that is watched, which has this."""
        found = self._watched()
        assert found is not None
        return found

    def begin(self) -> None:
        """A propagation begins."""
        self.stiff = self.suspicious = False
        self.looks = self.misses = self.looked = self.retracted = 0
        self.wait = LOOK_STEPS

    def look(self) -> None:
        """One look, if the last is some steps ago; warns once when several in a row agree."""
        steps = self.integrator._machine.control.steps
        if self.stiff or steps - self.looked < self.wait:
            return
        taken, self.looked = steps - self.looked, steps
        if not self._is_suspect() or self._retracted() > taken:
            self.misses += 1
            if self.misses == MISSES or not self.looks:
                self.suspicious, self.looks = False, 0
            return
        self.misses = 0
        if self.suspicious:  # not for the first time
            if self._is_stiff():
                self.looks, self.wait = self.looks + 1, LOOK_STEPS
            else:
                self.looks, self.wait = 0, min(2 * self.wait, MOST_WAIT)
        self.suspicious = self.looks > 0 or not self.suspicious
        if self.looks >= LOOKS:
            self._warn()

    def pass_over(self, steps: int, retracted: int) -> None:
        """A driver's look after so many steps, that saw nothing."""
        self.looked, self.retracted, self.misses = steps, retracted, 1

    def look_at_end(self) -> None:
        """One look that has to do, as the allowed steps are used up."""
        enough = self.integrator._machine.control.steps >= LIMIT_STEPS
        if enough and not self.stiff and self._is_suspect() and self._is_stiff():
            self._warn()

    def _retracted(self) -> int:
        """How many steps were taken back since it was asked last: of many, the check decides."""
        before, self.retracted = self.retracted, self.integrator._machine.control.retracted
        return self.retracted - before

    def _is_suspect(self) -> bool:
        """Whether the ratio of the last two terms is that of a fast mode, and decided the step."""
        integrator, control = self.integrator, self.integrator._machine.control
        step = abs(control.step)
        decided = abs(step - control.estimate) <= ROUNDED * step
        if not step or not decided or step >= integrator.max_step:
            return False  # the state was just set, or not the series decided about the step
        if step < LEAST_STEP * abs(control.time):
            return False
        last, before = control.last_size * step, control.last_size_but_one
        return last >= SUSPECT * before * control.step_scale and last > 0

    def _is_stiff(self) -> bool:
        integrator = self.integrator
        if integrator.order < LEAST_ORDER:
            return False
        dense, step = integrator.dense, abs(integrator._machine.last)
        ratio, size = fastest_mode(relative_terms(dense, step, integrator._machine.floors()))
        return ratio >= STEEP and size <= max(integrator.tol, dense.precision.epsilon)

    def _warn(self) -> None:
        self.stiff, self.suspicious = True, False
        if self.warned:
            return
        self.warned = True
        step = abs(self.integrator._machine.last)
        warnings.warn(
            f"the steps near t = {self.integrator.time:.6g} (about {step:.3g}) are limited by "
            "stability, not by accuracy: the problem is stiff, and an implicit method such as "
            'scipy.integrate.solve_ivp(..., method="Radau") will be faster',
            StiffnessWarning,
            stacklevel=_level_of_user(),
        )


def _level_of_user() -> int:
    """The stack level, as `_warn` counts it, of the innermost call from outside the package."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame, level = frame.f_back, level + 1
    return level
