"""Memory that Python and machine code share: arrays with room for whole registers, and layouts."""

from __future__ import annotations

import numpy as np

from taylor_runtime.events.block import ASK as ASK
from taylor_runtime.events.block import CUT as CUT
from taylor_runtime.events.block import EVENT_BLOCK as EVENT_BLOCK
from taylor_runtime.events.block import EVENT_HEADER as EVENT_HEADER
from taylor_runtime.events.block import EVENT_TABLE as EVENT_TABLE
from taylor_runtime.events.block import GO as GO
from taylor_runtime.events.block import PART as PART
from taylor_runtime.events.block import RECORD as RECORD
from taylor_runtime.events.block import STOP as STOP
from taylor_runtime.events.block import SWITCH as SWITCH
from taylor_runtime.events.roots import EVENT_MEMORY as EVENT_MEMORY
from taylor_runtime.events.roots import binomials as binomials
from taylor_runtime.program.kinds import KINDS
from taylor_runtime.steps.control import CONTROL as CONTROL
from taylor_runtime.steps.control import RECORD_HEADER as RECORD_HEADER
from taylor_runtime.steps.control import ROW as ROW
from taylor_runtime.steps.states import VECTORS as VECTORS
from taylor_runtime.steps.states import plane_length

ALIGNMENT = 64


def aligned_zeros(count: int) -> np.ndarray:
    """`count` doubles, zero, starting at a cache line."""
    raw = np.zeros(count + ALIGNMENT // 8)
    start = -raw.ctypes.data % ALIGNMENT // 8
    return raw[start : start + count]


def aligned_planes(count: int, precision: str) -> np.ndarray:
    """Room for `count` numbers of a kind, zero: shape (1 or 2 parts, at least `count`).

    Every part starts at a cache line.
    """
    kind, length = KINDS[precision], plane_length(count)
    doubles = aligned_zeros(-(-kind.bytes * length // 8))
    return doubles.view(kind.dtype)[: kind.parts * length].reshape(kind.parts, length)
