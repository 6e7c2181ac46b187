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


Pull = Callable[[Sequence["torch.Tensor | None"]], "Sequence[torch.Tensor]"]


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
    """The results of an operator, recorded where somebody may want their derivatives."""
    if torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0:
        found: tuple[torch.Tensor, ...] = Applied.apply(operator, None, *tensors)
        return found
    wanted = tuple([x.requires_grad for x in tensors])
    if True not in wanted or not torch.is_grad_enabled():
        return _computed(operator, tensors)
    recorded: tuple[torch.Tensor, ...] = _record(operator, wanted, *tensors)
    return recorded


class Applied(torch.autograd.Function):  # type: ignore[misc]
    """An operator of tensors, for whatever transforms of PyTorch's are at work."""

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """As PyTorch's, which takes 15 us to find out how `forward` takes its arguments."""
        if torch._C._are_functorch_transforms_active():
            return super().apply(*args)
        return super(torch.autograd.Function, cls).apply(*args)

    @staticmethod
    @uncompiled
    def forward(operator: Operator, _: None, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return _computed(operator, tensors)

    @staticmethod
    @uncompiled
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
        operator, _, *tensors = inputs
        ctx.save_for_forward(*tensors)
        ctx.real = tuple([x.dtype is not torch.bool for x in output])
        _set_up(ctx, (operator, (), None), tensors, output)

    @staticmethod
    @uncompiled
    def backward(ctx: Any, *cotangents: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        operator, kept, pull = ctx.made
        weights = [weight for weight in cotangents if weight is not None]
        wanted = ctx.needs_input_grad[2:]
        if not weights or not any(wanted):
            return (None,) * (2 + len(wanted))
        if pull is not None and _is_plain() and not any(map(_is_batched, weights)):
            gradients = iter(pull(cotangents))
            return None, None, *[next(gradients) if does else None for does in kept]
        pulled = operator.pulled(wanted, tuple(w is not None for w in cotangents))
        found = iter(apply(pulled, (*ctx.saved_tensors, *weights)))
        return None, None, *(next(found) if does else None for does in wanted)

    @staticmethod
    @uncompiled
    def jvp(
        ctx: Any, _: None, __: None, *tangents: torch.Tensor | None
    ) -> tuple[torch.Tensor | None, ...]:
        along = [tangent for tangent in tangents if tangent is not None]
        if not along:
            return (None,) * len(ctx.real)
        pushed = ctx.made[0].pushed(tuple(t is not None for t in tangents))
        found = apply(pushed, (*ctx.saved_tensors, *along))
        return tuple(x if does else None for x, does in zip(found, ctx.real, strict=True))

    @staticmethod
    @uncompiled
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        operator: Operator,
        _: None,
        *tensors: torch.Tensor,
    ) -> tuple[tuple[torch.Tensor, ...], tuple[int, ...]]:
        found = apply(*operator.mapped(in_dims[2:], info.batch_size, tensors))
        return found, (0,) * len(found)


class Recorded(torch.autograd.Function):  # type: ignore[misc]
    """The same without any transform, in less time; wanted: which inputs have derivatives."""

    @staticmethod
    @uncompiled
    def forward(
        ctx: Any, operator: Operator, wanted: Flags, *tensors: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        found = operator.linear(tensors, wanted) if operator.keeps else None
        output, pull = (_computed(operator, tensors), None) if found is None else found
        _set_up(ctx, (operator, wanted, pull), tensors, output)
        return output

    backward = Applied.backward


_record = super(torch.autograd.Function, Recorded).apply
_is_batched = torch._C._functorch.is_legacy_batchedtensor

Kept = tuple[Operator, Flags, "Pull | None"]  # what gives derivatives of an application


def _set_up(
    ctx: Any, made: Kept, tensors: Sequence[torch.Tensor], output: Sequence[torch.Tensor]
) -> None:
    """Keep what derivatives are made of."""
    ctx.made = made
    ctx.save_for_backward(*tensors)
    ctx.set_materialize_grads(False)
    for x in output:
        if x.dtype is torch.bool:
            ctx.mark_non_differentiable(*[x for x in output if x.dtype is torch.bool])
            break


def _is_plain() -> bool:
    """Whether gradients are numbers, of which nobody wants derivatives or many at once."""
    transforms = torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0
    return not (torch.is_grad_enabled() or transforms)


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
