"""Files that are either whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

TEMPORARY = ".partial"


def write_file(path: Path, *parts: bytes, mode: int = 0o666, durable: bool = False) -> None:
    """Write a file under a temporary name beside `path` and rename it: readers see all or nothing.

    mode:    permissions, as far as the umask lets them.
    durable: the disk has it before this returns, come what may.

    Raises OSError if there is no room or no permission; nothing is left behind.  A process that is
    killed leaves the old file, and perhaps one whose name ends in `TEMPORARY`.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}{TEMPORARY}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                file.write(part)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable and os.name == "posix":
        _synchronise(path.parent)


def _synchronise(directory: Path) -> None:
    """Make a renaming durable, where the file system can."""
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
