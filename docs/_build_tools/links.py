"""Names in code become links to the reference: `ty.jet` in backticks, classes in signatures."""

from __future__ import annotations

import re
from functools import cache

from _build_tools.names import public_names
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

_NAMED = re.compile(r"^(?:ty|taylor)((?:\.\w+)+)(?:\(.*\))?$", re.DOTALL)


@cache
def known() -> frozenset[str]:
    """The paths of all public names, and of methods and properties."""
    names = public_names()
    return frozenset(entry.path for name in names for entry in (name, *name.members))


@cache
def classes() -> dict[str, str]:
    """Paths of classes by their own names; none that two modules have."""
    found: dict[str, list[str]] = {}
    for name in public_names():
        if name.kind in ("class", "exception"):
            found.setdefault(name.path.rpartition(".")[2], []).append(name.path)
    return {name: paths[0] for name, paths in found.items() if len(paths) == 1}


def link_names(app: Sphinx, doctree: nodes.document) -> None:
    for literal in list(doctree.findall(nodes.literal)):
        match = _NAMED.match(literal.astext())
        linked = isinstance(literal.parent, nodes.reference | addnodes.pending_xref | nodes.title)
        if match and not linked and f"ty{match[1]}" in known():
            literal.replace_self(_reference(app, f"ty{match[1]}", literal.deepcopy()))
    for signature in doctree.findall(addnodes.desc_signature):
        for reference in list(signature.findall(addnodes.pending_xref)):
            target = reference["reftarget"].rpartition(".")[2]
            if target in classes():
                reference["reftarget"] = classes()[target]
                reference.attributes.pop("refspecific", None)
            else:
                reference.replace_self(reference.children)


def _reference(app: Sphinx, target: str, shown: nodes.Node) -> addnodes.pending_xref:
    return addnodes.pending_xref(
        "",
        shown,
        refdomain="py",
        reftype="obj",
        reftarget=target,
        refexplicit=False,
        refwarn=True,
        refdoc=app.env.docname,
    )
