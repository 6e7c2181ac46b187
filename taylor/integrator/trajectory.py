"""What users see of an integrator, state, time and parameters, and what its machine code has."""

from __future__ import annotations

from threading import Lock, get_ident
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from taylor.errors import ArgumentError, TaylorError
from taylor.expressions.leaves import time as time_node
from taylor.expressions.printing import to_string
from taylor.expressions.types import Named
from taylor.integrator.detection import Detection
from taylor.integrator.outcome import Follower
from taylor.integrator.steering import Steering
from taylor.integrator.stiffness import StiffnessWatch
from taylor.machines.dense import DenseOutput
from taylor.machines.flow import Flow, FlowMachine
from taylor.machines.machine import Machine
from taylor.numbers import times as tm
from taylor.numbers.precision import PAIRS, Precision, as_array, leading
from taylor.numbers.types import Numbers, Time
from taylor.surfaces.switches import Switch, SwitchedSystem
from taylor.systems import arguments
from taylor.systems.events import Crossings, Event
from taylor.systems.impulses import Past, Schedule
from taylor.systems.names import Key, Names
from taylor.systems.parameters import Parameters
from taylor.systems.system import System
from taylor_runtime.callables.driving import Driver, Front, Known

DIGITS = 40  # of exact sums

TAKEN = (
    "this integrator is propagating already, in the callback or thread that called it; use "
    "another one, such as copy.copy(integrator)"
)
_claims = Lock()  # guards who an integrator belongs to


def _fixed(name: str, value: object) -> ArgumentError:
    return ArgumentError(
        f"Integrator: {name} is compiled in and cannot be set; make another integrator, with "
        f"{name}={value!r}"
    )


class Trajectory:
    """The present point of a solution."""

    system: System
    _kind: Precision
    _names: Names
    _model: SwitchedSystem
    _machine: Machine
    _detection: Detection | None
    _steering: Steering | None
    _flow: Flow | None  # derivatives of the solution, if wanted
    _follower: Follower | None = None  # who is told of all that it comes through
    _state: np.ndarray
    _front: Front  # time, what the machine has, and who propagates it
    _driver: Driver | None  # what takes calls; None: it is to be made
    _parameters: Parameters
    _max_step: float
    _past: Past = Past()  # the impulses that led here
    _schedule: Schedule
    _watch: StiffnessWatch

    @property
    def _time(self) -> tm.Pair:
        return self._front.time

    @_time.setter
    def _time(self, time: tm.Pair) -> None:
        self._front.time = time

    @property
    def _known(self) -> Known | None:
        """What the machine has."""
        return self._front.known

    @_known.setter
    def _known(self, known: Known | None) -> None:
        self._front.known = known

    @property
    def _running(self) -> int:
        """The thread that propagates it; -1: a driver of whatever thread, 0: none."""
        return self._front.block.running

    @_running.setter
    def _running(self, thread: int) -> None:
        self._front.block.running = thread

    # -- state ----------------------------------------------------------------------------------

    @property
    def state(self) -> np.ndarray:
        """The current state: the integrator's own array, to be changed in place.

        Shape (n,), or (n, 2) of pairs in double-double. It goes along with the integrator: keep a
        copy of what it is now.

        >>> import taylor as ty
        >>> x = ty.variable("x")
        >>> ta = ty.Integrator([(x, -x)], [1.0])
        >>> kept = []
        >>> _ = ta.propagate_until(20.0, callback=lambda ta: kept.append(ta.state.copy()))
        >>> kept[0].tolist() == kept[-1].tolist()
        False
        """
        return self._state

    @state.setter
    def state(self, value: Numbers | Named[Numbers]) -> None:
        self._check_thread("state")
        new = arguments.initial_state(value, self._kind, self._names)
        if new.shape != self._state.shape:
            raise ArgumentError(f"the state has shape {self._state.shape}, got {new.shape}")
        self._state[:] = new

    def __getitem__(self, key: Key) -> Any:
        """The present value of a variable or its name: a number, or an array of its shape.

        In double-double with a trailing axis of length 2, as in `state`.

        Raises ArgumentError for what is no state of the system.
        """
        places = self._names[key]
        return self._state[places].copy() if places.shape else self._state[int(places)]

    def __setitem__(self, key: Key, value: Numbers) -> None:
        """Set a variable: a number, or an array of its shape; the others stay as they are."""
        self._check_thread("state")
        places = self._names[key]
        new, axes = self._state.copy(), self._kind.axes
        array = as_array(value, self._kind, f"the value of {key}", places.ndim)
        if array.shape != (*places.shape, *axes):
            raise ArgumentError(
                f"the value of {key} must have shape {places.shape}, got "
                f"{np.shape(cast(ArrayLike, value))}"
            )
        new[places] = array
        self.state = new

    @property
    def time(self) -> float:
        """The current time, rounded to float; may be set (to anything `time=` accepts)."""
        return self._front.block.time

    @time.setter
    def time(self, value: Time) -> None:
        self._check_thread("time")
        self._time = tm.time_pair(value)

    @property
    def time_pair(self) -> tuple[float, float]:
        """The current time as the double-double sum high + low that is kept inside."""
        return self._time

    @property
    def parameters(self) -> Parameters:
        """The values of the parameters by expression or name; may be set, singly or together."""
        return self._parameters

    @parameters.setter
    def parameters(self, values: Named[Numbers] | Numbers) -> None:
        self._check_thread("parameters")
        self._parameters = Parameters(self.system.parameters, values, self._kind)

    def _claim(self, otherwise: str = TAKEN) -> None:
        """From here on no other call may propagate the integrator, until `_running` is 0."""
        with _claims:
            if self._running:
                raise TaylorError(otherwise)
            self._running = get_ident()

    def _check_thread(self, name: str) -> None:
        if self._running not in (0, get_ident()):
            raise TaylorError(
                f"{name} cannot be set while another thread propagates this integrator; use "
                "another one, such as copy.copy(integrator)"
            )

    @property
    def max_step(self) -> float:
        """Upper bound on |step|; may be set."""
        return self._max_step

    @max_step.setter
    def max_step(self, value: float) -> None:
        self._max_step = arguments.largest_step(value)

    @property
    def tol(self) -> float:
        """The tolerance, of several the smallest."""
        return self.__dict__["tol"]

    @tol.setter
    def tol(self, value: float) -> None:
        raise _fixed("tol", value)

    @property
    def order(self) -> int:
        """The order of the Taylor series."""
        return self.__dict__["order"]

    @order.setter
    def order(self, value: int) -> None:
        raise _fixed("order", value)

    @property
    def high_accuracy(self) -> bool:
        """Whether rounding errors of the state are carried from step to step."""
        return self.__dict__["high_accuracy"]

    @high_accuracy.setter
    def high_accuracy(self, value: bool) -> None:
        raise _fixed("high_accuracy", value)

    @property
    def precision(self) -> str:
        """The kind of number of the state: "float64", "float32" or "double-double"."""
        return self._kind.name

    @property
    def _calls_python(self) -> bool:
        """Whether the machine code calls functions of the user that may raise."""
        detection = self._detection
        return self._machine.stepper.options.calls_python or (
            detection is not None and detection.calls_python
        )

    def _rounded_state(self) -> np.ndarray:
        """The state as float64, shape (n,)."""
        return leading(self._state, self._kind).astype(np.float64)

    def _times_of(self, grid: np.ndarray) -> np.ndarray:
        """The times of a grid as the user gave them: numbers, or pairs."""
        return np.array(grid if self._kind.is_finer else grid[:, 0])

    @property
    def switches(self) -> tuple[Switch, ...]:
        """The conditions on state or time in the right-hand side, with their surfaces."""
        return self._model.switches

    @property
    def events(self) -> tuple[Event, ...]:
        """What is watched."""
        return () if self._detection is None else self._detection.events

    @property
    def dense(self) -> DenseOutput:
        """The last step's solution as a function of time.

        Raises TaylorError before the first step from a state that was set, and after one that was
        rejected.
        """
        detection, machine = self._detection, self._machine
        return machine.last_step(None if detection is None else detection.before_switch(machine))

    # -- what propagations and impulses do to it ------------------------------------------------

    def _load(self, inside: bool = False) -> bool:
        """Give the machine what the user changed, if anything; else the step size is kept.

        inside: a propagation, in which a callback has changed it.

        Returns whether there was anything.
        """
        values = self._values()
        jumps = self._flow is not None and self._flow.arrived is not None  # of derivatives alone
        if values == self._known and not jumps:
            return False
        state, machine = leading(self._state, self._kind), self._machine
        if not np.isfinite(state).all():
            place = int(np.flatnonzero(~np.isfinite(state))[0])
            raise ArgumentError(
                f"the state is not finite: {self.system.states[place]} = {float(state[place])}"
            )
        same_time = self._known is not None and self._known[1] == self._time
        parameters = self.parameters.array()
        if self._flow is None:
            machine.set_state(self._state, self._time)
            machine.set_parameters(parameters)
        else:
            derived = cast(FlowMachine, machine)
            self._flow.put(derived, self._state, self._time, inside)
            self._flow.put_parameters(derived, parameters)
        machine.forget_step()
        if self._detection is not None:
            # Of what a callback changes at an event, the event is known; else all is new.
            self._detection.search.forget(keep_reported=same_time and bool(self._running))
        if self._steering is not None:
            if not self._running:
                self._steering.turn(backward=False)  # until a propagation says where to
            self._steering.start(machine, self._detection)
        if self._flow is not None:
            self._flow.start(cast(FlowMachine, machine))
        self._known = values
        return True

    def _values(self) -> Known:
        """State, time and parameters, to be compared."""
        return self._state.tobytes(), self._time, self.parameters.array().tobytes()

    def _repr_html_(self) -> str:
        from taylor.displays import html
        from taylor.displays.formulas import LONGEST

        pairs = self.system.blocks or zip(self.system.states, self.system.derivatives, strict=True)
        count = len(self.system.blocks or self.system.states)
        known = {
            "states": len(self.system.states),
            "time": float(self._time[0] + self._time[1]),
            "order": self.order,
            "tolerance": f"{self.tol:.3g}",
            "precision": self._kind.name,
            "parameters": len(self.system.parameters) or "",
        }
        shown = ((str(state), to_string(value, LONGEST)) for state, value in pairs)
        return html.facts("Integrator", known, html.equations(shown, count))

    def _unload(self) -> None:
        """Show the user what the machine has: where a function raised, the last good step."""
        raised = self._machine.take_back()
        state, time = self._machine.state(), self._machine.time
        front = self._front
        block, seen, shown = front.block, front.seen_states, state.reshape(-1)
        high, low = time
        # Ctrl-C interrupts calls and loops, not plain stores: either all of them are done or none.
        # So nothing here may be a property, which is a call.
        self._state[:], seen[:] = state, shown
        block.time, block.time_low, block.seen_time, block.seen_time_low = high, low, high, low
        if raised and self._detection is not None:
            self._known = None  # what is known of events is of a step that is not made

    def _show(self, state: np.ndarray, time: tm.Pair) -> None:
        """Put the state of an event where users look for it."""
        self._state[:], self._time = state, time

    def _keep(self) -> tuple[np.ndarray, tm.Pair]:
        return self._state.copy(), self._time

    def _found(self) -> tuple[tuple[Crossings, ...], tuple[Crossings, ...]]:
        return ((), ()) if self._detection is None else self._detection.found(self._machine)

    def _inputs(self) -> dict[Any, Any]:
        """Values of states, parameters and time, for expressions."""
        finer = self._kind.is_finer
        numbers = self._kind.exactly(self._state) if finer else self._state.astype(float).tolist()
        values: dict[Any, Any] = dict(zip(self.system.states, numbers, strict=True))
        values |= {e: self.parameters[e] for e in self.system.parameters}
        return {**values, time_node: PAIRS.exactly(np.array(self._time)) if finer else self.time}

    def _add(self, place: int, amount: Any, sign: int) -> None:
        """Add to one state."""
        kind = self._kind
        if kind.is_finer:
            from mpmath import workdps

            with workdps(DIGITS):
                total = kind.exactly(self._state[place]) + sign * kind.exactly(kind.rounded(amount))
                self._state[place] = kind.rounded(total)
        else:
            self._state[place] += sign * float(amount)
