"""What is done about the steps of one trajectory."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Value
from taylor_runtime.program.codes import (
    EVENT_ASKED,
    EVENT_CUT,
    EVENT_STOP,
    EVENTS_FULL,
    RECORDS_FULL,
    SLIDING,
    SWITCHED,
)
from taylor_runtime.steps.common.rules import StepRules


class AloneRules(StepRules):
    """Of one trajectory: control returns to Python when it ends, or something is to be decided
    there.
    """

    parameters: Value
    leaves_at_switches = False  # derivatives change there, too

    def _leave_if(self, condition: Value, status: int) -> None:
        self._return_if(condition, self.b.constant(status, I64))

    def _return_if(self, condition: Value, status: Value) -> None:
        leave, stay = self.b.fresh_label("leave"), self.b.fresh_label("stay")
        self.b.branch(condition, leave, stay)
        self.b.label(leave)
        self.b.ret(status)
        self.b.label(stay)

    def _return_if_any(self, status: Value, ending: Sequence[int]) -> None:
        """Return `status` if it is one of these."""
        conditions = [self.b.eq(status, code) for code in ending]
        condition = conditions[0]
        for other in conditions[1:]:
            condition = condition | other
        self._return_if(condition, status)

    def _accept(self, accepted: Value) -> None:
        b = self.b
        status = self._detect()
        self._return_if_any(status, (EVENT_ASKED, EVENTS_FULL))
        self._count(accepted)
        self._return_if_any(status, (EVENT_STOP, EVENT_CUT, SLIDING))
        self._leave_if(self.recorder.is_full(), RECORDS_FULL)
        if self.leaves_at_switches:
            self._return_if_any(status, (SWITCHED,))
        self._leave_at_limit(accepted)
        stay = b.fresh_label("stay")
        b.branch(b.eq(status, SWITCHED), self.begin, stay)
        b.label(stay)

    def _keep(self, accepted: Value) -> None:
        self.recorder.accept(self.state)

    def _detect(self) -> Value:
        """Look for events in the step, which may cut it short; 0 or a status."""
        b, control = self.b, self.control
        detector = control.get("detector")

        def detect() -> list[Value]:
            function = control.address("detector")
            given = [
                control.pointer,
                control.address("events"),
                self.state.parts[0],
                self.vectors.error.parts[0],
            ]
            given += [self.recorder.current(), self.parameters.parts[0]]
            listed = ", ".join(f"{value.type} {value.text}" for value in given)
            return [b.emit_anew(I64, f"call i64 {function.text}({listed})")]

        return b.if_(b.ne(detector, 0), detect, lambda: [b.constant(0, I64)])[0]
