"""Machine code on disk, shared by all processes of one user.

A file holds one object file under the hash of everything it depends on. Code from disk is executed,
so nothing is believed: directory and files must belong to the user and be writable by nobody else,
and a file must carry its own key, length and checksum. Files are written under a temporary name and
renamed, so a reader sees all of a file or nothing. Whatever goes wrong on disk costs a compilation,
never an error and never a wrong program.
"""

from __future__ import annotations

import os
import random
import stat
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from taylor_runtime.engine import atomic
from taylor_runtime.program.records import blake2b

MAGIC = b"TAYLORJO"
VERSION = 1
KEY_BYTES = 32
HEADER = struct.Struct(f"<8sI{KEY_BYTES}sQ32s")  # magic, version, key, length, checksum
SUFFIX = ".object"
ABANDONED = 3600.0  # seconds after which a temporary file has no living writer
FRESH = 3600.0  # a file used within this time need not be touched again
SWEEPS = 16  # sweeps per turnover: on average the bound is exceeded by 1/16 at most
KEEP = 0.75  # fraction of the bound that a sweep leaves, so that the next one is far off


class Unsafe(Exception):
    """The directory could be changed by other users."""


class Entry(NamedTuple):
    """A file of the cache."""

    path: Path
    size: int
    used: float  # time of the last use, in seconds since the epoch


def default_directory() -> Path | None:
    """Where the platform keeps a user's caches; None if there is no home directory."""
    name = "taylor-jit"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return Path(local, name, "Cache") if local else None
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):  # the XDG specification has relative paths ignored
        return Path(given, name)
    home = os.path.expanduser("~")
    if not os.path.isabs(home):
        return None
    return Path(home, "Library/Caches" if sys.platform == "darwin" else ".cache", name)


def prepare(directory: Path) -> None:
    """Make the directory if it is missing, and check that nobody else can write to it.

    Raises:
        Unsafe: if it is a link, or belongs to or is writable by somebody else.
        OSError: if it cannot be made.
    """
    try:
        directory.mkdir(mode=0o700)
    except FileNotFoundError:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError:
        pass
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise Unsafe(f"{directory} is not a directory of its own (a symbolic link or a file)")
    if not _only_ours(status):
        raise Unsafe(f"{directory} belongs to, or can be written by, other users")


def _only_ours(status: os.stat_result) -> bool:
    if sys.platform == "win32":  # access lists of the user's profile decide, not mode bits
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def read(directory: Path, key: bytes) -> tuple[bytes | None, bool]:
    """The object code under `key` or None, and whether a bad file was thrown away.

    Raises:
        OSError: if there is a file that cannot be read.
    """
    path = directory / (key.hex() + SUFFIX)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        # Not to be held up by a FIFO in a file's place.
        descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None, False
    except OSError:
        if not path.is_symlink():
            raise
        path.unlink()  # we never make links: somebody else did
        return None, True
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        regular = stat.S_ISREG(status.st_mode) and _only_ours(status)
        data = _contents(file.read(), key) if regular else None
    if data is None:
        path.unlink(missing_ok=True)
        return None, True
    if time.time() - status.st_mtime > FRESH:
        os.utime(path)  # the modification time serves as time of last use
    return data, False


def _contents(raw: bytes, key: bytes) -> bytes | None:
    """What a file holds, if it is complete, undamaged, and made for `key`."""
    if len(raw) < HEADER.size:
        return None
    magic, version, stored_key, length, checksum = HEADER.unpack_from(raw)
    data = raw[HEADER.size :]
    if (magic, version, stored_key, length) != (MAGIC, VERSION, key, len(data)):
        return None
    return data if checksum == _checksum(data) else None


def _checksum(data: bytes) -> bytes:
    return blake2b(data, digest_size=32).digest()


def write(directory: Path, key: bytes, data: bytes) -> None:
    """Store object code under `key`; other processes see all of it or nothing.

    Raises:
        OSError: if there is no room or no permission; nothing is left behind.
    """
    header = HEADER.pack(MAGIC, VERSION, key, len(data), _checksum(data))
    atomic.write_file(directory / (key.hex() + SUFFIX), header, data, mode=0o600)


def entries(directory: Path) -> Iterator[Entry]:
    """All complete files of the cache."""
    for path, status in _files(directory):
        if path.suffix == SUFFIX:
            yield Entry(path, status.st_size, status.st_mtime)


def _files(directory: Path) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        with os.scandir(directory) as found:
            for item in found:
                try:
                    yield Path(item.path), item.stat(follow_symlinks=False)
                except OSError:
                    continue  # another process has just removed it
    except OSError:
        return


def sweep_is_due(written: int, limit: int) -> bool:
    """Whether to sweep after writing so many bytes.

    Drawing lots in proportion to what is written bounds the expected excess for any number of
    processes, short-lived ones as well, with no state shared between them.
    """
    return random.random() * limit < SWEEPS * written


def sweep(directory: Path, limit: int) -> int:
    """Remove what dead writers left, and the longest unused files while above `limit` bytes.

    Returns how many of the latter were removed.
    """
    now = time.time()
    for path, status in _files(directory):
        if path.suffix == atomic.TEMPORARY and now - status.st_mtime > ABANDONED:
            _remove(path)
    found = sorted(entries(directory), key=lambda entry: entry.used)
    total = sum(entry.size for entry in found)
    removed = 0
    if total > limit:
        for entry in found:
            if total <= KEEP * limit:
                break
            removed += _remove(entry.path)
            total -= entry.size
    return removed


def clear(directory: Path) -> None:
    """Remove all files of the cache, and nothing else."""
    for path, _ in _files(directory):
        if path.suffix in (SUFFIX, atomic.TEMPORARY):
            _remove(path)


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False  # another process was faster, or has it open (Windows)
    return True
