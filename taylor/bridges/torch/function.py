"""Our functions as functions of tensors."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import update_wrapper
from typing import Any

import torch

from taylor.bridges.torch.arrays import ArrayOperator
from taylor.bridges.torch.autograd import NAME, Operator, apply, uncompiled
from taylor.bridges.torch.pointwise import PointwiseOperator, at_points
from taylor.bridges.torch.solutions import SolutionOperator
from taylor.bridges.torch.tensors import KINDS, check, common_dtype, number
from taylor.control.tracing import has_nodes, value_of
from taylor.control.trees import LEAF, Tree, flatten, is_leaf
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.arrays.settled import settled
from taylor.points.formula import Function
from taylor.programs.arguments import argument_names
from taylor.programs.program import MOST, Program
from taylor.programs.remembered import names_of
from taylor.solutions.solution import Solution

Tensors = Sequence[torch.Tensor]


def function(f: Callable[..., Any]) -> TensorFunction:
    """Return a function of PyTorch tensors that computes what `f` computes, in machine code.

    f: a function compiled by `taylor.compile`, which broadcasts; a program, as `taylor.jit` and
       `taylor.value_and_grad` make them; a solution (`Integrator.as_function`); or an ordinary
       function of numbers, NumPy arrays and containers of these, which is traced.

    Derivatives of every order are traced as well: `backward`, double backward, forward mode, and
    `torch.func` (grad, jvp, jacrev, jacfwd, hessian, vmap) go through it, and only what is asked
    for is computed.  Tensors share their memory with the arrays that machine code reads and
    writes; the results are of float32 where all real tensors are, else of float64.  Numbers and
    arrays may stand beside tensors; they are constants, as are tensors of integers and of bool.

    Raises ArgumentError or ArgumentTypeError for tensors on other devices, sparse ones, and those
    of other dtypes.

    >>> import numpy as np, torch, taylor as ty
    >>> f = ty.torch.function(lambda x, k: np.sum(np.sin(k * x)))
    >>> x = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    >>> f(x, 2.0).backward()
    >>> x.grad
    tensor([2., 2., 2.], dtype=torch.float64)
    """
    return TensorFunction(f)


class TensorFunction:
    """A function of tensors that is computed by our machine code.

    >>> import torch, taylor as ty
    >>> f = ty.torch.function(lambda x: ty.sin(x))
    >>> isinstance(f, ty.torch.TensorFunction), f(torch.zeros(2)).tolist()
    (True, [0.0, 0.0])
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        if not callable(f):
            raise ArgumentTypeError(f"{NAME}: {f!r} is not a function")
        if getattr(f, "precision", "float64") == "double-double":
            raise ArgumentError(
                f"{NAME}: tensors have no double-double numbers; compile {names_of(f)} for float64"
            )
        update_wrapper(self, f, updated=())
        self.__wrapped__ = f
        self._name = f.name if isinstance(f, Function) else names_of(f)
        self._known: dict[Hashable, _Call] = {}

    @uncompiled
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            try:
                key = tuple([(x.dtype, x.shape, x.is_cpu, x.layout) for x in args])  # `_kind`
                known = self._known.get(key)
            except AttributeError:  # not all are tensors
                known = None
            if known is not None:
                return known(args)
        return self._called(args, kwargs)

    def _called(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        leaves, tree = flatten(self._name, (args, dict(kwargs)), opaque=True)
        if any(map(has_nodes, leaves)):
            return self.__wrapped__(*args, **kwargs)
        real = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        tensors: list[torch.Tensor] = []
        fixed: dict[int, Any] = {}
        for place, leaf in enumerate(leaves):
            if isinstance(leaf, torch.Tensor):
                if not (leaf.is_cpu and leaf.layout is torch.strided and leaf.dtype in KINDS):
                    check(f"{NAME}: {self._paths(tree)[place]}", leaf)
                tensors.append(leaf)
            elif is_leaf(leaf) and not isinstance(leaf, bool):
                tensors.append(number(leaf))
            else:
                fixed[place] = leaf
        key: Hashable = tuple([_kind(x) for x in tensors])
        dtype = common_dtype(real)
        if kwargs or len(real) < len(args) or len(leaves) > len(args):
            key = key, dtype, tree, tuple(fixed.items())
        call = self._found(key, tree, fixed)
        if call is None:
            call = self._known[key] = self._made(len(tensors), tree, fixed, dtype)
            while len(self._known) > MOST:
                del self._known[next(iter(self._known))]
        return call(tensors)

    def _found(self, key: Hashable, tree: Tree, fixed: Mapping[int, Any]) -> _Call | None:
        try:
            return self._known.get(key)
        except TypeError:  # no hash
            place = next(place for place, value in fixed.items() if not _has_hash(value))
            raise ArgumentTypeError(
                f"{NAME}: {self._paths(tree)[place]}, {fixed[place]!r:.60}, is neither tensors nor "
                "can it be told from others (it has no hash)"
            ) from None

    def _made(self, count: int, tree: Tree, fixed: dict[int, Any], dtype: torch.dtype) -> _Call:
        """What computes calls of one structure; `count` leaves are tensors."""
        f = self.__wrapped__
        if isinstance(f, Function):
            args, named = tree.children
            if fixed or named.children or any(child != LEAF for child in args.children):
                raise ArgumentTypeError(
                    f"{NAME}: {f.name} is compiled; it takes tensors and numbers, one for each of "
                    f"its inputs, by position"
                )
            f.check_count(count)
            result = Tree(tuple, (), [LEAF] * len(f.outputs)) if len(f.outputs) > 1 else LEAF
            return _Call(PointwiseOperator(f, dtype), result, lambda given: at_points(f, given))
        call = _Call(None, LEAF, None)
        places = [place for place in range(count + len(fixed)) if place not in fixed]

        def build(*values: Any) -> tuple[Any, ...]:
            """The leaves of the result, of those of the arguments that are numbers."""
            flat = dict(zip(places, values, strict=True)) | fixed
            args, kwargs = tree.build([flat[place] for place in range(len(flat))])
            found = value_of(f"{NAME}: the value of {self._name}", settled(f(*args, **kwargs)))
            call.gives(found.tree)
            return tuple(found.leaves)

        source = f
        while isinstance(source, Program):  # what it reads from outside
            source = source.__wrapped__
        precision = getattr(f, "precision", None)
        computed = getattr(torch, precision) if precision in ("float32", "float64") else dtype
        if isinstance(f, Solution) and not fixed:
            count = len(f.wanted.outputs or ())
            call.gives(LEAF if f.wanted.single else Tree(tuple, (), [LEAF] * count))
            call.operator = SolutionOperator(build, f, dtype)
        else:
            call.operator = ArrayOperator(build, source, dtype, computed)
        return call

    def _paths(self, tree: Tree) -> list[str]:
        """How one would write each leaf of the arguments."""
        args, named = tree.children
        names = argument_names(self.__wrapped__, len(args.children))
        paths = [p for n, child in zip(names, args.children, strict=True) for p in child.paths(n)]
        for key, child in zip(named.names, named.children, strict=True):
            paths += child.paths(str(key))
        return paths

    def __deepcopy__(self, memo: object) -> TensorFunction:
        return self  # it never changes

    def __reduce__(self) -> tuple[Any, ...]:
        return function, (self.__wrapped__,)

    def __repr__(self) -> str:
        return f"<{NAME} of {self._name}>"


class _Call:
    """What is known of calls of one structure.

    result:  the structure of what the function gives, once it has been traced.
    prepare: what is done to the tensors before.
    """

    __slots__ = ("flat", "operator", "prepare", "result")

    def __init__(
        self, operator: Operator | None, result: Tree, prepare: Callable[[Tensors], Tensors] | None
    ) -> None:
        self.operator, self.prepare = operator, prepare
        self.gives(result)

    def gives(self, result: Tree) -> None:
        """Note what the structure is, and whether it is a tuple of tensors."""
        self.result = result
        self.flat = result.kind is tuple and all(child == LEAF for child in result.children)

    def __call__(self, tensors: Tensors) -> Any:
        assert self.operator is not None
        if self.prepare is not None:
            tensors = self.prepare(tensors)
        found = apply(self.operator, tensors)
        if self.flat:
            return found
        return found[0] if self.result.kind is None else self.result.build(found)


def _kind(x: torch.Tensor) -> Hashable:
    return x.dtype, x.shape, x.is_cpu, x.layout


def _has_hash(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
