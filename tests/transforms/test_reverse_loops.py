"""Derivatives through loops and branches, both ways, against differences at 50 digits."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from gradient_checks import check, value

import taylor as ty
from taylor.expressions.leaves import ONE, as_expression, constant
from taylor.nodes.regions import REGIONS
from taylor.nodes.traverse import reachable
from taylor.transforms.forward import tangents
from taylor.transforms.joined import joined
from taylor.transforms.reverse import adjoints

Program = Callable[..., Any]
ROWS = np.array([[0.5, -1.0], [0.25, 0.75], [-0.5, 1.5]])


def pendulum(x: Any, v: Any) -> Any:
    def step(i: Any, s: Any) -> Any:
        return s[0] + 0.1 * s[1], s[1] - 0.1 * ty.sin(s[0]) + 0.01 * i

    return ty.fori_loop(0, 7, step, (x, v))[0]


def network(w: Any, h: Any, xs: Any) -> Any:
    last, outputs = ty.scan(lambda h, x: (np.tanh(w @ h + x), h.sum() * x), h, xs)
    return last.sum() + np.sum(outputs**2)


def kept_aside(x: Any, xs: Any) -> Any:
    def turn(s: Any, row: Any) -> Any:
        a, count, still = s
        return (ty.sin(a) * row[0] + count, count + 1, still), (a * still, row[1] * x)

    (a, _, still), (first, second) = ty.scan(turn, (x, 0.0, x * x), xs, reverse=True)
    return a * still + first[0] + np.sum(first * second)


def newton(a: Any) -> Any:
    return ty.while_loop(
        lambda s: ty.abs(s[0] * s[0] - s[1]) > 1e-3,
        lambda s: (s[0] / 2 + s[1] / s[0] / 2, s[1]),
        (a * 0 + 2.0, a),
    )[0]


def halved(x: Any, w: Any) -> Any:
    return ty.while_loop(lambda s: np.sum(s * s) > 0.1, lambda s: np.sin(w * s) / 2, x).sum()


def counted(x: Any, n: Any) -> Any:
    return ty.fori_loop(ty.floor(n), n + 3.5, lambda i, s: ty.sin(s * x) + i / 8, x)


def chosen(x: Any, y: Any) -> Any:
    found = ty.cond(x[0] > 0, lambda a, b: a * b, lambda a, b: np.sin(a) + 0 * b, x, y)
    other = ty.switch(1 + 0 * y[0], [lambda a: a, lambda a: a * a * y.sum(), lambda a: -a], x)
    return found.sum() + other[0] * other[1]


def inner(x: Any, xs: Any) -> Any:
    def turn(s: Any, row: Any) -> Any:
        again = ty.fori_loop(0, 3, lambda i, u: ty.sin(u + row[0]) * x, s)
        small = ty.cond(again > 0.2, lambda u: u * u, lambda u: u + row[1], again)
        return small, again

    last, all_of_them = ty.scan(turn, x, xs)
    return last + all_of_them @ np.array([1.0, 2.0, 3.0])


def by_index(x: Any, w: Any) -> Any:
    def turn(i: Any, s: Any) -> Any:
        again = (np.sin(s * w[i]) + x[4 - i]).copy()
        again[i - 2] = again.sum() * x[i]
        return again

    return ty.fori_loop(0, 5, turn, x[:3] * 1.0).sum()


PROGRAMS: dict[str, tuple[Program, Sequence[Any]]] = {
    "pendulum": (pendulum, [0.3, -0.2]),
    "network": (network, [np.array([[0.2, -0.4], [0.7, 0.1]]), np.array([0.3, 0.5]), ROWS]),
    "kept aside": (kept_aside, [0.6, ROWS]),
    "newton": (newton, [3.0]),
    "halved": (halved, [np.array([0.7, -1.2]), np.array([1.1, 0.8])]),
    "counted": (counted, [0.8, 2.25]),
    "chosen": (chosen, [np.array([0.4, -0.3]), np.array([1.5, 0.2])]),
    "not chosen": (chosen, [np.array([-0.4, -0.3]), np.array([1.5, 0.2])]),
    "by index": (by_index, [np.array([0.4, -0.3, 0.8, 0.1, 1.2]), np.linspace(0.5, 1.5, 5)]),
    "inner": (inner, [0.7, ROWS]),
    "no turns": (lambda x: ty.fori_loop(3, 2, lambda i, s: s * s, x * x), [0.7]),
    "one turn": (lambda x: ty.scan(lambda s, _: (s * x, s), x, length=1)[0], [0.7]),
}


def made(name: str) -> tuple[list[Any], Any, list[np.ndarray]]:
    program, given = PROGRAMS[name]
    points = [np.asarray(p, dtype=float) for p in given]
    arguments = [ty.variable(f"x{i}", p.shape) for i, p in enumerate(points)]
    return arguments, as_expression(program(*arguments)), points


@pytest.mark.parametrize("name", PROGRAMS)
def test_loops_and_branches(name: str) -> None:
    arguments, e, points = made(name)
    check(e, arguments, points, 1e-13)


@pytest.mark.parametrize("name", PROGRAMS)
def test_second_order(name: str) -> None:
    arguments, e, points = made(name)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    total = constant(0)
    for share in adjoints([e], [ONE], arguments):
        total = total + np.sum(share * rng.normal(size=share.shape))
    check(total, arguments, points, 1e-12)


@pytest.mark.parametrize("name", ["pendulum", "network", "newton", "chosen"])
def test_third_order(name: str) -> None:
    """Forward, over backward, over forward."""
    arguments, e, points = made(name)
    rng = np.random.default_rng(7)
    seeds = {x: as_expression(rng.normal(size=x.shape)) for x in arguments}
    (slope,) = tangents([e], seeds)
    total = constant(0)
    for share in adjoints([slope], [ONE], arguments):
        total = total + np.sum(share * rng.normal(size=share.shape))
    (third,) = tangents([total], seeds)
    again = adjoints([total], [ONE], arguments)
    expected = value(third, arguments, points)
    found = sum(
        np.sum(value(share, arguments, points) * value(seeds[x], [], []))
        for share, x in zip(again, arguments, strict=True)
    )
    assert found == pytest.approx(float(expected), rel=1e-11, abs=1e-12)
    check(slope, arguments, points, 1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_machine_code(name: str) -> None:
    """Values with gradients, and Hessians, compiled."""
    arguments, e, points = made(name)
    gradient = adjoints([e], [ONE], arguments)
    again = adjoints([np.sum(gradient[0])], [ONE], arguments)
    wanted = [e, *gradient, *again]
    found = ty.compile(wanted, arguments)(*points)
    for expression, result in zip(wanted, found, strict=True):
        expected = value(expression, arguments, points)
        np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-13)


def test_value_and_gradient_share_their_loop() -> None:
    arguments, e, _ = made("pendulum")
    both = joined([e, *adjoints([e], [ONE], arguments)])
    assert sum(node.op in REGIONS for node in reachable(both)) == 2
    arguments, e, points = made("network")
    wanted = [e, *adjoints([e], [ONE], arguments)]
    both = joined(wanted)
    assert sum(node.op in REGIONS for node in reachable(both)) == 2
    for one, other in zip(both, wanted, strict=True):
        found, expected = value(one, arguments, points), value(other, arguments, points)
        np.testing.assert_array_equal(found, expected)


def test_only_what_is_needed_is_collected() -> None:
    """Of a linear turn nothing; of a counter neither index nor adjoint; of arrays no copy."""
    x, w = ty.variable("x"), ty.variable("w", (2,))
    linear = ty.fori_loop(0, 100, lambda i, s: (s[0] + 0.1 * s[1], s[1] - 0.1 * s[0]), (x, x * x))
    (share,) = adjoints([linear[0]], [ONE], [x])
    (loop,) = [e for e in reachable([share]) if e.op in REGIONS]
    assert loop.payload.carries == 2 and loop.payload.shapes == ((), ())
    (share,) = adjoints([ty.fori_loop(0, 100, lambda i, s: s * x + i, x)], [ONE], [x])
    forth, back = [e for e in reachable([share]) if e.op in REGIONS]
    assert forth.payload.shapes == ((), (), (100,)) and back.payload.carries == 2
    last = ty.scan(lambda s, _: (np.tanh(s * w), None), w, length=50)[0]
    (share,) = adjoints([last.sum()], [ONE], [w])
    forth, back = [e for e in reachable([share]) if e.op in REGIONS]
    assert forth.payload.shapes == ((2,), (50, 2))


def test_branches_not_taken_leave_loops_alone() -> None:
    x = ty.variable("x")
    inside = ty.fori_loop(0, 3, lambda i, s: ty.sqrt(s), x)
    (share,) = adjoints([ty.where(x > 0, inside, x)], [ONE], [x])
    assert float(share.evaluate({x: -1.0})) == 1.0
    assert float(share.evaluate({x: 1.0})) == pytest.approx(0.125)
    chosen_one = ty.cond(x > 0, ty.sqrt, lambda s: s * 0, x)
    for found in (adjoints([chosen_one], [ONE], [x]), tangents([chosen_one], {x: ONE})):
        assert float(found[0].evaluate({x: 0.0})) == 0.0


def test_a_second_gradient_of_too_many_numbers_is_refused() -> None:
    x = ty.variable("x", (5000,))
    last = ty.while_loop(lambda s: np.sum(s * s) > 1, lambda s: s * s / 2, x)
    (share,) = adjoints([last.sum()], [ONE], [x])
    with pytest.raises(ty.UnsupportedFunctionError, match=r"5000 numbers.*forward"):
        adjoints([share.sum()], [ONE], [x])


# --- less memory ----------------------------------------------------------------------------------


def walked(x: Any, xs: Any, memory: float | None, reverse: bool = False, length: int = 0) -> Any:
    def turn(s: Any, row: Any) -> Any:
        new = ty.sin(s[0] * row) + s[1] / 8, ty.cos(s[1]) * x
        return new, new[0] * row

    last, ys = ty.scan(turn, (x, x * x), xs[:length], reverse=reverse, memory=memory)
    return last[0] + last[1] * np.sum(ys * np.arange(1.0, length + 1))


@pytest.mark.parametrize("length", [4, 5, 12, 37])
@pytest.mark.parametrize("memory", [1, 200])
@pytest.mark.parametrize("reverse", [False, True])
def test_segments_change_nothing(length: int, memory: float, reverse: bool) -> None:
    x, xs = ty.variable("x"), ty.variable("xs", (40,))
    points = [0.6, np.linspace(0.2, 1.4, 40)]
    whole = walked(x, xs, None, reverse, length)
    parted = walked(x, xs, memory, reverse, length)
    assert (whole is parted) == (length == 4 or 16 * length <= memory)
    given = [[e, *adjoints([e], [ONE], [x, xs])] for e in (whole, parted)]
    for one, other in zip(*given, strict=True):
        found = value(other, [x, xs], points)
        np.testing.assert_allclose(found, value(one, [x, xs], points), rtol=1e-13, atol=1e-14)


def test_segments_of_a_range() -> None:
    x = ty.variable("x")
    whole, parted = (
        ty.fori_loop(2, 102, lambda i, s: ty.sin(s * x) + i / 64, x, memory=memory)
        for memory in (None, 400)
    )
    for one, other in (whole, parted), (adjoints([e], [ONE], [x])[0] for e in (whole, parted)):
        found = ty.compile([one, other], [x])(0.7)
        assert found[0] == pytest.approx(found[1], rel=1e-13)


def kept_numbers(outputs: Sequence[Any]) -> int:
    """How many numbers loops collect, those inside of others once."""
    total, pending = 0, list(outputs)
    for e in reachable(pending):
        if e.op in REGIONS:
            total += sum(np.prod(s, dtype=int) for s in e.payload.shapes[e.payload.carries :])
            total += max(kept_numbers(graph.outputs) for graph in e.payload.graphs)
    return total


@pytest.mark.parametrize(("memory", "most"), [(None, 10**6), (16 * 2100, 2100), (16 * 400, 320)])
def test_what_is_kept_of_a_million_turns(memory: float | None, most: int) -> None:
    """A pendulum: one of its two numbers is needed."""
    x, v = ty.variables("x v")

    def step(s: Any, _: Any) -> Any:
        return (s[0] + 1e-6 * s[1], s[1] - 1e-6 * ty.sin(s[0])), None

    last = ty.scan(step, (x, v), length=10**6, memory=memory)[0][0]
    gradient = adjoints([last], [ONE], [x, v])
    assert most / 4 < kept_numbers(gradient) <= 2 * most
    found = ty.compile(gradient, [x, v])(0.3, 0.2)
    plain = ty.fori_loop(0, 10**6, lambda i, s: step(s, None)[0], (x, v))[0]
    forward = [tangents([plain], {one: ONE})[0] for one in (x, v)]
    np.testing.assert_allclose(found, ty.compile(forward, [x, v])(0.3, 0.2), rtol=1e-11)


def test_checkpoints() -> None:
    x, w = ty.variable("x", (3,)), ty.variable("w", (3, 3))
    plain = lambda p, b: {"out": np.tanh(p["w"] @ p["x"]) * b}  # noqa: E731
    marked = ty.checkpoint(plain)
    points = [np.array([0.3, -0.5, 0.8]), np.random.default_rng(3).normal(size=(3, 3))]
    totals = []
    for layer in (plain, marked):
        found = layer({"x": x, "w": w}, b=2.0)["out"]
        found = layer({"x": found, "w": w}, b=w[0, 0])["out"]
        totals.append(found.sum())
    given = [[e, *adjoints([e], [ONE], [x, w])] for e in totals]
    again = [adjoints([g[1].sum() * g[2].sum()], [ONE], [x, w]) for g in given]
    for one, other in zip(given[0] + again[0], given[1] + again[1], strict=True):
        expected = value(one, [x, w], points)
        np.testing.assert_allclose(value(other, [x, w], points), expected, rtol=1e-12, atol=1e-13)
        found = ty.compile(other, [x, w])(*points)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
    assert not [e for e in reachable(given[1][1:]) if e.op == "tanh"]
    assert marked({"x": np.ones(3), "w": np.eye(3)}, b=2.0)["out"].shape == (3,)


def test_errors_of_memory() -> None:
    x = ty.variable("x")
    for memory in (0, -1, "1 MB", True):
        with pytest.raises(ty.ArgumentError, match="number of bytes"):
            ty.scan(lambda s, _: (s * x, None), x, length=10, memory=memory)
    with pytest.raises(ty.ArgumentTypeError, match="checkpoint: fun=3"):
        ty.checkpoint(3)


@pytest.mark.parametrize("rows", [(), (3,)])
def test_products_of_turns_are_summed_at_once(rows: tuple[int, ...]) -> None:
    """No matrix of sums goes from turn to turn; the result is that of turns written out."""
    size = 40 if rows else 12
    w, b = ty.variable("w", (size, size)), ty.variable("b", (size, size))
    h, xs = ty.variable("h", (*rows, size)), ty.variable("xs", (4, *rows, size))

    def turn(s: Any, x: Any) -> Any:
        return np.tanh(s @ w + x) + 0.1 * s @ (w * b)

    last = ty.scan(lambda s, x: (turn(s, x), None), h, xs)[0]
    plain = h
    for t in range(4):
        plain = turn(plain, xs[t])
    rng = np.random.default_rng(2)
    given = [w, b, h, xs]
    points = [rng.normal(size=x.shape) / 4 for x in given]
    weights = [rng.normal(size=x.shape) for x in given]
    found = []
    for e in (last, plain):
        gradient = adjoints([np.sum(e * e)], [ONE], given)
        total = constant(0)
        for share, weight in zip(gradient, weights, strict=True):
            total = total + np.sum(share * weight)
        found.append([*gradient, *adjoints([total], [ONE], given)])
    for one, other in zip(*found, strict=True):
        expected = value(other, given, points)
        most = np.abs(expected).max()
        np.testing.assert_allclose(value(one, given, points), expected, rtol=0, atol=1e-13 * most)
    back = [e for e in reachable(found[0][:4]) if e.op == "scan"][-1]
    carried = back.payload.shapes[: back.payload.carries]
    assert max(np.prod(shape, dtype=int) for shape in carried) <= 3 * size
