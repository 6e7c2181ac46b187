"""Checkpoints: an integrator in a file, whole or not at all."""

from __future__ import annotations

import os
import pickle
import struct
import time as clock
from pathlib import Path
from typing import Any

from taylor.errors import ArgumentTypeError, FormatError
from taylor.systems.versions import FORMAT
from taylor_runtime.callables.process import TEMPORARY, write_file
from taylor_runtime.program.records import blake2b

MAGIC = b"TAYLORCP"
HEADER = struct.Struct("<8sIQ32s")  # magic, format, length, checksum
ABANDONED = 3600.0  # seconds after which a temporary file has no living writer


def write(path: Any, thing: object) -> None:
    """Replace the file at `path` by a checkpoint of `thing`, at once; the disk has it then.

    Raises OSError if that cannot be done: the old file is still there.
    """
    place = _path(path)
    data = pickle.dumps(thing)
    write_file(place, HEADER.pack(MAGIC, FORMAT, len(data), _checksum(data)), data, durable=True)
    _tidy(place)


def read(path: Any, kind: type) -> Any:
    """The `kind` of thing in the checkpoint at `path`.

    Raises FormatError for a file that is damaged, truncated, of another version, or not ours.
    """
    place = _path(path)
    raw = place.read_bytes()
    if raw[: len(MAGIC)] != MAGIC[: len(raw)] or not raw:
        raise FormatError(f"{place} is no checkpoint of taylor")
    if len(raw) < HEADER.size:
        raise FormatError(f"{place} is truncated: {len(raw)} bytes are not even a header")
    _, number, length, checksum = HEADER.unpack_from(raw)
    if number != FORMAT:
        raise FormatError(
            f"{place} has format {number}, and this version of taylor reads format {FORMAT}; load "
            "it with the version that wrote it"
        )
    data = raw[HEADER.size :]
    if len(data) < length:
        raise FormatError(f"{place} is truncated: {len(data)} of {length} bytes are left")
    if len(data) > length or _checksum(data) != checksum:
        raise FormatError(f"{place} is damaged: its contents do not have the checksum they had")
    thing = pickle.loads(data)
    if not isinstance(thing, kind):
        raise FormatError(f"{place} holds no {kind.__name__} but a {type(thing).__name__}")
    return thing


def _path(path: Any) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise ArgumentTypeError(f"a checkpoint's path must be a string or a path, got {path!r}")
    return Path(path)


def _checksum(data: bytes) -> bytes:
    return blake2b(data, digest_size=32).digest()


def _tidy(place: Path) -> None:
    """Remove what writers of this file have left that were killed long ago."""
    for left in place.parent.glob(f"{_literal(place.name)}.*{TEMPORARY}"):
        try:
            if clock.time() - left.stat().st_mtime > ABANDONED:
                left.unlink()
        except OSError:
            continue  # another process was faster


def _literal(name: str) -> str:
    """A name in a pattern of `glob`."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
