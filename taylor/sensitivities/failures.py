"""What can go wrong in an analysis, although the arguments made sense."""

from __future__ import annotations

from taylor.errors import TaylorError
from taylor.integrator.outcome import Outcome, Status


class AnalysisError(TaylorError, ArithmeticError):
    """A solution ended before its time, or an iteration did not converge."""


def reached(function: str, outcome: Outcome) -> Outcome:
    """The outcome, if the propagation came to its end.

    Raises AnalysisError, which says why it did not.
    """
    if outcome.status is not Status.REACHED:
        raise AnalysisError(
            f"{function}: the solution ended at t = {outcome.time!r}: "
            f"{outcome.message or outcome.status.value}"
        )
    return outcome
