"""What Python, the step loop and the detector tell each other about events, 8 bytes a field."""

from __future__ import annotations

import numpy as np

from taylor_runtime.events.polynomial import row_length
from taylor_runtime.events.roots import EVENT_MEMORY, binomials, scan_work
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Program
from taylor_runtime.program.records import dataclass
from taylor_runtime.series.layout import Layout
from taylor_runtime.steps.states import StateRows

EVENT_BLOCK = np.dtype(
    [
        ("position", np.float64),  # where the piece of the step begins that is to be searched
        ("reach", np.float64),  # length of the last piece
        ("stuck", np.float64),  # the least length of the next, in units of the shortest
        ("cut", np.float64),  # where callbacks are asked, or the step is cut
        ("cut_low", np.float64),
        ("resumed", np.int64),  # the search was interrupted, and goes on
        ("skip", np.int64),  # roots of the piece that are done with
        ("flags", np.int64),  # what the roots at `cut` want
        ("verdict", np.int64),  # of the callbacks: GO or CUT
        ("count", np.int64),  # records written
        ("group", np.int64),  # the first of those at `cut`
        ("capacity", np.int64),
        ("areas", np.int64),  # addresses
        ("records", np.int64),
        ("flipped", np.int64),  # 1 + event whose switch ended the last step; 0: none
    ]
)
EVENT_TABLE = np.dtype(
    [
        ("direction", np.float64),  # +-1: crossings of this direction alone; 0: all, and touches
        ("cooldown", np.float64),  # time after a record without another one
        ("action", np.int64),
        ("mode", np.int64),  # parameter that a switch sets to +-1, or changes by
        ("change", np.float64),  # this, if it is not 0: there is then a switch for the way back,
        ("partner", np.int64),  # whose event this is
        ("tells", np.int64),  # Python decides what comes after a switch
    ]
)
RECORD, STOP, ASK, SWITCH, PART = range(5)  # actions; a part's roots are others'
STOPS, ASKS, SWITCHES, SLIDES, TELLS = 1, 2, 4, 8, 16  # flags
GO, CUT = 1, 2  # verdicts
ROOT_FIELDS = 4  # place (high, low), direction, event
EVENT_HEADER = 4  # event, time, time_low, direction


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """What is watched.

    states: places of the stepper's state vector, whose coefficients are the slots of source "jet".
    parameters: numbers in each part of the stepper's parameters.
    linear: per event, whether it is a linear combination of states and time, so that its polynomial
            is as good as theirs and needs no other check.
    calls_python: functions in it may raise exceptions: the step then waits, as it was.
    rough:  per event, whether its series may not represent it where they seem to converge (jumps,
            poles, infinite slopes); () for none.
    first_part: the events from here on are parts of combined functions and no events themselves.
    combined: per combined function, whose numbers follow those of events, how many parts it has.
    guards: so many last outputs have their zeros where rough functions have singularities.
    """

    states: StateRows
    parameters: int
    linear: tuple[bool, ...]
    unrolled: bool = False
    calls_python: bool = False
    rough: tuple[bool, ...] = ()
    first_part: int = 0
    combined: tuple[int, ...] = ()
    guards: int = 0

    @property
    def element(self) -> str:
        return self.states.element


@dataclass(frozen=True, slots=True)
class Areas:
    """Workspace of a detector: where each part starts, in doubles."""

    starts: dict[str, int]
    size: int

    @classmethod
    def of(cls, program: Program, options: DetectorOptions) -> Areas:
        planes, order = ELEMENTS[options.element].parts, program.order
        places = StateRows.of(program, options.element).size
        outputs, row = len(program.outputs), row_length(order)
        count, combined = outputs + len(options.combined), len(options.combined)
        lengths = {
            "work": planes * Layout.of(program).size,
            "series": planes * (order + 1) * places,
            "ends": planes * places,
            "shifted": planes * (order + 1) * options.states.size,
            "state": planes * options.states.size,
            "noise": count,
            "sides": count,
            "memory": (EVENT_MEMORY.itemsize // 8) * count,
            "trial": (EVENT_MEMORY.itemsize // 8) * count,
            "flips": count,
            "table": (EVENT_TABLE.itemsize // 8) * count,
            "curve": row + 1,
            "scan": scan_work(order),
            "found": 6 * (order + 2),
            "roots": ROOT_FIELDS * 3 * (order + 2) * (count + sum(options.combined)),
            "binomials": binomials(order).size,
        }
        if combined:
            lengths |= dict.fromkeys(("signs", "middle"), outputs - options.first_part)
            lengths |= dict.fromkeys(("before", "between", "after"), combined)
        if any(options.rough):
            lengths |= {"chords": outputs, "firsts": outputs}
        starts, end = {}, 0
        for name, length in lengths.items():
            starts[name] = end
            end += -(-max(length, 1) // 8) * 8
        return cls(starts, end)

    def at(self, b: Builder, base: Value, name: str, index: Index = 0) -> Value:
        """Address of double `index` of a part."""
        return b.at(base, index + self.starts[name])


def event_length(states: StateRows) -> int:
    """Doubles of one record: a header and the state there."""
    kind = ELEMENTS[states.element]
    return EVENT_HEADER + -(-kind.bytes * states.size // 8)
