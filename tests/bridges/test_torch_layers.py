"""Layers: what PyTorch's modules can do, with functions of ours inside."""

from __future__ import annotations

import copy
import io
import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import taylor as ty

torch = pytest.importorskip("torch")


def net(x: Any, layers: Any, scale: float = 1.0) -> Any:
    for weight, bias in layers[:-1]:
        x = np.tanh(x @ weight + bias)
    weight, bias = layers[-1]
    return scale * (x @ weight + bias)


def layer(seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    sizes = (2, 8, 1)
    pairs = pairwise(sizes)
    return ty.torch.Layer(net, layers=[(rng.normal(size=s), np.zeros(s[1])) for s in pairs])


def twin(own: Any) -> Any:
    """The same network of PyTorch's."""
    made = torch.nn.Sequential(
        torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)
    ).double()
    with torch.no_grad():
        for theirs, mine in zip(made.parameters(), own.parameters(), strict=True):
            theirs.copy_(mine.T if mine.ndim == 2 else mine)
    return made


def test_training_goes_as_pytorch_s() -> None:
    own = layer()
    other = twin(own)
    x = torch.rand(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    y = torch.sin(3 * x[:, :1]) * x[:, 1:]
    losses: list[list[float]] = []
    for module in (own, other):
        optimiser = torch.optim.Adam(module.parameters(), lr=0.02)
        losses.append([])
        for _ in range(60):
            optimiser.zero_grad()
            loss = torch.mean((module(x) - y) ** 2)
            loss.backward()
            optimiser.step()
            losses[-1].append(loss.item())
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-9)
    assert losses[0][-1] < 0.3 * losses[0][0]


def test_names_and_states() -> None:
    own, other = layer(), layer(seed=1)
    names = ["layers.0.0", "layers.0.1", "layers.1.0", "layers.1.1"]
    assert [name for name, _ in own.named_parameters()] == list(own.state_dict()) == names
    x = torch.rand(5, 2, dtype=torch.float64)
    assert not torch.equal(own(x), other(x))
    stored = io.BytesIO()
    torch.save(own.state_dict(), stored)
    stored.seek(0)
    other.load_state_dict(torch.load(stored))
    assert torch.equal(own(x), other(x))
    assert "net" in repr(own) and "layers.0.0=[2, 8]" in repr(own)


def test_copies_and_pickles() -> None:
    own, x = layer(), torch.rand(5, 2, dtype=torch.float64)
    want = own(x)
    for other in (copy.deepcopy(own), pickle.loads(pickle.dumps(own))):
        assert torch.equal(other(x), want)
        with torch.no_grad():
            next(other.parameters()).zero_()
        assert not torch.equal(other(x), want) and torch.equal(own(x), want)


def test_single_precision() -> None:
    own = layer().float()
    x = torch.rand(5, 2)
    assert own(x).dtype is torch.float32
    own(x).sum().backward()
    assert {p.grad.dtype for p in own.parameters()} == {torch.float32}
    torch.testing.assert_close(own(x), twin(layer())(x.double()).float())


def test_functional_calls() -> None:
    own, x = layer(), torch.rand(5, 2, dtype=torch.float64)
    weights = {name: p.detach() for name, p in own.named_parameters()}
    other = twin(own)

    def loss(weights: Any, x: Any) -> Any:
        return torch.func.functional_call(own, weights, (x,)).sum()

    each = torch.vmap(torch.func.grad(loss), in_dims=(None, 0))(weights, x)
    found = each["layers.0.0"]
    for k in range(5):
        other.zero_grad()
        other(x[k]).sum().backward()
        torch.testing.assert_close(found[k], other[0].weight.grad.T)


def test_arguments_in_every_way() -> None:
    def f(a: Any, w: Any, b: Any = 1.0, *, c: Any = 0.0) -> Any:
        return a + 10 * w + 100 * b + 1000 * c

    one = torch.ones((), dtype=torch.float64)
    assert ty.torch.Layer(f, w=2)(one).item() == 121.0
    assert ty.torch.Layer(f, w=2)(one, 3.0).item() == 321.0
    assert ty.torch.Layer(f, w=2)(one, b=3.0, c=1.0).item() == 1321.0
    assert ty.torch.Layer(f, w=2, c=1.0)(a=one).item() == 1121.0
    assert ty.torch.Layer(f, a=1, b=2.0)(3.0).item() == 231.0
    assert ty.torch.Layer(lambda *x, **w: x[0] * w["w"], w=2.0)(3 * one).item() == 6.0
    weights = {"a": torch.ones(2, requires_grad=True), "b": {"c": [1, 2.5]}}
    nested = ty.torch.Layer(lambda x, w: x * w["a"] * w["b"]["c"][1], w=weights)
    assert list(nested.state_dict()) == ["w.a", "w.b.c.0", "w.b.c.1"]
    assert nested(one).tolist() == [2.5, 2.5] and nested.w.a is not weights["a"]


def test_compiled_functions_and_shared_parameters() -> None:
    x, k = ty.variable("x"), ty.parameter("k")
    shared = torch.nn.Parameter(torch.tensor(2.0, dtype=torch.float64))
    own = ty.torch.Layer(ty.compile(ty.sin(k * x), [x, k]), k=shared)
    assert own.k is shared
    points = torch.linspace(0, 1, 5, dtype=torch.float64)
    own(points).sum().backward()
    torch.testing.assert_close(shared.grad, torch.sum(points * torch.cos(2 * points)))
    frozen = ty.torch.Layer(lambda x, w: w * x, w=1.0)
    frozen.w.requires_grad_(False)
    assert not frozen(points).requires_grad


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"z": 1.0}, "has no argument 'z'; it has x, w"),
        ({"w": True}, "w=True has to be real"),
        ({"w": "one"}, "w='one' has to be real"),
        ({"w": np.array([1j])}, "has to be real"),
        ({"w": torch.tensor(1j)}, "has to be real"),
        ({"w": ty.variable("x")}, "has to be real"),
    ],
)
def test_wrong_parameters(parameters: Any, message: str) -> None:
    with pytest.raises(ty.TaylorError, match=message):
        ty.torch.Layer(lambda x, w: x * w, **parameters)


def test_names_that_pytorch_needs() -> None:
    with pytest.raises(ty.ArgumentError, match="'training', which PyTorch's modules use"):
        ty.torch.Layer(lambda x, training: x, training=1.0)


@pytest.mark.filterwarnings("ignore")  # of PyTorch, about itself
def test_torch_compile() -> None:
    own = ty.torch.Layer(lambda x, w: np.sin(w * x), w=2.0)
    x = torch.rand(3, dtype=torch.float64)
    made = torch.compile(own, backend="eager")
    torch.testing.assert_close(made(x), torch.sin(2 * x))
    made(x).sum().backward()
    torch.testing.assert_close(own.w.grad, torch.sum(x * torch.cos(2 * x)))
