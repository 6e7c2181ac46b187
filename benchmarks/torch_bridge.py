"""Our functions, layers and solutions inside PyTorch, beside its own, and what the bridge costs.

Run with ``python -m benchmarks.torch_bridge``; it takes a minute, and needs PyTorch; torchdiffeq is
compared where it is there.  Both sides have one thread and float64.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import torch

import taylor as ty
from benchmarks.harness import heading, publish, table
from benchmarks.versions import own_versions, version

ROUNDS = 25
SHORTEST = 2e-3  # seconds of calls in a round
ASKED = 60.0  # microseconds beyond the solution, forward and backward
Call = Callable[[], Any]


class Beside(NamedTuple):
    """A calculation on both sides, forward and backward.

    own, theirs: give the results, of which the sum is differentiated by the inputs.
    """

    name: str
    own: Call
    theirs: Call
    inputs: Sequence[torch.Tensor]


# --- time ----------------------------------------------------------------------------------------


def seconds(calls: Sequence[Call]) -> list[float]:
    """Medians of the time of each call; the calls take turns."""
    counts = []
    for call in calls:
        for _ in range(3):
            call()
        began, count = time.thread_time(), 0
        while time.thread_time() < began + SHORTEST:
            call()
            count += 1
        counts.append(count)
    found: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, count, times in zip(calls, counts, found, strict=True):
            began = time.thread_time()
            for _ in range(count):
                call()
            times.append((time.thread_time() - began) / count)
    return [statistics.median(times) for times in found]


def shown(time: float) -> str:
    return f"{1e6 * time:.1f}"


# --- solutions -----------------------------------------------------------------------------------


def pendulum() -> tuple[ty.Integrator, ty.Solution]:
    x, v = ty.variables("x v")
    k = ty.parameter("k")
    system = [(x, v), (v, -k * ty.sin(x))]
    ta = ty.Integrator(system, [0.05, 0.025], parameters={k: 9.8})
    return ta, ta.as_function(inputs=[x, v, k], outputs=[x, v], until=10.0)


class Nothing(torch.autograd.Function):
    """What PyTorch takes by itself for functions that are written in Python."""

    @staticmethod
    def forward(ctx: Any, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        ctx.save_for_backward(*inputs)
        return inputs[0].clone(), inputs[1].clone()

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return ctx.saved_tensors


def solutions() -> tuple[str, list[list[str]]]:
    """A pendulum over 10 s: alone, and through the bridge."""
    ta, solution = pendulum()
    bridged = ty.torch.function(solution)
    numbers = 0.05, 0.025, 9.8
    plain = [torch.tensor(x, dtype=torch.float64) for x in numbers]
    given = [x.clone().requires_grad_() for x in plain]
    weight = torch.ones((), dtype=torch.float64)

    def alone() -> None:
        ta.state[:] = 0.05, 0.025
        ta.time = 0.0
        ta.propagate_until(10.0)

    calls: dict[str, Call] = {
        "the integrator": alone,
        "the solution, of numbers": lambda: solution(*numbers),
        "the same, of tensors": lambda: bridged(*plain),
        "value and gradient, of numbers": lambda: solution.vjp(numbers, (1.0, 0.0)),
        "forward and backward, of tensors": lambda: torch.autograd.grad(
            bridged(*given)[0], given, weight
        ),
        "a function of PyTorch's that does nothing, likewise": lambda: torch.autograd.grad(
            Nothing.apply(*given)[0], given, weight
        ),
    }
    times = seconds(list(calls.values()))
    rows = [[name, shown(t)] for name, t in zip(calls, times, strict=True)]
    beyond = 1e6 * (times[4] - times[3])
    verdict = (
        f"Forward {1e6 * (times[2] - times[1]):.1f} us beyond the solution of numbers, forward "
        f"and backward {beyond:.1f} us beyond value and gradient of numbers (asked for: at most "
        f"{ASKED:g})."
    )
    if find_spec("torchdiffeq"):
        rows.append(["torchdiffeq, dopri8 at 1e-12, forward and backward", shown(peer(given))])
    return verdict, rows


def peer(given: Sequence[torch.Tensor]) -> float:
    """The same by torchdiffeq, through its steps."""
    from torchdiffeq import odeint

    times = torch.tensor([0.0, 10.0], dtype=torch.float64)

    def call() -> Any:
        x, v, k = given

        def right(t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return torch.stack([y[1], -k * torch.sin(y[0])])

        y = odeint(right, torch.stack([x, v]), times, method="dopri8", rtol=1e-12, atol=1e-12)
        return torch.autograd.grad(y[-1, 0], given)

    call()
    found = []
    for _ in range(5):
        began = time.thread_time()
        call()
        found.append(time.thread_time() - began)
    return statistics.median(found)


# --- functions and layers ------------------------------------------------------------------------


def functions() -> list[Beside]:
    """A formula at many points: compiled, it is one pass over them."""
    own = ty.torch.function(ty.compile(lambda x, k: ty.sin(k * x) * ty.exp(-(x**2)) / (1 + x**4)))
    found = []
    for count in (1, 1000, 100_000):
        x = torch.linspace(-2, 2, count, dtype=torch.float64).requires_grad_()
        k = torch.full((count,), 1.5, dtype=torch.float64).requires_grad_()

        def theirs(x: torch.Tensor = x, k: torch.Tensor = k) -> torch.Tensor:
            return torch.sin(k * x) * torch.exp(-(x**2)) / (1 + x**4)

        name = f"sin(k x) exp(-x^2) / (1 + x^4), {count} points"
        found.append(Beside(name, lambda x=x, k=k: own(x, k), theirs, (x, k)))
    return found


def layers() -> list[Beside]:
    """A network, which PyTorch has from its own layers and we from NumPy's operators."""

    def network(x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        return np.tanh(x @ w1.T + b1) @ w2.T + b2

    theirs = torch.nn.Sequential(
        torch.nn.Linear(8, 32), torch.nn.Tanh(), torch.nn.Linear(32, 4)
    ).double()
    weights = [p.detach().numpy() for p in theirs.parameters()]
    own = ty.torch.Layer(network, **dict(zip(("w1", "b1", "w2", "b2"), weights, strict=True)))
    found = []
    for count in (1, 64, 1024):
        x = torch.randn(count, 8, dtype=torch.float64)
        name = f"a network 8-32-4, {count} rows"
        found.append(Beside(name, lambda x=x: own(x), lambda x=x: theirs(x), ()))
    inputs = tuple(own.parameters()), tuple(theirs.parameters())
    return [one._replace(inputs=inputs) for one in found]


def row(one: Beside) -> list[str]:
    """Times forward and backward of both sides, and their ratio."""
    own, theirs = one.inputs if isinstance(one.inputs[0], tuple) else (one.inputs, one.inputs)
    calls = [
        lambda f=f, by=by: torch.autograd.grad(f().sum(), by)
        for f, by in ((one.own, own), (one.theirs, theirs))
    ]
    a, b = seconds(calls)
    return [one.name, shown(a), shown(b), f"{b / a:.2f}"]


def main() -> None:
    torch.set_num_threads(1)
    versions = {**own_versions(), "PyTorch": version("torch")}
    if find_spec("torchdiffeq"):
        versions["torchdiffeq"] = version("torchdiffeq")
    verdict, rows = solutions()
    beside = [row(one) for one in (*functions(), *layers())]
    text = "\n".join(
        [
            heading("The bridge to PyTorch", "python -m benchmarks.torch_bridge", versions),
            "Microseconds of processor time, medians. A pendulum over 10 s:\n",
            table(["", "us"], rows),
            f"\n{verdict}\n",
            "Functions and layers, forward and backward of their sum:\n",
            table(["", "ours, us", "PyTorch, us", "times as fast"], beside),
            "",
        ]
    )
    print(text)
    print(f"wrote {publish('torch_bridge.md', text)}")


if __name__ == "__main__":
    main()
