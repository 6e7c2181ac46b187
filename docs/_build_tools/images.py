"""Words for those who do not see pictures: every one has an alternative text, or the build fails.

A cell that draws has it as `:alt: what the picture shows`; other pictures in their own syntax.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

_logger = logging.getLogger(__name__)


def describe_pictures(app: Sphinx, doctree: nodes.document) -> None:
    for cell in doctree.findall(nodes.container):
        said = (cell.get("cell_metadata") or {}).get("alt")
        if said:
            for image in cell.findall(nodes.image):
                image["alt"] = str(said)
    for image in doctree.findall(nodes.image):
        if not image.get("alt"):
            page = app.env.docname
            _logger.warning("%s: %s has no alternative text", page, image.get("uri"))
