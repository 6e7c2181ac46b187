"""Which processor machine code is made for.

Code runs on the machine that made it, so `host` is what everything uses; `named` describes older
processors of the same family, on which the tests run the same programs (no FMA, narrower
registers).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import ModuleType

# The x86-64 psABI micro-architecture levels: register width in bits, and whether FMA is there.
LEVELS = {
    "x86-64": (128, False),
    "x86-64-v2": (128, False),
    "x86-64-v3": (256, True),
    "x86-64-v4": (512, True),
}


@lru_cache(maxsize=1)
def binding() -> ModuleType:
    """llvmlite's binding with the host's back end initialised.

    Imported at the first use, since it takes longer to import than all else together (60 - 130 ms).
    """
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


@dataclass(frozen=True, slots=True)
class Target:
    """A processor to make code for.

    triple:       LLVM's name of the platform, e.g. "x86_64-unknown-linux-gnu".
    cpu:          LLVM's name of the processor, e.g. "znver5".
    features:     "+name" or "-name" of everything that differs from what `cpu` implies, sorted.
    vector_bits:  width of the widest vector register in bits.
    has_fma:      whether a fused multiply-add is one instruction; otherwise it is a slow call,
                  equally exact.
    """

    triple: str
    cpu: str
    features: tuple[str, ...]
    vector_bits: int
    has_fma: bool

    @staticmethod
    def host() -> Target:
        """The processor this process runs on.

        The environment variable TAYLOR_CPU names an older one (see `named`), for machines that
        should all run the same code, or emulators that promise more than they do.

        Example:
            >>> Target.host().vector_bits >= 64
            True
        """
        return _host(os.environ.get("TAYLOR_CPU", ""))

    @staticmethod
    def named(cpu: str, features: tuple[str, ...] = ()) -> Target:
        """A level of the x86-64 psABI, with features ("+name", "-name") changed.

        Raises:
            ValueError: if `cpu` is no level of the host's processor family.
        """
        host = _host("")
        if cpu not in LEVELS or not host.triple.startswith("x86_64"):
            levels = ", ".join(LEVELS)
            raise ValueError(
                f"Target.named: cpu={cpu!r} is not known for {host.triple}; use one of {levels} "
                "on x86-64 machines, or Target.host()"
            )
        bits, fma = LEVELS[cpu]
        switched = {name[1:]: name[0] == "+" for name in features}
        return Target(host.triple, cpu, tuple(sorted(features)), bits, switched.get("fma", fma))

    @staticmethod
    def foreign(triple: str, cpu: str = "generic") -> Target:
        """A processor of another family, to look at its code; nothing here can run it.

        Raises:
            ValueError: if llvmlite has no back end for `triple`.

        Example:
            >>> Target.foreign("aarch64-unknown-linux-gnu").vector_bits
            128
        """
        llvm = binding()
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        try:
            llvm.Target.from_triple(triple)
        except RuntimeError as error:
            raise ValueError(f"Target.foreign: no back end for {triple!r} ({error})") from None
        bits, fma = _registers(triple, {})
        return Target(triple, cpu, (), bits, fma)

    @property
    def double_lanes(self) -> int:
        """How many float64 fill the widest register."""
        return max(1, self.vector_bits // 64)

    def runs_on(self, other: Target) -> bool:
        """Whether code for this target runs on `other` (compared by register width and FMA)."""
        same = self.triple == other.triple
        return same and self.vector_bits <= other.vector_bits and self.has_fma <= other.has_fma

    def with_features(self, *features: str) -> Target:
        """The same processor with features switched, e.g. "+prefer-256-bit"."""
        names = {name[1:] for name in features}
        kept = tuple(name for name in self.features if name[1:] not in names)
        return replace(self, features=tuple(sorted({*kept, *features})))


# What texts declare and leave to us, whatever its name: entries of a table of eight doubles, at
# indices mod 8. Nothing else takes a pointer and as many indices as it gives doubles.
_LOOKUP = re.compile(r"^declare <(\d) x double> (@[\w.]+)\(ptr, <\1 x i64>\)$", re.MULTILINE)
_PERMUTE = "<8 x double> @llvm.x86.avx512.permvar.df.512(<8 x double>{}, <8 x i64>{})"


def with_lookups(text: str, target: Target) -> str:
    """LLVM IR text with definitions of the lookups that it declares: a permutation where registers
    hold a whole table, else loads.
    """
    if "(ptr, <" not in text:  # soon seen of long texts
        return text
    permutes = target.vector_bits >= 512 and target.triple.startswith("x86_64")
    define = _permutation if permutes else _loads
    filled = _LOOKUP.sub(lambda found: define(found[2], int(found[1])), text)
    return f"{filled}declare {_PERMUTE.format('', '')}\n" if permutes else filled


def _permutation(name: str, lanes: int) -> str:
    def resized(x: str, element: str, before: int, after: int) -> str:
        kept = [f"i32 {i}" if i < lanes else "i32 poison" for i in range(after)]
        given, mask = f"<{before} x {element}>", f"<{after} x i32> <{', '.join(kept)}>"
        return f"shufflevector {given} {x}, {given} poison, {mask}"

    body = (
        f"  %wide = {resized('%index', 'i64', lanes, 8)}",
        "  %all = load <8 x double>, ptr %table, align 64",
        f"  %chosen = call {_PERMUTE.format(' %all', ' %wide')}",
        f"  %result = {resized('%chosen', 'double', 8, lanes)}",
    )
    return _lookup(name, lanes, body)


def _loads(name: str, lanes: int) -> str:
    body, result = [f"  %place = and <{lanes} x i64> %index, splat (i64 7)"], "poison"
    for i in range(lanes):
        body += (
            f"  %i{i} = extractelement <{lanes} x i64> %place, i64 {i}",
            f"  %p{i} = getelementptr inbounds double, ptr %table, i64 %i{i}",
            f"  %x{i} = load double, ptr %p{i}, align 8",
            f"  %r{i} = insertelement <{lanes} x double> {result}, double %x{i}, i64 {i}",
        )
        result = f"%r{i}"
    return _lookup(name, lanes, body).replace("%result", result)


def _lookup(name: str, lanes: int, body: Sequence[str]) -> str:
    head = f"define internal <{lanes} x double> {name}(ptr %table, <{lanes} x i64> %index)"
    lines = (f"{head} alwaysinline {{", *body, f"  ret <{lanes} x double> %result", "}")
    return "\n".join(lines)


@lru_cache(maxsize=8)
def _host(cpu: str) -> Target:
    if cpu:
        named, machine = Target.named(cpu), _host("")
        if not named.runs_on(machine):
            raise ValueError(
                f"TAYLOR_CPU={cpu!r} asks for instructions that this machine ({machine.cpu}, "
                f"{machine.vector_bits}-bit registers) does not have; use a lower level or unset it"
            )
        return named
    llvm = binding()
    triple = llvm.get_process_triple()
    present = llvm.get_host_cpu_features()
    features = tuple(sorted(f"{'+' if on else '-'}{name}" for name, on in present.items()))
    bits, fma = _registers(triple, present)
    return Target(triple, llvm.get_host_cpu_name(), features, bits, fma)


def _registers(triple: str, present: dict[str, bool]) -> tuple[int, bool]:
    """Width of vector registers in bits, and whether there is FMA."""
    if triple.startswith(("x86_64", "i386", "i686")):
        if present.get("avx512f"):
            return 512, True
        return (256 if present.get("avx2") else 128), present.get("fma", False)
    if triple.startswith(("aarch64", "arm64")):
        return 128, True  # NEON and fmadd belong to the base architecture
    return 64, False
