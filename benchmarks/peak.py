"""How many multiply-adds a second one core can do: independent chains in machine code of our own.

python -m benchmarks.peak
"""

from __future__ import annotations

import ctypes
import time

from taylor_runtime.engine.compiler import compile_ir
from taylor_runtime.engine.target import Target

CHAINS = 16  # more than the latency of a multiply-add times the units that do it
TURNS = 1_000_000
RUNS = 9


def _text(lanes: int) -> str:
    """A loop of CHAINS multiply-adds on registers of `lanes` doubles."""
    t = f"<{lanes} x double>"
    chains = range(CHAINS)
    values = ", ".join(f"double {1.0 + k / 64}" for k in range(lanes))
    lines = [f"declare {t} @llvm.fma.v{lanes}f64({t}, {t}, {t})"]
    lines.append("define void @peak(i64 %turns, ptr %out) nounwind {")
    lines += ["start:", "  br label %loop", "loop:"]
    lines.append("  %i = phi i64 [ 0, %start ], [ %next, %loop ]")
    lines += [f"  %a{k} = phi {t} [ <{values}>, %start ], [ %b{k}, %loop ]" for k in chains]
    half = ", ".join(["double 0.5"] * lanes)
    lines += [
        f"  %b{k} = call {t} @llvm.fma.v{lanes}f64({t} %a{k}, {t} <{half}>, {t} <{values}>)"
        for k in chains
    ]
    lines += ["  %next = add i64 %i, 1", "  %more = icmp slt i64 %next, %turns"]
    lines += ["  br i1 %more, label %loop, label %end", "end:"]
    for k in chains:
        lines.append(f"  %p{k} = getelementptr {t}, ptr %out, i64 {k}")
        lines.append(f"  store {t} %b{k}, ptr %p{k}, align 8")
    return "\n".join([*lines, "  ret void", "}"])


def multiply_adds_per_second() -> float:
    """Of doubles, on one core with registers as wide as it has; the best of some runs."""
    lanes = max(Target.host().double_lanes, 2)
    module = compile_ir(_text(lanes), ["peak"], label="peak")
    function = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)(module.address("peak"))
    out = (ctypes.c_double * (CHAINS * lanes))()
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        function(TURNS, out)
        times.append(time.perf_counter() - started)
    return CHAINS * lanes * TURNS / min(times)


if __name__ == "__main__":
    print(f"{multiply_adds_per_second() / 1e9:.1f} thousand million multiply-adds a second")
