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


def mathml(text: str, *, block: bool) -> str:
    """A formula of LaTeX as MathML; what cannot be read stays as it is, with a warning."""
    found = _OUTER.match(text.strip())
    body = found[3] if found else text
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
