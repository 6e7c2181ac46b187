"""Pages that run code: what their kernels listen at, and the .ipynb, with results, to keep."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

FOLDER = "_notebooks"
_numbers = itertools.count()


def speak_through_files() -> None:
    """Have kernels listen at files: ports are chosen before they are taken, and may belong to
    somebody else by then, as to a page that runs at the same time.
    """
    if os.name == "nt":  # there are none
        return
    from nbclient.client import NotebookClient

    make = NotebookClient.create_kernel_manager

    def made(client: Any) -> Any:
        manager = make(client)
        manager.transport = "ipc"
        name = f"taylor-docs-{os.getpid()}-{next(_numbers)}"
        manager.ip = os.path.join(tempfile.gettempdir(), name)
        return manager

    NotebookClient.create_kernel_manager = made


def offer_notebook(
    app: Sphinx, page: str, template: str, context: dict[str, object], doctree: object
) -> None:
    """Tell the page's template where its notebook is, and put it there."""
    made = Path(app.outdir).parent / "jupyter_execute" / f"{page}.ipynb"
    if doctree is None or not made.exists():
        return
    target = Path(app.outdir) / FOLDER / f"{page}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, target)
    context["notebook"] = f"{'../' * page.count('/')}{FOLDER}/{page}.ipynb"
