"""Memory that machine code reads, and code that it calls: alive for as long as that code is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakValueDictionary

_held: WeakValueDictionary[int, Any] = WeakValueDictionary()


def hold(address: int, owner: Any) -> None:
    """Code that is linked with an address keeps alive what it belongs to."""
    _held[address] = owner


def address_of(array: Any) -> int:
    """The address of an array's memory, which code that is linked with it keeps alive.

    >>> import numpy as np
    >>> numbers = np.zeros(4)
    >>> held_at([address_of(numbers)])[0] is numbers
    True
    """
    address = int(array.ctypes.data)
    hold(address, array)
    return address


def held_at(addresses: Iterable[int]) -> list[Any]:
    """What owns those of the addresses that are held."""
    found = (_held.get(address) for address in addresses)
    return [owner for owner in found if owner is not None]
