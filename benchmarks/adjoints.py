"""Gradients through solutions: their cost in propagations, and beside other packages.

Run with ``python -m benchmarks.adjoints``; it takes some minutes.  Peers that are not installed are
left out; ``--peers`` measures these alone and appends what it finds to the results, for
environments that have others.  One thread, float64.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1 "
    + os.environ.get("XLA_FLAGS", "")
)

import numpy as np

import taylor as ty
from benchmarks.differentiated import SIZES, WORKS, Work, network, weights
from benchmarks.harness import RESULTS, heading, publish, table
from benchmarks.versions import own_versions, version

ROUNDS = 15
SHORTEST = 5e-3  # seconds of calls in a round
Call = Callable[[], Any]
SPAN = 10.0
PEER_TOLERANCE = 1e-10  # at which their gradients have about ten digits


# -- measuring ------------------------------------------------------------------------------------


def medians(*calls: Call, clock: Callable[[], float] = time.process_time) -> list[float]:
    """The median times of calls that take turns, each repeated for a while."""
    counts = []
    for call in calls:
        call()
        start = clock()
        call()
        counts.append(max(1, int(SHORTEST / max(clock() - start, 1e-9))))
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, count, own in zip(calls, counts, times, strict=True):
            start = clock()
            for _ in range(count):
                call()
            own.append((clock() - start) / count)
    return [statistics.median(own) for own in times]


def squares(y: Any) -> Any:
    return (y**2).sum()


def in_propagations() -> list[list[str]]:
    found = []
    for work in WORKS:
        ta = work.make()
        start, moving = ta.state.copy(), work.make()

        def propagate(moving: Any = moving, start: Any = start, work: Work = work) -> Any:
            moving.state[:], moving.time = start, 0.0
            return moving.propagate_until(work.until)

        def gradient(ta: Any = ta, work: Work = work) -> Any:
            return ty.gradient_through(ta, squares, until=work.until)

        a, b = medians(propagate, gradient)
        got = gradient()
        shown = [f"{got.steps}", f"{1e3 * a:.2f}", f"{1e3 * b:.2f}", f"{b / a:.2f}"]
        found.append([work.name, *shown, f"{work.asked:g}"])
        print(*found[-1], sep=" | ", flush=True)
    return found


def memory() -> list[list[str]]:
    """A million steps of a pendulum, within budgets."""
    ta, x = pendulum(), ty.variable("x")
    found = []
    for budget in (1 << 28, 1 << 24, 1 << 20):
        start = time.perf_counter()
        got = ty.gradient_through(ta, x, until=200_000.0, memory=budget)
        seconds = time.perf_counter() - start
        cells = [f"{got.steps}", f"{budget / 2**20:g}", f"{got.memory / 2**20:.2f}"]
        found.append(["pendulum", *cells, f"{seconds:.2f}", f"{float(got.state[0])!r}"])
        print(*found[-1], sep=" | ", flush=True)
    return found


def lorenz() -> ty.Integrator:
    x, y, z = ty.variables("x y z")
    s, r, b = ty.parameters("s r b")
    slopes = [(x, s * (y - x)), (y, x * (r - z) - y), (z, x * y - b * z)]
    return ty.Integrator(slopes, [1.0, 1.0, 20.0], parameters={s: 10.0, r: 28.0, b: 8 / 3})


def pendulum() -> ty.Integrator:
    x, v, k = ty.variable("x"), ty.variable("v"), ty.parameter("k")
    return ty.Integrator([(x, v), (v, -k * ty.sin(x))], [0.4, 0.7], parameters={k: 9.8})


def many(rows: int = 1000) -> list[list[str]]:
    """The gradient of the mean over many solutions, side by side and one after the other."""
    found = []
    for make, until in ((pendulum, 10.0), (lorenz, 2.0)):
        ta = make()
        starts = ta.state + 0.3 * np.random.default_rng(1).normal(size=(rows, len(ta.state)))

        def together(ta: Any = ta, starts: Any = starts, until: float = until) -> Any:
            return ty.mean_gradient_through(ta, starts, squares, until=until, workers=1)

        def alone(ta: Any = ta, starts: Any = starts, until: float = until) -> Any:
            for start in starts:
                ta.state[:] = start
                ty.gradient_through(ta, squares, until=until)

        for _ in range(5):  # until machine code is worth while
            together()
        a, b = medians(together, alone)
        found.append([f"{rows} x {make.__name__}", f"{1e3 * a:.1f}", f"{1e3 * b:.1f}"])
        found[-1].append(f"{b / a:.1f}")
        print(*found[-1], sep=" | ", flush=True)
    return found


# -- peers ----------------------------------------------------------------------------------------


def heyoka_variational() -> tuple[Call, Callable[[], np.ndarray]]:
    """The final state's derivatives by all weights, from variational equations."""
    import heyoka as hy  # type: ignore[import-not-found]

    layers = weights(SIZES)
    names = [f"y{k}" for k in range(SIZES[0])]
    states = hy.make_vars(*names)
    value, numbers = list(states), list[float]()
    for k, (matrix, offset) in enumerate(layers):
        first = len(numbers)
        numbers += [*matrix.ravel().tolist(), *offset.tolist()]
        rows, columns = matrix.shape
        value = [
            hy.sum([hy.par[first + i * columns + j] * value[j] for j in range(columns)])
            + hy.par[first + rows * columns + i]
            for i in range(rows)
        ]
        value = [hy.tanh(e) for e in value] if k + 1 < len(layers) else value
    pars = [hy.par[i] for i in range(len(numbers))]
    system = hy.var_ode_sys(list(zip(states, value, strict=True)), pars, order=1)
    start = np.linspace(0.5, -0.5, SIZES[0])
    ta = hy.taylor_adaptive(system, start, pars=numbers, compact_mode=True)
    whole = ta.state.copy()

    def run() -> Any:
        ta.state[:], ta.time = whole, 0.0
        return ta.propagate_until(SPAN)

    def gradient() -> np.ndarray:
        run()
        slices = [ta.get_vslice(1, component=i) for i in range(SIZES[0])]
        rows = [np.asarray(ta.state[s]) for s in slices]
        return np.asarray(2 * sum(ta.state[i] * row for i, row in enumerate(rows)))

    return run, gradient


def diffrax_checkpoints() -> tuple[Call, Callable[[], np.ndarray]]:
    """The gradient by `RecursiveCheckpointAdjoint`, compiled."""
    import diffrax  # type: ignore[import-not-found]
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def slope(t: Any, y: Any, layers: Any) -> Any:
        for k, (w, b) in enumerate(layers):
            y = w @ y + b
            y = jnp.tanh(y) if k + 1 < len(layers) else y
        return y

    def loss(layers: Any) -> Any:
        found = diffrax.diffeqsolve(
            diffrax.ODETerm(slope),
            diffrax.Dopri8(),
            0.0,
            SPAN,
            None,
            jnp.linspace(0.5, -0.5, SIZES[0]),
            layers,
            stepsize_controller=diffrax.PIDController(rtol=PEER_TOLERANCE, atol=PEER_TOLERANCE),
            adjoint=diffrax.RecursiveCheckpointAdjoint(),
            max_steps=4096,
        )
        return jnp.sum(found.ys[-1] ** 2)

    function = jax.jit(jax.grad(loss))
    layers = [(jnp.asarray(w), jnp.asarray(b)) for w, b in weights(SIZES)]

    def run() -> Any:
        return jax.block_until_ready(function(layers))

    def gradient() -> np.ndarray:
        return np.concatenate([np.ravel(x) for pair in run() for x in pair])

    return run, gradient


def torchdiffeq_adjoint() -> tuple[Call, Callable[[], np.ndarray]]:
    """The gradient by `odeint_adjoint`."""
    import torch
    from torchdiffeq import odeint_adjoint  # type: ignore[import-not-found]

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    layers: list[torch.nn.Module] = []
    for matrix, offset in weights(SIZES):
        layer = torch.nn.Linear(matrix.shape[1], matrix.shape[0])
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(matrix))
            layer.bias.copy_(torch.from_numpy(offset))
        layers += [layer, torch.nn.Tanh()]

    class Slope(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.Sequential(*layers[:-1])

        def forward(self, t: Any, y: Any) -> Any:
            return self.inner(y)

    slope = Slope()
    start, times = torch.linspace(0.5, -0.5, SIZES[0]), torch.tensor([0.0, SPAN])
    tolerances = {"rtol": PEER_TOLERANCE, "atol": PEER_TOLERANCE}

    def run() -> Any:
        slope.zero_grad()
        y = odeint_adjoint(slope, start, times, method="dopri8", **tolerances)
        (y[-1] ** 2).sum().backward()
        return slope

    def gradient() -> np.ndarray:
        run()
        return np.concatenate([p.grad.numpy().ravel() for p in slope.parameters()])

    return run, gradient


PEERS = (
    ("heyoka, variational equations", "heyoka", heyoka_variational, 20),
    ("diffrax, RecursiveCheckpointAdjoint, Dopri8", "diffrax", diffrax_checkpoints, 3),
    ("torchdiffeq, odeint_adjoint, dopri8", "torchdiffeq", torchdiffeq_adjoint, 10),
)


def beside_peers() -> tuple[list[list[str]], dict[str, str]]:
    """Rows of the table, and versions of the peers that are here."""
    ta = network(SIZES)
    found: list[list[str]] = []
    versions: dict[str, str] = {}

    def own() -> Any:
        return ty.gradient_through(ta, squares, until=SPAN)

    got = own()
    layers = range(len(SIZES) - 1)
    right = np.concatenate([np.ravel(got[f"{kind}{k}"]) for k in layers for kind in "wb"])
    for title, package, make, asked in PEERS:
        try:
            start = time.perf_counter()
            run, gradient = make()
            other = gradient()
        except ImportError:
            print(f"{package} is not installed here")
            continue
        seconds = time.perf_counter() - start
        versions[package] = version(package)
        error = np.abs(other - right).max() / np.abs(right).max()
        # Peers may have threads of their own, whose time is nobody's.
        a, b = medians(own, run, clock=time.perf_counter)
        cells = [f"{1e3 * a:.3f}", f"{1e3 * b:.3f}", f"{b / a:.1f}", f"{asked:g}"]
        found.append([title, *cells, f"{error:.0e}", f"{seconds:.1f}"])
        print(*found[-1], sep=" | ", flush=True)
    return found, versions


# -- results --------------------------------------------------------------------------------------


def peer_text(rows: Sequence[Sequence[str]], versions: dict[str, str]) -> str:
    listed = ", ".join(f"{name} {number}" for name, number in versions.items())
    return (
        f"## A network of {sum(w.size + b.size for w, b in weights(SIZES))} weights\n\n"
        f"The gradient of |y(10)|^2 by all weights; {listed}; peers at a tolerance of 1e-10, which "
        "leaves the difference from ours that is shown, relative to the largest derivative.\n\n"
        + table(["peer", "ms", "peer, ms", "ratio", "asked", "apart", "first, s"], rows)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="measure peers alone, and append")
    alone = parser.parse_args().peers
    rows, versions = beside_peers()
    if alone:
        path = RESULTS / "adjoints.md"
        own = path.read_text().partition("\n## ")[0]  # without those of before
        text = f"{own.rstrip()}\n\n{peer_text(rows, versions)}\n"
    else:
        text = "\n\n".join(
            [
                heading("Adjoints", "python -m benchmarks.adjoints", own_versions() | versions),
                "One thread, float64; processor time, medians of 15 turns, alternating. A gradient "
                "of the sum of squares of the final state by the initial state, all parameters, "
                "and the times.",
                table(
                    ["work", "steps", "solution, ms", "gradient, ms", "ratio", "at most"],
                    in_propagations(),
                ),
                "The gradient of a mean over many solutions, in lanes of trajectories.",
                table(["work", "side by side, ms", "one by one, ms", "times as fast"], many()),
                "A million steps and more within budgets of memory, to the same bits.",
                table(
                    ["work", "steps", "budget, MB", "took, MB", "s", "dx/dx0"],
                    memory(),
                ),
                *([peer_text(rows, versions)] if rows else []),
            ]
        )
        text += "\n"
    print(text)
    print(f"written to {publish('adjoints.md', text)}")


if __name__ == "__main__":
    main()
