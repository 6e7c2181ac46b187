"""Cache of machine code, in memory and on disk.

Programs are found by a hash of their text and of everything else that decides what is made of it.
The environment variables TAYLOR_CACHE_DIR (where), TAYLOR_CACHE=off (memory only) and
TAYLOR_CACHE_SIZE (bound on disk, e.g. 500M) are read at the first use; `enable` and `disable`
overrule them.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from taylor_runtime.engine import disk
from taylor_runtime.program.records import blake2b

MEMORY_LIMIT = 64 << 20  # bytes of object code
DISK_LIMIT = 1 << 30
TRUE_TIMES = 10**18  # nanoseconds: files of before 2001 have been given their times by a builder
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class CacheWarning(UserWarning):
    """The cache on disk is not used; programs are compiled anew in every process."""


class Stats(NamedTuple):
    """What happened since the process started, or since `clear`.

    memory_hits, disk_hits, misses:  where programs were found, or not.
    stored:     files written.
    discarded:  files that were damaged or not ours, and removed.
    evicted:    files removed to keep the bound.
    failures:   reads and writes that the file system refused.
    """

    memory_hits: int = 0
    disk_hits: int = 0
    misses: int = 0
    stored: int = 0
    discarded: int = 0
    evicted: int = 0
    failures: int = 0


NOTHING = Stats()


@dataclass(slots=True, eq=False, repr=False)
class _State:
    """All that changes; guarded by `_lock`."""

    enabled: bool = True
    configured: bool = False
    directory: Path | None = None
    limit: int = DISK_LIMIT
    stats: Stats = NOTHING
    memory_bytes: int = 0


_lock = threading.RLock()
_state = _State()
_memory: OrderedDict[bytes, bytes] = OrderedDict()


def key_of(*parts: str) -> bytes:
    """Hash of a program and of all that decides what machine code is made of it, 32 bytes."""
    digest = blake2b(digest_size=disk.KEY_BYTES)
    for part in (str(disk.VERSION), *parts):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "little"))  # so that parts cannot run together
        digest.update(encoded)
    return digest.digest()


def sources_digest(folder: str) -> str:
    """Hash of which modules a folder has.

    Sizes and times of changes stand for contents, as for Python's own compiled modules; contents
    themselves where a builder has set all times to one.
    """
    files = sorted(_sources(folder, ""))
    digest = blake2b(repr([(name, size, changed) for name, _, size, changed in files]).encode())
    if any(changed < TRUE_TIMES for *_, changed in files):
        for _, path, _, _ in files:
            with open(path, "rb") as file:
                digest.update(file.read())
    return digest.hexdigest()


def _sources(folder: str, name: str) -> Iterator[tuple[str, str, int, int]]:
    """Of all modules in a folder: name, path, bytes, and nanoseconds when it was changed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            inner = f"{name}/{entry.name}"
            if entry.name.endswith(".py"):
                found = entry.stat()
                yield inner, entry.path, found.st_size, found.st_mtime_ns
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _sources(entry.path, inner)


def load(key: bytes) -> tuple[bytes | None, str]:
    """The object code under `key`, and where it was: "memory" or "disk"; (None, "") if nowhere."""
    with _lock:
        if not _state.enabled:
            return None, ""
        data = _memory.get(key)
        if data is not None:
            _memory.move_to_end(key)
            _count(memory_hits=1)
            return data, "memory"
    place = directory()
    bad = False
    if place is not None:
        try:
            data, bad = disk.read(place, key)
        except OSError:
            _count(failures=1)
    if data is None:
        _count(misses=1, discarded=int(bad))
        return None, ""
    _count(disk_hits=1)
    _remember(key, data)
    return data, "disk"


def store(key: bytes, data: bytes) -> None:
    """Keep object code under `key`, on disk as far as the file system allows."""
    if not is_enabled():
        return
    _remember(key, data)
    place = directory()
    if place is None or len(data) > _state.limit:
        return
    try:
        disk.write(place, key, data)
        evicted = 0
        if disk.sweep_is_due(len(data), _state.limit):
            evicted = disk.sweep(place, _state.limit)
    except OSError:
        _count(failures=1)
    else:
        _count(stored=1, evicted=evicted)


def is_enabled() -> bool:
    """Whether anything is looked up or kept at all."""
    return _state.enabled


def enable(directory: str | os.PathLike[str] | None = None, *, limit: int | None = None) -> None:
    """Use the cache (again), with another directory or bound in bytes if given.

    An explicit `directory` also overrules TAYLOR_CACHE=off.
    """
    with _lock:
        _configure()
        _state.enabled = True
        if directory is not None:
            _state.directory = _usable(directory)
        if limit is not None:
            _state.limit = limit


def disable() -> None:
    """Look nothing up and keep nothing, in memory or on disk, until `enable`."""
    with _lock:
        _state.enabled = False


@contextmanager
def disabled() -> Iterator[None]:
    """Within the block, everything is compiled anew, in all threads."""
    before = is_enabled()
    disable()
    try:
        yield
    finally:
        if before:
            enable()


def directory() -> Path | None:
    """The directory on disk; None if the disk is not used.

    Example:
        >>> place = directory()
        >>> place is None or place.is_absolute()
        True
    """
    with _lock:
        _configure()
        return _state.directory if _state.enabled else None


def size() -> int:
    """Bytes on disk."""
    place = directory()
    return sum(entry.size for entry in disk.entries(place)) if place is not None else 0


def limit() -> int:
    """The bound on the bytes on disk."""
    with _lock:
        _configure()
        return _state.limit


def stats() -> Stats:
    """Counts of hits and misses."""
    return _state.stats


def clear(*, memory: bool = True, on_disk: bool = True) -> None:
    """Forget programs that were kept in memory, and delete those on disk; counts start again."""
    place = directory()
    with _lock:
        if memory:
            _memory.clear()
            _state.memory_bytes = 0
        _state.stats = NOTHING
    if on_disk and place is not None:
        disk.clear(place)


def _count(**more: int) -> None:
    with _lock:
        old = _state.stats
        _state.stats = old._replace(**{name: getattr(old, name) + n for name, n in more.items()})


def _remember(key: bytes, data: bytes) -> None:
    with _lock:
        _state.memory_bytes += len(data) - len(_memory.pop(key, b""))
        _memory[key] = data
        while _state.memory_bytes > MEMORY_LIMIT:
            _, dropped = _memory.popitem(last=False)
            _state.memory_bytes -= len(dropped)


def _configure() -> None:
    """Read the environment, once."""
    if _state.configured:
        return
    _state.configured = True
    _state.limit = _limit_from(os.environ.get("TAYLOR_CACHE_SIZE", ""))
    given = os.environ.get("TAYLOR_CACHE_DIR", "")
    if os.environ.get("TAYLOR_CACHE", "").strip().lower() in ("off", "0", "no", "false"):
        return
    place = given or disk.default_directory()
    _state.directory = _usable(place) if place else None


def _limit_from(text: str) -> int:
    number, unit = text.strip().upper().removesuffix("B"), ""
    if number[-1:] in UNITS:
        number, unit = number[:-1], number[-1:]
    if not text.strip():
        return DISK_LIMIT
    try:
        value = float(number) * UNITS[unit]
        return int(value) if value >= 0 else DISK_LIMIT
    except (ValueError, OverflowError):
        warnings.warn(
            f"TAYLOR_CACHE_SIZE={text!r} is not a size; write e.g. 500M or 2G (1G is used)",
            CacheWarning,
            stacklevel=2,
        )
        return DISK_LIMIT


def _usable(directory: str | os.PathLike[str]) -> Path | None:
    """The directory if it can be used; else None, with a warning if others could tamper with it."""
    try:
        place = Path(directory).expanduser().absolute()
        disk.prepare(place)
    except disk.Unsafe as problem:
        warnings.warn(
            f"machine code is not cached on disk: {problem}; choose another directory with "
            "TAYLOR_CACHE_DIR, or make it yours alone (chmod 700)",
            CacheWarning,
            stacklevel=2,
        )
        return None
    except (OSError, RuntimeError):
        return None  # no home, or a read-only file system: common in containers, and no fault
    return place
