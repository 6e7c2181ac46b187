"""Functions whose own control flow is translated, as programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType, MethodType
from typing import Any, ParamSpec, TypeVar

import numpy as np

from taylor.control.trees import flatten
from taylor.errors import ProgramError, TaylorError
from taylor.expressions.expression import Expression
from taylor.language.running.digits import returned
from taylor.language.running.faults import Raised, is_none, poisoned
from taylor.language.running.foreign import explained, span_of_error
from taylor.language.running.journal import Running, outermost, tracing
from taylor.language.running.operations import operators
from taylor.language.running.operations.calls import call, settled
from taylor.language.running.values.kinds import Flat
from taylor.language.running.values.objects import Array
from taylor.language.source.refusals import refusal
from taylor.language.source.translation import translated
from taylor.nodes.conversion import as_expression
from taylor.programs.program import Checked, Program

P = ParamSpec("P")
R = TypeVar("R")


class LanguageProgram(Program[P, R]):
    """A function whose own control flow is translated; else a `Program`.

    capacity: of lists whose length a traced value decides.
    depth:    of recursion that a traced value ends.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        static: Sequence[int | str] = (),
        precision: str = "float64",
        capacity: int | None = None,
        depth: int | None = None,
    ) -> None:
        self._errors: list[BaseException] = []
        self.capacity, self.depth = capacity, depth
        super().__init__("program", function, self._traced_call, static, precision)
        self.__program__ = function
        inner = function.__func__ if isinstance(function, MethodType) else function
        if isinstance(inner, FunctionType):
            translated(inner, operators)  # what cannot be translated is said at once

    def _settled(self, found: Any) -> Any:
        if type(found) is not Checked:
            return found
        number = int(np.ravel(found.fault)[0])  # in double-double the first of two numbers
        if number:
            raise self._errors[number - 1]
        return found.value

    @property
    def static(self) -> tuple[int | str, ...]:
        """The arguments that are known when the function is traced."""
        return self._static

    def noted(self, *args: Any, **kwargs: Any) -> dict[tuple[str, str], dict[int, str]]:
        """Trace the function, and return what became of its lines."""
        one = self._running()
        one.notes = {}
        self._run(one, args, kwargs)
        return one.notes

    def _running(self) -> Running:
        limit = 2.0 / self._kind.epsilon
        return Running(operators, Flat, self._errors, self.capacity, self.depth, limit)

    def _traced_call(self, *args: Any, **kwargs: Any) -> Any:
        """What the function computes of expressions."""
        one = self._running()
        return self._run(one, args, kwargs)

    def _run(self, one: Running, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inside = outermost() is not None
        try:
            with tracing(one):
                given = [_read_only(x) for x in args]
                named = {key: _read_only(x) for key, x in kwargs.items()}
                result = settled(call(self.__wrapped__, *given, **named))
                if one.doubtful:
                    returned(Flat(result).leaves)
        except TaylorError as error:
            if not isinstance(error, ProgramError) and (span := span_of_error(error)):
                raise refusal(span, *explained(error)) from error
            raise
        except AttributeError as error:
            if isinstance(error.obj, Expression) and (span := span_of_error(error)):
                raise refusal(span, *explained(error)) from error
            raise
        except Raised as raised:
            if isinstance(raised.fault, int):
                raise self._errors[raised.fault - 1] from None
            raise self._errors[-1] from None
        if is_none(one.fault):
            return result
        if self._checks and not inside:
            return Checked(result, one.fault)
        return _mapped(result, lambda leaf: poisoned(one.fault, leaf))

    _checks = False  # whether errors are raised where the program is called

    def _traced(self, given: Any, kinds: Any) -> Any:
        self._checks = True
        try:
            return super()._traced(given, kinds)
        finally:
            self._checks = False

    def __reduce__(self) -> Any:
        if self.is_decorated:
            return self.__qualname__
        given = (self.__wrapped__, self._static, self.precision, self.capacity, self.depth)
        return LanguageProgram, given


def _read_only(value: Any) -> Any:
    """An argument: arrays as objects that the program may not change."""
    if isinstance(value, Expression) and value.shape:
        return Array(value)
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "Ofiub":
        return Array(as_expression(value), value.dtype.kind in "iu", value.dtype.kind == "b")
    if type(value) in (tuple, list):
        return type(value)(_read_only(item) for item in value)
    if type(value) is dict:
        return {key: _read_only(item) for key, item in value.items()}
    return value


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """A result with every number changed."""
    leaves, tree = flatten("program", value, opaque=True)
    return tree.build([change(leaf) for leaf in leaves])
