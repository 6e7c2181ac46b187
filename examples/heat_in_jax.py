"""What a rod is made of, learned from its temperatures: a heat equation inside a JAX training loop.

A rod whose ends are kept cold is warmed in two places, one after the other, and its temperature is
read at a few times, with errors.  A small network of Equinox says how well the rod conducts heat
along its length; the equation

    u_t = (k(x) u_x)_x

is solved by lines, in our machine code, as one function of the conductivities and the initial
temperatures.  JAX differentiates through both and Optax trains the network: neither side knows what
the other is made of (Bouziani, Ham & Farsi 2024, "Differentiable programming across the PDE and
machine learning barrier").  Draws examples/heat_in_jax.png:

    python examples/heat_in_jax.py
"""

from __future__ import annotations

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

CELLS = 40
WIDTH = 1.0 / CELLS
MIDDLES = (np.arange(CELLS) + 0.5) * WIDTH
FACES = np.arange(CELLS + 1) * WIDTH
TIMES = np.array([0.01, 0.03, 0.06, 0.1])
NOISE = 0.004

# Where the rod is warmed: the temperatures that two experiments begin with.
STARTS = np.stack([np.exp(-(((MIDDLES - place) / 0.12) ** 2)) for place in (0.3, 0.7)])


def conductivity(x: np.ndarray) -> np.ndarray:
    """The rod's, which is to be found: a good conductor with a poor piece, and a better end."""
    return 0.6 - 0.45 * np.exp(-(((x - 0.5) / 0.09) ** 2)) + 0.5 / (1 + np.exp(-(x - 0.8) / 0.02))


def temperatures() -> Any:
    """Of the cells at `TIMES`: a function of conductivities at faces and of those at the start."""
    u = ty.variable("u", shape=(CELLS,))
    k = ty.parameter("k", shape=(CELLS + 1,))
    # The ends are half a cell away.
    slopes = np.concatenate([2 * u[:1], u[1:] - u[:-1], -2 * u[-1:]]) / WIDTH
    flow = k * slopes
    rod = ty.Integrator(
        [(u, (flow[1:] - flow[:-1]) / WIDTH)], STARTS[0], parameters={k: np.ones(CELLS + 1)}
    )
    return rod.as_function([k, u], u, times=TIMES)


def readings(rng: np.random.Generator) -> np.ndarray:
    """Temperatures of both experiments, with errors: (experiments, times, cells)."""
    solve = temperatures()
    exact = np.stack([solve(conductivity(FACES), start) for start in STARTS])
    return exact + NOISE * rng.normal(size=exact.shape)


class Material(eqx.Module):
    """A network that says how well a rod conducts at x."""

    network: eqx.nn.MLP

    def __init__(self, key: Any) -> None:
        self.network = eqx.nn.MLP("scalar", "scalar", 24, 2, activation=jnp.tanh, key=key)

    def __call__(self, x: Any) -> Any:
        return jax.nn.softplus(jax.vmap(self.network)(8 * x - 4))


def train(
    material: Material, measured: np.ndarray, steps: int, rate: float = 1e-2
) -> Iterator[tuple[Material, float]]:
    """The network after every step, and the mean square error of its temperatures before."""
    solve = jax.vmap(ty.jax.function(temperatures()), (None, 0))
    schedule = optax.cosine_decay_schedule(rate, steps)
    optimiser = optax.adam(schedule)

    @eqx.filter_value_and_grad
    def loss(material: Material) -> Any:
        return jnp.mean((solve(material(FACES), STARTS) - measured) ** 2)

    @eqx.filter_jit
    def step(material: Material, state: Any) -> Any:
        value, slopes = loss(material)
        changes, state = optimiser.update(slopes, state)
        return eqx.apply_updates(material, changes), state, value

    state = optimiser.init(eqx.filter(material, eqx.is_array))
    for _ in range(steps):
        material, state, value = step(material, state)
        yield material, float(value)


def draw(
    material: Material, untrained: Material, measured: np.ndarray, losses: list[float], path: Path
) -> None:
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.9))
    x = np.linspace(0, 1, 400)
    axes[0].plot(x, conductivity(x), color="black", lw=1.4, label="the rod")
    axes[0].plot(x, untrained(x), ":", color="0.6", lw=1.4, label="network, untrained")
    axes[0].plot(x, material(x), color="C2", lw=2, label="network, trained")
    axes[0].set(xlabel="place in the rod", ylabel="conductivity", ylim=(0, None), xlim=(0, 1))
    axes[0].legend(loc="upper left")
    solve = temperatures()
    colors = plt.get_cmap("plasma")(np.linspace(0.1, 0.8, len(TIMES)))
    for start, read, style in zip(STARTS, measured, ("-", "--"), strict=True):
        found = solve(np.asarray(material(FACES)), start)
        for color, time, own, seen in zip(colors, TIMES, found, read, strict=True):
            label = f"t = {time:g}" if style == "-" else None
            axes[1].plot(MIDDLES, own, style, color=color, lw=1.5, label=label)
            axes[1].plot(MIDDLES, seen, ".", color=color, ms=3.5)
    axes[1].set(xlabel="place in the rod", ylabel="temperature", xlim=(0, 1), ylim=(0, 0.85))
    axes[1].set_title("readings, and the equation with the network")
    axes[1].legend(loc="upper center", ncols=2)
    axes[2].semilogy(losses, color="C0", lw=1.2)
    axes[2].axhline(NOISE**2, color="black", lw=0.8, ls=":")
    axes[2].text(0.98 * len(losses), 0.9 * NOISE**2, "errors of the readings", ha="right", va="top")
    axes[2].set(xlabel="training step", ylabel="mean square error", xlim=(0, len(losses)))
    axes[2].set_ylim(0.5 * NOISE**2, None)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def main() -> None:
    measured = readings(np.random.default_rng(4))
    untrained = material = Material(jax.random.key(1))
    losses = []
    for trained, value in train(untrained, measured, 700):
        material = trained
        losses.append(value)
        if len(losses) % 100 == 1:
            print(f"step {len(losses):4d}: mean square error {value:.3e}", flush=True)
    error = np.abs(np.asarray(material(MIDDLES)) - conductivity(MIDDLES))
    print(f"error of the conductivity: mean {error.mean():.3f}, largest {error.max():.3f}")
    path = Path(__file__).with_suffix(".png")
    draw(material, untrained, measured, losses, path)
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
