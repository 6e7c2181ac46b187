"""A formula is found from data: genetic programming in which every formula knows its derivatives.

Formulas are chromosomes (Cartesian genetic programming: Miller 2011): each gene names an operation
and the two earlier values that it is applied to.  Mutations find the form, but are bad at finding
numbers such as pi.  As in Izzo, Biscani & Mereta (Differentiable genetic programming, 2017)
constants are therefore fitted by Newton's method, with the exact gradient and Hessian of the error.
Chromosomes are arguments, so that one piece of machine code, traced once, evaluates all formulas:
`ty.scan` goes along the genes, `ty.vmap` over the population.  Draws
examples/symbolic_regression.png:

    python examples/symbolic_regression.py [--generations 1000] [--islands 32]
"""

from __future__ import annotations

import argparse
import operator
import time
from pathlib import Path

import matplotlib
import numpy as np
import sympy

import taylor as ty

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use("taylor.displays.pictures")

GENES, CONSTANTS, CHILDREN = 10, 1, 4
FIRST = 1 + CONSTANTS  # values before the first gene: x and the constants
OPERATIONS = (operator.add, operator.sub, operator.mul, operator.truediv)


def true(x: np.ndarray) -> np.ndarray:
    """What is to be found: P1 of the paper."""
    return x**5 - np.pi * x**3 + x


def formula(genes: np.ndarray, constants: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Values of a formula at points x.

    genes: (GENES + 1, 3): operation and the places of its operands; the last one: which value is
        the result.
    """
    given = np.concatenate([x[None], constants[:, None] + 0 * x])
    values = np.concatenate([given, np.zeros((GENES, 1)) + 0 * x])
    own_place = np.eye(len(values))[FIRST:]

    def step(values, gene_and_place):
        (kind, first, second), place = gene_and_place
        a, b = values[first], values[second]
        sums = np.where(kind < 1, a + b, a - b)
        found = np.where(kind < 2, sums, np.where(kind < 3, a * b, a / b))
        return np.where(place[:, None] > 0, found, values), None

    values, _ = ty.scan(step, values, (genes[:GENES], own_place))
    return values[genes[GENES, 0]]


def error(constants: np.ndarray, genes: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.mean((formula(genes, constants, x) - y) ** 2)


def error_and_derivatives(constants, genes, x, y):
    """The error, its gradient and its Hessian by the constants."""
    value, slope = ty.value_and_grad(error)(constants, genes, x, y)
    return value, slope, ty.hessian(error)(constants, genes, x, y)


# Of a whole population: constants (n, CONSTANTS) and genes (n, GENES + 1, 3).
judged = ty.jit(ty.vmap(error_and_derivatives, in_axes=(0, 0, None, None)))


def random_genes(count: int, rng: np.random.Generator) -> np.ndarray:
    places = rng.integers(0, FIRST + np.arange(GENES)[:, None], size=(count, GENES, 2))
    kinds = rng.integers(0, len(OPERATIONS), size=(count, GENES, 1))
    last = rng.integers(0, FIRST + GENES, size=(count, 1, 3))
    return np.concatenate([np.concatenate([kinds, places], axis=2), last], axis=1)


def mutated(genes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same with a few random numbers in other places."""
    other = random_genes(len(genes), rng)
    return np.where(rng.random(genes.shape) < rng.choice([0.03, 0.08]), other, genes)


def newton(constants: np.ndarray, slopes: np.ndarray, curved: np.ndarray) -> np.ndarray:
    """Better constants where the error is convex, within reach; the same elsewhere."""
    good = np.isfinite(slopes).all(axis=1) & np.isfinite(curved).all(axis=(1, 2))
    curved = np.where(good[:, None, None], curved, np.eye(CONSTANTS))
    sizes, axes = np.linalg.eigh(curved)
    # Constants that do not occur have no curvature, and stay.
    small = 1e-10 * np.abs(sizes).max(axis=1, keepdims=True) + 1e-300
    inverse = np.where(sizes > small, 1 / np.maximum(sizes, small), 0)
    along = np.einsum("nij,ni->nj", axes, np.where(good[:, None], slopes, 0))
    return constants - np.clip(np.einsum("nij,nj->ni", axes, inverse * along), -3, 3)


def evolve(
    x: np.ndarray, y: np.ndarray, islands: int, generations: int, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best genes and constants, and errors (generations, islands).

    On each island the best of the parent and its children is the next parent.
    """
    rng = np.random.default_rng(seed)
    genes, constants = random_genes(islands, rng), rng.normal(size=(islands, CONSTANTS))
    errors = np.full(islands, np.inf)
    course = []
    for _ in range(generations):
        kin = mutated(np.repeat(genes, CHILDREN, axis=0), rng)
        own = np.repeat(constants, CHILDREN, axis=0)
        value, slopes, curved = judged(own, kin, x, y)
        for _ in range(2):
            moved = newton(own, slopes, curved)
            now = judged(moved, kin, x, y)
            better = now[0] < value
            own = np.where(better[:, None], moved, own)
            value, slopes, curved = np.where(better, now[0], value), *now[1:]
        value = np.where(np.isfinite(value), value, np.inf).reshape(islands, CHILDREN)
        best = np.argmin(value, axis=1)
        at = np.arange(islands) * CHILDREN + best
        better = value[np.arange(islands), best] <= errors  # equal ones, too: neutral drift
        genes = np.where(better[:, None, None], kin[at], genes)
        constants = np.where(better[:, None], own[at], constants)
        errors = np.where(better, value[np.arange(islands), best], errors)
        course.append(errors)
        if errors.min() < 1e-20:
            break
    first = int(np.argmin(errors))
    return genes[first], constants[first], np.array(course)


def spelled(genes: np.ndarray, constants: list, x: object) -> object:
    """The formula, of anything that has operators, as a SymPy symbol."""
    values = [x, *constants]
    for kind, first, second in genes[:GENES]:
        try:
            values.append(OPERATIONS[kind](values[first], values[second]))
        except ZeroDivisionError:
            values.append(sympy.nan)  # an idle gene
    return values[genes[GENES, 0]]


def draw(genes, constants, course, x, y, path: Path) -> str:
    """Errors on the islands, and the formula; returns its text."""
    found = sympy.expand(sympy.simplify(spelled(genes, constants.tolist(), sympy.Symbol("x"))))
    text = sympy.latex(found.xreplace({n: sympy.Float(n, 6) for n in found.atoms(sympy.Float)}))
    figure = plt.figure(figsize=(13, 4.2))
    left, right = figure.subplots(1, 2)
    left.semilogy(np.maximum(course, 1e-32), color="C0", alpha=0.3, lw=0.8)
    left.semilogy(np.maximum(course.min(axis=1), 1e-32), color="C2", label="the best")
    left.set(
        xlabel="generation", ylabel="error", title=f"mean square error on {course.shape[1]} islands"
    )
    left.legend()
    grid = np.linspace(0.8, 3.2, 200)
    right.plot(grid, true(grid), color="0.7", lw=4, label="truth")
    with np.errstate(all="ignore"):
        right.plot(grid, formula(genes, constants, grid), color="C2", label="found")
    right.plot(x, y, "o", color="k", label="data")
    right.set(xlabel="x", ylabel="y", title=f"${text}$")
    right.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return str(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generations", type=int, default=1000)
    parser.add_argument("--islands", type=int, default=32)
    chosen = parser.parse_args()
    x = np.linspace(1, 3, 10)
    y = true(x)
    began = time.perf_counter()
    genes, constants, course = evolve(x, y, chosen.islands, chosen.generations)
    passed = time.perf_counter() - began
    count = 3 * CHILDREN * course.size
    print(
        f"{len(course)} generations, {count} Hessians in {passed:.1f} s; error {course.min():.1e}"
    )
    path = Path(__file__).with_suffix(".png")
    print("found:", draw(genes, constants, course, x, y, path))
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
