"""The Sphinx extension that puts the tools of this folder together."""

from __future__ import annotations

import zlib
from pathlib import Path

from _build_tools.blocks import NotRun, Peer
from _build_tools.formulas import visit_displaymath, visit_math
from _build_tools.generated import generate
from _build_tools.images import describe_pictures
from _build_tools.links import link_names
from _build_tools.notebooks import offer_notebook, speak_through_files
from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, object]:
    speak_through_files()
    app.add_directive("peer", Peer)
    app.add_directive("not-run", NotRun)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displaymath, None))
    app.connect("config-inited", generate)
    app.connect("doctree-read", describe_pictures)
    app.connect("doctree-read", link_names)
    app.connect("html-page-context", offer_notebook)
    sources = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return {
        "env_version": zlib.crc32(sources),  # pages are read again with other tools
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
