"""Versions of what the benchmarks measure."""

from __future__ import annotations

from importlib import metadata


def version(distribution: str) -> str:
    """The installed version of a distribution, or "from source" if it is only on the path."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "from source"


def own_versions() -> dict[str, str]:
    """Versions of this project and of what it compiles with, and the CPU that it compiles for."""
    from taylor_runtime.engine.facts import info

    known = info()
    compiler = {name: known[name] for name in ("llvmlite", "LLVM", "NumPy", "CPU")}
    return {"taylor": version("taylor-jit"), **compiler}
