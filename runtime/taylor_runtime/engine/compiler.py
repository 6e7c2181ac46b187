"""LLVM IR text -> machine code in this process.

The text becomes an object file (`engine.objects`), which is what the cache keeps, and what LLVM's
ORC JIT loads.  Loading takes 0.1 - 0.4 ms with JITLink (0.7 ms with MCJIT), and memory is given
back when the last `Module` that uses it is gone.

Code can come in two tiers: one that is made in a fraction of the time, and runs at once, and the
one that was asked for, which takes its place when it has been in use for a while.  Both have the
same bits.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from ctypes import c_int64
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

from taylor_runtime.engine import cache
from taylor_runtime.engine.beside import finish, later
from taylor_runtime.engine.halves import apart, object_files
from taylor_runtime.engine.held import held_at, hold
from taylor_runtime.engine.objects import DEFAULT_PASSES as DEFAULT_PASSES
from taylor_runtime.engine.objects import STEP_PASSES as STEP_PASSES
from taylor_runtime.engine.objects import CompileError as CompileError
from taylor_runtime.engine.objects import Options as Options
from taylor_runtime.engine.objects import Times as Times
from taylor_runtime.engine.objects import assembly as assembly
from taylor_runtime.engine.objects import object_code as object_code
from taylor_runtime.engine.objects import target_machine, timed_object_code
from taylor_runtime.engine.signals import undisturbed
from taylor_runtime.engine.target import Target, binding

SLOT = ".slot"  # behind the name of a function: where it has the address that it goes on with
PATIENCE = 2.0  # times what the first tier took to make, after which the second is begun
LEAST_SECONDS = 0.02


class _Code:
    """Loaded machine code; LLVM frees it when the last reference goes."""

    __slots__ = ("__weakref__", "addresses", "better", "jit", "memory", "object_size", "tracker")

    def __init__(self, jit: Any, tracker: Any, functions: Sequence[str], object_size: int) -> None:
        self.jit = jit  # must outlive the tracker
        self.tracker = tracker
        self.addresses = {name: int(tracker[name]) for name in functions}
        self.object_size = object_size
        self.memory: list[object] = []  # that it reads
        self.better: _Better | None = None  # where this is a first tier


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be compiled and loaded, and its key in the cache."""

    key: bytes
    text: str | Callable[[], str]
    functions: tuple[str, ...]
    target: Target
    options: Options
    externals: Mapping[str, int]
    label: str

    @property
    def loaded(self) -> tuple[object, ...]:
        """The key of its loaded code."""
        return self.key, self.functions, tuple(sorted(self.externals.items()))

    def compile(self, beside: bool = False) -> tuple[bytes, Times]:
        """The object file, kept in the cache."""
        text = _text_of(self.text)
        make = partial(timed_object_code, worker="beside") if beside else object_files
        data, times = make(text, self.target, self.options, self.label)
        cache.store(self.key, data)
        return data, times

    def link(self, data: bytes) -> _Code:
        return _link(data, self.functions, self.externals, self.label)


class _Better:
    """The second tier of some code, which is made when the first has been in use for a while."""

    __slots__ = ("_asked_by", "_seconds", "_task", "code", "error")

    def __init__(self, task: _Task, seconds: float) -> None:
        self._task = task
        self._seconds = max(PATIENCE * seconds, LEAST_SECONDS)
        self._asked_by = 0  # the process: others, forked from it, have to ask anew
        self.code: _Code | None = None
        self.error: Exception | None = None

    def ask(self, first: _Code) -> None:
        """The first tier is in use."""
        if self._asked_by != os.getpid() and self.code is None:
            self._asked_by = os.getpid()
            later(partial(_improve, weakref.ref(first)), self._seconds)

    def come(self, first: _Code) -> None:
        """Make it, and let it take the place of `first`, for calls that begin from here on."""
        task = self._task
        data, _ = cache.load(task.key)  # another process may have made it
        if data is None:
            data, _ = task.compile(beside=True)
        self.code = code = task.link(data)
        (name,) = task.functions
        c_int64.from_address(first.addresses[name + SLOT]).value = code.addresses[name]
        with _lock:
            if task.loaded in _live:
                _live[task.loaded] = code


def _improve(first: weakref.ref[_Code]) -> None:
    """The first tier serves as well as ever where the second cannot be made."""
    code = first()
    if code is None or code.better is None:
        return
    try:
        code.better.come(code)
    except Exception as error:
        code.better.error = error


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
        better = self._code.better
        return (self._code if better is None or better.code is None else better.code).object_size

    @property
    def is_first(self) -> bool:
        """Whether better code is to take the place of this."""
        better = self._code.better
        return better is not None and better.code is None and better.error is None

    def in_use(self) -> None:
        """Somebody begins to use it: better code is made if it goes on."""
        if self._code.better is not None:
            self._code.better.ask(self._code)

    def complete(self) -> None:
        """Come back when nothing better is to take its place."""
        if self.is_first:
            self.in_use()
            finish()

    @property
    def functions(self) -> tuple[str, ...]:
        """Names that `address` knows."""
        return tuple(name for name in self._code.addresses if not name.endswith(SLOT))

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

    def exported(self) -> dict[str, int]:
        """The addresses of its functions, for code that calls them, and keeps them alive."""
        for address in self._code.addresses.values():
            hold(address, self._code)
        return dict(self._code.addresses)

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
    first: Callable[[], str] | None = None,
    first_externals: Callable[[], Mapping[str, int]] | None = None,
) -> Module:
    """Compile LLVM IR text, or find its machine code in the cache, and load it.

    Args:
        text: LLVM IR of a whole module, without target triple and data layout; or a function that
            makes it, called where the cache has nothing for `source`.
        functions: names of the defined functions whose addresses are wanted.
        target: processor to compile for; the host's by default.
        options: optimisation.
        externals: addresses of declared functions and data that the C library does not define.
        label: what is compiled, for error messages.
        source: what the text is made from, and what kind of text, all of it but this package: the
            key of the cache in place of the text.
        first: makes the text of a first tier of the one function, which goes on with what it finds
            in a variable (`ir.entries`): compiled in its place with the least effort, until the
            module has been `in_use` for a while.
        first_externals: gives further addresses, which that one uses.

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
    parts = (_text_of(text),) if source is None else (source, package_digest())
    key = cache.key_of(*parts, binding_version(), repr(target), repr(options))
    task = _Task(key, text, tuple(functions), target, options, dict(externals or {}), label)
    code = _live.get(task.loaded) if cache.is_enabled() else None
    origin, times = "live", Times()
    if code is None:
        data, origin = cache.load(key)
        if data is None and first is not None and has_tiers():
            code, origin, times = _first_tier(task, first, source, first_externals)
        else:
            code, times = _loaded(task, data)
            origin = origin or "compiled"
        if cache.is_enabled():
            with _lock:
                code = _live.setdefault(task.loaded, code)
    seconds = time.perf_counter() - start
    return Module(text, target, options, label, origin, seconds, times, code)


def _loaded(task: _Task, data: bytes | None) -> tuple[_Code, Times]:
    """The code of an object file, which is made if there is none."""
    times = Times()
    if data is None:
        task = replace(task, text=_text_of(task.text))
    with undisturbed():
        if data is None:
            data, times = task.compile()
        begin = time.perf_counter()
        code = task.link(data)
    return code, times._replace(link=time.perf_counter() - begin)


def has_tiers() -> bool:
    """Whether code comes in two tiers where there are two, which TAYLOR_TIERS=off forbids."""
    return os.environ.get("TAYLOR_TIERS", "").strip().lower() not in ("off", "0", "no", "false")


def _first_tier(
    task: _Task,
    first: Callable[[], str],
    source: str | None,
    externals: Callable[[], Mapping[str, int]] | None,
) -> tuple[_Code, str, Times]:
    (name,) = task.functions
    made = compile_ir(
        first,
        [name, name + SLOT],
        target=task.target,
        options=replace(task.options, codegen=0),
        externals={**task.externals, **(externals() if externals else {})},
        label=task.label,
        source=None if source is None else f"first tier of {source}",
    )
    code = made._code
    with _lock:
        if code.better is None:
            code.better = _Better(task, made.compile_seconds)
    return code, made.origin, made.times


def _text_of(text: str | Callable[[], str]) -> str:
    return text if isinstance(text, str) else text()


@lru_cache(maxsize=1)
def package_digest() -> str:
    """Hash of this package's own files: another version may make another text of a program."""
    return cache.sources_digest(os.path.dirname(os.path.dirname(__file__)))


@lru_cache(maxsize=1)
def binding_version() -> str:
    """Versions of llvmlite and LLVM, e.g. "llvmlite 0.50.0, LLVM 22.1.0"."""
    import llvmlite

    numbers = ".".join(map(str, binding().llvm_version_info))
    return f"llvmlite {llvmlite.__version__}, LLVM {numbers}"


def start() -> None:
    """Load LLVM and hash the package, which the first compilation would else wait for."""
    _jit()
    package_digest()


@lru_cache(maxsize=1)
def _jit() -> Any:
    """The one ORC instance that loads object code for all modules."""
    # JITLink keeps an object in one slab of memory and reaches far functions through stubs.
    machine = target_machine(Target.host(), Options().codegen)
    return binding().create_lljit_compiler(machine, use_jit_link=sys.platform != "win32")


def _link(data: bytes, functions: Sequence[str], externals: Mapping[str, int], label: str) -> _Code:
    builder = binding().JITLibraryBuilder().add_current_process()
    for one in apart(data):
        builder.add_object_img(one)
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
    code = _Code(_jit(), tracker, functions, len(data))
    code.memory = held_at(externals.values())
    return code
