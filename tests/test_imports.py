"""Who may import what: the front end knows no LLVM, the back end knows no mathematics."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import taylor_runtime

ROOT = Path(__file__).parent.parent
FRONT = sorted((ROOT / "taylor").rglob("*.py"))
BACK = sorted((ROOT / "runtime").rglob("*.py"))
OTHERS = sorted(
    path for folder in ("tests", "examples", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
# Modules of the back end that are public as a whole: the data types that the front end writes.
PUBLIC_MODULES = {"cache", "monomials", "program"}
HEAVY = {"sympy", "mpmath", "llvmlite", "cffi", "scipy", "matplotlib"}


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of every import in a file; the name is empty for `import module`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.module or "", alias.name


def typed_names() -> dict[str, str]:
    """name -> module of what `taylor_runtime` shows to type checkers."""
    tree = ast.parse((ROOT / "runtime/taylor_runtime/__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    found = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.asname == alias.name
            found[alias.name] = (node.module or "").removeprefix("taylor_runtime.")
    return found


@pytest.mark.parametrize("path", FRONT, ids=lambda path: str(path.relative_to(ROOT)))
def test_front_end_uses_public_names_of_the_back_end(path: Path) -> None:
    public = typed_names()
    for module, name in imports(path):
        assert module.split(".")[0] != "llvmlite"
        if module == "taylor_runtime" and name:
            assert name in public or name in PUBLIC_MODULES
        elif module.startswith("taylor_runtime."):
            assert module.split(".")[1] in PUBLIC_MODULES
    used = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("rt", "taylor_runtime")
    }
    assert used <= public.keys() | PUBLIC_MODULES


@pytest.mark.parametrize("path", BACK, ids=lambda path: str(path.relative_to(ROOT)))
def test_back_end_never_imports_the_front_end(path: Path) -> None:
    assert all(module.split(".")[0] != "taylor" for module, _ in imports(path))


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_llvm_is_used_in_the_back_end_alone(path: Path) -> None:
    assert all(module.split(".")[0] != "llvmlite" for module, _ in imports(path))


def test_lazy_names_are_the_typed_ones() -> None:
    assert typed_names() == taylor_runtime._HOME
    for name in [*typed_names(), *PUBLIC_MODULES]:
        assert getattr(taylor_runtime, name) is not None
    assert set(dir(taylor_runtime)) >= typed_names().keys() | PUBLIC_MODULES
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = taylor_runtime.nonsense


@pytest.mark.parametrize(
    ("package", "wanted"), [("taylor", {"llvmlite", "cffi"}), ("taylor_runtime", set())]
)
def test_importing_is_light(package: str, wanted: set[str]) -> None:
    """What the first compilation needs is there; what it does not need is not."""
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}; import {package}; "
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == f"{sorted(wanted)}\n"
