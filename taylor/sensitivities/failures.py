"""What can go wrong in an analysis, although the arguments made sense."""

from __future__ import annotations

from taylor.errors import TaylorError
from taylor.integrator.outcome import Outcome, Status


class AnalysisError(TaylorError, ArithmeticError):
    """A solution ended before its time, or an iteration did not converge.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> try:
    ...     ty.analysis.periodic_orbit([(x, v), (v, x)], [1.0, 0.0], period=1.0)  # there is none
    ... except ty.TaylorError as error:
    ...     print(isinstance(error, ty.analysis.AnalysisError))
    True
    """


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
