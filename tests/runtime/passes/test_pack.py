"""Packing: which rows become lanes of one row, where gathers stand, and that it means the same."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from function_cases import context
from random_systems import System, bodies, lattice, oscillators, random_system

import taylor as ty
from taylor.recurrences.decompose import decompose
from taylor.reference.interpreter import coefficients, mpmath_algebra
from taylor_runtime.arithmetic.chunk import chunks
from taylor_runtime.callables.cost import choose, work
from taylor_runtime.passes.pack import pack
from taylor_runtime.program.program import (
    Convolution,
    Gather,
    Input,
    Kernel,
    Program,
    Row,
    Step,
    Term,
)
from taylor_runtime.program.signature import depths, signature, slots, with_slots
from taylor_runtime.program.widths import REGISTER, padded
from taylor_runtime.series.combine import combined
from taylor_runtime.series.layout import Layout

MP = context(40)


def program_of(system: System, order: int = 20) -> Program:
    equations, _ = system
    inputs = {x: Input("state", (i,)) for i, (x, _) in enumerate(equations)}
    inputs[ty.parameter("k")] = Input("parameter", (0,))
    return decompose([x for x, _ in equations], inputs, order, [d for _, d in equations])


def toda(count: int) -> System:
    """Toda's ring of particles with exponential springs."""
    q = [ty.variable(f"q{i}") for i in range(count)]
    p = [ty.variable(f"p{i}") for i in range(count)]
    spring = [ty.exp(q[i] - q[(i + 1) % count]) for i in range(count)]
    force = [spring[i - 1] - spring[i] for i in range(count)]
    return list(zip(q + p, p + force, strict=True)), np.zeros(2 * count)


def convolving(program: Program) -> list[Row]:
    found = []
    for row in program.rows:
        operands = [term.operand for term in row.step.terms] if row.step else []
        if any(isinstance(operand, Convolution) for operand in operands):
            found.append(row)
    return found


def convolved(row: Row) -> list[int]:
    return [slot.row for slot in slots(row) if slot.convolved]


def gathers(program: Program) -> list[Gather]:
    return [row.gather for row in program.rows if row.gather is not None]


@pytest.mark.parametrize("count", [4, 6, 12])
def test_pairs_of_bodies_are_lined_up(count: int) -> None:
    """All pairs in one row a quantity; products read the rows of others without a gather."""
    packed = pack(program_of(bodies(count, "lined up ")))
    pairs = count * (count - 1) // 2
    products = convolving(packed)
    assert {row.width for row in products} == {pairs}
    assert len(products) == 5  # r**2, r**-3 and dx, dy, dz times it
    for row in products:
        assert all(packed.rows[used].gather is None for used in convolved(row))
    powers = [row for row in packed.rows if isinstance(row.start, Kernel)]
    assert [row.width for row in powers] == [pairs]


def test_a_ring_is_one_pack_a_quantity() -> None:
    packed = pack(program_of(toda(32)))
    assert {row.width for row in packed.rows} == {32}
    assert len(convolving(packed)) == 1
    assert len(gathers(packed)) == 2  # neighbours to the right of q, to the left of the springs


def test_the_ends_of_a_chain_stay_with_its_middle() -> None:
    packed = pack(program_of(oscillators(24)))
    assert sorted({row.width for row in convolving(packed)}) == [23, 24]  # springs, pendulums
    assert len(convolving(packed)) == 4  # sin and cos, stretch**2 and stretch**3
    for row in convolving(packed):
        assert all(packed.rows[used].gather is None for used in convolved(row))


def test_lattice_points_stay_in_their_order() -> None:
    packed = pack(program_of(lattice(128)))
    assert {row.width for row in packed.rows} == {128}
    shifts = {tuple(lane for _, lane in gather.sources) for gather in gathers(packed)}
    ring = [tuple((i + shift) % 128 for i in range(128)) for shift in (-1, 1)]
    assert set(ring) <= shifts and len(shifts) <= 3


def test_parts_of_a_derivative_stay_in_the_order_of_the_states() -> None:
    """u_xx of a ring is gathered from two neighbours; nothing is gathered into the derivative."""
    packed = pack(program_of(lattice(64)))
    states = {i for i, row in enumerate(packed.rows) if isinstance(row.start, Input)}
    found = [row.gather for row in packed.rows if row.gather]
    assert len(found) == 2
    assert all({source for source, _ in gather.sources} <= states for gather in found)


def test_wide_sums_of_gathers_are_combined() -> None:
    packed = pack(program_of(bodies(12)))
    found = combined(packed, Layout.of(packed))
    gathered = {i for i, row in enumerate(packed.rows) if row.gather}
    used = {slot.row for row in packed.rows if row.gather is None for slot in slots(row)}
    assert found.absorbed <= gathered & used
    assert len({pattern for _, pattern in found.places.values()}) < len(found.places)
    for row, place in found.values.items():
        sources, pattern = found.places[place]
        assert all(source < place < row for source in sources)
        width = sum(len(operands[0]) for _, _, operands in pattern.pieces)
        assert width == padded(packed.rows[row].width)


def test_small_programs_are_written_out() -> None:
    x, v = ty.variables("x v")
    pendulum = [(x, v), (v, -ty.sin(x))]
    oscillator = [(x, x - x**3 / 3 - v), (v, (x - v) / 12)]
    for equations in (pendulum, oscillator):
        chosen, unrolled = choose(program_of((equations, np.zeros(2))))
        assert unrolled
        assert max(row.width for row in chosen.rows) <= 2


def test_large_programs_are_packed() -> None:
    for system in (bodies(6), oscillators(24), toda(32), lattice(128)):
        program = program_of(system)
        chosen, _ = choose(program)
        assert max(row.width for row in chosen.rows) >= 15
        assert work(chosen) < work(program) / 4


@pytest.mark.parametrize("seed", range(10))
def test_packed_programs_mean_the_same(seed: int) -> None:
    """The interpreter's coefficients of every state, to the last of 40 digits."""
    system = random_system(seed)
    program = program_of(system, order=5)
    packed = pack(program)
    assert len(packed.rows) < len(program.rows) and any(row.width >= 3 for row in packed.rows)
    inputs = {
        "state": [MP.mpf(float(x)) for x in system[1]],
        "parameter": [MP.mpf(0.375)],
        "time": [MP.mpf(0.5)],
    }
    algebra = mpmath_algebra(MP)
    separate, together = (coefficients(p, inputs, algebra, MP.mpf(0.25)) for p in (program, packed))
    assert together == separate


def test_outputs_follow_their_rows() -> None:
    """Every state's coefficient zero is its own initial value, wherever its lane went."""
    for system in (bodies(5), oscillators(7), lattice(19)):
        program = pack(program_of(system, order=1))
        states = [MP.mpf(i + 1) for i in range(len(system[0]))]
        found = coefficients(program, {"state": states}, mpmath_algebra(MP))
        assert [c[0] for c in found] == states


def test_lanes_have_their_own_constants_and_offsets() -> None:
    inputs = [Row(start=Input("jet", (i,))) for i in range(4)]
    scaled = [
        Row(step=Step((Term(Fraction(1, i + 1), Convolution(i, i)),)), offset=i + 3)
        for i in range(4)
    ]
    packed = pack(Program((*inputs, *scaled), tuple((i + 4, 0) for i in range(4)), 2))
    assert [row.width for row in packed.rows] == [4, 4]
    row = packed.rows[1]
    assert row.offset == (3, 4, 5, 6) and row.step is not None
    assert row.step.terms[0].constant == tuple(Fraction(1, i + 1) for i in range(4))
    assert packed.outputs == ((1, 0), (1, 1), (1, 2), (1, 3))


def test_equal_constants_stay_one() -> None:
    inputs = [Row(start=Input("jet", (i,))) for i in range(4)]
    squares = [Row(step=Step((Term(Fraction(1, 3), Convolution(i, i)),))) for i in range(4)]
    packed = pack(Program((*inputs, *squares), tuple((i + 4, 0) for i in range(4)), 2))
    step = packed.rows[1].step
    assert step is not None and step.terms[0].constant == Fraction(1, 3)


def test_gathers_of_constants_and_of_order_zero() -> None:
    """Parameters used crosswise as factors: constant gathers; divisors: gathers of order zero."""
    x = [ty.variable(f"x{i}") for i in range(6)]
    k = [ty.parameter(f"k{i}") for i in range(6)]
    y = [k[(5 * i + 1) % 6] ** 2 * e for i, e in enumerate(x)]
    derivatives = [ty.sin(y[i]) / (2 + ty.cos(y[(i + 2) % 6])) for i in range(6)]
    inputs = {e: Input("state", (i,)) for i, e in enumerate(x)}
    inputs |= {e: Input("parameter", (i,)) for i, e in enumerate(k)}
    program = decompose(x, inputs, 4, derivatives)
    packed = pack(program)
    constant = [row for row in packed.rows if row.gather is not None and row.constant]
    assert constant and all(row.gather and not row.gather.head for row in constant)
    given = {"state": [MP.mpf(i) / 3 for i in range(6)], "parameter": [MP.mpf(i) for i in range(6)]}
    algebra = mpmath_algebra(MP)
    assert coefficients(packed, given, algebra) == coefficients(program, given, algebra)


def test_packing_is_deterministic() -> None:
    program = program_of(random_system(7))
    assert pack(program) == pack(program)


# -- what packing rests on -------------------------------------------------------------------------


def test_slots_are_replaced_in_their_order() -> None:
    for row in program_of(random_system(1)).rows:
        places = [slot.row for slot in slots(row)]
        assert with_slots(row, places) == row
        moved = with_slots(row, [place + 100 for place in places])
        assert [slot.row for slot in slots(moved)] == [place + 100 for place in places]
        assert signature(moved) == signature(row)


def test_signatures_tell_squares_from_products() -> None:
    square, product = (Row(step=Step((Term(1, Convolution(0, b)),))) for b in (0, 1))
    assert signature(square) != signature(product)
    assert signature(square) != signature(Row(step=square.step, offset=1))


def test_depth_is_the_longest_way() -> None:
    x = ty.variable("x")
    program = decompose([ty.sqrt(x * x + x) * x], {x: Input("jet")}, 3)
    assert depths(program) == [0, 1, 2, 3]


def test_layout_keeps_orders_together_and_aligned() -> None:
    assert [padded(lanes) for lanes in (1, 2, 3, 4, 5, 8, 9, 17)] == [1, 2, 4, 4, 8, 8, 16, 24]
    program = pack(program_of(bodies(6), order=3))
    layout = Layout.of(program)
    ends = []
    for index, row in enumerate(program.rows):
        assert layout.offset[index] % REGISTER == 0
        lanes = sum(max(chunk.lanes, 1) for chunk in chunks(row.width))
        assert layout.stride[index] in (0, lanes)  # 0: the newest order alone is kept
        orders = 4 if layout.stride[index] and not row.constant else 1
        ends.append(layout.offset[index] + orders * lanes)
    assert all(end <= start for end, start in zip(ends, layout.offset[1:], strict=False))
    assert ends[-1] <= layout.size


@pytest.mark.parametrize("count", [6, 8, 9])
def test_packs_lie_as_what_they_convolve_several_times(count: int) -> None:
    """Each of y times each of x but its own, as in derivatives by masses: no wide gather of y."""
    x, y = (ty.variables(" ".join(f"{name}{i}" for i in range(count))) for name in "xy")
    states = [*x, *y]
    products = [y[j] * x[i] for i in range(count) for j in range(count) if i != j]
    inputs = {e: Input("state", (i,)) for i, e in enumerate(states)}
    slopes = [-e for e in states]
    program = decompose([*states, *products], inputs, 8, slopes)
    packed = pack(program)
    rows = convolving(packed)
    fits = count <= REGISTER  # else the parts would leave half of their registers empty
    assert [row.width for row in rows] == ([count] * (count - 1) if fits else [72])
    assert len(gathers(packed)) == (count - 1 if fits else 2)
    algebra, given = mpmath_algebra(MP), {"state": [MP.mpf(i + 1) / 7 for i in range(2 * count)]}
    assert coefficients(packed, given, algebra) == coefficients(program, given, algebra)
