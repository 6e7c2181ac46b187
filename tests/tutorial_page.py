"""Pages of examples whose blocks of Python are run, one after the other, as cells of a notebook."""

from __future__ import annotations

import linecache
import re
from pathlib import Path
from typing import Any


class Page:
    """A page in `examples/`."""

    def __init__(self, name: str) -> None:
        self.name = name
        path = Path(__file__).resolve().parent.parent / "examples" / name
        self.text = path.read_text(encoding="utf-8")

    def names(self) -> dict[str, Any]:
        """What the page's code leaves behind."""
        found: dict[str, Any] = {}
        blocks = re.findall(r"^```python\n(.*?)^```$", self.text, flags=re.MULTILINE | re.DOTALL)
        for k, block in enumerate(blocks):
            cell = f"<cell {k} of {self.name}>"
            linecache.cache[cell] = len(block), None, block.splitlines(keepends=True), cell
            exec(compile(block, cell, "exec"), found)
        return found

    def in_comment(self, start: str) -> list[float]:
        """The numbers in the comment of the line that starts so."""
        (line,) = re.findall(rf"^ *{re.escape(start)}.*# (.*)$", self.text, flags=re.MULTILINE)
        return [float(number) for number in re.findall(r"-?\d[\d.]*(?:e-?\d+)?", line)]
