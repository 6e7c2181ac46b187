"""The whole test session, doctests included, keeps machine code in a directory of its own.

Its processes share the directory; the environment variable TAYLOR_TEST_CACHE names one that stays,
for sessions that follow each other.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Generator
from importlib.util import find_spec

import pytest
from hypothesis import settings

_directory = pytest.StashKey[str]()

# Bridges import their packages, which need not be there.
_MISSING = [name for name in ("jax", "scipy", "torch") if find_spec(name) is None]
collect_ignore_glob = [f"taylor/bridges/{name}/*" for name in _MISSING]
# Tests of astrodynamics compare with what the extra `test-astrodynamics` brings.
if find_spec("erfa") is None:
    collect_ignore_glob.append("tests/astrodynamics/*")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--scale", type=int, default=1, help="how many times more random cases to try (default 1)"
    )


@pytest.fixture(scope="session")
def scale(pytestconfig: pytest.Config) -> int:
    """What random tests multiply their number of cases by; 1000 or so for long runs."""
    return int(pytestconfig.getoption("--scale"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The seeds of tests that are marked so: as many as they say, times the scale, and others."""
    for mark in metafunc.definition.iter_markers("seeds"):
        count, *others = mark.args
        tried = range(count * metafunc.config.getoption("--scale"))
        metafunc.parametrize("seed", [*tried, *(seed for seed in others if seed not in tried)])


def pytest_configure(config: pytest.Config) -> None:
    # A shell that starts something in the background has it ignore Ctrl-C, which tests send.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # The same examples in every run, so that a failure can be repeated.
    settings.register_profile("reproducible", derandomize=True)
    settings.load_profile("reproducible")
    if "PYTEST_XDIST_WORKER" in os.environ:
        return  # workers have the directory of the process that started them
    given = os.environ.get("TAYLOR_TEST_CACHE")
    if given is None:
        given = config.stash[_directory] = tempfile.mkdtemp(prefix="taylor-tests-")
    os.environ["TAYLOR_CACHE_DIR"] = given


def pytest_collection_finish(session: pytest.Session) -> None:
    """What has been imported and collected stays: garbage is looked for in what comes after it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Examples in docstrings that need an optional package are skipped where it is not."""
    try:
        return (yield)
    except Exception as error:
        first = next(iter(getattr(error, "failures", [error])), error)
        cause = getattr(first, "exc_info", (None, None))[1]
        if isinstance(item, pytest.DoctestItem) and type(cause).__name__ == "MissingPackageError":
            pytest.skip(str(cause))
        raise


def pytest_unconfigure(config: pytest.Config) -> None:
    if _directory in config.stash:
        shutil.rmtree(config.stash[_directory], ignore_errors=True)
