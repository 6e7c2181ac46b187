"""Memory that machine code reads and others own: kept alive for as long as the code lives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakValueDictionary

_arrays: WeakValueDictionary[int, Any] = WeakValueDictionary()


def address_of(array: Any) -> int:
    """The address of an array's memory, which code that is linked with it keeps alive.

    >>> import numpy as np
    >>> numbers = np.zeros(4)
    >>> held_at([address_of(numbers)])[0] is numbers
    True
    """
    address = int(array.ctypes.data)
    _arrays[address] = array
    return address


def held_at(addresses: Iterable[int]) -> list[Any]:
    """The arrays at those of the addresses that are such."""
    found = (_arrays.get(address) for address in addresses)
    return [array for array in found if array is not None]
