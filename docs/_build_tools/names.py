"""The public names of the package, with their signatures and docstrings, and where they belong.

What is public is what `dir` shows of `taylor` and of its public modules; bridges are read from
their source, so that their packages need not be installed.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import taylor as ty
from taylor.functions.usage import USAGE

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("smooth", "analysis", "models", "astrodynamics")
BRIDGES = ("scipy", "jax", "torch")
SHOWN = ("__call__", "__getitem__")  # methods with such names that are worth a line
# Members that other rooms of the package call, and users have no use for.
INTERNAL = frozenset(
    f"ty.{name}"
    for name in (
        "Derivatives.room", "Event.asks", "Event.deep_copy", "Event.expressions", "Event.traced",
        "Function.check_count", "Function.entry", "Function.is_single", "Function.make_entry",
        "Function.of_expressions", "Impulse.expressions", "Impulse.reversible", "Solution.check",
        "torch.Layer.extra_repr",
    )
)  # fmt: skip
# Classes that functions make, and users do not: how they are made is nothing to tell.
RESULTS = frozenset(
    f"ty.{name}"
    for name in (
        "Crossings", "DenseOutput", "Derivatives", "EnsembleOutcome", "EnsembleRecords",
        "Expression", "Function", "Gradient", "MeanGradient", "Outcome", "Solution", "Status",
        "Variational", "astrodynamics.Force", "jax.JaxFunction", "jax.Traced", "jax.Weights",
        "torch.TensorFunction", "torch.TracedModule",
    )
)  # fmt: skip
_NOTHING_SAID = "Call self as a function."
VALUES = {  # names that stand for values, which cannot carry docstrings
    "ty.pi": """The number pi in expressions, with as many digits as the precision needs.

>>> import taylor as ty
>>> float(ty.sin(ty.pi / 6).evaluate({}))
0.5
""",
    "ty.time": """The independent variable of differential equations, in expressions.

>>> import taylor as ty
>>> x = ty.variable("x")
>>> swing = ty.Integrator([(x, ty.cos(ty.time))], [0.0])
>>> outcome = swing.propagate_until(2.0)
>>> bool(abs(swing.state[0] - ty.sin(2.0)) < 1e-15)
True
""",
    "ty.astrodynamics.WGS84": """The ellipsoid of the World Geodetic System 1984, which GPS uses.

>>> import taylor as ty
>>> ty.astrodynamics.WGS84.equatorial_radius
6378.137
""",
    "ty.astrodynamics.GRS80": """The ellipsoid of the Geodetic Reference System 1980.

>>> import taylor as ty
>>> ty.astrodynamics.GRS80.equatorial_radius
6378.137
""",
    "ty.astrodynamics.WGS72": """The ellipsoid of the World Geodetic System 1972, that of SGP4.

>>> import taylor as ty
>>> ty.astrodynamics.WGS72.equatorial_radius
6378.135
""",
    "ty.astrodynamics.FRAMES": """The names of axes between which `EarthOrientation.rotation` turns.

>>> import taylor as ty
>>> "itrf" in ty.astrodynamics.FRAMES
True
""",
    "ty.astrodynamics.BODY_NAMES": """The bodies whose shape and rotation are known.

>>> import taylor as ty
>>> "moon" in ty.astrodynamics.BODY_NAMES
True
""",
    "ty.__version__": """The version of the package that is installed, as a string.

>>> import taylor as ty
>>> ty.__version__.count(".") >= 1
True
""",
}


@dataclass(frozen=True)
class Name:
    """A public name.

    path: as users write it, `ty.models.n_body`.
    kind: "function", "class", "exception", "method", "property" or "data".
    signature: with its parentheses, empty for what is not called.
    doc: its docstring, empty if it has none.
    module: where it is defined.
    members: methods and properties of a class.
    """

    path: str
    kind: str
    signature: str
    doc: str
    module: str
    members: tuple[Name, ...] = field(default=())


class _Text:
    """What is printed in a signature as it is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def public_names() -> list[Name]:
    """All public names, each once, in the order of modules and of the alphabet."""
    found: dict[int, Name] = {}
    for name in dir(ty):
        if name == "__version__":  # asks for an installed package
            continue
        value = getattr(ty, name)
        if not isinstance(value, ModuleType):
            found.setdefault(id(value), _named(f"ty.{name}", value))
    names = [
        *found.values(),
        Name("ty.__version__", "data", "", VALUES["ty.__version__"], "taylor"),
    ]
    for module in MODULES:
        room = getattr(ty, module)
        for name in getattr(room, "__all__", dir(room)):
            value = getattr(room, name)
            own = getattr(value, "__module__", "taylor").startswith("taylor")
            public = own and not name.startswith("_") and not isinstance(value, ModuleType)
            if public and id(value) not in found:
                found[id(value)] = _named(f"ty.{module}.{name}", value)
                names.append(found[id(value)])
    for bridge in BRIDGES:
        names += _of_bridge(bridge)
    return names


def _named(path: str, value: Any) -> Name:
    module = getattr(value, "__module__", None) or "taylor"
    if path in VALUES:
        return Name(path, "data", "", VALUES[path], module)
    if inspect.isclass(value):
        kind = "exception" if issubclass(value, BaseException) else "class"
        doc = _own_doc(value)
        signature = "" if kind == "exception" else _signature(value)
        if path in RESULTS or path.startswith("ty.analysis."):
            signature = ""
        return Name(path, kind, signature, doc, module, tuple(_members(path, value)))
    if callable(value):
        return Name(path, "function", _signature(value), inspect.getdoc(value) or "", module)
    return Name(path, "data", "", "", module)


def _own_doc(value: type) -> str:
    """The docstring of a class; what records make of their fields is none."""
    doc = value.__dict__.get("__doc__") or ""
    return "" if doc.startswith(f"{value.__name__}(") else inspect.cleandoc(doc)


def _members(path: str, value: type) -> Iterator[Name]:
    seen = set()
    for owner in value.__mro__:
        if not owner.__module__.startswith("taylor"):
            continue
        for name, member in vars(owner).items():
            hidden = name.startswith("_") and name not in SHOWN
            if name in seen or hidden or f"{path}.{name}" in INTERNAL:
                continue
            seen.add(name)
            inner = getattr(member, "__func__", member)
            if isinstance(member, property) or type(member).__name__ == "cached_property":
                doc = inspect.getdoc(member) or _told(value, name)
                yield Name(f"{path}.{name}", "property", "", doc, "")
            elif inspect.isfunction(inner):
                doc = (inspect.getdoc(inner) or "").removeprefix(_NOTHING_SAID)
                doc = doc or _told(value, name)
                if doc.startswith("`numpy."):
                    continue  # the class says that there are these
                if doc or name not in SHOWN:
                    bound = not isinstance(member, staticmethod)
                    text = _signature(inner, without_first=bound)
                    yield Name(f"{path}.{name}", "method", text, doc, "")


def _told(value: type, name: str) -> str:
    """What docstrings of a class, or of a protocol beside it, say of one of its members."""
    beside = vars(sys.modules[value.__module__]).values()
    protocols = [c for c in beside if inspect.isclass(c) and getattr(c, "_is_protocol", False)]
    for owner in (value, *(c for c in protocols if c is not value)):
        own = inspect.getdoc(vars(owner).get(name)) if name in vars(owner) else ""
        line = re.search(rf"^(?:\w+, )*{name}(?:, \w+)*:\s+(.+)$", _own_doc(owner), re.MULTILINE)
        if own or line:
            return own or (line[1] if line else "")
    return ""


def made_by(name: Name, names: dict[str, Name]) -> list[Name]:
    """What makes objects of a class, by its docstring: "Made by `f`"."""
    found = re.search(r"Made by ([^.]*)", name.doc)
    makers = re.findall(r"`(?:ty\.|taylor\.)?([\w.]+)`", found[1]) if found else []
    room = name.path.rpartition(".")[0]
    known = {**names, **{member.path: member for member in name.members}}
    paths = [f"{start}.{maker}" for maker in makers for start in (room, "ty", name.path)]
    return [known[path] for path in paths if path in known]


def _signature(value: Any, *, without_first: bool = False) -> str:
    name = getattr(value, "__name__", "")
    if getattr(value, "__module__", "") == "taylor.functions" and name in USAGE:
        return f"({USAGE[name][0]})"
    try:
        given = inspect.signature(value)
    except (TypeError, ValueError):
        return "(...)"
    kept = list(given.parameters.values())[int(without_first) :]
    parameters = [
        p.replace(annotation=_annotation(p.annotation), default=_default(p.default)) for p in kept
    ]
    text = str(given.replace(parameters=parameters, return_annotation=inspect.Signature.empty))
    result = given.return_annotation
    if result in (inspect.Signature.empty, "None", None) or inspect.isclass(value):
        return text
    return f"{text} -> {_annotation(result)!r}"


def _annotation(given: Any) -> Any:
    if given is inspect.Parameter.empty:
        return given
    return _Text(given if isinstance(given, str) else inspect.formatannotation(given))


def _default(given: Any) -> Any:
    if given is inspect.Parameter.empty:
        return given
    text = repr(given)
    return _Text(text if len(text) < 40 and " at 0x" not in text else "...")


def _of_bridge(bridge: str) -> Iterator[Name]:
    """The names that a bridge imports from its files under the same name."""
    room = ROOT / "taylor" / "bridges" / bridge
    for statement in ast.walk(ast.parse((room / "__init__.py").read_text("utf-8"))):
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("taylor"):
            tree = _source(statement.module or "")
            for alias in statement.names:
                if alias.asname == alias.name:
                    path, module = f"ty.{bridge}.{alias.name}", statement.module or ""
                    yield _read(path, _definition(tree, alias.name), module)


def _source(module: str) -> ast.Module:
    return ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text("utf-8"))


def _definition(tree: ast.Module, name: str) -> ast.FunctionDef | ast.ClassDef:
    found = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name
    ]
    return found[-1]  # behind its overloads


def _read(path: str, node: ast.FunctionDef | ast.ClassDef, module: str) -> Name:
    doc = ast.get_docstring(node) or ""
    if isinstance(node, ast.FunctionDef):
        return Name(path, "function", _read_signature(node, skip=0), doc, module)
    members = []
    signature = "()"
    for inner in node.body:
        if not isinstance(inner, ast.FunctionDef):
            continue
        decorators = [ast.unparse(decorator) for decorator in inner.decorator_list]
        text = ast.get_docstring(inner) or ""
        inside = f"{path}.{inner.name}"
        if inner.name == "__init__":
            signature = _read_signature(inner, skip=1)
        elif (
            "overload" in decorators
            or inside in INTERNAL
            or (inner.name.startswith("_") and inner.name not in SHOWN)
        ):
            continue
        elif "property" in decorators:
            members.append(Name(inside, "property", "", text, ""))
        elif text or inner.name not in SHOWN:
            skip = 0 if "staticmethod" in decorators else 1
            members.append(Name(inside, "method", _read_signature(inner, skip), text, ""))
    made = "" if path in RESULTS else signature.split(" -> ")[0]
    return Name(path, "class", made, doc, module, tuple(members))


def _read_signature(node: ast.FunctionDef, skip: int) -> str:
    arguments = ast.unparse(node.args)
    if skip:
        arguments = arguments.partition(", ")[2]
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({arguments}){'' if result == ' -> None' else result}"
