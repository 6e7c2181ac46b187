"""The Sphinx extension that puts the tools of this folder together."""

from __future__ import annotations

from _build_tools.blocks import NotRun, Peer
from _build_tools.formulas import visit_displaymath, visit_math
from _build_tools.generated import generate
from _build_tools.images import describe_pictures
from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("peer", Peer)
    app.add_directive("not-run", NotRun)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displaymath, None))
    app.connect("config-inited", generate)
    app.connect("doctree-read", describe_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
