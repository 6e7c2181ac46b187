"""Names in code become links to the reference: `ty.jet` in backticks, classes in signatures."""

from __future__ import annotations

import re
from functools import cache

from _build_tools.names import public_names
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

_NAMED = re.compile(r"^(?:ty|taylor)((?:\.\w+)+)(?:\(.*\))?$", re.DOTALL)
_CLASS = re.compile(r"^([A-Z]\w+(?:\.\w+)?)(?:\(.*\))?$", re.DOTALL)


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
        path = _path(literal.astext())
        linked = isinstance(literal.parent, nodes.reference | addnodes.pending_xref | nodes.title)
        if path and not linked:
            literal.replace_self(_reference(app, path, literal.deepcopy()))
    for signature in doctree.findall(addnodes.desc_signature):
        for reference in list(signature.findall(addnodes.pending_xref)):
            target = reference["reftarget"].rpartition(".")[2]
            if target in classes():
                reference["reftarget"] = classes()[target]
                reference.attributes.pop("refspecific", None)
            else:
                reference.replace_self(reference.children)


def _path(text: str) -> str:
    """The public name that code is, `ty.jet` or, of classes, `Event`; empty if it is none."""
    match = _NAMED.match(text)
    if match:
        return f"ty{match[1]}" if f"ty{match[1]}" in known() else ""
    match = _CLASS.match(text)
    if match:
        name, _, member = match[1].partition(".")
        path = ".".join(filter(None, (classes().get(name, "-"), member)))
        return path if path in known() else ""
    return ""


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
