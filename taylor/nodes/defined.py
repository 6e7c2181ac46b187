"""Functions that are not in the registry: their names carry them along.

A table of numbers or an equation makes a function of its own.  Its name is part of every node that
uses it and keeps it alive; a pickle of the name says how to make it again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from taylor.nodes.record import Function, no_sympy
from taylor_runtime.program.kernels import OwnKernel

if TYPE_CHECKING:
    from taylor_runtime.program.kernels import KernelFunction


_LENGTH, _SHOWN = 20, 6  # digits of digests
_DIGEST = re.compile(f"[0-9a-f]{{{_LENGTH}}}")


class DefinedName(OwnKernel):
    """The name of a function, of its kernel, and the function itself.

    record:  the function; its own name is this one.
    restore: (callable, arguments), which pickles write in place of the name.
    """

    record: Function
    restore: tuple[Callable[..., Any], tuple[Any, ...]]

    @property
    def label(self) -> str:
        """The name as it is printed, with the first digits of its digest."""
        return _DIGEST.sub(lambda found: found[0][:_SHOWN], self)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.restore

    def __copy__(self) -> DefinedName:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> DefinedName:
        return self


def defined(
    kernel: KernelFunction,
    restore: tuple[Callable[..., Any], tuple[Any, ...]],
    inner: tuple[str, ...] = (),
    steady: bool = False,
    **fields: Any,
) -> DefinedName:
    """Return the name of a new function.

    kernel: what it is at order zero; its name, which becomes the function's, tells all that it
        computes (see `digest`).
    restore: how to make the name again; inner: as for `OwnKernel`.
    steady: it is constant in pieces.
    fields: those of its `Function` besides the name.
    """
    made = DefinedName(kernel.name, kernel, inner)
    assert isinstance(made, DefinedName)
    made.restore = restore
    if steady:
        fields["recurrence"] = lambda b, *rows: b.kernel(made, *rows)
    usual = {"recurrence": None, "numpy_names": (), "sympy_names": (), "sympy": no_sympy}
    made.record = Function(**{"name": made, **usual, **fields})
    return made


def digest(*parts: bytes) -> str:
    """A short name for some content; different for different content."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "little"))
        total.update(part)
    return total.hexdigest()[:_LENGTH]
