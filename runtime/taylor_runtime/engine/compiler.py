"""LLVM IR text -> machine code in this process.

The text is parsed, verified, optimised and turned into an object file by a target machine; the
object file is what the cache keeps, and what LLVM's ORC JIT loads.  Loading takes 0.1 - 0.4 ms with
JITLink (0.7 ms with MCJIT), and memory is given back when the last `Module` that uses it is gone.

LLVM is never allowed to change arithmetic: no fast-math flag is set anywhere, the target machine
fuses nothing on its own, and so every optimisation level gives the same results, bit for bit.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from taylor_runtime.engine import cache
from taylor_runtime.engine.signals import undisturbed
from taylor_runtime.engine.target import Target, binding

# The text is written by an optimising emitter. These few passes get what a text cannot say (memory
# to registers, dead blocks, instruction selection patterns) at half the cost of LLVM's O1.
DEFAULT_PASSES = ("always_inliner", "sroa", "simplify_cfg", "instruction_combine")
# The last makes functions of arrays up to 5% faster; of a step's code it makes nothing better, and
# takes a tenth of the time.
STEP_PASSES = DEFAULT_PASSES[:-1]


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
    """

    passes: str | tuple[str, ...] = DEFAULT_PASSES
    codegen: int = 1
    verify: bool = True

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


class _Code:
    """Loaded machine code; LLVM frees it when the last reference goes."""

    __slots__ = ("__weakref__", "addresses", "jit", "object_size", "tracker")

    def __init__(self, jit: Any, tracker: Any, functions: Sequence[str], object_size: int) -> None:
        self.jit = jit  # must outlive the tracker
        self.tracker = tracker
        self.addresses = {name: int(tracker[name]) for name in functions}
        self.object_size = object_size


@dataclass(frozen=True, slots=True)
class Module:
    """Machine code of one program; its addresses are valid as long as a `Module` lives.

    text:             the LLVM IR it was made from, or what makes it.
    origin:           "compiled", "disk" or "memory" (object code found in the cache), or "live"
                      (the same program was already loaded, and its code is shared).
    compile_seconds:  wall time this `compile_ir` took, loading included.
    times:            the same by stage.
    """

    text: str | Callable[[], str]
    target: Target
    options: Options
    label: str
    origin: str
    compile_seconds: float
    times: Times
    _code: _Code

    @property
    def ir(self) -> str:
        """The text it was made from (made anew where `compile_ir` was given what makes it)."""
        return _text_of(self.text)

    @property
    def from_cache(self) -> bool:
        """Whether nothing had to be compiled."""
        return self.origin != "compiled"

    @property
    def object_size(self) -> int:
        """Size of the object file in bytes."""
        return self._code.object_size

    @property
    def functions(self) -> tuple[str, ...]:
        """Names that `address` knows."""
        return tuple(self._code.addresses)

    def address(self, name: str) -> int:
        """Address of a function's machine code.

        Raises:
            KeyError: if `name` was not among the functions given to `compile_ir`.
        """
        try:
            return self._code.addresses[name]
        except KeyError:
            known = ", ".join(self._code.addresses)
            raise KeyError(f"Module.address: no function {name!r}; it has {known}") from None

    def assembly(self) -> str:
        """Assembly listing, made anew at every call (the object file does not keep it)."""
        return assembly(self.ir, self.target, self.options, self.label)


_live: weakref.WeakValueDictionary[tuple[object, ...], _Code] = weakref.WeakValueDictionary()
_lock = threading.Lock()
_library_numbers = itertools.count()


def compile_ir(
    text: str | Callable[[], str],
    functions: Sequence[str],
    *,
    target: Target | None = None,
    options: Options | None = None,
    externals: Mapping[str, int] | None = None,
    label: str = "",
    source: str | None = None,
) -> Module:
    """Compile LLVM IR text, or find its machine code in the cache, and load it.

    Args:
        text: LLVM IR of a whole module, without target triple and data layout; or a function that
            makes it, called where the cache has nothing for `source`.
        functions: names of the defined functions whose addresses are wanted.
        target: processor to compile for; the host's by default.
        options: optimisation.
        externals: addresses of declared functions that the C library does not define.
        label: what is compiled, for error messages.
        source: what the text is made from, and what kind of text, all of it but this package: the
            key of the cache in place of the text.

    Raises:
        CompileError: if the text is not valid LLVM IR, or uses or exports a name that is defined
            nowhere.

    Example:
        >>> import ctypes
        >>> text = '''
        ... define double @twice(double %x) nounwind {
        ...   %y = fadd double %x, %x
        ...   ret double %y
        ... }'''
        >>> module = compile_ir(text, ["twice"])
        >>> ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(module.address("twice"))(1.5)
        3.0
    """
    start = time.perf_counter()
    target = target or Target.host()
    options = options or Options()
    externals = dict(externals or {})
    parts = (_text_of(text),) if source is None else (source, package_digest())
    key = cache.key_of(*parts, binding_version(), repr(target), repr(options))
    loaded = (key, tuple(functions), tuple(sorted(externals.items())))
    code = _live.get(loaded) if cache.is_enabled() else None
    origin, times = "live", Times()
    if code is None:
        data, origin = cache.load(key)
        text = _text_of(text) if data is None else text
        with undisturbed():
            if data is None:
                data, times = _object_code(_text_of(text), target, options, label)
                origin = "compiled"
                cache.store(key, data)
            begin = time.perf_counter()
            code = _link(data, functions, externals, label)
        times = Times(times.parse, times.passes, times.codegen, time.perf_counter() - begin)
        if cache.is_enabled():
            with _lock:
                code = _live.setdefault(loaded, code)
    seconds = time.perf_counter() - start
    return Module(text, target, options, label, origin, seconds, times, code)


def _text_of(text: str | Callable[[], str]) -> str:
    return text if isinstance(text, str) else text()


@lru_cache(maxsize=1)
def package_digest() -> str:
    """Hash of this package's own files: another version may make another text of a program."""
    folder = os.path.dirname(os.path.dirname(__file__))
    paths = [
        os.path.join(root, name)
        for root, _, names in os.walk(folder)
        for name in names
        if name.endswith(".py")
    ]
    digest = hashlib.blake2b()
    for path in sorted(paths):
        with open(path, "rb") as file:
            content = file.read()
        for part in (path[len(folder) :].encode(), content):
            digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


@lru_cache(maxsize=1)
def binding_version() -> str:
    """Versions of llvmlite and LLVM, e.g. "llvmlite 0.50.0, LLVM 22.1.0"."""
    import llvmlite

    numbers = ".".join(map(str, binding().llvm_version_info))
    return f"llvmlite {llvmlite.__version__}, LLVM {numbers}"


def assembly(
    text: str, target: Target, options: Options | None = None, label: str = "program"
) -> str:
    """Assembly listing of LLVM IR text for any target that llvmlite has a back end for.

    Raises:
        CompileError: if the text is not valid LLVM IR.
    """
    options = options or Options()
    with _optimised(text, target, options, label) as (module, _, _):
        return str(_target_machine(target, options.codegen).emit_assembly(module))


def object_code(text: str, target: Target, options: Options | None = None) -> bytes:
    """The same as an object file."""
    return _object_code(text, target, options or Options(), "program")[0]


def _object_code(text: str, target: Target, options: Options, label: str) -> tuple[bytes, Times]:
    with _optimised(text, target, options, label) as (module, parse, passes):
        begin = time.perf_counter()
        data = _target_machine(target, options.codegen).emit_object(module)
        return data, Times(parse, passes, time.perf_counter() - begin)


@contextmanager
def _optimised(
    text: str, target: Target, options: Options, label: str
) -> Iterator[tuple[Any, float, float]]:
    """The parsed and optimised module, and the seconds for parsing and for optimising."""
    llvm = binding()
    begin = time.perf_counter()
    machine = _target_machine(target, options.codegen)
    # A context of its own, so that constants and types are freed with the module.  Both are closed
    # here: the garbage collector may take the context first, and LLVM then crashes on the module.
    context = llvm.create_context()
    module = None
    try:
        try:
            module = llvm.parse_assembly(text, context)
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
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(level))
    if isinstance(passes, str):
        manager = builder.getModulePassManager()
    else:
        manager = llvm.create_new_module_pass_manager()
        for name in passes:
            getattr(manager, f"add_{name}_pass")()
    manager.run(module, builder)


@lru_cache(maxsize=16)
def _target_machine(target: Target, codegen: int) -> Any:
    """Position-independent code in the small code model: constants are one displacement away."""
    llvm = binding()
    triple = target.triple + ("-elf" if os.name == "nt" else "")  # LLVM's JIT loads no COFF safely
    return llvm.Target.from_triple(triple).create_target_machine(
        cpu=target.cpu,
        features=",".join(target.features),
        opt=codegen,
        reloc="pic",
        codemodel="small",
    )


def start() -> None:
    """Load LLVM and hash the package, which the first compilation would else wait for."""
    _jit()
    package_digest()


@lru_cache(maxsize=1)
def _jit() -> Any:
    """The one ORC instance that loads object code for all modules."""
    # JITLink keeps an object in one slab of memory and reaches far functions through stubs.
    machine = _target_machine(Target.host(), Options().codegen)
    return binding().create_lljit_compiler(machine, use_jit_link=sys.platform != "win32")


def _link(data: bytes, functions: Sequence[str], externals: Mapping[str, int], label: str) -> _Code:
    builder = binding().JITLibraryBuilder().add_object_img(data).add_current_process()
    for name in functions:
        builder.export_symbol(name)
    for name, address in externals.items():
        builder.import_symbol(name, address)
    try:
        tracker = builder.link(_jit(), f"taylor.{next(_library_numbers)}")
    except RuntimeError as error:
        raise CompileError(
            f"compile_ir: linking the program {label!r} failed ({str(error).strip()}); "
            "check functions= and externals="
        ) from error
    return _Code(_jit(), tracker, functions, len(data))
