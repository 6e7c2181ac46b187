"""The object cache: never a wrong program, never an error, whatever happens to its directory."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from taylor_runtime.engine import atomic, cache, disk

POSIX = os.name == "posix"
KEY = cache.key_of("a program")
DATA = bytes(range(256)) * 8


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """An empty cache directory of its own."""
    before, limit = cache.directory(), cache.limit()
    directory = tmp_path / "objects"
    cache.enable(directory)
    cache.clear()
    yield directory
    cache.enable(before, limit=limit)
    cache.clear(on_disk=False)


def forget() -> None:
    """As a new process would see it."""
    cache.clear(on_disk=False)


def file_of(place: Path, key: bytes = KEY) -> Path:
    return place / (key.hex() + disk.SUFFIX)


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "always", "-c", code],
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def clean_environment(**environment: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TAYLOR_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path), **environment}


def test_round_trip_through_memory_and_disk(place: Path) -> None:
    assert cache.load(KEY) == (None, "")
    cache.store(KEY, DATA)
    assert cache.load(KEY) == (DATA, "memory")
    forget()
    assert cache.load(KEY) == (DATA, "disk")
    assert cache.load(KEY) == (DATA, "memory")
    assert cache.stats() == cache.Stats(memory_hits=1, disk_hits=1)
    assert cache.size() == file_of(place).stat().st_size > len(DATA)
    assert cache.directory() == place


def test_keys_depend_on_every_part_and_its_bounds() -> None:
    keys = {
        cache.key_of("ab", "c"),
        cache.key_of("a", "bc"),
        cache.key_of("abc"),
        cache.key_of("ab", "c", ""),
        cache.key_of("ab", "d"),
    }
    assert len(keys) == 5
    assert all(len(key) == disk.KEY_BYTES for key in keys)


@pytest.mark.skipif(not POSIX, reason="mode bits")
@pytest.mark.parametrize("changed", [1_700_000_000, 1, 315_532_800])
def test_sources_that_differ_have_different_digests(tmp_path: Path, changed: int) -> None:
    """Whatever a builder, or another version, has made of a package: its times may all be one."""
    inner = tmp_path / "inner"
    inner.mkdir()
    one, other = tmp_path / "one.py", inner / "other.py"

    def digest(texts: tuple[str, str], moved: int = 0) -> str:
        for path, text in zip((one, other), texts, strict=True):
            path.write_text(text)
            os.utime(path, (changed + moved, changed + moved))
        return cache.sources_digest(str(tmp_path))

    first = digest(("a = 1", "b = 2"))
    assert digest(("a = 1", "b = 2")) == first
    (inner / "notes.txt").write_text("no module")
    assert digest(("a = 1", "b = 2")) == first
    assert digest(("a = 1", "b = 22")) != first
    assert digest(("a = 1", "b = 2"), moved=3) != first
    if changed < 1_000_000_000:  # times say nothing
        assert digest(("a = 1", "b = 3")) != first
        assert digest(("a = 2", "b = 1")) != first
    digest(("a = 1", "b = 2"))
    other.rename(inner / "another.py")
    assert cache.sources_digest(str(tmp_path)) != first


def test_directory_and_files_are_the_owners_alone(place: Path) -> None:
    mask = os.umask(0)
    try:
        deep = place / "not" / "yet" / "there"
        cache.enable(deep)
        cache.store(KEY, DATA)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(deep.stat().st_mode) == 0o700
    assert stat.S_IMODE(file_of(deep).stat().st_mode) == 0o600
    assert [path.name for path in deep.iterdir()] == [file_of(deep).name]


def damage_truncate(raw: bytes) -> bytes:
    return raw[:-1]


def damage_empty(raw: bytes) -> bytes:
    return b""


def damage_header(raw: bytes) -> bytes:
    return raw[:20]


def damage_extend(raw: bytes) -> bytes:
    return raw + b"\0"


def damage_version(raw: bytes) -> bytes:
    return raw[:8] + (disk.VERSION + 1).to_bytes(4, "little") + raw[12:]


@pytest.mark.parametrize(
    "damage", [damage_truncate, damage_empty, damage_header, damage_extend, damage_version]
)
def test_damaged_files_are_discarded(place: Path, damage: object) -> None:
    cache.store(KEY, DATA)
    file = file_of(place)
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]
    forget()
    assert cache.load(KEY) == (None, "")
    assert cache.stats().discarded == 1
    assert not file.exists()
    cache.store(KEY, DATA)
    forget()
    assert cache.load(KEY) == (DATA, "disk")


def test_every_flipped_bit_is_noticed(place: Path) -> None:
    cache.store(KEY, DATA[:16])
    raw = file_of(place).read_bytes()
    for position in range(8 * len(raw)):
        wrong = bytearray(raw)
        wrong[position // 8] ^= 1 << position % 8
        file_of(place).write_bytes(wrong)
        assert disk.read(place, KEY) == (None, True), position


def test_a_file_under_another_name_is_not_our_program(place: Path) -> None:
    other = cache.key_of("another program")
    cache.store(other, DATA)
    os.replace(file_of(place, other), file_of(place))
    forget()
    assert cache.load(KEY) == (None, "")
    assert not file_of(place).exists()


@pytest.mark.skipif(not POSIX, reason="links, modes and pipes of POSIX")
def test_links_pipes_and_open_files_are_not_believed(place: Path, tmp_path: Path) -> None:
    cache.store(KEY, DATA)
    elsewhere = tmp_path / "elsewhere"
    os.replace(file_of(place), elsewhere)
    file_of(place).symlink_to(elsewhere)
    assert disk.read(place, KEY) == (None, True)
    assert elsewhere.exists()
    os.mkfifo(file_of(place))
    assert disk.read(place, KEY) == (None, True)
    os.replace(elsewhere, file_of(place))
    file_of(place).chmod(0o666)
    assert disk.read(place, KEY) == (None, True)
    file_of(place).mkdir()  # cannot be unlinked
    forget()
    assert cache.load(KEY) == (None, "")
    cache.store(KEY, DATA)
    assert cache.stats().failures == 2
    assert cache.load(KEY) == (DATA, "memory")


@pytest.mark.skipif(not POSIX, reason="modes and links of POSIX")
@pytest.mark.parametrize("kind", ["world", "group", "link", "file"])
def test_unsafe_directories_are_refused_with_one_warning(tmp_path: Path, kind: str) -> None:
    directory = tmp_path / "unsafe"
    if kind == "link":
        (tmp_path / "target").mkdir(mode=0o700)
        directory.symlink_to(tmp_path / "target")
    elif kind == "file":
        directory.write_text("")
    else:
        directory.mkdir()
        directory.chmod(0o777 if kind == "world" else 0o770)
    code = """
from taylor_runtime.callables.process import cache
key = cache.key_of("a program")
for _ in range(3):
    cache.store(key, b"data")
    assert cache.load(key) == (b"data", "memory")
assert cache.directory() is None and cache.size() == 0
"""
    done = python(code, TAYLOR_CACHE_DIR=str(directory))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("CacheWarning") == 1
    assert "chmod 700" in done.stderr
    assert not list(tmp_path.rglob("*" + disk.SUFFIX))


@pytest.mark.skipif(not POSIX or os.geteuid() != 0, reason="only root can give a directory away")
def test_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "theirs"
    directory.mkdir(mode=0o700)
    os.chown(directory, 65534, 65534)
    with pytest.raises(disk.Unsafe):
        disk.prepare(directory)


REPORT = "from taylor_runtime.engine import cache; print(cache.directory(), cache.limit())"


@pytest.mark.skipif(not POSIX, reason="POSIX places")
def test_environment_decides_where(tmp_path: Path) -> None:
    home, xdg = str(tmp_path / "home"), str(tmp_path / "xdg")
    inside = "Library/Caches" if sys.platform == "darwin" else ".cache"
    gigabyte = 1 << 30
    for environment, expected in [
        ({"HOME": home, "XDG_CACHE_HOME": ""}, f"{home}/{inside}/taylor-jit {gigabyte}"),
        ({"HOME": home, "XDG_CACHE_HOME": "relative"}, f"{home}/{inside}/taylor-jit {gigabyte}"),
        ({"HOME": home, "XDG_CACHE_HOME": xdg}, f"{xdg}/taylor-jit {gigabyte}"),
        ({"TAYLOR_CACHE_DIR": xdg, "TAYLOR_CACHE_SIZE": "1.5M"}, f"{xdg} {3 << 19}"),
        ({"HOME": home, "TAYLOR_CACHE": "off"}, f"None {gigabyte}"),
        ({"HOME": home, "TAYLOR_CACHE": "0"}, f"None {gigabyte}"),
        ({"HOME": "/dev/null/home", "XDG_CACHE_HOME": ""}, f"None {gigabyte}"),
        ({"HOME": "relative", "XDG_CACHE_HOME": ""}, f"None {gigabyte}"),
        ({"TAYLOR_CACHE_DIR": "/proc/nonsense"}, f"None {gigabyte}"),
        ({"TAYLOR_CACHE_DIR": "~nobody-of-that-name/x"}, f"None {gigabyte}"),
    ]:
        done = python(REPORT, **environment)
        assert done.returncode == 0, done.stderr
        assert (done.stdout, done.stderr) == (expected + "\n", ""), environment


def test_nonsense_size_is_a_warning(tmp_path: Path) -> None:
    done = python(REPORT, TAYLOR_CACHE_DIR=str(tmp_path / "x"), TAYLOR_CACHE_SIZE="lots")
    assert done.stdout.endswith(f" {1 << 30}\n")
    assert "TAYLOR_CACHE_SIZE='lots' is not a size; write e.g. 500M" in done.stderr


def test_unwritable_directory_costs_a_compilation_only(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        cache.store(KEY, DATA)
        assert cache.stats().failures == 1
        forget()
        assert cache.load(KEY) == (None, "")
        assert cache.stats().failures == 1


def test_full_disk_leaves_nothing_behind(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    cache.store(KEY, DATA)
    assert cache.stats().failures == 1
    assert list(place.iterdir()) == []


def test_directory_that_vanishes_is_no_error(place: Path) -> None:
    place.rmdir()
    cache.store(KEY, DATA)
    forget()
    assert cache.load(KEY) == (None, "")
    assert cache.size() == 0
    cache.clear()


def test_size_is_bounded_by_removing_the_longest_unused(place: Path) -> None:
    cache.enable(limit=10 * 1500)
    keys = [cache.key_of(str(k)) for k in range(40)]
    now = time.time()
    for k, key in enumerate(keys):
        cache.store(key, b"x" * 1000)
        os.utime(file_of(place, key), (now - 10_000 + k, now - 10_000 + k))
        if k % 3 == 0:
            forget()
            assert cache.load(keys[0])[1] == "disk"  # in use, hence kept
        assert cache.size() <= 10 * 1500
    assert file_of(place, keys[0]).exists()
    assert file_of(place, keys[-1]).exists()
    assert not file_of(place, keys[1]).exists()


def test_memory_is_bounded(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MEMORY_LIMIT", 3 * len(DATA))
    keys = [cache.key_of(str(k)) for k in range(5)]
    for key in keys:
        cache.store(key, DATA)
    assert [cache.load(key)[1] for key in reversed(keys)] == ["memory"] * 3 + ["disk"] * 2


def test_objects_beyond_the_bound_are_not_written(place: Path) -> None:
    cache.enable(limit=100)
    cache.store(KEY, DATA)
    assert cache.size() == 0


def test_sweeps_are_rare_for_small_files() -> None:
    assert all(disk.sweep_is_due(1 << 20, 16 << 20) for _ in range(100))
    assert sum(disk.sweep_is_due(1 << 10, 1 << 30) for _ in range(1000)) < 20


def test_leftovers_of_dead_writers_are_swept(place: Path) -> None:
    old, young, foreign = (
        place / f"a{atomic.TEMPORARY}",
        place / f"b{atomic.TEMPORARY}",
        place / "note",
    )
    for path in (old, young, foreign):
        path.write_bytes(b"half a file")
    past = time.time() - 2 * disk.ABANDONED
    os.utime(old, (past, past))
    os.utime(foreign, (past, past))
    disk.sweep(place, 1 << 30)
    assert {path.name for path in place.iterdir()} == {young.name, foreign.name}
    cache.clear()
    assert {path.name for path in place.iterdir()} == {foreign.name}


def test_disabled_cache_keeps_nothing(place: Path) -> None:
    with cache.disabled():
        cache.store(KEY, DATA)
        assert cache.load(KEY) == (None, "")
        assert cache.directory() is None
        assert not cache.is_enabled()
    assert cache.is_enabled()
    assert cache.directory() == place
    assert cache.load(KEY) == (None, "")


def test_threads_store_and_load(place: Path) -> None:
    wrong: list[bytes] = []

    def work(name: int) -> None:
        for k in range(30):
            key = cache.key_of(str(k % 5))
            want = str(k % 5).encode() * 1000
            cache.store(key, want)
            found, _ = cache.load(key)
            if found != want:
                wrong.append(key)
            if name == 0 and k % 7 == 0:
                cache.clear(on_disk=False)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(disk.read(place, cache.key_of(str(k)))[0] for k in range(5))
    assert wrong == []
