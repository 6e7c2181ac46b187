"""Solutions of differential equations as functions of tensors: closed forms, and PyTorch's checks.

Most cases are among those that other packages have got wrong; the right answers are in closed form.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import taylor as ty

torch = pytest.importorskip("torch")
func = torch.func
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")


def number(value: float) -> Any:
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def slopes(value: Any, *inputs: Any) -> list[float]:
    return [g.item() for g in torch.autograd.grad(value, inputs, retain_graph=True)]


def pendulum(**given: Any) -> ty.Solution:
    x, v = ty.variables("x v")
    k = ty.parameter("k")
    ta = ty.Integrator([(x, v), (v, -k * ty.sin(x))], [0.05, 0.025], parameters={k: 9.8})
    return ta.as_function(inputs=[x, v, k], outputs=[x, v], **given)


def test_checks_of_pytorch() -> None:
    f = ty.torch.function(pendulum(until=1.5))
    given = (number(0.05), number(0.025), number(9.8))
    check, twice = torch.autograd.gradcheck, torch.autograd.gradgradcheck
    assert check(f, given, check_forward_ad=True, check_batched_grad=True)
    assert twice(f, given, check_fwd_over_rev=True)


def test_a_constant_solution() -> None:
    """x' = x - y, y' = y - x from (1, 1): steps that look at the solution alone see nothing."""
    x, y = ty.variables("x y")
    ta = ty.Integrator([(x, x - y), (y, y - x)], [1.0, 1.0])
    f = ty.torch.function(ta.as_function(inputs=[x, y], outputs=x, until=5.0))
    a, b = number(1.0), number(1.0)
    want = [(1 + math.exp(10)) / 2, (1 - math.exp(10)) / 2]
    assert slopes(f(a, b), a, b) == pytest.approx(want, rel=1e-12)


def test_two_phases_and_the_time_between() -> None:
    """y' = -k y until T, then 0: the time of the switch is an argument, too."""
    y, k = ty.variable("y"), ty.parameter("k")
    ta = ty.Integrator([(y, -k * y)], [1.0], parameters={k: 1.0})
    f = ty.torch.function(ta.as_function(inputs=[y, k], outputs=y))
    start, rate, end = number(2.0), number(0.7), number(1.3)
    value = 2.0 * math.exp(-0.7 * 1.3)
    found = f(start, rate, end)
    assert found.item() == pytest.approx(value, rel=1e-14)
    want = [value / 2, -1.3 * value, -0.7 * value]
    assert slopes(found, start, rate, end) == pytest.approx(want, rel=1e-13)
    (first,) = torch.autograd.grad(found, end, create_graph=True)
    assert slopes(first, end, rate) == pytest.approx(
        [0.49 * value, (0.7 * 1.3 - 1) * value], rel=1e-12
    )


def test_time_of_an_impact() -> None:
    """dt/dh = 1 / sqrt(2 g h)."""
    x, v = ty.variables("x v")
    event = ty.Event(x, terminal=True, direction=-1)
    ta = ty.Integrator([(x, v), (v, ty.constant(-8))], [1.0, 0.0], events=[event])
    f = ty.torch.function(ta.as_function(inputs=[x], outputs=ty.time, until=10.0))
    for height, want in ((1.0, 0.25), (3.0, 0.1443375672974065), (10.0, 0.07905694150420949)):
        h = number(height)
        found = f(h)
        assert found.item() == pytest.approx(math.sqrt(2 * height / 8), rel=1e-14)
        assert slopes(found, h) == pytest.approx([want], rel=1e-13)


def test_a_turning_point_of_an_oscillator() -> None:
    """dt/dk = -pi / (4 k^1.5) at k = 0.456."""
    x, v = ty.variables("x v")
    k = ty.parameter("k")
    ta = ty.Integrator(
        [(x, v), (v, -k * x)],
        [0.0, 1.0],
        parameters={k: 0.456},
        events=[ty.Event(v, terminal=True)],
    )
    f = ty.torch.function(ta.as_function(inputs=[k], outputs=ty.time, until=20.0))
    rate = number(0.456)
    assert slopes(f(rate), rate) == pytest.approx([-2.550601538829664], rel=1e-12)


def test_the_initial_time() -> None:
    """y' = cos(a t), y(t0) = 0: derivatives by t0, a and the last time."""
    y, a = ty.variable("y"), ty.parameter("a")
    ta = ty.Integrator([(y, ty.cos(a * ty.time))], [0.0], parameters={a: 1.5})
    f = ty.torch.function(ta.as_function(inputs=[ty.time, a], outputs=y))
    start, rate = number(0.0), number(1.5)
    for end, want in ((0.45, 0.4165982112), (1.1, None)):
        last = number(end)
        found = f(start, rate, last)
        value = math.sin(1.5 * end) / 1.5
        assert found.item() == pytest.approx(value, rel=1e-13)
        if want is not None:
            assert found.item() == pytest.approx(want, abs=1e-10)
        by_rate = end * math.cos(1.5 * end) / 1.5 - math.sin(1.5 * end) / 1.5**2
        known = [-1.0, by_rate, math.cos(1.5 * end)]
        assert slopes(found, start, rate, last) == pytest.approx(known, rel=1e-12)


def test_three_directions_at_once() -> None:
    """x' = a (1 - t) + b t + c t: the Jacobian is (1/2, 1/2, 1/2)."""
    x = ty.variable("x")
    a, b, c = ty.parameters("a b c")
    right = a * (1 - ty.time) + b * ty.time + c * ty.time
    ta = ty.Integrator([(x, right)], [0.0], parameters={a: 1.0, b: 2.0, c: 3.0})
    f = ty.torch.function(ta.as_function(inputs=[a, b, c], outputs=x, until=1.0))
    given = number(1.0), number(2.0), number(3.0)
    for jacobian in (func.jacrev, func.jacfwd):
        found = jacobian(f, argnums=(0, 1, 2))(*given)
        assert [x.item() for x in found] == pytest.approx([0.5] * 3, rel=1e-15)


def test_forward_mode_and_reverse_mode_over_many_times() -> None:
    """The sum of exp(k t) over 50 times in [0, 1]: 234.33132392618268 at k = 3."""
    y, k = ty.variable("y"), ty.parameter("k")
    times = np.linspace(0, 1, 50)
    ta = ty.Integrator([(y, k * y)], [1.0], parameters={k: 3.0})
    f = ty.torch.function(ta.as_function(inputs=[k], outputs=y, times=times))
    rate = number(3.0)

    def total(rate: Any) -> Any:
        return f(rate).sum()

    want = math.fsum(t * math.exp(3 * t) for t in times)
    assert want == pytest.approx(234.33132392618268, rel=1e-7)  # of times in single precision
    for slope in (func.grad(total)(rate), func.jacfwd(total)(rate)):
        assert slope.item() == pytest.approx(want, rel=1e-13)
    curvature = math.fsum(t * t * math.exp(3 * t) for t in times)
    assert func.hessian(total)(rate).item() == pytest.approx(curvature, rel=1e-12)


def test_repeated_times_count_each() -> None:
    y = ty.variable("y")
    ta = ty.Integrator([(y, -y)], [1.0])
    f = ty.torch.function(ta.as_function(inputs=[y], outputs=y, times=[0.5, 1.0, 1.0, 0.5]))
    start = number(1.0)
    want = 2 * (math.exp(-0.5) + math.exp(-1.0))
    assert slopes(f(start).sum(), start) == pytest.approx([want], rel=1e-14)


def test_kepler_transition_matrix() -> None:
    q, p = ty.variable("q", shape=(3,)), ty.variable("p", shape=(3,))
    ta = ty.Integrator([(q, p), (p, -q / (q @ q) ** 1.5)], [1.0, 0, 0, 0, 1.0, 0])
    f = ty.torch.function(ta.as_function(inputs=[q, p], outputs=q, until=1.0))
    start = (
        torch.tensor([1.0, 0, 0], dtype=torch.float64),
        torch.tensor([0, 1.0, 0], dtype=torch.float64),
    )
    rows = torch.cat(func.jacrev(f, argnums=(0, 1))(*start), dim=1)
    want = [
        [1.89694, 0.386823, 0, 1.22829, 0.188871, 0],
        [0.516683, 0.751624, 0, 0.211322, 0.971331, 0],
        [0, 0, math.cos(1.0), 0, 0, math.sin(1.0)],
    ]
    np.testing.assert_allclose(rows.numpy(), want, atol=6e-6)
    torch.testing.assert_close(torch.cat(func.jacfwd(f, (0, 1))(*start), dim=1), rows)


def test_a_stiff_pair_by_the_matrix_exponential() -> None:
    matrix = torch.tensor(
        [[-273 / 512, 0.0], [-1 / 160, 785 / 512 - math.sqrt(2) / 8]], dtype=torch.float64
    ).requires_grad_()
    y, m = ty.variable("y", shape=(2,)), ty.parameter("m", shape=(2, 2))
    values = {m: matrix.detach().numpy()}
    ta = ty.Integrator([(y, m @ y)], [1.0, 1.0], parameters=values)
    f = ty.torch.function(ta.as_function(inputs=[m, y], outputs=y, until=3.0))
    start = torch.ones(2, dtype=torch.float64)
    jacobians = [
        func.jacrev(g)(matrix)
        for g in (lambda m: f(m, start), lambda m: torch.matrix_exp(3 * m) @ start)
    ]
    torch.testing.assert_close(*jacobians, rtol=1e-11, atol=1e-12)


def test_a_singular_start_is_told() -> None:
    """y' = p sqrt(t) has no series at 0; it neither loops nor gives numbers."""
    y, p = ty.variable("y"), ty.parameter("p")
    ta = ty.Integrator([(y, p * ty.sqrt(ty.time))], [1.0], parameters={p: 1.0})
    f = ty.torch.function(ta.as_function(inputs=[p], outputs=y, until=0.008))
    with pytest.raises(ty.TaylorError):
        f(number(1.0))


def test_second_derivatives_of_a_driven_pendulum() -> None:
    x, v = ty.variables("x v")
    ta = ty.Integrator([(x, v), (v, ty.cos(ty.time) - 0.4 * v - ty.sin(x))], [0.2, 0.3])
    f = ty.torch.function(ta.as_function(inputs=[x, v], outputs=[x, v], until=3.0))
    start = number(0.2), number(0.3)
    position, speed = f(*start)
    np.testing.assert_allclose(
        [position.item(), speed.item()], [0.11757215, -1.24940656], atol=5e-9
    )
    first = [*slopes(position, *start), *slopes(speed, *start)]
    want = [-0.425478, 0.41983649, -0.19171818, -0.51871994]
    np.testing.assert_allclose(first, want, atol=5e-7)
    both = func.jacfwd(func.jacrev(f, argnums=(0, 1)), argnums=(0, 1))(*start)
    second = [both[k][i][j].item() for k in range(2) for i, j in ((0, 0), (0, 1), (1, 1))]
    known = [
        *(0.27771856625922825, 0.2239243290399873, 0.6041486469599123),
        *(-0.1122785039896587, -0.12689065229074553, 0.12443791),
    ]
    np.testing.assert_allclose(second, known, atol=5e-9)


def test_many_at_once() -> None:
    """exp(-k t), for many rates and starts, and derivatives of each."""
    y, k = ty.variable("y"), ty.parameter("k")
    ta = ty.Integrator([(y, -k * y)], [1.0], parameters={k: 1.0})
    f = ty.torch.function(ta.as_function(inputs=[y, k], outputs=y, until=1.0))
    starts, rates = torch.linspace(1, 2, 7).double(), torch.linspace(0, 3, 7).double()
    torch.testing.assert_close(torch.vmap(f)(starts, rates), starts * torch.exp(-rates))
    each = torch.vmap(func.grad(f, argnums=(0, 1)))(starts, rates)
    torch.testing.assert_close(each, (torch.exp(-rates), -starts * torch.exp(-rates)))
    shared = number(1.5)
    total = torch.vmap(f, in_dims=(0, None))(starts, shared).sum()
    want = -starts.sum().item() * math.exp(-1.5)
    assert slopes(total, shared) == pytest.approx([want], rel=1e-13)


def test_backward_in_every_way() -> None:
    """With derivatives that were kept, made anew, of many cotangents, twice, and of part."""
    f = ty.torch.function(pendulum(times=[0.5, 1.5]))
    given = number(0.05), number(0.025), number(9.8)
    position, speed = f(*given)
    eye = torch.eye(2, dtype=torch.float64)

    def pulled(weights: Any, **more: Any) -> Any:
        return torch.autograd.grad(position, given, weights, retain_graph=True, **more)

    kept = [pulled(row) for row in eye]
    for other in (
        [pulled(row, create_graph=True) for row in eye],
        list(zip(*pulled(eye, is_grads_batched=True), strict=True)),
        list(zip(*torch.vmap(pulled)(eye), strict=True)),
        list(zip(*func.jacrev(lambda *x: f(*x)[0], argnums=(0, 1, 2))(*given), strict=True)),
    ):
        torch.testing.assert_close(other, kept, rtol=1e-12, atol=1e-14)
    both = torch.autograd.grad([position, speed], given, [eye[0], eye[1]], retain_graph=True)
    alone = torch.autograd.grad(speed, given, eye[1], retain_graph=True)
    sums = [a + b for a, b in zip(kept[0], alone, strict=True)]
    torch.testing.assert_close(list(both), sums)
    (some,) = torch.autograd.grad(f(0.05, given[1], given[2])[0], given[2], eye[1])
    torch.testing.assert_close(some, kept[1][2])


def test_forward_mode_through_what_was_recorded_before() -> None:
    """Gradients are linear in the cotangent, whose tangent comes when the graph is there."""
    given = number(0.05), number(0.025), number(9.8)
    x, _ = ty.torch.function(pendulum(until=1.5))(*given)
    weight, along = torch.tensor(2.0, dtype=torch.float64), torch.tensor(3.0, dtype=torch.float64)
    plain = torch.autograd.grad(x, given, weight, retain_graph=True)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(weight, along)
        found = torch.autograd.grad(x, given, dual, retain_graph=True)
        pairs = [torch.autograd.forward_ad.unpack_dual(one) for one in found]
    assert [p.tangent.item() for p in pairs] == pytest.approx([1.5 * p.item() for p in plain])
    one = torch.autograd.grad(x, given[2], weight)[0]  # of fewer inputs than were recorded
    assert one.item() == plain[2].item()


def test_a_parameter_that_trains() -> None:
    """The period of a pendulum in small: g / l is found from the motion."""
    solution = pendulum(times=np.linspace(0.1, 1.0, 10))
    layer = ty.torch.Layer(solution, k=7.0)
    start = torch.tensor(0.05, dtype=torch.float64), torch.tensor(0.025, dtype=torch.float64)
    wanted = torch.tensor(solution(0.05, 0.025, 9.8)[0])
    optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=60, tolerance_change=1e-18)

    def closure() -> Any:
        optimiser.zero_grad()
        loss = 1e4 * torch.sum((layer(*start)[0] - wanted) ** 2)
        loss.backward()
        return loss

    optimiser.step(closure)
    assert layer.k.item() == pytest.approx(9.8, rel=1e-6)


def test_single_precision_and_errors() -> None:
    f = ty.torch.function(pendulum(until=1.0))
    single = f(*[torch.tensor(x) for x in (0.05, 0.025, 9.8)])
    double = f(*[torch.tensor(x, dtype=torch.float64) for x in (0.05, 0.025, 9.8)])
    assert single[0].dtype is torch.float32
    torch.testing.assert_close(single, tuple(x.float() for x in double))
    with pytest.raises(ty.ArgumentTypeError, match="takes 3 argument"):
        f(number(1.0))
    with pytest.raises(ty.ShapeError, match="argument x must have shape"):
        f(torch.ones(2, requires_grad=True), number(1.0), number(1.0))
    with pytest.raises(ty.ArgumentError, match="not finite"):
        f(number(float("nan")), number(1.0), number(1.0))


def test_a_network_in_the_equations() -> None:
    """The gradient by a network's weights, against PyTorch's through a Runge-Kutta method."""
    net = torch.nn.Sequential(
        torch.nn.Linear(2, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2)
    ).double()
    right = ty.torch.trace(net, torch.zeros(2))
    y, weights = ty.variable("y", shape=(2,)), right.parameters()
    values = {weights[name]: value for name, value in right.weights.items()}
    ta = ty.Integrator([(y, right(y, weights=weights))], [1.0, 0.0], parameters=values)
    f = ty.torch.function(ta.as_function(inputs=[y, *weights.values()], outputs=y, until=1.0))
    start = torch.tensor([1.0, -0.5], dtype=torch.float64, requires_grad=True)
    own = torch.autograd.grad(f(start, *net.parameters()).prod(), [start, *net.parameters()])
    u, h = start, 1 / 200
    for _ in range(200):
        a = net(u)
        b = net(u + h / 2 * a)
        c = net(u + h / 2 * b)
        u = u + h / 6 * (a + 2 * b + 2 * c + net(u + h * c))
    known = torch.autograd.grad(u.prod(), [start, *net.parameters()])
    torch.testing.assert_close(own, known, rtol=1e-8, atol=1e-10)
    layer = ty.torch.Layer(f, **right.weights)
    assert list(layer.state_dict()) == list(net.state_dict())
    layer(start).prod().backward()
    for parameter, slope in zip(layer.parameters(), known[1:], strict=True):
        torch.testing.assert_close(parameter.grad, slope, rtol=1e-8, atol=1e-10)
    layer.load_state_dict({name: 2 * x for name, x in net.state_dict().items()})
    torch.testing.assert_close(layer(start), f(start, *(2 * x for x in net.parameters())))
