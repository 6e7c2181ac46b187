"""LLVM IR text -> object file: parsed, verified, optimised, and made by a target machine.

LLVM is never allowed to change arithmetic: no fast-math flag is set anywhere, the target machine
fuses nothing on its own, and so every optimisation level gives the same results, bit for bit.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_char_p, string_at
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from taylor_runtime.engine.target import Target, binding, with_lookups

# The text is written by an optimising emitter. These few passes get what a text cannot say (memory
# to registers, dead blocks, instruction selection patterns) at half the cost of LLVM's O1.
DEFAULT_PASSES = ("always_inliner", "sroa", "simplify_cfg", "instruction_combine")
# The last makes functions of arrays up to 5% faster; of a step's code it makes nothing better, and
# takes a tenth of the time.
STEP_PASSES = DEFAULT_PASSES[:-1]
LONG = 40_000  # characters of a text that takes some 20 ms


class CompileError(RuntimeError):
    """LLVM refused a program: a defect of the emitter, not of the user's input."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a program is optimised; never what it computes.

    passes:   names of LLVM passes in order (as in llvmlite's `add_<name>_pass`), or one of LLVM's
              pipelines "O0", "O1", "O2", "O3".
    codegen:  effort of instruction selection, scheduling and register allocation, 0 to 3; code
              made with 1 ran as fast as with 2, and took 60 to 95% of the time to make.
    verify:   check the program before it is optimised (1% of the time; an invalid one may crash
              LLVM).
    hasty:    leave loops and the order of instructions in long texts as they are written. LLVM's
              reduction of strength, its scheduler and its combining of instructions take four
              tenths of the time; functions of arrays gain 4% at most by all that, products of
              matrices nothing.
    short:    make short texts in haste, too, but combine their instructions: a tenth to a quarter
              of the time, and functions of arrays run as fast.
    counters: count in loops as it is written. LLVM would rather count down to zero, and then take
        the flags of the subtraction, for which processors need longer than for a comparison:
        loops of few instructions take up to a quarter longer.
    reloads:  of what is made in haste, leave in loops what no turn changes, too: a fifth of the
              time. Loops whose sums fill all registers load it in each turn anyway.
    """

    passes: str | tuple[str, ...] = DEFAULT_PASSES
    codegen: int = 1
    verify: bool = True
    hasty: bool = False
    short: bool = False
    counters: bool = False
    reloads: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.passes, str) and self.passes not in ("O0", "O1", "O2", "O3"):
            raise ValueError(
                f"Options: passes={self.passes!r} is no pipeline; use 'O0', 'O1', 'O2', 'O3' or a "
                "tuple of names"
            )
        if self.codegen not in (0, 1, 2, 3):
            raise ValueError(f"Options: codegen={self.codegen!r} must be 0, 1, 2 or 3")


class Times(NamedTuple):
    """Seconds spent in each stage; zero for what the cache made unnecessary."""

    parse: float = 0.0
    passes: float = 0.0
    codegen: float = 0.0
    link: float = 0.0


def assembly(
    text: str, target: Target, options: Options | None = None, label: str = "program"
) -> str:
    """Assembly listing of LLVM IR text for any target that llvmlite has a back end for.

    Raises:
        CompileError: if the text is not valid LLVM IR.
    """
    options = settled(options or Options(), text)
    with _optimised(text, target, options, label) as (module, _, _), _haste(options):
        return str(target_machine(target, options.codegen).emit_assembly(module))


def object_code(text: str, target: Target, options: Options | None = None) -> bytes:
    """The same as an object file."""
    return timed_object_code(text, target, options or Options(), "program")[0]


def timed_object_code(
    text: str, target: Target, options: Options, label: str, *, worker: str = ""
) -> tuple[bytes, Times]:
    """An object file, and what it took.

    worker: other threads may use LLVM meanwhile, none of them by this name.
    """
    with _optimised(text, target, options, label, worker) as (module, parse, passes):
        begin = time.perf_counter()
        machine = target_machine(target, options.codegen, worker)
        with _haste(options):
            data = (_emitted_beside if worker else _emitted)(machine, module)
        return data, Times(parse, passes, time.perf_counter() - begin)


def _emitted(machine: Any, module: Any) -> bytes:
    return bytes(machine.emit_object(module))


def _emitted_beside(machine: Any, module: Any) -> bytes:
    """The same without llvmlite's lock, for which all who compile would wait as long as it takes.

    The module has a context and the thread a target machine of its own: that is what LLVM asks for.
    """
    from llvmlite.binding import ffi

    with ffi.OutputString() as error:
        buffer = _without_lock(ffi.lib.LLVMPY_TargetMachineEmitToMemory)(machine, module, 1, error)
        if not buffer:
            raise RuntimeError(str(error))
    try:
        start = ffi.lib.LLVMPY_GetBufferStart(buffer)
        return string_at(start, ffi.lib.LLVMPY_GetBufferSize(buffer))
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(buffer)


def _parsed_beside(text: str, context: Any) -> Any:
    """The module of a text, likewise without that lock."""
    from llvmlite.binding import ffi
    from llvmlite.binding.module import ModuleRef

    with ffi.OutputString() as error:
        parse = _without_lock(ffi.lib.LLVMPY_ParseAssembly)
        module = ModuleRef(parse(context, c_char_p(text.encode()), error), context)
        if error:
            module.close()
            raise RuntimeError(str(error))
    return module


def _without_lock(function: Any) -> Any:
    """A function of llvmlite's library as other threads may call it at the same time."""
    return getattr(function, "_cfn", function)


def settled(options: Options, text: str) -> Options:
    """Options for this text: a short one takes no haste, or less."""
    is_long = len(text) >= LONG
    if not options.hasty or not (is_long or options.short):
        return replace(options, hasty=False, reloads=False)
    if is_long:
        return replace(options, passes=STEP_PASSES, counters=True)
    return replace(options, counters=True, reloads=False)


_hasty: list[Options] = []  # of all that is made now, and not as LLVM has it
_SWITCHES = {  # by the field of `Options`: if it is set, and as LLVM has it
    "hasty": (("-enable-misched=false",), ("-enable-misched=true",)),
    "counters": (("-disable-lsr=true",), ("-disable-lsr=false",)),
    "reloads": (("-disable-machine-licm=true",), ("-disable-machine-licm=false",)),
}
_haste_changes = threading.Lock()


@contextmanager
def _haste(options: Options) -> Iterator[None]:
    """Within the block LLVM leaves loops and the order of instructions as they are written, where
    that is asked for.

    The switch is one for the process: what other threads make meanwhile has the same bits.
    """
    if not any(getattr(options, name) for name in _SWITCHES):
        yield
        return
    with _haste_changes:
        _hasty.append(options)
        for name, (on, _) in _SWITCHES.items():
            if getattr(options, name):
                _switch(*on)
    try:
        yield
    finally:
        with _haste_changes:
            _hasty.remove(options)
            for name, (_, off) in _SWITCHES.items():
                if not any(getattr(other, name) for other in _hasty):
                    _switch(*off)


def _switch(*options: str) -> None:
    for option in options:
        binding().set_option("taylor", option)


@contextmanager
def _optimised(
    text: str, target: Target, options: Options, label: str, worker: str = ""
) -> Iterator[tuple[Any, float, float]]:
    """The parsed and optimised module, and the seconds for parsing and for optimising."""
    llvm = binding()
    begin = time.perf_counter()
    machine = target_machine(target, options.codegen, worker)
    # A context of its own, so that constants and types are freed with the module.  Both are closed
    # here: the garbage collector may take the context first, and LLVM then crashes on the module.
    context = llvm.create_context()
    module = None
    try:
        try:
            parse = _parsed_beside if worker else llvm.parse_assembly
            module = parse(with_lookups(text, target), context)
            module.triple = machine.triple
            module.data_layout = str(machine.target_data)
            if options.verify:
                module.verify()
        except RuntimeError as error:
            raise CompileError(
                f"compile_ir: LLVM rejects the program {label!r} ({str(error).strip()}); "
                "please report this together with the expression that was compiled"
            ) from error
        parsed = time.perf_counter()
        _run_passes(module, machine, options.passes)
        yield module, parsed - begin, time.perf_counter() - parsed
    finally:
        if module is not None:
            module.close()
        context.close()


def _run_passes(module: Any, machine: Any, passes: str | tuple[str, ...]) -> None:
    llvm = binding()
    if passes in ("O0", ()):
        passes = ("always_inliner",)  # `alwaysinline` is a promise that O0 keeps as well
    for name in () if isinstance(passes, str) else passes:
        if not hasattr(llvm.ModulePassManager, f"add_{name}_pass"):
            raise ValueError(f"Options: passes has {name!r}, which llvmlite does not know")
    level = int(passes[1]) if isinstance(passes, str) else 2
    tuning = llvm.create_pipeline_tuning_options(level)
    # The emitter unrolls loops: LLVM takes a third of O1's time for it, and gains 7% at most.
    tuning.loop_unrolling = level > 1
    builder = llvm.create_pass_builder(machine, tuning)
    if isinstance(passes, str):
        manager = builder.getModulePassManager()
    else:
        manager = llvm.create_new_module_pass_manager()
        for name in passes:
            getattr(manager, f"add_{name}_pass")()
    manager.run(module, builder)


@lru_cache(maxsize=16)
def target_machine(target: Target, codegen: int, worker: str = "") -> Any:
    """Position-independent code in the small code model: constants are one displacement away.

    worker: a thread that has one of its own.
    """
    llvm = binding()
    triple = target.triple + ("-elf" if os.name == "nt" else "")  # LLVM's JIT loads no COFF safely
    return llvm.Target.from_triple(triple).create_target_machine(
        cpu=target.cpu,
        features=",".join(target.features),
        opt=codegen,
        reloc="pic",
        codemodel="small",
    )
