"""A Python function of numbers, arrays and containers as machine code, traced when called."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

import numpy as np

from taylor.control.tracing import Value, value_of
from taylor.control.trees import CONDITION, LEAF, Tree, kind_of
from taylor.definitions.decorated import Decorated
from taylor.errors import ArgumentTypeError
from taylor.expressions.arguments import traced
from taylor.expressions.arrays.settled import settled
from taylor.expressions.expression import Expression
from taylor.expressions.substitute import substitute_all
from taylor.expressions.trace import call_user
from taylor.numbers.precision import FLOAT64, Precision, as_precision
from taylor.points.formula import Function
from taylor.points.single import compiled_point
from taylor.programs.arguments import Arguments, stand_in, static_both_ways
from taylor.programs.quick import LARGE, WHOLE, builder
from taylor.programs.remembered import Outside, names_of
from taylor.transforms.nested import check_known
from taylor_runtime.callables.builtin.entries import guarded_entry
from taylor_runtime.callables.points import Point
from taylor_runtime.program.records import dataclass

P = ParamSpec("P")
R = TypeVar("R", covariant=True)

MOST = 64  # traces of one function that are kept

# Each gives None for arguments that it is not made for.
Quick = Callable[..., Any]
Reading = Callable[[tuple[Any, ...], dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Checked:
    """A result, and the number of the error that was met on the way; 0 for none."""

    value: Any
    fault: Any


class _Entered:
    """What is called by way of a slot: Python goes from there to a built-in function at once."""

    __slots__ = ("__call__",)


class Program(_Entered, Decorated, Generic[P, R]):
    """A function that is traced once for each structure of its arguments, and then is machine code.

    Called with expressions it gives expressions, so that programs may call programs, and all that
    differentiates or traces goes through them.  What it reads from outside (captured variables,
    globals, attributes) is compared before each call, and traced again where it has changed.

    __wrapped__: the user's function.
    precision:   kind of its numbers.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        build: Callable[..., Any],
        static: Sequence[int | str] = (),
        precision: str = "float64",
    ) -> None:
        if not callable(function):
            raise ArgumentTypeError(f"{name}: {function!r} is not a function")
        self._name, self._build = name, build
        self._static = static_both_ways(name, function, static) if static else ()
        self._kind: Precision = as_precision(precision)
        self._compiled: dict[Hashable, _Compiled] = {}
        self._outside: Outside | None = None
        self._quick: Quick | None = None  # takes plain arguments
        self._reading: Reading | None = None  # takes all arguments of one structure
        object.__setattr__(self, "__call__", self._entered)
        super().__init__(function)

    @property
    def precision(self) -> str:
        """The kind of number."""
        return self._kind.name

    if TYPE_CHECKING:

        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    def _entered(self, *args: Any, **kwargs: Any) -> Any:
        """The value for arguments of any kind."""
        quick, read = self._quick, self._reading
        if quick is not None or read is not None:
            outside = self._outside
            if outside is None or outside.is_unchanged():
                found = quick(*args) if quick is not None and not kwargs else None
                if found is not None:
                    return found
                found = None if read is None else read(args, kwargs)
                if found is not None:
                    return self._settled(found)
        return self._settled(self._called(args, kwargs))

    def _settled(self, found: Any) -> Any:
        """What is returned of a result."""
        return found

    def _called(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = Arguments(self._name, self.__wrapped__, args, kwargs, self._static)
        if given.traced:
            return self._build(*args, **kwargs)
        if self._outside is not None and not self._outside.is_unchanged():
            self._compiled.clear()
            self._outside = self._quick = self._reading = None
        numbers, kinds = given.as_arrays(self._kind)
        key = given.key, kinds
        compiled = self._compiled.get(key)
        if compiled is None or not compiled.is_for_the_same():
            traced = self._traced(given, kinds)
            if not isinstance(traced, _Compiled):
                return traced
            compiled = self._compiled[key] = traced
            outside = Outside(self.__wrapped__)  # afterwards: it may note what it traces
            self._outside = None if outside.is_empty else outside
            while len(self._compiled) > MOST:
                del self._compiled[next(iter(self._compiled))]
        self._quick, self._reading = compiled.quick(given)
        # Plain numbers go to machine code without this class, and all else comes back to it.
        plain = self._quick is not None and compiled.is_plain
        direct = compiled.direct(self._entered) if plain else None
        if direct is not None and self._outside is not None:
            functions = self._outside.functions
            direct = guarded_entry(direct, self._entered, functions) if functions else None
        object.__setattr__(self, "__call__", direct or self._entered)
        return compiled(numbers)

    def _traced(self, given: Arguments, kinds: Any) -> Any:
        """The machine code for arguments like these; the value itself, as expressions, where an
        argument of a function that is being traced has been captured.
        """
        paths = given.paths
        pairs = [stand_in(path, *kind) for path, kind in zip(paths, kinds, strict=True)]
        own = [x for x, _ in pairs]
        args, kwargs = given.rebuilt([seen for _, seen in pairs])
        with traced(own):
            try:
                result = called(self._name, self.__wrapped__, self._build, args, kwargs)
            except (TypeError, ValueError) as error:
                if given.unlike_numbers:
                    error.add_note(f"{self._name}: handed on as no number: {given.unlike_numbers}")
                raise
            nodes = result.nodes
        if check_known(nodes, own):
            found = substitute_all(nodes, dict(zip(own, given.leaves, strict=True)))
            return result.tree.build(found)
        wholes = [what in (WHOLE, LARGE) for what, _ in kinds]
        objects = Outside(None, *given.objects) if given.objects else None
        return _Compiled(own, nodes, result, self._name, self._kind, wholes, objects)

    def __reduce__(self) -> Any:
        if self.is_decorated:
            return self.__qualname__
        return Program, (self._name, self.__wrapped__, self._build, self._static, self.precision)

    def __repr__(self) -> str:
        return f"<{self._name} of {names_of(self.__wrapped__)}>"


def called(
    name: str, function: Any, build: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> Value:
    """What a function returns for expressions, checked.

    Raises ArgumentTypeError for what is neither numbers, expressions nor containers of them.
    """
    found = settled(call_user(build, *args, **kwargs))
    return value_of(f"{name}: the value of {names_of(function)}", found)


def _nothing(*args: Any, **kwargs: Any) -> None:
    """What a built-in function makes of arguments that it does not take."""


class _Compiled:
    """Machine code of one trace, and how its results are put together."""

    def __init__(
        self,
        inputs: Sequence[Expression],
        nodes: Sequence[Expression],
        result: Value,
        name: str,
        kind: Precision,
        wholes: Sequence[bool],
        objects: Outside | None,
    ) -> None:
        self.wholes, self._objects = wholes, objects
        self.tree: Tree = result.tree
        self.truths = [kind_of(leaf)[0] == CONDITION for leaf in result.leaves]
        self.single = len(nodes) == 1
        self.checked = self.tree.kind is Checked
        self._called_before = False
        self._ways: tuple[Quick | None, Reading | None] | None = None
        self._point: Point | None = None
        self._entry: Quick | None = None
        self._constants: list[Any] | None = None
        if not inputs or not nodes:
            self._constants = self._told([e.evaluate() for e in nodes])
            return
        if kind is FLOAT64 and not any(e.shape for e in (*inputs, *nodes)):
            self._point = compiled_point(nodes, inputs, name, self.checked, wholes)
        if self._point is not None:
            self._entry = self._point.entry(None)
        else:
            self.function: Function[Any] = Function(nodes, inputs, self.single, name, 1, kind.name)

    def is_for_the_same(self) -> bool:
        """Whether objects and functions among the arguments have not changed since."""
        return self._objects is None or self._objects.is_unchanged()

    def __call__(self, numbers: Sequence[np.ndarray]) -> Any:
        if self._constants is not None:
            return self.tree.build(self._constants)
        if self._entry is not None:
            found = self._entry(*map(float, numbers))
        else:
            found = self.function(*numbers)
        return self.tree.build(self._leaves(found))

    def _leaves(self, found: Any) -> list[Any]:
        """The numbers of a result, and its truth values."""
        return self._told(self._numbers(found))

    def _told(self, leaves: list[Any]) -> list[Any]:
        """Numbers as they are, truth values as such."""
        if any(self.truths):
            leaves = [x != 0 if t else x for x, t in zip(leaves, self.truths, strict=True)]
        return leaves

    def _numbers(self, found: Any) -> list[Any]:
        """The same, truth values as 1 and 0."""
        if not self.checked or self._point is None:
            return [found] if self.single else list(found)
        count = len(self.truths) - 1
        if type(found) is tuple and len(found) == 1:  # the error alone
            return [math.nan] * count + list(found)
        return [*([found] if count == 1 else found), 0]

    def quick(self, given: Arguments) -> tuple[Quick | None, Reading | None]:
        """What takes the like of these arguments at once."""
        if not self._called_before:  # it takes a while to make
            self._called_before = True
        elif self._ways is None and self._constants is None:
            self._ways = self._made(given)
        return self._ways or (None, None)

    @property
    def is_plain(self) -> bool:
        """Whether the result is a number or a tuple of several, an error aside that may be met."""
        tree = self._returned
        if any(self.truths):
            return False
        packed = tree.kind is tuple and len(tree.children) > 1
        return tree == LEAF or (packed and all(child == LEAF for child in tree.children))

    @property
    def is_truth(self) -> bool:
        """Whether it is one truth value."""
        return self._returned == LEAF and bool(self.truths[0])

    @property
    def _returned(self) -> Tree:
        """What is returned, an error aside that a built-in function does not return."""
        return self.tree.children[0] if self.checked and self._point is not None else self.tree

    def direct(self, otherwise: Callable[..., Any]) -> Quick | None:
        """What takes plain numbers and arrays, and hands on all else."""
        if self._point is not None:
            return self._point.entry(otherwise)
        return self.function.make_entry(otherwise, self.wholes)

    def _made(self, given: Arguments) -> tuple[Quick | None, Reading | None]:
        entry = self.function.make_entry(None) if self._entry is None else self._entry
        if entry is None:
            return None, None
        read, build = given.reader(), builder(self.tree)

        def called(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            leaves: list[Any] = []
            if not read((args, kwargs), leaves) or not self.is_for_the_same():
                return None
            found = entry(*leaves)
            return None if found is None else build(self._leaves(found))

        # Errors, and numbers of other types, are the business of the long way.
        if not given.is_flat or not (self.is_plain or self.is_truth):
            return None, called
        plain = self.direct(_nothing)
        return (_truth_of(plain) if plain is not None and self.is_truth else plain), called


def _truth_of(plain: Quick) -> Quick:
    """The same as a truth value; what is no number alone is left to others."""

    def quick(*args: Any) -> Any:
        found = plain(*args)
        return found != 0 if type(found) is np.float64 else None

    return quick
