"""Every page that runs code can be taken along as an .ipynb, with the results on the site."""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx

FOLDER = "_notebooks"


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
