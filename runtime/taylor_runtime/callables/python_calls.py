"""Python functions that machine code calls, and what becomes of their exceptions.

Machine code cannot pass an exception on.  So the first one in a thread is kept, the function counts
as NaN from there on without being called again, and `watched` raises the exception when the machine
code has returned.  A step loop leaves at once: a field of its control block says so.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from weakref import finalize, ref

import numpy as np

from taylor_runtime.callables.memory import ControlBlock
from taylor_runtime.engine.call import array_callback, callback, memory_at
from taylor_runtime.engine.held import address_of as address_of
from taylor_runtime.program.arrays import symbol_of
from taylor_runtime.program.kinds import KINDS

Externals = Mapping[str, int]  # addresses of functions that machine code calls, by their names

_made: dict[int, Any] = {}  # callbacks by their address; they live for good, as machine code may


class _Thread(threading.local):
    """What a thread's innermost call into machine code has to raise, and its control block."""

    error: BaseException | None = None
    control: ControlBlock | None = None


_thread = _Thread()


def python_function(function: Callable[..., float], arity: int) -> int:
    """Address of a C function of doubles that calls a Python function of floats.

    It takes the GIL and lives for good.  Call machine code that is linked with it by `watched`.

    >>> address = python_function(lambda x: x + 1, 1)
    >>> calls_python({"f": address}), calls_python({"f": 12345})
    (True, False)
    """

    def evaluate(*arguments: float) -> float:
        return math.nan if _thread.error is not None else function(*arguments)

    made = callback(evaluate, arity, _keep)
    address = int(made.address)
    _made[address] = made
    return address


# Of planes (parts, elements) of the operand, which may not be kept, the elements of the result.
Served = Callable[[np.ndarray], np.ndarray]

_served: dict[int, ref[Server]] = {}
_number = itertools.count(1).__next__


class Server:
    """A Python function of arrays that machine code may call while this lives.

    number:  by which machine code knows it, the first element of its operand.
    sizes:   how many elements operand and result have.
    """

    def __init__(self, function: Served, given: int, found: int) -> None:
        self.function, self.sizes = function, (given, found)
        self.number = _number()
        _served[self.number] = ref(self)
        finalize(self, _served.pop, self.number)


@cache
def array_calls(precision: str) -> Externals:
    """What programs that call functions of arrays are linked with: their names and addresses."""
    kind = KINDS[precision]
    parts, dtype = kind.parts, np.dtype(kind.dtype)

    def numbers(place: Any, count: int) -> np.ndarray:
        return np.frombuffer(memory_at(place, count * dtype.itemsize), dtype)

    def serve(*places: Any) -> None:
        server: Any = _served[int(places[0][0])]()
        given, found = server.sizes
        results: Any = [math.nan] * parts
        try:
            if _thread.error is None:
                planes = [numbers(place, given + 1) for place in places[:parts]]
                whole = planes[0].reshape(1, -1) if parts == 1 else np.array(planes)
                results = server.function(whole[:, 1:])
        except BaseException as error:  # it goes on behind the machine code
            _keep(None, error, error.__traceback__)
        for place, result in zip(places[parts:], results, strict=True):
            numbers(place, found)[:] = result

    made = array_callback(serve, 2 * parts, "float" if dtype.itemsize == 4 else "double", _keep)
    address = int(made.address)
    _made[address] = made
    return {symbol_of(kind.element): address}


def _keep(_: Any, error: BaseException, trace: Any) -> None:
    """The first exception of this thread, also one that is raised between two lines of ours."""
    if _thread.error is None:
        _thread.error = error.with_traceback(trace)
    if _thread.control is not None:
        _thread.control.raised = 1


def calls_python(externals: Externals | None) -> bool:
    """Whether any of these is a `python_function`."""
    return any(address in _made for address in (externals or {}).values())


def watched(call: Any, externals: Externals | None) -> Any:
    """`call`, raising what Python functions raise in it; itself if it calls none."""
    return Watched(call) if call is not None and calls_python(externals) else call


class Watched:
    """A callable into machine code: calls, and those of its methods, raise what was kept."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return run_watched(self._call, None, *arguments, **options)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._call, name)
        return Watched(value) if callable(value) else value

    def __repr__(self) -> str:
        return repr(self._call)


def run_watched(
    call: Callable[..., Any], control: ControlBlock | None, *arguments: Any, **options: Any
) -> Any:
    """call(*arguments), then raise what Python functions have raised in it.

    control: of the step loop that is called, which leaves when its field `raised` is set.
    """
    outer = _thread.error, _thread.control
    _thread.error, _thread.control = None, control
    try:
        return call(*arguments, **options)
    finally:
        error = _thread.error
        _thread.error, _thread.control = outer
        if error is not None:
            try:
                raise error
            finally:
                del error, outer  # the exception's frames would hold it
