"""The friction of a pendulum, learned as a network of Equinox inside our differential equation.

    x'' = -sin x + f(x')

is known but for the friction f, of which a network stands in the place.  JAX traces the network,
its primitives become our operations, and the equation is compiled as a whole, with the weights as
parameters: what is integrated is machine code.  The solution is a function of JAX again, through
which Optax trains the weights (the coupling of Bouziani, Ham & Farsi 2024, both ways).  Learned
from one swing, the friction is then used for another one, and is drawn beside the true one.
Draws examples/network_in_solver.png:

    python examples/network_in_solver.py
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib
import numpy as np
import optax

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

jax.config.update("jax_enable_x64", True)

TIMES = np.linspace(0.0, 20.0, 81)[1:]
NOISE = 0.01
SWING, OTHER = (2.8, 0.0), (-0.5, 1.6)  # what is learned from, and what is told from that

x, v = ty.variables("x v")


def friction(speed: Any) -> Any:
    """A bearing that sticks a little, and the drag of air."""
    return -0.12 * np.tanh(6 * speed) - 0.03 * speed * np.sqrt(speed**2 + 0.01)


def swing(force: Any, start: tuple[float, float], **parameters: Any) -> ty.Integrator:
    """A pendulum with some friction."""
    return ty.Integrator([(x, v), (v, force - ty.sin(x))], list(start), **parameters)


class Force(eqx.Module):
    """A network that says what a force is at a speed."""

    network: eqx.nn.MLP

    def __init__(self, key: Any) -> None:
        self.network = eqx.nn.MLP("scalar", "scalar", 16, 2, activation=jnp.tanh, key=key)

    def __call__(self, speed: Any) -> Any:
        return 0.3 * self.network(3 * speed)


class Learned:
    """A pendulum whose friction is a network: angles at `TIMES` as a function of it, in JAX."""

    def __init__(self, model: Force, start: tuple[float, float]) -> None:
        self.weights = ty.jax.weights(model, "net")
        force = ty.jax.trace(lambda model, v: model(v))(self.weights.tree, v)
        self.pendulum = swing(force, start, parameters=self.weights.values)
        self.solution = self.pendulum.as_function(self.weights.parameters, x, times=TIMES)
        self._angles = ty.jax.function(self.solution)

    def angles(self, model: Force) -> Any:
        """With other weights."""
        return self._angles(*jax.tree.leaves(eqx.filter(model, eqx.is_inexact_array)))


def train(
    model: Force, measured: np.ndarray, steps: int, rate: float = 2e-2
) -> Iterator[tuple[Force, float]]:
    """The network after every step, and the mean square error of its angles before."""
    learned = Learned(model, SWING)
    optimiser = optax.adam(optax.cosine_decay_schedule(rate, steps))
    # The first turns of a swing are learned first: late angles are as good as unrelated to a
    # friction that is far off.
    windows = np.exp(-np.outer(TIMES, 1 / np.linspace(2.0, 60.0, steps)))

    @eqx.filter_value_and_grad(has_aux=True)
    def loss(model: Force, weights: Any) -> Any:
        errors = (learned.angles(model) - measured) ** 2
        return jnp.sum(weights * errors) / jnp.sum(weights), jnp.mean(errors)

    @eqx.filter_jit
    def step(model: Force, state: Any, weights: Any) -> Any:
        (_, value), slopes = loss(model, weights)
        changes, state = optimiser.update(slopes, state)
        return eqx.apply_updates(model, changes), state, value

    state = optimiser.init(eqx.filter(model, eqx.is_inexact_array))
    for number in range(steps):
        model, state, value = step(model, state, windows[:, number])
        yield model, float(value)


def draw(
    model: Force, untrained: Force, measured: np.ndarray, losses: list[float], path: Path
) -> None:
    figure, axes = plt.subplots(2, 2, figsize=(11, 6.4))
    fine = np.linspace(0.0, 30.0, 900)
    titles = "the swing that is learned from", "another one, foretold"
    for axis, start, title in zip(axes[0], (SWING, OTHER), titles, strict=True):
        truth = swing(friction(v), start).propagate_grid(fine).states[:, 0]
        found = Learned(model, start).pendulum.propagate_grid(fine).states[:, 0]
        axis.plot(fine, truth, color="black", lw=1, label="the pendulum")
        axis.plot(fine, found, "--", color="C2", lw=1.8, label="with the network")
        axis.set(xlabel="time", ylabel="angle", xlim=(0, 30), title=title)
    axes[0, 0].plot(TIMES, measured, ".", color="C0", ms=4, label="readings")
    axes[0, 0].legend(loc="upper right")
    speed = np.linspace(-2.0, 2.0, 300)
    axes[1, 0].plot(speed, friction(speed), color="black", lw=1.2, label="the pendulum's")
    axes[1, 0].plot(speed, jax.vmap(untrained)(speed), ":", color="0.6", label="untrained")
    axes[1, 0].plot(speed, jax.vmap(model)(speed), "--", color="C2", lw=1.8, label="trained")
    axes[1, 0].set(xlabel="speed", ylabel="friction", xlim=(-2, 2))
    axes[1, 0].legend()
    axes[1, 1].semilogy(losses, color="C0", lw=1.2)
    axes[1, 1].axhline(NOISE**2, color="black", lw=0.8, ls=":")
    axes[1, 1].text(
        0.98 * len(losses), 0.9 * NOISE**2, "errors of the readings", ha="right", va="top"
    )
    axes[1, 1].set(xlabel="training step", ylabel="mean square error", xlim=(0, len(losses)))
    axes[1, 1].set_ylim(0.4 * NOISE**2, None)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def readings(rng: np.random.Generator) -> np.ndarray:
    """Angles of the true pendulum, with errors."""
    exact = swing(friction(v), SWING).propagate_grid(np.append(0.0, TIMES)).states[1:, 0]
    return exact + NOISE * rng.normal(size=len(TIMES))


def main() -> None:
    measured = readings(np.random.default_rng(0))
    model = untrained = Force(jax.random.key(2))
    losses, start = [], time.perf_counter()
    for trained, value in train(untrained, measured, 1200):
        model = trained
        losses.append(value)
        if len(losses) % 200 == 1:
            print(f"step {len(losses):4d}: mean square error {value:.3e}", flush=True)
    print(f"{1e3 * (time.perf_counter() - start) / len(losses):.1f} ms a step")
    speed = np.linspace(-2.0, 2.0, 101)
    print(f"error of the friction: {np.abs(jax.vmap(model)(speed) - friction(speed)).max():.3f}")
    path = Path(__file__).with_suffix(".png")
    draw(model, untrained, measured, losses, path)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
