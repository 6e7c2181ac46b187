"""The adaptive Taylor integrator."""

from __future__ import annotations

import copy
import math
import time as clock
from collections.abc import Callable, Sequence
from typing import Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike

from taylor.errors import ArgumentError
from taylor.explanations.explanation import Explanation, explain_stepper
from taylor.expressions.expression import Expression
from taylor.expressions.scalars import scalars
from taylor.expressions.types import Named
from taylor.integrator import checkpoint
from taylor.integrator.detection import Detection
from taylor.integrator.driven import request_of
from taylor.integrator.outcome import SINGLE, Goal, Outcome
from taylor.integrator.solvable import Solvable
from taylor.integrator.steering import Steering
from taylor.integrator.stiffness import StiffnessWatch
from taylor.machines.flow import Flow
from taylor.machines.machine import Machine
from taylor.machines.making import Accuracy, begun, make_machine
from taylor.numbers import times as tm
from taylor.numbers.precision import as_precision
from taylor.numbers.types import Numbers, Path, Time
from taylor.surfaces.switches import switched
from taylor.systems import arguments
from taylor.systems.events import Event, as_events, check_events
from taylor.systems.impulses import Impulse, Schedule, as_impulses
from taylor.systems.names import Names
from taylor.systems.parameters import Parameters
from taylor.systems.parts import COPIED
from taylor.systems.system import Equations, System, with_parameters_of
from taylor.systems.tolerance import make_tolerance
from taylor.systems.variational import Variational, variations_of
from taylor.systems.versions import checked, stamped
from taylor_runtime.callables.driving import FOR, GRID, STEP, UNTIL, Front
from taylor_runtime.callables.process import uncollected

Callback = Callable[["Integrator"], object]


class Integrator(Solvable):
    """Integrates x' = f(x, t; parameters) with Taylor series of adaptive step size.

    system:      list of (variable, derivative) pairs, a dict, pairs of arrays, or a function
                 rhs(t, y, p); or what `taylor.variational` makes of these, for a `flow_map`.
    state:       initial values, shape (n,), in the order of the equations; of a single array
                 variable also in its shape; or by variable or name, as {x: 1, v: 0}.
    time:        initial time: float, Fraction, decimal string, or a (high, low) pair.
    parameters:  value of every parameter of the system, by expression or name, an array for an
                 array parameter; an array for rhs(t, y, p).
    tol:         tolerance relative to the largest state component; machine epsilon by default.
    rtol, atol:  instead of `tol`, tolerances per component (numbers or shape (n,)).
    order:       of the Taylor series; by default ceil(1 - ln(tol) / 2), raised by up to 30% for
                 small systems, which are faster with longer steps of the same truncation error.
    max_step:    upper bound on |step|. A feature that is narrower than a step *and* flat to all
                 orders at both of its ends (a bump that underflows) cannot be seen without it.
    events:      list of `taylor.Event`; what is found is in `outcome.events`. May be set later.
    impulses:    list of `taylor.Impulse`: jumps of the state and of parameters at known times.
    high_accuracy: carry the rounding errors of the state from step to step (compensated summation).
    precision:   the kind of number of the state: "float64", "float32", or "double-double" with
                 about 31 digits.  There the state has shape (n, 2), pairs of a high and a low part
                 (`taylor.to_mpmath` makes numbers of them); states, parameters and times may be
                 given as mpmath numbers, Fractions or decimal strings, and `tol` down to 1e-31.

    Branches of the right-hand side (`where`, `abs`, `sign`, `minimum`, `maximum`, `relu`, `floor`
    of the state or time) are followed exactly: steps end where a condition changes.

    Raises ValueError or TypeError for anything that cannot be integrated, before anything is
    compiled: an empty system too, which SciPy's solve_ivp would carry to the end at once.

    >>> import numpy as np, taylor as ty
    >>> x, v = ty.variables("x v")
    >>> ta = ty.Integrator([(x, v), (v, -x)], [1.0, 0.0])
    >>> outcome = ta.propagate_until(10.0)
    >>> outcome.status.name, bool(abs(ta.state[0] - np.cos(10.0)) < 1e-14)
    ('REACHED', True)
    >>> bool(ta[x] == ta.state[0] == outcome[x])
    True
    """

    @uncollected()
    def __init__(
        self,
        system: System | Equations | Variational,
        state: Numbers | Named[Numbers],
        *,
        time: Time = 0.0,
        parameters: Named[Numbers] | Numbers | None = None,
        tol: float | None = None,
        rtol: ArrayLike | None = None,
        atol: ArrayLike | None = None,
        order: int | None = None,
        max_step: float = math.inf,
        events: Sequence[Event] | Event = (),
        impulses: Sequence[Impulse] | Impulse = (),
        high_accuracy: bool = False,
        precision: str = "float64",
    ) -> None:
        self._kind = kind = as_precision(precision)
        asked = system if isinstance(system, Variational) else None
        system = system.equations if isinstance(system, Variational) else system
        made, self._names, initial = begun(system, state, parameters, kind)
        watched = as_events(events, made)
        others = [e for event in watched for e in event.expressions]
        others += [e for impulse in as_impulses(impulses) for e in impulse.expressions]
        self.system: System = with_parameters_of(made, others)
        if len(initial) != len(self.system):
            raise ArgumentError(
                f"the initial state has {len(initial)} components, the system "
                f"{len(self.system)} equations"
            )
        self._tolerance = tolerance = make_tolerance(len(initial), tol, rtol, atol, kind.epsilon)
        fixed = self.__dict__
        fixed["tol"] = tolerance.smallest
        self._order_given = order is not None
        fixed["order"] = arguments.series_order(order, tolerance.order())
        fixed["high_accuracy"] = bool(high_accuracy)
        self._max_step = arguments.largest_step(max_step)
        self._parameters = Parameters(self.system.parameters, parameters, kind)
        self._variations = None if asked is None else variations_of(asked, self.system, self.tol)
        self._state = initial
        self._front = Front(initial.size, self._parameters._values.size, kind.name)
        self._time = tm.time_pair(time)
        self._flow = self._make_flow()
        self._schedule = Schedule(impulses, self.system.states, self.system.parameters)
        check_events(watched, self.system)
        self._modelled = tuple(
            scalars(cast(Expression, event.expression)).item() for event in watched
        )
        self._model = switched(self.system, self._modelled)
        started = clock.perf_counter()
        self._machine = self._make_machine()
        self._detection = self._detect(watched)
        self._steering = self._steer()
        self.compile_seconds = clock.perf_counter() - started
        self._driver = None
        self._watch = StiffnessWatch(self)

    def _make_machine(self) -> Machine:
        order = self.order if self._order_given else None
        accuracy = Accuracy(self._tolerance, order, self.high_accuracy, self._kind)
        machine = make_machine(self._model.system, accuracy, self._variations)
        self.__dict__["order"] = machine.stepper.program.order
        return machine

    def _make_flow(self) -> Flow | None:
        if self._variations is None:
            return None
        self._variations.check_state(self._state, self._kind)
        return Flow(self._variations, len(self.system), self._kind)

    def _detect(self, events: Sequence[Event]) -> Detection | None:
        if not events and not self._model.switches:
            return None
        model = self._model
        maps = self._variations is not None
        return Detection(events, model, self._machine.stepper, maps)

    def _steer(self) -> Steering | None:
        return Steering(self._model) if self._model.modes else None

    def __repr__(self) -> str:
        more = "" if self._variations is None else f", {self._variations}"
        return (
            f"Integrator({len(self.system)} states, time={self.time!r}, order={self.order}, "
            f"tol={self.tol:.3g}{more})"
        )

    def __copy__(self) -> Integrator:
        """An independent integrator that goes on to the same bits; the machine code is shared."""
        other = object.__new__(type(self))
        other.__dict__ = self.__dict__.copy()
        other._state = self._state.copy()
        other._parameters = self._parameters.__copy__()
        other._machine = self._machine.copy()
        other._detection = None if self._detection is None else self._detection.copy()
        other._steering = None if self._steering is None else copy.copy(self._steering)
        other._flow = None if self._flow is None else copy.copy(self._flow)
        other._watch = StiffnessWatch(other)
        other._front = self._front.copy()
        other._driver = None
        return other

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the machine code, which is compiled (or found in the cache) on loading."""
        remade = ("_names", "_machine", "_watch", "_model", "_detection", "_steering")
        made = {*remade, "_front", "_driver"}
        kept = {k: v for k, v in self.__dict__.items() if k not in made}
        kept |= {"_time": self._time, "_known": self._known}
        known = None if self._detection is None else self._detection.search.state()
        memory = self._machine.memory()
        return stamped({**kept, "memory": memory, "watched": self.events, "seen": known})

    @uncollected()
    def __setstate__(self, kept: dict[str, Any]) -> None:
        kept = checked(kept, "an Integrator")
        memory, events, seen = kept.pop("memory"), kept.pop("watched"), kept.pop("seen")
        time, given = kept.pop("_time"), kept.pop("_known")
        self.__dict__.update(kept)
        self._front = Front(self._state.size, self._parameters._values.size, self._kind.name)
        self._driver = None
        self._time, self._known = time, given
        self._names = Names(self.system.states, "state")
        self._model = switched(self.system, self.__dict__.setdefault("_modelled", ()))
        self._machine = self._make_machine()
        self._machine.restore(memory)
        self._detection = self._detect(events)
        if self._detection is not None:
            self._detection.search.restore(seen)
        self._steering = self._steer()
        self._watch = StiffnessWatch(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Integrator:
        other = self.__copy__()
        memo[id(self)] = other
        for name, value in self.__dict__.items():
            if name not in COPIED:
                other.__dict__[name] = copy.deepcopy(value, memo)
        if other._detection is not None:
            other._detection.events = tuple(e.deep_copy(memo) for e in self.events)
        return other

    def save(self, path: Path) -> None:
        """Write a checkpoint from which `Integrator.load` goes on to the same bits.

        path: of the file; what was there is replaced at once, so that there is always a whole one,
              whenever the process is killed.  Callbacks may save too; one of an event saves the
              state there, from which a resumed run starts afresh.

        Raises OSError if the file cannot be written; PicklingError or AttributeError for callbacks
        that are no functions of a module.
        """
        checkpoint.write(path, self)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The integrator that `save` wrote; load only files that you trust, as with pickles.

        Raises taylor.FormatError (a ValueError) for a file that is damaged, truncated, of another
        version or not taylor's; OSError for one that cannot be read.

        >>> import os, tempfile, taylor as ty
        >>> x, v = ty.variables("x v")
        >>> ta = ty.Integrator([(x, v), (v, -x)], [1.0, 0.0])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ta.save(os.path.join(folder, "run.checkpoint"))
        ...     again = ty.Integrator.load(os.path.join(folder, "run.checkpoint"))
        >>> again.state
        array([1., 0.])
        """
        loaded: Self = checkpoint.read(path, cls)
        return loaded

    # -- events ---------------------------------------------------------------------------------

    @property
    def events(self) -> tuple[Event, ...]:
        """What is watched; may be set to other events at any time (nothing else is compiled)."""
        return super().events

    @events.setter
    def events(self, events: Sequence[Event] | Event) -> None:
        watched = as_events(events, self.system)
        check_events(watched, self.system)
        self._claim("events cannot be changed while the integrator is propagating")
        try:
            self._detection = self._detect(watched)
            self._known = self._driver = None
        finally:
            self._running = 0

    @property
    def modes(self) -> np.ndarray:
        """The branches in force: +-1, the sign of the surface, or the value of a `floor`.

        0 where the motion stays on a surface.

        Shape (modes,); `switches[i].mode` says which belongs to a switch.
        """
        if self._detection is None:
            return np.empty(0)
        if not self._running:
            self._load()
        return self._detection.modes(self._machine)

    def explain(self) -> Explanation:
        """What the compiler made of the system: print it, use its fields, `plot` or `save` it."""
        states, parameters = (
            [str(e) for e in names]
            for names in (self._model.system.states, self._model.system.parameters)
        )
        displaced = () if self._variations is None else self._variations.parameters
        varied = [parameters[place] for place in displaced]
        return explain_stepper(
            self._machine.stepper, states, parameters, self.compile_seconds, varied
        )

    # -- propagation ----------------------------------------------------------------------------

    def step(self, *, backward: bool = False) -> Outcome:
        """Take one step of the size that the tolerance allows.

        A step that nothing bounds (a polynomial solution) has length max_step, or 1 if that is
        infinite.
        """
        end = -math.inf if backward else math.inf
        found = self._driven(end, STEP, SINGLE)
        if found is not None:
            return found
        return self._propagate(lambda: ((end, 0.0), None), SINGLE)

    def propagate_until(
        self,
        time: Time,
        *,
        max_steps: int | None = None,
        callback: Callback | None = None,
        dense: bool = False,
        progress: bool = False,
    ) -> Outcome:
        """Integrate to exactly `time`, forwards or backwards; returns an `Outcome`.

        time:      may be infinite where something else ends the run: a terminal event, a callback,
                   `max_steps`.
        max_steps: give up after so many steps (status STEP_LIMIT).
        callback:  called with the integrator after every step; may change `state`, `time` and
                   `parameters`; a true return value stops (status STOPPED). Without one, Python is
                   not entered between steps.
        dense:     keep every step's polynomials; `outcome.dense` is then the solution as a
                   function.
        progress:  show a progress bar when the run is long.

        Raises ValueError or TypeError for a time that is not finite, no number, or so far away that
        the span is beyond the range of floats; what callbacks and functions of the user raise, and
        KeyboardInterrupt on Ctrl-C (state and time are then those of the last step, and propagation
        can be resumed).
        """
        request = request_of(max_steps, callback, dense, progress)
        found = self._driven(time, UNTIL, request)
        if found is not None:
            return found
        end = tm.end_pair(time, self._ends_otherwise(request))
        return self._propagate(lambda: (end, None), request)

    def propagate_for(
        self,
        span: Time,
        *,
        max_steps: int | None = None,
        callback: Callback | None = None,
        dense: bool = False,
        progress: bool = False,
    ) -> Outcome:
        """`propagate_until` the current time plus `span`.

        The current time is the one when this call has the integrator to itself: of two threads that
        ask for 0.5, one advances it by 0.5 and the other either comes later or is refused.
        """
        request = request_of(max_steps, callback, dense, progress)
        found = self._driven(span, FOR, request)
        if found is not None:
            return found
        length = tm.end_pair(span, self._ends_otherwise(request), "span")
        return self._propagate(lambda: (tm.add(self._time, length), None), request)

    def propagate_grid(
        self,
        times: Numbers,
        *,
        max_steps: int | None = None,
        callback: Callback | None = None,
        dense: bool = False,
        progress: bool = False,
    ) -> Outcome:
        """Integrate through strictly monotonic `times`; `outcome.states` has the state at each.

        The first time may be the current one; none may lie before it. Other arguments as in
        `propagate_until`.
        """

        request = request_of(max_steps, callback, dense, progress)
        given = isinstance(times, np.ndarray)
        found = self._driven(times, GRID, request) if given else None
        if found is not None:
            return found

        def goal() -> Goal:
            grid = arguments.grid_times(times, self._time, self._kind)
            return tm.time_pair((float(grid[-1, 0]), float(grid[-1, 1]))), grid

        return self._propagate(goal, request)
