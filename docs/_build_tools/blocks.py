"""Blocks of code that are shown and not run when the site is built, with the reason beside them.

```{peer} heyoka            code of another package: the tests run it where that is installed
```{not-run} python         code that cannot run here, because of `:reason:`
"""

from __future__ import annotations

from docutils import nodes
from docutils.parsers.rst import Directive, directives

PEERS = {  # what imports the package: how its blocks are introduced
    "heyoka": "heyoka",
    "jax": "JAX",
    "diffrax": "diffrax",
    "torch": "PyTorch",
    "scipy": "SciPy",
    "daceypy": "DACE",
    "julia": "Julia",
    "numba": "Numba",
}


def _captioned(caption: str, language: str, code: str, kind: str) -> list[nodes.Node]:
    block = nodes.literal_block(code, code, language=language, classes=[kind])
    note = nodes.paragraph(caption, caption, classes=["code-note"])
    return [nodes.container("", note, block, classes=["shown-code", f"shown-{kind}"])]


class Peer(Directive):
    """Python code of another package; the blocks of one package on a page follow each other."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        package = self.arguments[0]
        if package not in PEERS:
            raise self.error(f"peer: {package!r} is none of {', '.join(PEERS)}")
        caption = f"With {PEERS[package]}; run by the tests where it is installed"
        return _captioned(caption, "python", "\n".join(self.content), "peer")


class NotRun(Directive):
    """Code that cannot be run here, and why."""

    required_arguments = 1
    has_content = True
    option_spec = {"reason": directives.unchanged_required}  # noqa: RUF012 - as docutils has it

    def run(self) -> list[nodes.Node]:
        if "reason" not in self.options:
            raise self.error("not-run: say why with :reason:")
        caption = f"Not run here: {self.options['reason']}"
        return _captioned(caption, self.arguments[0], "\n".join(self.content), "not-run")
