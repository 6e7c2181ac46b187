"""PyTorch's modules traced: values and derivatives against PyTorch's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylor as ty

torch = pytest.importorskip("torch")
nn = torch.nn
F = nn.functional

# PyTorch warns of itself where it exports, and where its forward mode is loaded.
pytestmark = pytest.mark.filterwarnings("ignore:::torch")

X = torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
IMAGE = torch.randn(2, 4, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
SERIES = IMAGE[..., 0]
TARGET = torch.softmax(X.flip(0), -1)
CLASSES = torch.tensor([0, 5, 2, 3])

ACTIVATIONS = [
    *(nn.Tanh(), nn.Sigmoid(), nn.ReLU(), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish()),
    *(nn.ELU(0.8), nn.SELU(), nn.CELU(0.7), nn.LeakyReLU(0.1), nn.PReLU(), nn.PReLU(6)),
    *(nn.Softplus(), nn.Softplus(2.0), nn.Softsign(), nn.Softshrink(), nn.Hardshrink()),
    *(nn.Threshold(0.1, 3.0), nn.GLU(), nn.Hardtanh(-0.5, 2), nn.Hardsigmoid(), nn.Hardswish()),
    *(nn.ReLU6(), nn.LogSigmoid(), nn.Tanhshrink(), nn.Softmax(-1), nn.LogSoftmax(0)),
    *(nn.Softmin(-1), nn.Identity(), nn.Dropout()),
]

LAYERS = [
    *(nn.Linear(6, 3), nn.Linear(6, 3, bias=False), nn.LayerNorm(6), nn.LayerNorm((4, 6))),
    *(nn.RMSNorm(6), nn.BatchNorm1d(6), nn.Flatten(), nn.Flatten(0), nn.Unflatten(1, (2, -1))),
    *(nn.RNN(6, 3), nn.GRU(6, 3), nn.GRUCell(6, 3)),
]

OF_IMAGES = [
    *(nn.Conv2d(4, 6, 3), nn.Conv2d(4, 6, 3, padding=1, stride=2), nn.Conv2d(4, 6, (1, 3))),
    nn.Conv2d(4, 8, 3, groups=2, dilation=2, padding="same"),
    nn.Conv2d(4, 2, 3, padding=1, padding_mode="circular"),
    *(nn.GroupNorm(2, 4), nn.BatchNorm2d(4), nn.InstanceNorm2d(4, affine=True)),
    *(nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2, padding=1), nn.AvgPool2d((2, 4))),
    *(nn.AdaptiveAvgPool2d(1), nn.AdaptiveAvgPool2d(4), nn.AdaptiveMaxPool2d(2)),
    *(nn.ZeroPad2d(1), nn.ReflectionPad2d(1), nn.CircularPad2d(1), nn.ReplicationPad2d(1)),
    *(nn.ZeroPad2d(-1), nn.PixelShuffle(2), nn.Upsample(scale_factor=2)),
]

OF_SERIES = [
    *(nn.Conv1d(4, 5, 3), nn.Conv1d(4, 5, 3, padding=2, padding_mode="circular")),
    *(nn.MaxPool1d(2), nn.AvgPool1d(3), nn.AdaptiveAvgPool1d(2)),
]


def placed(x: Any) -> Any:
    y = torch.zeros(4, 6, dtype=x.dtype)
    y[1] = x[0] * 2
    y[:, 2:4] += x[:, :2]
    y[0, 0] = 1.0
    y[torch.tensor([2, 3]), torch.tensor([0, 5])] = x[0, :2]
    return y.mul_(2).add_(x)


def chosen(x: Any) -> Any:
    return torch.cond(x.sum() > 0, lambda x: (x * 2, x.sum(0)), lambda x: (x * 3, 2 * x[0]), (x,))


FUNCTIONS = [
    placed,
    chosen,
    lambda x: x.sum(0) + x.mean(0) * x.std(0) - x.var(0, unbiased=False) + x.sum(),
    lambda x: torch.cat([x, x[:1] * 2], 0).cumsum(1),
    lambda x: x.max(1)[0] + x.min(1).values + x.amax(1) + x.max() - torch.max(x, 2 * x)[:, 0],
    lambda x: torch.where(x > 0, x, x**2).clamp(-1, 1) + x.clamp(min=0.1) + x.clamp(max=0.1),
    lambda x: torch.einsum("ij,kj->ik", x, x) @ x.T.T,
    lambda x: torch.linalg.norm(x) + x.norm(dim=1).sum() + x.norm(p=3) + x.norm(p=1, dim=0).sum(),
    lambda x: torch.stack(x.unbind(0)).roll(1, 0).flip(1) + x.roll(3),
    lambda x: torch.logsumexp(x, 1) + torch.erf(x)[:, 0] + torch.lgamma(x.abs())[:, 1],
    lambda x: x.view(2, 2, 6).permute(1, 0, 2).reshape(-1).unsqueeze(0).expand(3, -1),
    lambda x: torch.linalg.solve(x[:, :4], x[:, 4:]),
    lambda x: torch.det(x[:, :4]) + torch.linalg.inv(x[:, :4]).sum(),
    lambda x: torch.linalg.cholesky(x @ x.T + torch.eye(4)),
    lambda x: x * (x > 0).float().sum() + (x > 0).to(x.dtype),
    lambda x: x.index_select(1, torch.tensor([0, 2])) + x[:, [1, 3]] + x[..., -2:],
    lambda x: F.pad(x, (1, 2), value=3.0)[:, ::2],
    lambda x: torch.tril(x) * torch.triu(x) + x.narrow(0, 1, 1) + x.select(1, 2)[:, None],
    lambda x: torch.atan2(x, x + 1) + torch.hypot(x, x) + torch.pow(x.abs(), 1.5) + 2**x,
    lambda x: x.prod(1) + x.cumprod(1)[:, -1],
    lambda x: torch.outer(x[0], x[1]) + torch.ger(x[0], x[1]),
    lambda x: (
        x.gather(1, torch.tensor([[0], [1], [2], [3]]))
        + x.take_along_dim(torch.ones(4, 1).long(), 1)
    ),
    lambda x: torch.linspace(0, 1, 6) * x + torch.arange(6) + torch.ones(6) + torch.eye(6)[0],
    lambda x: torch.zeros_like(x) + torch.full((6,), 2.0) * x + x.new_ones(6) + x.new_full((6,), 3),
    lambda x: torch.linalg.cross(x[:, :3], x[:, 3:]),
    lambda x: x.split(2, 1)[1] + x.chunk(3, 1)[0] + torch.tensor_split(x, 3, 1)[0],
    lambda x: torch.vmap(lambda row: torch.sin(row).sum())(x),
    lambda x: torch.softmax(x, 1) @ torch.log_softmax(x, 1).T,
    lambda x: x.masked_fill(x > 0, -1.0) + (x > 0).logical_not() * x + ((x > 0) & (x < 1)) * x,
    lambda x: x / x.sum(1, keepdim=True) % 1 + torch.remainder(x, 0.3) + torch.fmod(x, 0.3),
    lambda x: torch.sinc(x) + torch.special.i0(x) + torch.rsqrt(x**2),
    lambda x: torch.special.erfcx(x) + torch.logit(torch.sigmoid(x)),
    lambda x: torch.xlogy(x.abs(), x.abs()) + torch.logaddexp(x, -x) + x.sign() + x.frac(),
    lambda x: torch.cdist(x, 2 * x) + torch.diagonal(x).sum() + torch.trace(x[:, :4]),
    lambda x: F.normalize(x, dim=1) + F.cosine_similarity(x, x + 1)[:, None],
    lambda x: torch.trapezoid(x, dim=1) + torch.diff(x, dim=1)[:, 0] + torch.std_mean(x, 1)[1],
    lambda x: torch.kron(x, x)[0] + torch.tensordot(x, x.T, 1).sum(),
    lambda x: torch.movedim(x, 0, 1).tile(2, 1).repeat_interleave(2, 0).repeat(1, 2),
    lambda x: torch.lerp(x, x**2, 0.3) + torch.addcmul(x, x, x, value=2) + torch.addcdiv(x, x, x),
    lambda x: torch.addmm(x, x @ x.T, x, beta=2, alpha=3) + x.neg().exp().log1p().expm1(),
    lambda x: F.scaled_dot_product_attention(x[None], x[None], x[None], is_causal=True),
    lambda x: F.mse_loss(x, 2 * x) + F.huber_loss(x, 3 * x) + F.smooth_l1_loss(x, 2 * x, beta=0.5),
    lambda x: F.l1_loss(x, 2 * x) + F.binary_cross_entropy_with_logits(x, TARGET),
    lambda x: F.binary_cross_entropy(torch.sigmoid(x), TARGET) + F.cross_entropy(x, TARGET),
    lambda x: F.kl_div(F.log_softmax(x, 1), TARGET, reduction="batchmean"),
    lambda x: {"a": x.detach() * x, "b": (x[0], [x[1], None])},
    lambda x: x.sin().cos().tan().asinh().atan().sinh().tanh().cosh().acosh().exp2().log2(),
]


def leaves(value: Any) -> list[Any]:
    found = torch.utils._pytree.tree_leaves(value)
    return [x for x in found if x is not None]


def check(module: Any, *given: Any) -> None:
    """Values by NumPy and by machine code, and a gradient, against PyTorch's."""
    if isinstance(module, nn.Module):
        module = module.double().eval()
    f = ty.torch.trace(module, *given)
    arrays = [x.numpy() for x in given]
    own = [x.clone().requires_grad_() for x in given]
    want = leaves(module(*own))
    weights = [torch.rand(x.shape, dtype=torch.float64) for x in want]
    for found in (f(*arrays), ty.jit(f)(*arrays)):
        for a, b in zip(leaves(found), want, strict=True):
            np.testing.assert_allclose(a, b.detach().numpy(), rtol=1e-12, atol=1e-13)

    def loss(*inputs: Any) -> Any:
        pairs = zip(leaves(f(*inputs)), weights, strict=True)
        return sum(np.sum(x * w.numpy()) for x, w in pairs)

    total = sum(torch.sum(x * w) for x, w in zip(want, weights, strict=True))
    slopes = ty.grad(loss, argnums=tuple(range(len(arrays))))(*arrays)
    # PyTorch keeps the constants of two derivatives in single precision.
    loose = isinstance(module, nn.CELU | nn.Hardsigmoid)
    for a, b in zip(slopes, torch.autograd.grad(total, own), strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=1e-7 if loose else 1e-10, atol=1e-12)


@pytest.mark.parametrize("module", [*ACTIVATIONS, *LAYERS], ids=str)
def test_layers(module: Any) -> None:
    check(module, X)


@pytest.mark.parametrize("module", OF_IMAGES, ids=str)
def test_layers_of_images(module: Any) -> None:
    check(module, IMAGE)
    if isinstance(module, nn.Conv2d):
        check(module, IMAGE[0])


@pytest.mark.parametrize("module", OF_SERIES, ids=str)
def test_layers_of_series(module: Any) -> None:
    check(module, SERIES)


@pytest.mark.parametrize("k", range(len(FUNCTIONS)))
def test_functions(k: int) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        check(FUNCTIONS[k], X)
    finally:
        torch.set_default_dtype(torch.float32)


def test_several_inputs() -> None:
    check(nn.Bilinear(6, 6, 3), X, X + 1)
    check(nn.PairwiseDistance(), X, X + 1)
    check(nn.MultiheadAttention(6, 2, batch_first=True), X[None], X[None] + 1, X[None] * 2)
    check(nn.TransformerEncoderLayer(6, 2, 8, batch_first=True), X[None])


def test_integers_choose() -> None:
    embedding = nn.Embedding(7, 3).double()
    f = ty.torch.trace(embedding, CLASSES)
    found = f(CLASSES.numpy())
    np.testing.assert_array_equal(found, embedding(CLASSES).detach().numpy())
    loss = ty.torch.trace(lambda x: F.cross_entropy(x, CLASSES) + F.nll_loss(x, CLASSES), X)
    want = F.cross_entropy(X, CLASSES) + F.nll_loss(X, CLASSES)
    assert float(loss(X.numpy())) == pytest.approx(want.item(), rel=1e-13)


def test_weights() -> None:
    net = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    f = ty.torch.trace(net)
    x = np.array([0.3, -0.7])
    assert list(f.weights) == [name for name, _ in net.named_parameters()]
    before = f(x)
    with torch.no_grad():
        net[0].weight.mul_(2)
    np.testing.assert_array_equal(f(x), before)  # those of when it was traced
    now = {"0.weight": net[0].weight.detach().numpy()}
    want = net(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(f(x, weights=now), want, rtol=1e-14)
    slopes = ty.grad(lambda w: f(x, weights=w)[0])(f.weights | now)
    net(torch.tensor(x)).sum().backward()
    for name, p in net.named_parameters():
        np.testing.assert_allclose(slopes[name], p.grad.numpy(), rtol=1e-13, atol=1e-15)
    with pytest.raises(ty.ArgumentError, match=r"no weights 'w'; it has 0\.weight"):
        f(x, weights={"w": 1.0})
    with pytest.raises(ty.ShapeError, match=r"'0.bias' have shape \(5,\), got \(4,\)"):
        f(x, weights={"0.bias": np.zeros(4)})


def test_shapes_and_dtypes_are_met_when_they_come() -> None:
    f = ty.torch.trace(lambda x, k=2.0: (x * k).sum(-1))
    for shape in ((3,), (2, 3), (2, 0), ()):
        x = np.ones(shape)
        np.testing.assert_allclose(f(x) if shape else f(x[None]), 2 * np.atleast_1d(x).sum(-1))
    assert float(f(np.ones(3), k=4.0)) == float(f(np.ones(3), 4.0)) == 12.0
    assert float(f(torch.ones(3), 3)) == 9.0
    power = ty.torch.trace(lambda x, n: x**n)
    assert float(power(2.0, 3)) == 8.0 and float(power(2.0, 0.5)) == 2.0**0.5


def test_single_precision_becomes_double() -> None:
    net = nn.Linear(2, 1)
    found = ty.torch.trace(net, torch.zeros(2))(np.array([0.1, 0.2]))
    want = net.double()(torch.tensor([0.1, 0.2], dtype=torch.float64))
    np.testing.assert_allclose(found, want.detach().numpy(), rtol=1e-15)


def test_in_a_right_hand_side() -> None:
    """Against a Runge-Kutta step by step in PyTorch."""
    net = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 2)).double()
    f = ty.torch.trace(net, torch.zeros(2))
    start = np.array([1.0, -0.5])
    ta = ty.Integrator(lambda t, y: f(y), start)
    ta.propagate_until(1.0)
    y, h = torch.tensor(start), 1 / 400
    with torch.no_grad():
        for _ in range(400):
            a = net(y)
            b = net(y + h / 2 * a)
            c = net(y + h / 2 * b)
            d = net(y + h * c)
            y = y + h / 6 * (a + 2 * b + 2 * c + d)
    np.testing.assert_allclose(ta.state, y.numpy(), rtol=1e-10)


def test_weights_as_parameters_of_equations() -> None:
    net = nn.Linear(2, 2, bias=False).double()
    f = ty.torch.trace(net)
    y, w = ty.variable("y", shape=(2,)), f.parameters("net.")
    assert str(w["weight"]) == "net.weight" and w["weight"].shape == (2, 2)
    ta = ty.Integrator([(y, f(y, weights=w))], [1.0, 0.0], parameters={w["weight"]: np.eye(2)})
    ta.propagate_until(1.0)
    np.testing.assert_allclose(ta.state, [np.e, 0.0], rtol=1e-14)


# -- what cannot be -------------------------------------------------------------------------------


def line_of(mark: str) -> int:
    with open(__file__, encoding="utf-8") as lines:
        return next(k for k, line in enumerate(lines, 1) if line.rstrip().endswith(f"# {mark}"))


def transformed(x: Any) -> Any:
    return torch.fft.fft(x + 1).real  # transformed


def decided(x: Any) -> Any:
    if x.sum() > 0:  # decided
        return x
    return -x


class Sorted(nn.Module):  # type: ignore[misc]
    def forward(self, x: Any) -> Any:
        return helped(x)


def helped(x: Any) -> Any:
    return torch.median(x * 2)  # helped


@pytest.mark.parametrize(
    ("module", "message", "mark"),
    [
        (transformed, "aten._fft_r2c.default has no rule", "transformed"),
        (Sorted(), "aten.median.default has no rule", "helped"),
    ],
)
def test_operations_without_a_rule(module: Any, message: str, mark: str) -> None:
    with pytest.raises(ty.UnsupportedFunctionError, match=message) as error:
        ty.torch.trace(module, X)
    assert f"{__file__}:{line_of(mark)}" in str(error.value)


def test_decisions_by_values() -> None:
    with pytest.raises(ty.TracingError, match="asks for the value of a tensor") as error:
        ty.torch.trace(decided, X)
    assert f"line {line_of('decided')}" in str(error.value)


def test_random_numbers_and_changing_buffers() -> None:
    f = ty.torch.trace(nn.Dropout().train())
    with pytest.raises(ty.UnsupportedFunctionError, match=r"random numbers; call \.eval\(\)"):
        f(X.numpy())
    with pytest.raises(ty.UnsupportedFunctionError, match="changes its buffers running_mean"):
        ty.torch.trace(nn.BatchNorm1d(6).double().train(), X)


def test_wrong_arguments() -> None:
    with pytest.raises(ty.ArgumentTypeError, match="neither a module nor a function"):
        ty.torch.trace(3)
    f = ty.torch.trace(nn.Linear(2, 1))
    with pytest.raises(ty.TracingError, match="could not export Linear"):
        f(np.zeros(3))
