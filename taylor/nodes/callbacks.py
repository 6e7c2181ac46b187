"""What kernels that call Python compute."""

from __future__ import annotations

from collections.abc import Callable

from taylor.nodes.registry import get
from taylor_runtime.program.kernels import CallbackKernel


def by_coefficients(kernel: CallbackKernel) -> Callable[[float], float] | None:
    """A coefficient as a function of the point; None for the registered function itself."""
    if kernel.derivative is None:
        return None
    after = get(kernel.function).series[1]
    return lambda x: after(kernel.derivative, x, kernel.coefficient, kernel.order)
