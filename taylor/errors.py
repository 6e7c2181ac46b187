"""The exceptions of the front end, and where in the user's code a traced program went wrong.

Every class derives from `TaylorError` and from the built-in exception a NumPy user would expect.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterable
from types import ModuleType

Getter = Callable[[str], object]
Names = Callable[[], list[str]]


class TaylorError(Exception):
    """Base class of everything that taylor raises on purpose.

    >>> import taylor as ty
    >>> try:
    ...     ty.jet(ty.exp, 0.0, order=-1)
    ... except ty.TaylorError as error:
    ...     print(type(error).__name__, isinstance(error, ValueError))
    ArgumentError True
    """


class ArgumentError(TaylorError, ValueError):
    """An argument has the right type and an impossible value.

    >>> import taylor as ty
    >>> try:
    ...     ty.variables("x x")
    ... except ty.ArgumentError as error:
    ...     print(error)
    variables: names='x x' must list different names, as in 'variables x v'
    """


class ArgumentTypeError(TaylorError, TypeError):
    """An argument has a type that cannot stand for an expression, a number or an array.

    >>> import taylor as ty
    >>> try:
    ...     ty.variables(3)
    ... except ty.ArgumentTypeError as error:
    ...     print(error)
    variables: names=3 must be a string, as in 'variables x v'
    """


class ShapeError(TaylorError, ValueError):
    """Shapes do not fit together; the message names all of them.

    >>> import taylor as ty
    >>> try:
    ...     ty.variable("a", shape=(2, 3)) @ ty.variable("b", shape=(2,))
    ... except ty.ShapeError as error:
    ...     print(str(error).split(" (at")[0])
    matmul: shapes (2, 3) and (2,) do not fit together
    """


class ItemError(TaylorError, KeyError, IndexError):
    """A place, a power or a name that an array, a polynomial or a result does not have.

    >>> import taylor as ty
    >>> try:
    ...     ty.variable("a", shape=(3,))[5]
    ... except ty.ItemError as error:
    ...     print(str(error).split(" (at")[0])
    index: 5 is out of range for axis 0 of size 3
    """

    __str__ = Exception.__str__  # a KeyError shows its message in quotes


class TracingError(TaylorError, TypeError):
    """Python asked an expression for a value that exists only when the expression is evaluated.

    >>> import taylor as ty
    >>> def square_or_cube(x):
    ...     return x**2 if x > 0 else x**3
    >>> try:
    ...     ty.grad(square_or_cube)(2.0)
    ... except ty.TracingError:
    ...     print(ty.grad(ty.program(square_or_cube))(2.0))
    4.0
    """


class UnsupportedFunctionError(TaylorError, TypeError):
    """A function, operation or argument that taylor has no rule for.

    >>> import numpy as np, taylor as ty
    >>> try:
    ...     np.spacing(ty.variable("x"))
    ... except ty.UnsupportedFunctionError as error:
    ...     print(error)
    numpy.spacing: taylor has no rule for it; it has no meaning for a number that is not known yet
    """


class ProgramError(TaylorError, TypeError):
    """A statement that `taylor.program` cannot translate without changing what it means.

    >>> import taylor as ty
    >>> def countdown(x):
    ...     while x > 1:
    ...         yield x
    >>> try:
    ...     ty.program(countdown)
    ... except ty.ProgramError as error:
    ...     print(str(error).splitlines()[0])
    program: yield makes a generator
    """


class FormatError(TaylorError, ValueError):
    """A file or pickle that is damaged, from another version, or not taylor's at all.

    >>> import pathlib, tempfile, taylor as ty
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "notes.txt")
    ...     _ = path.write_text("no checkpoint")
    ...     try:
    ...         ty.Integrator.load(path)
    ...     except ty.FormatError:
    ...         print("not written by save")
    not written by save
    """


class DifferentiationWarning(UserWarning):
    """Derivatives that are probably not what was meant, although the value is right.

    >>> import warnings, taylor as ty
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     slope = ty.grad(lambda x: ty.where(x == 0, 1, ty.sin(x) / x))(1.0)
    >>> [warning.category.__name__ for warning in caught]
    ['DifferentiationWarning']
    """


PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_NUMPY = os.sep + "numpy" + os.sep


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the line of the innermost caller outside taylor and NumPy."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None:
        name = frame.f_code.co_filename
        if not name.startswith(PACKAGE) and _NUMPY not in name and name != contextlib.__file__:
            break
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def meant(name: str, known: Iterable[str], prefix: str) -> str:
    """A hint to the public names that somebody may have meant, as words behind an error's.

    >>> meant("lyapunov", ["megno", "lyapunov_spectrum"], "ty.analysis.")
    '; did you mean ty.analysis.lyapunov_spectrum?'
    """
    from difflib import get_close_matches

    names = [other for other in known if not other.startswith("_")]
    near = get_close_matches(name, names, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(prefix + other for other in near)}?" if near else ""


def answering(module: str, prefix: str, space: dict[str, object]) -> tuple[Getter, Names]:
    """`__getattr__` and `__dir__` of a module whose public names are in `space`: what it lacks is
    answered with the names that may be meant.

    >>> get, names = answering("taylor.models", "ty.models.", {"n_body": 1, "_hidden": 2})
    >>> names()
    ['n_body']
    """

    def names() -> list[str]:
        found = (name for name, value in space.items() if type(value) is not ModuleType)
        return [name for name in found if not name.startswith("_") and name != "TYPE_CHECKING"]

    def get(name: str) -> object:
        raise AttributeError(
            f"module {module!r} has no attribute {name!r}{meant(name, names(), prefix)}"
        )

    return get, names


def raised_at(error: BaseException) -> str:
    """Where in the user's code an exception that is not ours was raised: " (at file:line)".

    >>> try:
    ...     [][0]
    ... except IndexError as error:
    ...     print(raised_at(error).startswith(" (at "))
    True
    """
    place, step = "", error.__traceback__
    while step is not None and not isinstance(error, TaylorError):  # ours say it themselves
        name = step.tb_frame.f_code.co_filename
        if not name.startswith(PACKAGE) and _NUMPY not in name:
            place = f" (at {name}:{step.tb_lineno})"
        step = step.tb_next
    return place


def user_location() -> str:
    """Return ``file:line`` of the innermost caller outside taylor and NumPy.

    >>> user_location().rpartition(":")[2].isdigit()
    True
    """
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(PACKAGE) and _NUMPY not in name:
            return f"{name}:{frame.f_lineno}"
        if frame.f_back is None:
            return f"{name}:{frame.f_lineno}"
        frame = frame.f_back
    return "<unknown>"
