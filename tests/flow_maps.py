"""Maps of solutions with closed forms, for tests of flows' machine code.

Scalar equations whose solutions are known are put side by side and mixed by a matrix: u = A x,
with x_i' = f_i(x_i, t).  The map of u in the displacements of its start is then known, too: x_i is
the series of a function of one variable in a linear form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

import taylor as ty
from taylor.recurrences.lowered import lowered
from taylor.systems.system import make_system
from taylor_runtime.callables.stepper import Stepper, StepperOptions, build_flow
from taylor_runtime.callables.trajectory import StepMemory
from taylor_runtime.program.monomials import Monomials
from taylor_runtime.program.program import Input

ORDER = 20


@dataclass(frozen=True)
class Scalar:
    """x' = right(x, t), the solution as a function of start and time, and where to start."""

    name: str
    right: Callable[[Any, Any], Any]
    solution: Callable[[Any, Any], Any]
    start: float


SCALARS = (
    Scalar("square", lambda x, t: x**2, lambda x, t: x / (1 - x * t), 0.7),
    Scalar("root", lambda x, t: 1 / x, lambda x, t: mpmath.sqrt(x**2 + 2 * t), 1.2),
    Scalar(
        "power",
        lambda x, t: x**-0.5,
        lambda x, t: (x ** mpmath.mpf(1.5) + 1.5 * t) ** (mpmath.mpf(2) / 3),
        0.9,
    ),
    Scalar("exp", lambda x, t: ty.exp(-x), lambda x, t: mpmath.log(mpmath.exp(x) + t), 0.3),
    Scalar(
        "sin",
        lambda x, t: ty.sin(x),
        lambda x, t: 2 * mpmath.atan(mpmath.tan(x / 2) * mpmath.exp(t)),
        0.8,
    ),
    Scalar("time", lambda x, t: x * ty.cos(t), lambda x, t: x * mpmath.exp(mpmath.sin(t)), 1.1),
    Scalar("rest", lambda x, t: 0 * x, lambda x, t: x, 0.4),
    Scalar("drift", lambda x, t: t + 0 * x, lambda x, t: x + t * t / 2, 0.6),
)
BY_NAME = {one.name: one for one in SCALARS}


@dataclass(frozen=True)
class Mixed:
    """Scalar equations, mixed: u = matrix x."""

    scalars: tuple[Scalar, ...]
    matrix: np.ndarray

    @classmethod
    def of(cls, names: Sequence[str], seed: int) -> Mixed:
        random = np.random.default_rng(seed)
        count = len(names)
        matrix = np.eye(count) + random.integers(-3, 4, (count, count)) / 16
        return cls(tuple(BY_NAME[name] for name in names), matrix)

    def system(self) -> list[tuple[ty.Expression, ty.Expression]]:
        u = [ty.variable(f"u{i}") for i in range(len(self.scalars))]
        inverse = np.linalg.inv(self.matrix)
        x = [sum(float(c) * one for c, one in zip(row, u, strict=True)) for row in inverse]
        right = [one.right(value, ty.time) for one, value in zip(self.scalars, x, strict=True)]
        mixed = [
            sum(float(c) * one for c, one in zip(row, right, strict=True)) for row in self.matrix
        ]
        return list(zip(u, mixed, strict=True))

    def start(self) -> np.ndarray:
        return self.matrix @ np.array([one.start for one in self.scalars])

    def map(self, among: Monomials, time: float) -> np.ndarray:
        """Coefficients by state and monomial: of u(time) in the displacements of u(0)."""
        with mpmath.workdps(40):
            inverse = mpmath.matrix(np.linalg.inv(self.matrix).tolist())
            start = inverse * mpmath.matrix(self.start().tolist())
            count, t = len(self.scalars), mpmath.mpf(time)
            found = mpmath.zeros(count, among.size)
            for i, one in enumerate(self.scalars):
                series = mpmath.taylor(lambda x, one=one: one.solution(x, t), start[i], among.order)
                for k, powers in enumerate(among.exponents.tolist()):
                    degree = sum(powers)
                    ways = mpmath.mpf(math.factorial(degree))
                    for j, power in enumerate(powers):
                        ways *= inverse[i, j] ** power / math.factorial(power)
                    found[i, k] = series[degree] * ways
            mixed = mpmath.matrix(self.matrix.tolist()) * found
            return np.array(mixed.tolist(), dtype=float)


def built(
    system: list[tuple[ty.Expression, ty.Expression]],
    among: Monomials,
    precision: str = "float64",
    order: int = ORDER,
) -> Stepper:
    """The step loop of a system's map; all its parameters vary with the displacements."""
    made = make_system(system, 0)
    inputs = {e: Input("state", (i,)) for i, e in enumerate(made.states)}
    inputs |= {e: Input("jet", (i,)) for i, e in enumerate(made.parameters)}
    program, externals = lowered(made.states, inputs, order, made.derivatives)
    log2_safety = math.log2(math.exp(-2 - 0.7 / (order - 1)))
    options = StepperOptions(log2_safety=log2_safety, precision=precision)
    return build_flow(program, len(made.parameters), among, options, externals)


def run(
    stepper: Stepper,
    among: Monomials,
    start: Sequence[float],
    time: float,
    parameters: Sequence[float] = (),
    varied: Sequence[int] | None = None,
) -> np.ndarray:
    """The map after some time, by state and monomial; the first displacements are those of the
    states that are varied, the last ones the parameters'.
    """
    count, size = len(start), among.size
    varied = range(count) if varied is None else varied
    whole = np.zeros((count, size))
    whole[:, 0] = start
    for j, i in enumerate(varied):
        whole[i, 1 + j] = 1
    looked_at = np.repeat([0.0, 1.0], [count, count * (size - 1)])  # derivatives as much as states
    memory = StepMemory(stepper, 1e-6, looked_at)
    for k, value in enumerate(parameters):
        first = len(parameters) + k * size  # behind the numbers of all
        memory.parameters[0, k] = memory.parameters[0, first] = value
        memory.parameters[0, first + 1 + len(varied) + k] = 1
    planes = np.zeros((memory.states.shape[0], count * size))
    planes[0] = np.concatenate([whole[:, 0], whole[:, 1:].ravel()])
    memory.put(planes, (0.0, 0.0))
    memory.end = (time, 0.0)
    memory.control.steps_wanted = -1
    memory.control.max_step = math.inf
    assert memory.run() == 0
    return memory.polynomials()[0]
