"""Formulae as MathML, which browsers draw themselves: no page needs a script for them."""

from __future__ import annotations

import re

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

_logger = logging.getLogger(__name__)
_OUTER = re.compile(r"^\\begin\{(equation|align|gather|split)(\*?)\}(.*)\\end\{\1\2\}$", re.DOTALL)

# Commands that the reader of LaTeX does not know, by others that mean the same here.
_SPELLED = {"dots": "ldots", "dotsb": "cdots", "tfrac": "frac", "dfrac": "frac", "lvert": "vert",
            "rvert": "vert", "lVert": "Vert", "rVert": "Vert"}  # fmt: skip


def mathml(text: str, *, block: bool) -> str:
    """A formula of LaTeX as MathML; what cannot be read stays as it is, with a warning."""
    found = _OUTER.match(text.strip())
    body = found[3] if found else text
    for ours, theirs in _SPELLED.items():
        body = re.sub(rf"\\{ours}(?![a-zA-Z])", rf"\\{theirs}", body)
    try:
        return tex2mathml(body, as_block=block)
    except MathError as error:
        _logger.warning("formula %r: %s", text, error)
        return nodes.literal(text, text).astext()


def visit_math(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext(), block=False))
    raise nodes.SkipNode


def visit_displaymath(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(mathml(node.astext(), block=True))
    translator.body.append("</div>\n")
    raise nodes.SkipNode
