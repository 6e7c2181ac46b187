"""The exceptions of the front end, and where in the user's code a traced program went wrong.

Every class derives from `TaylorError` and from the built-in exception a NumPy user would expect.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings


class TaylorError(Exception):
    """Base class of everything that taylor raises on purpose."""


class ArgumentError(TaylorError, ValueError):
    """An argument has the right type and an impossible value."""


class ArgumentTypeError(TaylorError, TypeError):
    """An argument has a type that cannot stand for an expression, a number or an array."""


class ShapeError(TaylorError, ValueError):
    """Shapes do not fit together; the message names all of them."""


class TracingError(TaylorError, TypeError):
    """Python asked an expression for a value that exists only when the expression is evaluated."""


class UnsupportedFunctionError(TaylorError, TypeError):
    """A function, operation or argument that taylor has no rule for."""


class ProgramError(TaylorError, TypeError):
    """A statement that `taylor.program` cannot translate without changing what it means."""


class FormatError(TaylorError, ValueError):
    """A file or pickle that is damaged, from another version, or not taylor's at all."""


class DifferentiationWarning(UserWarning):
    """Derivatives that are probably not what was meant, although the value is right."""


_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_NUMPY = os.sep + "numpy" + os.sep


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the line of the innermost caller outside taylor and NumPy."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_PACKAGE) and _NUMPY not in name and name != contextlib.__file__:
            break
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def user_location() -> str:
    """Return ``file:line`` of the innermost caller outside taylor and NumPy.

    >>> user_location().rpartition(":")[2].isdigit()
    True
    """
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_PACKAGE) and _NUMPY not in name:
            return f"{name}:{frame.f_lineno}"
        if frame.f_back is None:
            return f"{name}:{frame.f_lineno}"
        frame = frame.f_back
    return "<unknown>"
