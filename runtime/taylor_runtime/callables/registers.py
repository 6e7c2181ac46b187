"""How much the registers of this machine hold."""

from __future__ import annotations

from taylor_runtime.arrays.choice import ROOM
from taylor_runtime.engine.target import Target

NARROW = 6  # vectors of 8 doubles in 16 registers of four


def register_room() -> int:
    """Vectors of 8 doubles that sums of products may take."""
    return ROOM if Target.host().vector_bits >= 512 else NARROW
