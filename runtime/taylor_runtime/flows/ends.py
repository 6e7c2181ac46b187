"""Values at the end of a step of rows of long polynomials: by a function that all of them call."""

from __future__ import annotations

from taylor_runtime.flows.alike import AlikeMemory
from taylor_runtime.ir.values import Value
from taylor_runtime.series.ends import CalledSums, define_sums


class LongSums(CalledSums):
    """Of long rows."""

    def __init__(self, memory: AlikeMemory, tau: Value) -> None:
        super().__init__(memory, tau)
        self._steady = memory.flow.steady
        self._defined: set[int] = set()  # by lanes

    def is_taken(self, row: int) -> bool:
        memory = self.memory
        return memory.is_looped(row) and memory.layout.stride[row] > 0 and not self._steady[row]

    def provide(self, lanes: int) -> None:
        if lanes not in self._defined:
            self._defined.add(lanes)
            define_sums(self.b.module, self.element, lanes, self.order)
