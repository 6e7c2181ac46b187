"""Build the site: `python -m docs [--page NAME] [--clean] [--serve]`, from the root of a checkout.

Needs the extra `docs` and no network.  The site is in docs/_build/html afterwards; warnings are
errors.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
HTML = DOCS / "_build" / "html"


def environment() -> dict[str, str]:
    """Variables for the build and the kernels that it starts: this checkout, one style."""
    own = [str(ROOT), str(ROOT / "runtime")]
    given = os.environ.get("PYTHONPATH", "")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*own, *given.split(os.pathsep)] if given else own),
        "MATPLOTLIBRC": str(ROOT / "taylor" / "displays" / "pictures.mplstyle"),
        "IPYTHONDIR": str(DOCS / "_build" / "ipython"),
        "TAYLOR_CACHE_DIR": os.environ.get("TAYLOR_CACHE_DIR", str(DOCS / "_build" / "cache")),
        # One thread a kernel: two of them run at once.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        # What the debugger of kernels says about frozen modules goes to every log otherwise.
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m docs", description=__doc__)
    parser.add_argument("--clean", action="store_true", help="forget what earlier builds made")
    parser.add_argument("--jobs", type=int, default=2, help="pages at once (default 2)")
    parser.add_argument("--page", help="a page alone, as howto/fit_parameters; its links stay open")
    parser.add_argument("--serve", action="store_true", help="show the site at localhost:8000")
    options = parser.parse_args(arguments)
    if options.clean:
        shutil.rmtree(DOCS / "_build", ignore_errors=True)
    target, variables = HTML, environment()
    if options.page:
        page = options.page.removeprefix("docs/").removesuffix(".md")
        if not (DOCS / f"{page}.md").exists():
            parser.error(f"there is no docs/{page}.md")
        target, variables["TAYLOR_DOCS_PAGE"] = DOCS / "_build" / "page" / "html", page
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q"]
    command += ["-j", str(options.jobs), "-d", str(target.parent / "doctrees")]
    profile = DOCS / "_build" / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    shutil.copy(DOCS / "_style" / "ipython_kernel_config.py", profile)
    # The theme copies its logo there when a build ends, also when that has failed before it began
    # to write; a file would be in the folder's place then.
    (target / "_static").mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    code = subprocess.run([*command, str(DOCS), str(target)], env=variables, cwd=ROOT).returncode
    shown = target / f"{page}.html" if options.page else target / "index.html"
    outcome = f"built {shown.relative_to(ROOT)}" if code == 0 else "failed"
    print(f"{outcome} after {time.monotonic() - start:.0f} s")
    if code == 0 and options.serve:
        server = [sys.executable, "-m", "http.server", "--directory", str(target), "8000"]
        return subprocess.run(server).returncode
    return code


if __name__ == "__main__":
    sys.exit(main())
