"""Both sides of the pages on other packages come to the same numbers."""

from __future__ import annotations

import re
import sys
import types
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

PAGES = Path(__file__).resolve().parents[2] / "docs" / "coming_from"
COMPARED = {
    "heyoka": ("heyoka", ("final", "turns", "moved")),
    "scipy": ("scipy", ("final", "turns")),
    "jax": ("jax", ("value", "slope", "curvature", "rows", "growth")),
    "dace": ("daceypy", ("moved", "back", "mixed", "twice")),
}


def run(page: Path, fence: str) -> dict[str, Any]:
    """What the blocks behind a fence leave, run one after the other."""
    module = types.ModuleType("page")  # classes look for the module that they are of
    sys.modules["page"] = module
    text = page.read_text("utf-8")
    for match in re.finditer(rf"^```{re.escape(fence)}\n(.*?)^```$", text, re.M | re.S):
        code = re.sub(r"^:\w+:.*\n", "", match[1], flags=re.M)
        exec(compile(code, str(page), "exec"), module.__dict__)
    return module.__dict__


@pytest.mark.parametrize("name", COMPARED)
def test_both_sides_agree(name: str) -> None:
    package, names = COMPARED[name]
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    page = PAGES / f"{name}.md"
    ours, theirs = run(page, "{code-cell} python"), run(page, f"{{peer}} {package}")
    for key in names:
        assert_allclose(
            np.asarray(ours[key], dtype=float),
            np.asarray(theirs[key], dtype=float),
            rtol=1e-8,
            atol=1e-10,
            err_msg=key,
        )
