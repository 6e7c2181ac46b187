"""Objects in the places of functions."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any


class Decorated:
    """A function with more to it: of the same name, bound to objects as methods are."""

    __wrapped__: Callable[..., Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function, updated=())
        self.__wrapped__ = function
        self.__qualname__: str = getattr(function, "__qualname__", type(function).__name__)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Bound to an object, as methods are: the object is the first argument."""
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)

    @property
    def is_decorated(self) -> bool:
        """Whether its module has it by its name, by which it is pickled then."""
        return getattr(sys.modules.get(self.__module__), self.__qualname__, None) is self
