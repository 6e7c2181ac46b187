"""Our functions of PyTorch tensors: against PyTorch's own derivatives of the same formulae."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import taylor as ty

torch = pytest.importorskip("torch")
func = torch.func
gradcheck, gradgradcheck = torch.autograd.gradcheck, torch.autograd.gradgradcheck

# PyTorch's forward mode loads what PyTorch itself says is deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")

SHAPES = [(), (3,), (2, 3)]


def tensor(*shape: int, seed: int = 0, grad: bool = True) -> Any:
    numbers = np.random.default_rng(seed).uniform(0.2, 1.5, size=shape)
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=grad)


def ours(x: Any, k: Any) -> Any:
    return np.sin(k * x) * np.exp(-(x**2)), np.sum(np.log(x) * k)


def theirs(x: Any, k: Any) -> Any:
    return torch.sin(k * x) * torch.exp(-(x**2)), torch.sum(torch.log(x) * k)


def same(a: Any, b: Any, rel: float = 1e-13) -> None:
    torch.testing.assert_close(a, b, rtol=rel, atol=1e-14)


# -- values and derivatives -----------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients(shape: tuple[int, ...]) -> None:
    f, x, k = ty.torch.function(ours), tensor(*shape), tensor(seed=1)
    for _ in range(3):  # the third call is the quick one
        found, known = f(x, k), theirs(x, k)
        same(found, known)
        weights = tensor(*shape, seed=2, grad=False)
        same(
            torch.autograd.grad(found, (x, k), (weights, torch.ones_like(known[1]))),
            torch.autograd.grad(known, (x, k), (weights, torch.ones_like(known[1]))),
        )


@pytest.mark.parametrize("shape", SHAPES)
def test_checks_of_pytorch(shape: tuple[int, ...]) -> None:
    f, given = ty.torch.function(ours), (tensor(*shape), tensor(seed=1))
    assert gradcheck(
        f, given, check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True
    )
    assert gradgradcheck(f, given, check_fwd_over_rev=True, check_rev_over_rev=True)


def test_one_output_of_several_may_be_wanted() -> None:
    f, x, k = ty.torch.function(ours), tensor(3), tensor(seed=1)
    for part in (0, 1):
        a = torch.autograd.grad(f(x, k)[part].sum(), (x, k))
        same(a, torch.autograd.grad(theirs(x, k)[part].sum(), (x, k)))


def test_backward_adds_up() -> None:
    f, x = ty.torch.function(lambda x: np.sum(x**3)), tensor(4)
    f(x).backward()
    f(x).backward()
    same(x.grad, 6 * x.detach() ** 2)


def test_derivatives_of_high_order() -> None:
    """Of sin, by PyTorch's graph alone."""
    f, x = ty.torch.function(np.sin), tensor()
    along = f(x)
    for order in range(1, 8):
        (along,) = torch.autograd.grad(along, x, create_graph=True)
        same(along, torch.sin(x + order * np.pi / 2), 1e-12)


def test_forward_mode() -> None:
    f, x, k = ty.torch.function(ours), tensor(3), tensor(seed=1)
    direction = tensor(3, seed=2, grad=False)
    along = func.jvp(lambda x: f(x, k), (x,), (direction,))
    same(along, func.jvp(lambda x: theirs(x, k), (x,), (direction,)))
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x.detach(), direction)
        value, slope = torch.autograd.forward_ad.unpack_dual(f(dual, k.detach())[0])
        same(value, theirs(x, k)[0].detach())
        same(slope, along[1][0].detach())


@pytest.mark.parametrize(
    "transform",
    [
        func.jacrev,
        func.jacfwd,
        lambda f: func.jacfwd(func.jacrev(f)),
        lambda f: func.jacrev(func.jacfwd(f)),
        lambda f: func.jacfwd(func.jacfwd(f)),
        lambda f: func.jacrev(func.jacrev(func.jacrev(f))),
    ],
)
def test_transforms(transform: Any) -> None:
    f, x, k = ty.torch.function(ours), tensor(3), tensor(seed=1)
    same(transform(f)(x, k), transform(theirs)(x, k), 1e-12)


def test_gradients_of_numbers() -> None:
    def own(x: Any) -> Any:
        return ty.torch.function(lambda x: np.sum(np.tanh(x) ** 2))(x)

    def known(x: Any) -> Any:
        return torch.sum(torch.tanh(x) ** 2)

    x = tensor(4, grad=False)
    same(func.grad(own)(x), func.grad(known)(x))
    same(func.hessian(own)(x), func.hessian(known)(x))
    same(func.grad_and_value(own)(x), func.grad_and_value(known)(x))
    functional = torch.autograd.functional
    for more in ({}, {"vectorize": True}):
        same(functional.hessian(own, x, **more), functional.hessian(known, x, **more))


# -- many at once ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dims", [(0, None), (1, None), (None, 0), (0, 0), (-1, 0)])
def test_vmap(dims: tuple[int | None, ...]) -> None:
    x, k = tensor(4, 4), tensor(4, seed=1)
    k = k if dims[1] == 0 else k[0]
    f = ty.torch.function(ours)
    same(torch.vmap(f, in_dims=dims)(x, k), torch.vmap(theirs, in_dims=dims)(x, k))
    slopes = [torch.vmap(func.jacrev(g, argnums=(0, 1)), in_dims=dims)(x, k) for g in (f, theirs)]
    same(*slopes)
    turned = [func.jacrev(torch.vmap(g, in_dims=dims))(x, k) for g in (f, theirs)]
    same(*turned)


def test_vmap_in_vmap_and_with_randomness() -> None:
    x, k = tensor(4, 3), tensor(5, seed=1)
    grids = [
        torch.vmap(torch.vmap(g, (None, 0), randomness="different"), (0, None))(x, k)
        for g in (ty.torch.function(ours), theirs)
    ]
    same(*grids)


def test_vmap_is_no_loop_in_python() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(x)
        return np.cos(x)

    torch.vmap(ty.torch.function(f))(tensor(1000, 3))
    assert len(calls) <= 2


# -- compiled functions ---------------------------------------------------------------------------


def test_compiled_functions_broadcast() -> None:
    f = ty.torch.function(ty.compile(lambda a, b: ty.sin(a * b) + ty.exp(-a)))

    def known(a: Any, b: Any) -> Any:
        return torch.sin(a * b) + torch.exp(-a)

    a, b = tensor(2, 1), tensor(3, seed=1)
    same(f(a, b), known(a, b))
    same(torch.autograd.grad(f(a, b).sum(), (a, b)), torch.autograd.grad(known(a, b).sum(), (a, b)))
    same(f(a, 2.0), known(a, torch.tensor(2.0, dtype=torch.float64)))
    assert gradcheck(f, (a, b), check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(f, (a, b), check_fwd_over_rev=True)
    slopes = [torch.vmap(func.grad(g))(a[:, 0], b[:2]) for g in (f, known)]
    same(*slopes)
    one = [torch.vmap(g, in_dims=(0, None))(a, b) for g in (f, known)]
    same(*one)


def test_compiled_functions_of_arrays_and_with_several_outputs() -> None:
    m, x = ty.variable("m", shape=(2, 3)), ty.variable("x", shape=(3,))
    f = ty.torch.function(ty.compile([m @ x, (x**2).sum()], [m, x]))

    def known(m: Any, x: Any) -> Any:
        return torch.einsum("...ij,...j->...i", m, x), (x**2).sum(-1)

    matrices, vectors = tensor(5, 2, 3), tensor(3, seed=1)
    same(f(matrices, vectors)[0], known(matrices, vectors)[0])
    assert gradcheck(f, (matrices, vectors), check_forward_ad=True)
    assert gradgradcheck(f, (matrices, vectors))
    with pytest.raises(ty.ShapeError, match=r"x needs shape \(\.\.\., 3\), got \(2,\)"):
        f(matrices, tensor(2))
    with pytest.raises(ty.ShapeError, match=r"do not broadcast together: m \(5,\), x \(4,\)"):
        f(matrices, tensor(4, 3))
    with pytest.raises(ty.ArgumentTypeError, match="takes 2 argument"):
        f(matrices)
    with pytest.raises(ty.ArgumentTypeError, match="by position"):
        f(m=matrices, x=vectors)


def test_programs() -> None:
    def loss(w: Any, x: Any) -> Any:
        return np.sum(np.tanh(x @ w) ** 2)

    def known(w: Any, x: Any) -> Any:
        return torch.sum(torch.tanh(x @ w) ** 2)

    w, x = tensor(3), tensor(5, 3, seed=1)
    f = ty.torch.function(ty.jit(loss))
    same(torch.autograd.grad(f(w, x), (w, x)), torch.autograd.grad(known(w, x), (w, x)))
    value, slope = ty.torch.function(ty.value_and_grad(loss))(w, x)
    same(value, known(w, x))
    same(slope, torch.autograd.grad(known(w, x), w)[0])
    direction = tensor(3, seed=2, grad=False)
    found = torch.autograd.grad(slope, w, direction)[0]
    (first,) = torch.autograd.grad(known(w, x), w, create_graph=True)
    same(found, torch.autograd.grad(first, w, direction)[0], 1e-12)


# -- arguments ------------------------------------------------------------------------------------


def test_containers() -> None:
    @ty.torch.function
    def step(state: Any, *, dt: Any, name: str = "euler") -> Any:
        assert name == "euler"
        return {"x": state["x"] + dt * state["v"], "v": (state["v"] - dt * state["x"], None)}

    x, v, dt = tensor(3), tensor(3, seed=1), tensor(seed=2)
    for _ in range(2):
        found = step({"x": x, "v": v}, dt=dt, name="euler")
        assert set(found) == {"v", "x"}
        same(found["x"], x + dt * v)
        same(found["v"][0], v - dt * x)
        assert found["v"][1] is None
    slopes = torch.autograd.grad(found["v"][0].sum(), (x, dt))
    same(slopes, (-dt.expand(3), -x.sum()))
    again = step({"x": x, "v": v}, dt=dt, name="euler")["x"]
    assert torch.autograd.grad(again.sum(), x)[0].tolist() == [1.0] * 3


@pytest.mark.parametrize(
    "wrap", [lambda a, b: ((a, b), None), lambda a, b: (a, [b]), lambda a, b: (a,)]
)
def test_structures_of_results(wrap: Any) -> None:
    f, x = ty.torch.function(lambda x: wrap(2 * x, 3 * x)), tensor()
    for _ in range(3):
        found, want = f(x), wrap(2 * x, 3 * x)
        assert type(found) is type(want) and len(found) == len(want)
        same(torch.utils._pytree.tree_leaves(found)[:1], torch.utils._pytree.tree_leaves(want)[:1])
        assert torch.utils._pytree.tree_structure(found) == torch.utils._pytree.tree_structure(want)


def test_memory_is_shared() -> None:
    seen: list[int] = []
    f, x = ty.torch.function(lambda x: x + 1), tensor(1000, grad=False)
    f(x), f(x)
    operator = next(iter(f._known.values())).operator
    program = operator._values
    operator._values = lambda *arrays: seen.append(arrays[0].ctypes.data) or program(*arrays)
    y = f(x)
    assert seen == [x.data_ptr()]
    z = f(x)
    assert y.data_ptr() != z.data_ptr()  # nobody else's memory
    y.zero_()
    same(f(x), z)


def test_constants_are_the_caller_s() -> None:
    f = ty.torch.function(lambda: np.ones(3))
    f().zero_()
    assert f().tolist() == [1.0, 1.0, 1.0]
    g, x = ty.torch.function(lambda x: np.arange(3.0)), tensor(2)
    g(x).detach().zero_()
    assert g(x).tolist() == [0.0, 1.0, 2.0]
    assert torch.autograd.grad(g(x).sum(), x)[0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.T,
        lambda x: x[::2],
        lambda x: x[:, 1],
        lambda x: x.flip(0),
        lambda x: x[:0],
        lambda x: x.expand(2, 4, 3),
        lambda x: torch.nn.Parameter(x),
        lambda x: torch.complex(x, x).conj().imag,  # a lazy negative
    ],
)
def test_views(view: Any) -> None:
    x = view(tensor(4, 3, grad=False)).requires_grad_()
    f = ty.torch.function(lambda x: np.sin(x) * 2)
    for _ in range(3):
        same(f(x), torch.sin(x) * 2)
    weights = torch.ones((), dtype=torch.float64).expand(x.shape)
    same(torch.autograd.grad(f(x), x, weights)[0], 2 * torch.cos(x))


def test_whole_numbers_and_truth_values() -> None:
    @ty.torch.function
    def f(x: Any, places: Any, chosen: Any, power: int) -> Any:
        return np.where(chosen, x**power, x[places] * places), x > 1

    x, places = tensor(3), torch.tensor([2, 0, 1])
    chosen = torch.tensor([True, False, True])
    for _ in range(3):
        value, above = f(x, places, chosen, 3)
        same(value, torch.where(chosen, x**3, x[places] * places))
        assert above.dtype is torch.bool and not above.requires_grad
        assert above.tolist() == (x > 1).tolist()
    (slope,) = torch.autograd.grad(value.sum(), x)
    want = torch.where(chosen, x**3, x[places] * places).sum()
    same(slope, torch.autograd.grad(want, x)[0])
    along = func.jvp(lambda x: f(x, places, chosen, 3)[0], (x,), (x,))[1]
    same(along, func.jvp(lambda x: torch.where(chosen, x**3, x[places] * places), (x,), (x,))[1])
    many = torch.vmap(lambda c: f(x, places, c, 3)[0])(torch.stack([chosen, ~chosen]))
    same(many[0], value)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.bool])
def test_dtypes_that_are_not_real(dtype: Any) -> None:
    found = ty.torch.function(lambda n: 2.5 * n)(torch.tensor([0, 1, 1]).to(dtype))
    assert found.dtype is torch.float64 and found.tolist() == [0.0, 2.5, 2.5]


def test_dtypes_of_results() -> None:
    x, y = tensor(3), tensor(3, seed=1).detach().float().requires_grad_()
    f = ty.torch.function(lambda x, y: np.exp(x) * y)
    assert f(y, y).dtype is torch.float32
    assert f(x, y).dtype is torch.float64
    assert f(y, 2.0).dtype is torch.float32
    assert f(1.0, 2.0).dtype is torch.float64
    torch.testing.assert_close(f(y, y), torch.exp(y) * y)
    slopes = torch.autograd.grad(f(x, y).sum(), (x, y))
    assert [slope.dtype for slope in slopes] == [torch.float64, torch.float32]
    double = ty.torch.function(ty.jit(lambda y: np.exp(y) * y))  # of float64
    assert double(y).dtype is torch.float32
    torch.testing.assert_close(torch.autograd.grad(double(y).sum(), y)[0], torch.exp(y) * (1 + y))
    single = ty.torch.function(ty.jit(lambda x: x + 2.0**-30, precision="float32"))
    assert single(torch.ones((), dtype=torch.float64)).item() == 1.0
    pointwise = ty.torch.function(ty.compile(lambda y: ty.exp(y) * y))
    assert pointwise(y).dtype is torch.float32
    torch.testing.assert_close(
        torch.autograd.grad(pointwise(y).sum(), y)[0], torch.exp(y) * (1 + y)
    )


def test_dtypes_of_numbers_beside_tensors_are_told_apart() -> None:
    f, x = ty.torch.function(lambda x, k: x * k), torch.ones(2, dtype=torch.float32)
    assert f(x, 2.0).dtype is torch.float32
    assert f(x, torch.tensor(2.0, dtype=torch.float64)).dtype is torch.float64
    assert f(x, 3.0).dtype is torch.float32


def test_what_is_read_from_outside_is_noticed() -> None:
    factor = [2.0]

    def f(x: Any) -> Any:
        return factor[0] * x**2

    for g in (ty.torch.function(f), ty.torch.function(ty.jit(f))):
        factor[0], x = 2.0, tensor()
        same(torch.autograd.grad(g(x), x)[0], 4 * x)
        factor[0] = 3.0
        same(g(x), 3 * x**2)
        same(torch.autograd.grad(g(x), x)[0], 6 * x)


def test_expressions_go_through() -> None:
    f = ty.torch.function(lambda x: np.sin(x))
    x = ty.variable("x")
    assert f(x) is ty.sin(x)
    assert float(ty.grad(lambda x: f(x) ** 2)(0.5)) == pytest.approx(np.sin(1.0), rel=1e-15)


def test_without_gradients() -> None:
    f, x = ty.torch.function(np.sin), tensor(3)
    with torch.no_grad():
        assert not f(x).requires_grad
    with torch.inference_mode():
        assert not f(x).requires_grad
    assert not f(x.detach()).requires_grad
    assert f(x).requires_grad
    assert f(x).is_leaf is False


def test_hooks_and_checkpoints() -> None:
    f, x = ty.torch.function(lambda x: np.sin(x) ** 2), tensor(3)
    found = torch.utils.checkpoint.checkpoint(f, x, use_reentrant=False)
    same(torch.autograd.grad(found.sum(), x)[0], torch.sin(2 * x))
    seen = []
    y = f(x)
    y.register_hook(seen.append)
    y.sum().backward()
    assert seen[0].tolist() == [1.0] * 3


def test_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    f = ty.torch.function(ours)

    def work(seed: int) -> bool:
        x, k = tensor(3, seed=seed), tensor(seed=seed + 1)
        a = torch.autograd.grad(f(x, k)[0].sum(), (x, k))
        b = torch.autograd.grad(theirs(x, k)[0].sum(), (x, k))
        return all(map(torch.allclose, a, b))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(40)))


@pytest.mark.filterwarnings("ignore")  # of PyTorch, about itself
def test_torch_compile_leaves_it_as_it_is() -> None:
    f = ty.torch.function(np.sin)

    def loss(x: Any) -> Any:
        return (f(x * 2) ** 2).sum() + torch.cos(x).sum()

    x = tensor(3)
    made = torch.compile(loss, backend="eager")
    same(made(x), loss(x))
    same(torch.autograd.grad(made(x), x), torch.autograd.grad(loss(x), x))


# -- errors ---------------------------------------------------------------------------------------


def test_wrong_functions() -> None:
    with pytest.raises(ty.ArgumentTypeError, match="3 is not a function"):
        ty.torch.function(3)
    exact = ty.compile(lambda x: ty.sin(x), precision="double-double")
    with pytest.raises(ty.ArgumentError, match="no double-double numbers"):
        ty.torch.function(exact)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda: torch.ones(3, device="meta"), r"x is on device meta; .* call \.cpu\(\)"),
        (lambda: torch.ones(3, dtype=torch.complex128), "x has dtype torch.complex128"),
        (lambda: torch.ones(3, dtype=torch.bfloat16), "x has dtype torch.bfloat16"),
        (lambda: torch.eye(3).to_sparse(), "x has layout torch.sparse_coo"),
        (lambda: [torch.ones(3), {1, 2}], r"x\[1\], \{1, 2\}, is neither tensors"),
        (lambda: 1j, "1j has to be real"),
    ],
)
def test_wrong_arguments(given: Any, message: str) -> None:
    f = ty.torch.function(lambda x: x)
    f(torch.ones(3))
    with pytest.raises(ty.TaylorError, match=message):
        f(given())


def test_errors_of_the_function_itself() -> None:
    f = ty.torch.function(lambda x: x if x > 0 else -x)
    with pytest.raises(ty.TracingError):
        f(tensor())
    g = ty.torch.function(lambda x: "no number")
    with pytest.raises(ty.ArgumentTypeError, match="the value of"):
        g(tensor())


def test_tensors_without_numbers() -> None:
    f = ty.torch.function(np.sin)
    mode = pytest.importorskip("torch._subclasses").FakeTensorMode()
    with mode, pytest.raises(ty.ArgumentTypeError, match="FakeTensor have no numbers"):
        f(torch.ones(3))


# -- pickles --------------------------------------------------------------------------------------


def test_pickles_and_copies() -> None:
    import copy

    f = ty.torch.function(ours)
    x, k = tensor(3), tensor(seed=1)
    same(pickle.loads(pickle.dumps(f))(x, k), f(x, k))
    assert copy.deepcopy(f) is f
    compiled = pickle.loads(pickle.dumps(ty.torch.function(ty.compile(lambda x: ty.sin(x)))))
    same(compiled(x), torch.sin(x))
    assert repr(f) == "<torch.function of ours>" and f.__name__ == "ours"
