"""Operators in PyTorch's graph of derivatives: backward, forward, and many at once.

PyTorch asks for a derivative by `backward` or `jvp` and gets it by another operator, applied in the
same way: derivatives of every order follow, and nothing is made that nobody asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import torch
from torch.autograd import forward_ad

from taylor.errors import ArgumentTypeError

NAME = "torch.function"

Flags = tuple[bool, ...]
F = TypeVar("F", bound=Callable[..., Any])


def uncompiled(function: F) -> F:
    """The function, which `torch.compile` leaves as it is, with all that it calls.

    As `torch.compiler.disable`, which takes seconds to import; versions that cannot be told so
    have a break of their graph here as well, after they have tried.
    """
    function._torchdynamo_disable = True  # type: ignore[attr-defined]
    frames = torch._C._dynamo.eval_frame
    if hasattr(frames, "set_code_exec_strategy"):
        skip = frames._FrameAction.SKIP
        strategy = frames._FrameExecStrategy(skip, skip)
        frames.set_code_exec_strategy(function.__code__, strategy)
    return function


Pull = Callable[[Sequence["torch.Tensor | None"]], "list[torch.Tensor]"]


class Operator(Protocol):
    """A function of tensors, in order, that gives a tuple of tensors.

    keeps: whether values and first derivatives take little more together than alone.
    """

    keeps: bool

    def compute(self, tensors: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """The results; nothing is recorded."""
        ...

    def linear(
        self, tensors: Sequence[torch.Tensor], wanted: Flags
    ) -> tuple[tuple[torch.Tensor, ...], Pull] | None:
        """The results, and what gives the gradients of some inputs for cotangents of the results;
        None where derivatives are better left until they are asked for.
        """
        ...

    def pulled(self, wanted: Flags, given: Flags) -> Operator:
        """Of the inputs and the cotangents of some results, the gradients of some inputs."""
        ...

    def pushed(self, given: Flags) -> Operator:
        """Of the inputs and the tangents of some of them, the tangents of all results."""
        ...

    def mapped(
        self, dims: tuple[int | None, ...], size: int, tensors: Sequence[torch.Tensor]
    ) -> tuple[Operator, Sequence[torch.Tensor]]:
        """An operator and its inputs, whose results have the mapped dimension first.

        dims: of each input the dimension that is mapped over, or None.
        """
        ...


def apply(operator: Operator, tensors: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """The results of an operator, recorded where somebody may want their derivatives.

    What is kept for `backward` has a list, unless some transform of PyTorch's is at work.
    """
    kept: list[Pull] | None = None
    if not torch._C._are_functorch_transforms_active() and forward_ad._current_level < 0:
        if not torch.is_grad_enabled() or not any(x.requires_grad for x in tensors):
            return _computed(operator, tensors)
        kept = []
    found: tuple[torch.Tensor, ...] = Applied.apply(operator, kept, *tensors)
    return found


class Applied(torch.autograd.Function):  # type: ignore[misc]
    """An operator of tensors."""

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """As PyTorch's, which takes 15 us to find out how `forward` takes its arguments."""
        if torch._C._are_functorch_transforms_active():
            return super().apply(*args)
        return super(torch.autograd.Function, cls).apply(*args)

    @staticmethod
    @uncompiled
    def forward(
        operator: Operator, kept: list[Pull] | None, *tensors: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        if kept is not None and operator.keeps:
            found = operator.linear(tensors, tuple([x.requires_grad for x in tensors]))
            if found is not None:
                kept.append(found[1])
                return found[0]
        return _computed(operator, tensors)

    @staticmethod
    @uncompiled
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
        operator, kept, *tensors = inputs
        ctx.operator, ctx.kept = operator, kept
        ctx.real = tuple(x.dtype is not torch.bool for x in output)
        ctx.save_for_backward(*tensors)
        if kept is None:  # some transform, perhaps one forward
            ctx.save_for_forward(*tensors)
        ctx.set_materialize_grads(False)
        if not all(ctx.real):
            ctx.mark_non_differentiable(*(x for x in output if x.dtype is torch.bool))

    @staticmethod
    @uncompiled
    def backward(ctx: Any, *cotangents: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        wanted = ctx.needs_input_grad[2:]
        weights = [weight for weight in cotangents if weight is not None]
        if not weights or not any(wanted):
            return (None,) * (2 + len(wanted))
        plain = not torch.is_grad_enabled() and not torch._C._are_functorch_transforms_active()
        if ctx.kept and plain and not any(map(_is_batched, weights)):
            following = iter(ctx.kept[0](cotangents))
            return None, None, *[next(following) if does else None for does in wanted]
        operator = ctx.operator.pulled(wanted, tuple(w is not None for w in cotangents))
        found = iter(apply(operator, (*ctx.saved_tensors, *weights)))
        return None, None, *(next(found) if does else None for does in wanted)

    @staticmethod
    @uncompiled
    def jvp(
        ctx: Any, _: None, __: None, *tangents: torch.Tensor | None
    ) -> tuple[torch.Tensor | None, ...]:
        along = [tangent for tangent in tangents if tangent is not None]
        if not along:
            return (None,) * len(ctx.real)
        operator = ctx.operator.pushed(tuple(t is not None for t in tangents))
        found = apply(operator, (*ctx.saved_tensors, *along))
        return tuple(x if does else None for x, does in zip(found, ctx.real, strict=True))

    @staticmethod
    @uncompiled
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        operator: Operator,
        kept: None,
        *tensors: torch.Tensor,
    ) -> tuple[tuple[torch.Tensor, ...], tuple[int, ...]]:
        found = apply(*operator.mapped(in_dims[2:], info.batch_size, tensors))
        return found, (0,) * len(found)


_is_batched = torch._C._functorch.is_legacy_batchedtensor


def _computed(operator: Operator, tensors: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """The results, also within `is_grads_batched=True`: that is an older way of PyTorch's to map,
    of which functions are told nothing.
    """
    try:
        return operator.compute(tensors)
    except RuntimeError:
        many = [_is_batched(x) for x in tensors]
        if not any(many):
            own = [type(x) for x in tensors if type(x) not in (torch.Tensor, torch.nn.Parameter)]
            if own:
                raise ArgumentTypeError(
                    f"{NAME}: tensors of {own[0].__name__} have no numbers that machine code could "
                    "read, as where torch.export traces; call the function outside"
                ) from None
            raise
    level = torch._C._vmapmode_increment_nesting() - 1
    torch._C._vmapmode_decrement_nesting()
    given = [
        torch._remove_batch_dim(x, level, 1, 0) if is_many else x
        for x, is_many in zip(tensors, many, strict=True)
    ]
    size = next(x.shape[0] for x, is_many in zip(given, many, strict=True) if is_many)
    dims = tuple(0 if is_many else None for is_many in many)
    found = _computed(*operator.mapped(dims, size, given))
    return tuple(torch._add_batch_dim(x, 0, level) for x in found)
