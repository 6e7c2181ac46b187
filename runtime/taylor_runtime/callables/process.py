"""What the front end uses of this process: files, threads, collector, cache, and its facts."""

from __future__ import annotations

from taylor_runtime.callables.stepper import PROPAGATE_TYPE
from taylor_runtime.engine import cache as cache
from taylor_runtime.engine.atomic import TEMPORARY as TEMPORARY
from taylor_runtime.engine.atomic import write_file as write_file
from taylor_runtime.engine.cache import CacheWarning as CacheWarning
from taylor_runtime.engine.call import prepare_pointers
from taylor_runtime.engine.compiler import CompileError as CompileError
from taylor_runtime.engine.compiler import start
from taylor_runtime.engine.facts import info as info
from taylor_runtime.engine.garbage import uncollected as uncollected
from taylor_runtime.engine.target import Target as Target
from taylor_runtime.engine.threads import in_shares as in_shares
from taylor_runtime.engine.threads import shares as shares


def prepare() -> None:
    """Initialise all that compiling needs, so that the first program does not pay for it."""
    prepare_pointers(PROPAGATE_TYPE)
    start()
