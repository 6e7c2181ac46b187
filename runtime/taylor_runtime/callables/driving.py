"""What an integrator shows of a trajectory, and built-in functions: its driver, dense output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ctypes import Structure, c_double, c_int64
from functools import lru_cache, partial
from struct import Struct
from typing import Any

import numpy as np

from taylor_runtime.callables.events import EventMemory
from taylor_runtime.callables.memory import Pair
from taylor_runtime.callables.trajectory import StepMemory
from taylor_runtime.drivers import block, dense, driver
from taylor_runtime.drivers.block import FOR as FOR
from taylor_runtime.drivers.block import GRID as GRID
from taylor_runtime.drivers.block import STEP as STEP
from taylor_runtime.drivers.block import UNTIL as UNTIL
from taylor_runtime.drivers.preparing import FIRST_STEPS as FIRST_STEPS
from taylor_runtime.engine.compiler import STEP_PASSES, Module, Options, compile_ir
from taylor_runtime.points import python_objects as objects
from taylor_runtime.program.kinds import DOUBLE, KINDS

Known = tuple[bytes, Pair, bytes]  # state, time, parameters
Driver = Callable[..., Any]
_OUTCOME = Struct(f"{len(block.OUTCOME_DOUBLES)}d{len(block.OUTCOME_INTEGERS)}q")
_TOLD = (*block.OUTCOME_DOUBLES, *block.OUTCOME_INTEGERS)  # the names of these

_FIELDS = [(n, c_double) for n in block.DOUBLES] + [(n, c_int64) for n in block.INTEGERS]


class CallBlock(Structure):
    """What an integrator and its driver tell each other; `drivers.block` says what."""

    _fields_ = _FIELDS

    time: float
    time_low: float
    seen_time: float
    seen_time_low: float
    known: int
    running: int
    first_retracted: int


class Front:
    """The time of an integrator, who propagates it, and what its machine was last given.

    states, parameters: how many numbers of a kind they are.
    """

    __slots__ = ("_bound", "_memory", "_seen", "block")

    def __init__(self, states: int, parameters: int, precision: str) -> None:
        self._memory = np.zeros(len(_FIELDS), np.int64)
        self.block = CallBlock.from_buffer(self._memory)  # type: ignore[arg-type]
        self.block.count, self.block.given = states, parameters  # type: ignore[attr-defined]
        dtype = KINDS[precision].dtype
        self._seen = np.zeros(states, dtype), np.zeros(parameters, dtype)
        self._bound: list[Any] = []  # keeps arrays that the block has addresses of

    def copy(self) -> Front:
        """One that knows the same, of another machine, and that nobody has."""
        other = Front.__new__(Front)
        other._memory = self._memory.copy()
        other.block = CallBlock.from_buffer(other._memory)  # type: ignore[arg-type]
        other.block.running = 0
        other._seen = self._seen[0].copy(), self._seen[1].copy()
        other._bound = []
        return other

    @property
    def time(self) -> Pair:
        """Of the integrator."""
        known = self.block
        return known.time, known.time_low

    @time.setter
    def time(self, time: Pair) -> None:
        self.block.time, self.block.time_low = time

    @property
    def seen_states(self) -> np.ndarray:
        """The states that the machine was given, or showed, last: flat, writable."""
        return self._seen[0]

    @property
    def known(self) -> Known | None:
        """What the machine was given, or showed, last."""
        own, (states, parameters) = self.block, self._seen
        if not own.known:
            return None
        return states.tobytes(), (own.seen_time, own.seen_time_low), parameters.tobytes()

    @known.setter
    def known(self, known: Known | None) -> None:
        own = self.block
        own.known = 0
        if known is None:
            return
        for array, given in zip(self._seen, (known[0], known[2]), strict=True):
            array[:] = np.frombuffer(given, array.dtype)
        own.seen_time, own.seen_time_low = known[1]
        own.known = 1

    # -- the driver -----------------------------------------------------------------------------

    def driver(
        self, machine: StepMemory, search: EventMemory | None, kind: type, silence: object
    ) -> Driver:
        """What `drivers.driver` makes: a function that returns None where it does nothing.

        kind: of what it tells of calls that have come to their end: its first two slots are made
            to hold bytes, see `numbers_told`, and `silence`.
        """
        options = machine.stepper.options
        plain = KINDS[options.precision] is DOUBLE and not options.calls_python
        plain = plain and objects.has_slots_first(kind)
        if plain and not _asked_again("driver"):
            return not_yet
        code = _driver() if plain else None
        if code is None:
            return undriven
        slots = np.array(machine.slots, np.int64)
        padding = np.array(machine.padding, np.int64)
        before = self._bound  # other threads may go by it, until the block says otherwise
        self._bound = [slots, padding, machine, search]
        own: Any = self.block
        own.places = machine.stepper.size
        own.loop, own.control = machine.stepper.address, machine.control.address
        own.slots, own.padding = slots.ctypes.data, padding.ctypes.data
        own.seen_state, own.seen_parameters = (array.ctypes.data for array in self._seen)
        own.detector = 0
        own.short = int(machine.stepper.is_short)
        if search is not None:
            for name, value in search.addresses().items():
                setattr(own, name, value)
        self.bind(machine)
        del before
        items = self._memory, None, kind, silence, self, code
        return objects.make_builtin(code.address(driver.DRIVE), driver.DRIVE, *items)

    def bind(self, machine: StepMemory) -> None:
        """Let the driver know where the machine's arrays are, after these may have been replaced.

        Without a driver nothing is done.
        """
        if not self._bound:
            return
        arrays = machine.arrays()
        if len(self._bound) == 4 or any(map(_other, arrays, self._bound[4:])):
            self._bound[4:] = arrays
            for name, array in zip(_ARRAYS, arrays, strict=True):
                setattr(self.block, name, array.ctypes.data)
            own: Any = self.block
            own.grid_room = len(arrays[_ARRAYS.index("grid")])


_ARRAYS = ("states", "parameters", "work", "records", "grid", "tolerances")


def _other(a: object, b: object) -> bool:
    return a is not b


def numbers_told(outcome: bytes) -> dict[str, Any]:
    """What a driver told of a call in single numbers, by their names."""
    return dict(zip(_TOLD, _OUTCOME.unpack_from(outcome), strict=True))


def arrays_told(outcome: bytes) -> Iterator[tuple[str, np.ndarray]]:
    """What it told in arrays."""
    numbers = np.frombuffer(outcome, np.float64, offset=_OUTCOME.size).copy()
    many = numbers_told(outcome)["grid_count"]
    count = (len(numbers) - many) // (many + 1)
    yield "state", numbers[:count]
    if many:
        yield "times", numbers[count : count + many]
        yield "states", numbers[count + many :].reshape(many, count)


_asked: set[str] = set()


def _asked_again(what: str) -> bool:
    """Whether it is asked for in this process for the second time: what is wanted once, or by a
    short script, is done without, in less time than it takes to compile it.
    """
    known = what in _asked
    _asked.add(what)
    return known


def not_yet(*arguments: Any) -> None:
    """In the place of what is made when it is asked for again."""


def undriven(*arguments: Any) -> None:
    """The driver of what is driven by Python alone."""


@lru_cache(maxsize=1)
def _driver() -> Module | None:
    linked = driver.externals()
    if not linked:
        return None  # pragma: no cover - no such NumPy
    options = Options(STEP_PASSES, codegen=0)  # made in 3 ms instead of 20, and 20 ns slower
    text = driver.driver_module()
    return compile_ir(text, [driver.DRIVE], options=options, externals=linked, label="driver")


# -- dense output -------------------------------------------------------------------------------


def dense_evaluator(
    starts: np.ndarray, end: float, scales: np.ndarray, divisors: np.ndarray, numbers: np.ndarray
) -> Driver:
    """What `drivers.dense` makes: states at a time, or a vector of times, or None.

    starts: (steps, 2); scales, and what values are divided by: (steps,); numbers: coefficients,
        (steps, orders, n), of float64.
    """
    steps, orders, count = numbers.shape
    lanes = next((lanes for lanes in _DENSE_LANES if lanes >= count), _DENSE_LANES[-1])
    if not _asked_again("dense"):
        return not_yet
    code = _dense(lanes) if steps and count else None
    if code is None:
        return undriven
    chunks = -(-count // lanes)
    room = np.zeros((steps, max(orders, 1), chunks * lanes))
    room[:, :orders, :count] = numbers
    arrays = [np.ascontiguousarray(a, np.float64) for a in (starts, scales, divisors)] + [room]
    begin = float(starts[0, 0])
    facts = np.zeros(1, dense.DENSE)
    ends = min(begin, end), max(begin, end)
    sizes = int(end < begin), steps, max(orders, 1), count, chunks
    facts[0] = (*ends, *sizes, *(array.ctypes.data for array in arrays))
    address = code.address(dense.EVALUATE)
    return objects.make_builtin(address, dense.EVALUATE, facts, None, arrays, code)


_DENSE_LANES = (2, 4, 8)


@lru_cache(maxsize=len(_DENSE_LANES))
def _dense(lanes: int) -> Module | None:
    linked = dense.externals()
    if not linked:
        return None  # pragma: no cover - no such NumPy
    made = compile_ir(
        partial(dense.dense_module, lanes),
        [dense.EVALUATE],
        options=Options(STEP_PASSES),
        externals=linked,
        label="dense",
        source=f"dense {lanes}",
        first=partial(dense.dense_module, lanes, True),
    )
    made.in_use()
    return made
