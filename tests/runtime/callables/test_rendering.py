"""Packing, unrolling, loops, lanes, the cache and the processor change no bit of a result.

The same systems and functions are compiled in every way, and compared bit for bit; and one way is
compared with the object interpreter in 40 digits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from error_scale import output_scales
from function_cases import context
from random_systems import System, bodies, lattice, oscillators, random_system

import taylor as ty
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import variable
from taylor.nodes.traverse import inputs as leaves
from taylor.recurrences.decompose import decompose
from taylor.systems import parts
from taylor_runtime.callables import points as rendered
from taylor_runtime.callables import stepper as build
from taylor_runtime.callables.points import Jet, build_jet
from taylor_runtime.engine import cache
from taylor_runtime.engine.target import LEVELS, Target
from taylor_runtime.passes.pack import pack
from taylor_runtime.program.program import Input, Program
from taylor_runtime.series import combine, gather
from taylor_runtime.series import emitter as emit

MP = context(40)
EPSILON = 2.0**-52


@dataclass(frozen=True)
class Way:
    """One way to write the same program out."""

    packed: bool
    unrolled: bool
    small: bool = False  # packed as small programs are

    def choose(self, program: Program, element: str = "double") -> tuple[Program, bool]:
        return (pack(program, self.small) if self.packed else program), self.unrolled


WAYS = [Way(packed, unrolled) for packed in (False, True) for unrolled in (False, True)]
WAYS += [Way(True, False, small=True), Way(True, True, small=True)]


@dataclass(frozen=True)
class Run:
    """Everything that a few steps produced."""

    state: np.ndarray
    dense: Any

    @property
    def bits(self) -> tuple[bytes, ...]:
        parts = (self.state, self.dense.starts, self.dense.scales, self.dense.coefficients)
        return tuple(np.asarray(part).tobytes() for part in parts)


def run(
    monkeypatch: pytest.MonkeyPatch, system: System, way: Way | None, order: int, steps: int = 3
) -> Run:
    """A few steps of a system, written out in some way (None: as the cost decides)."""
    equations, initial = system
    with monkeypatch.context() as patch:
        if way is not None:
            patch.setattr(build, "choose", way.choose)
        needs = any(leaf.op == "parameter" for leaf in _leaves(equations))
        parameters = {"k": 0.375} if needs else None
        ta = ty.Integrator(equations, initial, time=0.5, parameters=parameters, order=order)
        outcome = ta.propagate_until(1e3, max_steps=steps, dense=True)
    assert outcome.steps == steps and np.isfinite(ta.state).all()
    return Run(ta.state.copy(), outcome.dense)


def _leaves(equations: Sequence[tuple[Expression, Expression]]) -> list[Expression]:
    return leaves([derivative for _, derivative in equations])


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 7, 8, 9])  # 5 and 6 are long in every way
def test_random_systems_have_one_result(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    system = random_system(seed)
    first, *others = [run(monkeypatch, system, way, order=5 + seed % 3) for way in WAYS]
    assert all(other.bits == first.bits for other in others)


def test_families_have_one_result_though_lanes_have_different_orders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Chains of functions are packed, so that one call computes several members."""
    q = ty.variable("q", 3)
    equations = [
        (q[0], ty.besselj(0, q[1]) + ty.besselj(3, q[0])),
        (q[1], ty.besselj(2, q[2]) - ty.besselj(1, q[0])),
        (q[2], ty.polygamma(1, q[0]) - ty.polygamma(2, q[2])),
    ]
    system = equations, [0.5, 41.0, 1.5]
    first, *others = [run(monkeypatch, system, way, order=4) for way in WAYS[:5]]
    assert all(other.bits == first.bits for other in others)


@pytest.mark.parametrize("seed", range(10))
def test_random_systems_agree_with_the_interpreter(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coefficients of the first step, in units of EPSILON of their scales (largest: 6.5)."""
    equations, initial = random_system(seed)
    order = 12
    found = run(monkeypatch, (equations, initial), None, order, steps=1).dense
    states = [x for x, _ in equations]
    inputs = {x: Input("state", (i,)) for i, x in enumerate(states)}
    inputs[ty.parameter("k")] = Input("parameter", (0,))
    program = decompose(states, inputs, order, [derivative for _, derivative in equations])
    values, scales = output_scales(
        program,
        {
            "state": list(map(MP.mpf, initial)),
            "parameter": [MP.mpf("0.375")],
            "time": [MP.mpf(0.5)],
        },
        MP,
        MP.mpf(found.scales[0]),
    )
    for state in range(len(states)):
        for n in range(order + 1):
            error = abs(MP.mpf(found.coefficients[0, n, state]) - values[state][n])
            assert error <= 8 * EPSILON * scales[state][n], (state, n, error / scales[state][n])


WIDE: dict[str, Callable[[], System]] = {
    "60 oscillators": lambda: oscillators(60),
    "a lattice of 72 points": lambda: lattice(72),
    "a lattice of 67 points": lambda: lattice(67),
    "12 bodies": lambda: bodies(12),
}


@pytest.mark.parametrize("name", WIDE)
def test_wide_packs_walked_by_loops_have_the_same_result(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packs of more than 4 registers; written out they are slow to compile, so order 3 and 6."""
    system = WIDE[name]()
    scalar, packed = (run(monkeypatch, system, Way(p, False), 6, steps=2) for p in (False, True))
    assert scalar.bits == packed.bits
    looped, written = (run(monkeypatch, system, Way(True, u), 3, steps=1) for u in (False, True))
    assert looped.bits == written.bits


def _small() -> dict[str, System]:
    x, y, u, v = ty.variables("x y u v")
    start = [0.1, 0.7, -0.4, 0.3]
    pull = (x**2 + y**2 + x * v + 2) ** Fraction(-3, 2)
    return {
        "squares and products": (
            [(x, u), (y, v), (u, -x - 2 * x * y), (v, y**2 - y - x**2)],
            start,
        ),
        "sines": ([(x, u), (u, -2 * ty.sin(x) * ty.cos(x * u))], start[:2]),
        "exponentials": ([(x, -x * ty.exp(y - u)), (y, ty.exp(x)), (u, ty.exp(x * y))], start[:3]),
        "powers": ([(x, u), (y, v), (u, -x * pull), (v, -y * pull / (3 + u**2))], start),
    }


@pytest.mark.parametrize("name", _small())
def test_chains_in_lanes_have_the_same_result(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written out, chains of several convolutions share a sum from order 6 on."""
    first, *others = [run(monkeypatch, _small()[name], way, order=15) for way in WAYS]
    assert all(other.bits == first.bits for other in others)


@pytest.mark.parametrize("order", range(4, 8))
def test_orders_in_pairs_and_one_by_one_agree(order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Odd and even last orders; convolutions with and without their ends."""
    for system in (bodies(12), oscillators(60), random_system(order)):
        pairs = run(monkeypatch, system, Way(True, False), order, steps=2)
        with monkeypatch.context() as patch:
            patch.setattr(emit, "FEWEST_PAIRED", 100)
            single = run(patch, system, Way(True, False), order, steps=2)
        assert pairs.bits == single.bits


@pytest.mark.parametrize("order", range(4, 8))
def test_written_out_orders_in_pairs_and_one_by_one_agree(
    order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for system in (bodies(6), oscillators(9), lattice(20), random_system(order)):
        pairs = run(monkeypatch, system, Way(True, True), order, steps=2)
        with monkeypatch.context() as patch:
            patch.setattr(emit, "FEWEST_PAIRED", 100)
            single = run(patch, system, Way(True, True), order, steps=2)
        assert pairs.bits == single.bits


@pytest.mark.parametrize("count", [12, 20])
@pytest.mark.parametrize("precision", ["float32", "float64", "double-double"])
def test_sums_in_registers_and_lane_by_lane_agree(
    precision: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks that are transposed, lanes from anywhere, and runs."""
    equations, initial = bodies(count)
    found = set()
    for least in (0.0, combine.LEAST_NEAR, 2.0):
        monkeypatch.setattr(combine, "LEAST_NEAR", least)
        with cache.disabled():
            ta = ty.Integrator(equations, initial, order=4, precision=precision)
            ta._machine.stepper.complete()
        assert ta.propagate_until(1.0, max_steps=2).steps == 2
        found.add(ta.state.tobytes())
        parts._steppers.clear()
    assert len(found) == 1


def test_gathers_by_moves_and_by_tables_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = run(monkeypatch, bodies(12), Way(True, False), order=5)
    monkeypatch.setattr(gather, "MOST_MOVES", 0)
    assert run(monkeypatch, bodies(12), Way(True, False), order=5).bits == moved.bits


@pytest.mark.parametrize("name", WIDE)
def test_combined_sums_and_sums_of_gathers_agree(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All wide sums combined, the small patterns alone, none."""
    system, way = WIDE[name](), Way(True, False)
    bits = set()
    for most in (8000, 100, 0):
        monkeypatch.setattr(combine, "MOST_TERMS", most)
        bits.add(run(monkeypatch, system, way, order=5, steps=2).bits)
    assert len(bits) == 1


def test_cache_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    system = random_system(3)
    once = run(monkeypatch, system, None, order=10)
    with cache.disabled():
        assert run(monkeypatch, system, None, order=10).bits == once.bits
    assert run(monkeypatch, system, None, order=10).bits == once.bits


@pytest.mark.parametrize("level", LEVELS)
def test_older_processors_give_the_same_bits(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Narrower registers, and FMA by a library call where there is no instruction."""
    try:
        if not Target.named(level).runs_on(Target.host()):
            pytest.skip("the host lacks these instructions")
    except ValueError:
        pytest.skip("no x86-64")
    for system in (random_system(5), random_system(8), bodies(4)):
        here = run(monkeypatch, system, Way(True, False), order=7)
        monkeypatch.setenv("TAYLOR_CPU", level)
        there = run(monkeypatch, system, Way(True, False), order=7)
        monkeypatch.delenv("TAYLOR_CPU")
        assert there.bits == here.bits


# -- jets and formulas -----------------------------------------------------------------------------


def random_function(seed: int) -> Callable[[Any], Any]:
    """A scalar function of x that uses every function of the random systems."""
    equations, _ = random_system(seed)
    states = [state for state, _ in equations]
    k = ty.parameter("k")

    def function(x: Any) -> Any:
        inner = {e: x / (i + 1) for i, e in enumerate(states)} | {k: Fraction(1, 2), ty.time: x}
        return ty.substitute(equations[-1][1], inner) if hasattr(x, "op") else None

    return function


@pytest.mark.parametrize("seed", range(6))
def test_jets_have_one_result(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written out and looped, alone and in every place of an array."""
    x = variable("x")
    program = decompose([random_function(seed)(x)], {x: Input("jet", (0,))}, 9)
    points = np.array([random.Random(seed + i).uniform(-2, 2) for i in range(19)])
    results = []
    for limit in (0, 10**9):
        monkeypatch.setattr(rendered, "UNROLLED_WORK", limit)
        code = build_jet(program, given=2)
        results.append(_jets(code, points, 9))
        alone = np.concatenate([_jets(code, points[i : i + 1], 9) for i in range(19)], axis=1)
        assert alone.tobytes() == results[-1].tobytes()
    assert results[0].tobytes() == results[1].tobytes()
    assert np.isfinite(results[0]).all()


def _jets(code: Jet, points: np.ndarray, order: int) -> np.ndarray:
    padded = -(-len(points) // code.block) * code.block
    inputs = np.ones((2, padded))
    inputs[0] = np.resize(points, padded)
    results = np.empty((1, order + 1, padded))
    code.run(inputs, results, padded, 0, padded // code.block)
    return np.ascontiguousarray(results[0, :, : len(points)])


@pytest.mark.parametrize("seed", range(6))
def test_formulas_agree_with_the_interpreter_and_themselves(seed: int) -> None:
    """Within EPSILON of the scale (0.86 at most), and the same bits alone and in arrays."""
    equations, _ = random_system(seed)
    k = ty.parameter("k")
    inputs = [*(state for state, _ in equations), k, ty.time]
    f = ty.compile([derivative for _, derivative in equations], inputs)
    draw = np.random.default_rng(seed)
    points = draw.uniform(-2, 2, (len(inputs), 11))
    together = np.array(f(*points))
    alone = np.array([f(*points[:, i]) for i in range(11)]).T
    assert together.tobytes() == np.ascontiguousarray(alone).tobytes()
    sources = {e: Input("parameter", (i,)) for i, e in enumerate(inputs)}
    program = decompose([derivative for _, derivative in equations], sources, 0)
    for i in range(11):
        values, scales = output_scales(program, {"parameter": list(map(MP.mpf, points[:, i]))}, MP)
        for state in range(len(equations)):
            error = abs(MP.mpf(together[state, i]) - values[state][0])
            assert error <= EPSILON * scales[state][0]
