"""What `explain` says, against counts by hand and other readings of the same program."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_systems import bodies, lattice, random_system

import taylor as ty
from taylor.errors import ArgumentError
from taylor.explanations.explanation import Explanation
from taylor.explanations.graph import GAP, edges, place
from taylor_runtime.callables.explain import Instructions, Pack, _count, explain_program
from taylor_runtime.callables.process import cache
from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Gather,
    Input,
    Program,
    Row,
    Step,
    Term,
)

ORDER = 20


def explained(system: tuple[Any, np.ndarray], **options: Any) -> Explanation:
    equations, state = system
    return ty.Integrator(equations, state, order=ORDER, **options).explain()


def pendulum() -> tuple[Any, np.ndarray]:
    x, v = ty.variables("x v")
    return [(x, v), (v, -ty.sin(x))], np.array([0.5, 0.0])


def packs_of(explanation: Explanation, operation: str) -> Sequence[Pack]:
    return [pack for pack in explanation.packs if pack.operation == operation]


def test_pendulum_by_hand() -> None:
    """sin and cos, each with one convolution: together at most two lanes of one row."""
    explanation = explained(pendulum())
    assert explanation.states == ("x", "v") and explanation.order == ORDER
    assert explanation.kernels == 2 and {p.kernel for p in explanation.packs} >= {"sin", "cos"}
    lanes = sum(pack.convolutions * pack.width for pack in explanation.packs)
    assert lanes == 2 and explanation.squares == explanation.weighted == 0
    # n s_n = sum_{j=1}^{n} (j x_j) c_{n-j}, and the same for c: 1 + 2 + .. + 20 terms each.
    terms = 2 * sum(range(1, ORDER + 1))
    found = sum(pack.multiply_adds for pack in explanation.packs if pack.convolutions)
    assert terms <= found <= terms + 2 * ORDER  # and a factor for each sum
    assert explanation.rendering == "unrolled"


def test_pairs_of_six_bodies() -> None:
    explanation = explained(bodies(6, "e"))
    assert explanation.rendering == "looped"
    convolving = [pack for pack in explanation.packs if pack.convolutions]
    assert {(pack.width, pack.lanes) for pack in convolving} == {(15, 16)}
    assert explanation.convolutions == 7  # three squares of r^2, r^-3, three products with it
    assert (explanation.squares, explanation.weighted, explanation.kernels) == (3, 1, 1)
    power = next(pack for pack in explanation.packs if pack.kernel)
    assert (power.operation, power.width, power.weighted) == ("pow", 15, 1)
    products = packs_of(explanation, "product")
    # sum_{j=0}^{n}: n + 1 terms for n = 1 .. 20, and one factor each.
    each = sum(range(2, ORDER + 2)) + ORDER
    assert [pack.multiply_adds for pack in products] == [15 * each] * 3
    assert [pack.vector_multiply_adds for pack in products] == [2 * each] * 3
    states = packs_of(explanation, "state")
    assert sum(pack.width for pack in states) == 36 == len(explanation.states)
    slots = [slot for pack in states for _, slot in pack.inputs]
    assert sorted(slots) == list(range(36))


def test_squares_are_counted_by_pairs() -> None:
    """u_n = sum_j x_j x_{n-j}: n + 1 products are (n + 1)/2 pairs, the middle one alone."""
    rows = (Row(start=Input("jet")), Row(step=Step((Term(1, Convolution(0, 0)),))))
    packs = explain_program(Program(rows, ((1, 0),), 4), unrolled=True)
    pairs = 1 + 2 + 2 + 3  # orders 1 to 4
    assert packs[1].multiply_adds == pairs + 4
    assert (packs[1].squares, packs[1].convolutions) == (1, 1)


def test_windows_are_told_from_gathers() -> None:
    """A copy of neighbouring lanes that starts a row is read in place, where code is looped."""
    start = Row(start=Input("jet", tuple(range(16))), width=16)
    one = Row(gather=Gather(tuple((0, i) for i in range(8))), width=8)
    other = Row(gather=Gather(tuple((0, 15 - i) for i in range(8))), width=8)
    used = Row(step=Step((Term(1, Coefficient(1)), Term(1, Coefficient(2)))), width=8)
    program = Program((start, one, other, used), ((3, 0),), 2)
    looped = [pack.operation for pack in explain_program(program, unrolled=False)]
    assert looped == ["jet", "window", "gather", "sum"]
    unrolled = [pack.operation for pack in explain_program(program, unrolled=True)]
    assert unrolled == ["jet", "gather", "gather", "sum"]


def test_instructions_are_those_of_the_listing() -> None:
    listing = """\
\t.text
\t.globl\tf
f:                                      # @f
\t.cfi_startproc
\tvmovupd\t(%rdi), %zmm0
\tvfmadd213pd\t.LCPI0_0(%rip){1to8}, %zmm1, %zmm0 # zmm0 = (zmm1 * zmm0) + mem
.LBB0_1:
\tvpermpd\t$68, %zmm0, %zmm0
\tjne\t.LBB0_1
\tretq
.Lfunc_end0:
taylor.other:
\tfmla\tv0.2d, v1.2d, v2.2d
\tldr\tq0, [x0]
\tret
"""
    counted = _count(listing.splitlines())
    assert counted["f"] == Instructions(total=5, fused=1, vector=3, moved=1, memory=2)
    assert counted["taylor.other"] == Instructions(3, 1, 1, 0, 1)


def test_counts_do_not_depend_on_where_the_code_came_from(tmp_path: Path) -> None:
    with cache.disabled():
        fresh = explained(pendulum())
    again = explained(pendulum())
    shared = explained(pendulum())
    assert fresh.origin == "compiled" and shared.origin in ("compiled", "live")  # the same code
    assert fresh.instructions == again.instructions == shared.instructions
    assert fresh.instructions.total > fresh.instructions.fused > 0
    assert fresh.packs == shared.packs and fresh.code_bytes == shared.code_bytes


def test_text_has_a_line_for_every_row() -> None:
    explanation = explained(bodies(6, "e"))
    text = str(explanation)
    assert repr(explanation) == text
    lines = re.findall(r"^r(\d+) ", text, flags=re.MULTILINE)
    assert lines == [str(number) for number in range(explanation.rows)]
    assert "7 (3 squares, 1 weighted)" in text and "15/16" in text and "ex0 ex1 .. ex5" in text
    many = str(explained(random_system(3), parameters={"k": 0.5}))
    assert max(map(len, many.splitlines())) < 140


def test_a_function_is_explained() -> None:
    x, y = ty.variables("x y")
    explanation = ty.compile([ty.sin(x * y) + 2, ty.exp(x)], [x, y]).explain()
    assert explanation.order == 0 and explanation.kernels == 2
    assert [explanation.label(pack) for pack in explanation.packs[:2]] == ["x", "y"]
    assert {"product", "sin", "exp"} <= {pack.operation for pack in explanation.packs}
    assert "2 arguments" in str(explanation) and explanation.instructions.fused > 0


@pytest.mark.parametrize("system", [pendulum(), bodies(6), lattice(16), random_system(1)])
def test_every_row_has_a_place_of_its_own(system: tuple[Any, np.ndarray]) -> None:
    parameters = {"k": 0.5} if "k" in str(system[0]) else None
    packs = explained(system, parameters=parameters).packs
    places = place(packs)
    forward, back = edges(packs)
    assert all(places.layer[a] < places.layer[b] for a, b in forward)
    assert all(packs[a].depth >= packs[b].depth for a, b in back)
    for layer in set(places.layer):
        heights = sorted(y for x, y in zip(places.layer, places.height, strict=True) if x == layer)
        assert all(b - a >= GAP - 1e-9 for a, b in pairwise(heights))
    for (a, b), route in zip(forward, places.routes, strict=True):
        assert route[0] == (places.layer[a], places.height[a])
        assert route[-1] == (places.layer[b], places.height[b])
        assert [layer for layer, _ in route] == list(range(places.layer[a], places.layer[b] + 1))


def test_pictures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    explanation = explained(bodies(4, "e"))
    for name, signature in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml")):
        explanation.save(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(signature)
    axis = explanation.plot().axes[0]
    texts = " ".join(text.get_text() for text in axis.texts)
    assert all(f"r{pack.number}" in texts for pack in explanation.packs)


def test_graphviz_text(tmp_path: Path) -> None:
    explanation = explained(bodies(4, "e"))
    explanation.save(tmp_path / "a.dot")
    text = (tmp_path / "a.dot").read_text()
    assert text == explanation.dot and text.startswith("digraph") and text.count("{") == 1
    nodes = re.findall(r"^  r(\d+) \[label=", text, flags=re.MULTILINE)
    joined = re.findall(r"^  r(\d+) -> r(\d+)", text, flags=re.MULTILINE)
    assert len(nodes) == explanation.rows
    expected = {(a, pack.number) for pack in explanation.packs for a in pack.reads}
    assert {(int(a), int(b)) for a, b in joined} == expected


def test_too_large_a_picture_is_refused() -> None:
    x = ty.variables([f"x{i}" for i in range(400)])
    outputs = [ty.sin(e) for e in x]
    explanation = ty.compile(outputs, list(x)).explain()
    pytest.importorskip("matplotlib")
    with pytest.raises(ArgumentError, match=r"save\('program.dot'\)"):
        explanation.plot()
    assert "rows more" in str(explanation)
