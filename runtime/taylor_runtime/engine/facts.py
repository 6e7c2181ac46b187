"""Facts about the machine and the versions that decide what machine code is made."""

from __future__ import annotations

import platform

import numpy as np

from taylor_runtime.engine import cache
from taylor_runtime.engine.compiler import binding_version
from taylor_runtime.engine.target import Target

NOTABLE = ("avx512f", "avx2", "avx", "fma", "sse4.2", "neon", "sve", "sve2", "bf16")


def info() -> dict[str, str]:
    """What `taylor info` prints, by name, in order.

    Example:
        >>> "SIMD width" in info()
        True
    """
    target = Target.host()
    names = {feature[1:] for feature in target.features if feature.startswith("+")}
    place = cache.directory()
    library, compiler = binding_version().split(", ")
    return {
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "NumPy": np.__version__,
        "llvmlite": library.split()[1],
        "LLVM": compiler.split()[1],
        "Platform": target.triple,
        "CPU": target.cpu,
        "CPU features": " ".join(name for name in NOTABLE if name in names) or "baseline",
        "SIMD width": f"{target.vector_bits} bits ({target.double_lanes} float64 lanes)",
        "FMA": "yes" if target.has_fma else "no (fused multiply-adds are library calls)",
        "Cache directory": str(place) if place else "none (memory only)",
        "Cache size": f"{_bytes(cache.size())} of at most {_bytes(cache.limit())}",
    }


def _bytes(count: int) -> str:
    value = float(count)
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"
