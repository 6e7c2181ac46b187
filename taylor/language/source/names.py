"""Which names statements bind and read, as Python's scopes say."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def walk_scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of a scope: functions and classes inside, but not what is inside of these.

    Of functions inside defaults and decorators belong to the scope.  Comprehensions are gone
    through: what they bind is theirs alone, and told apart by the callers.
    """
    for node in nodes:
        yield node
        if isinstance(node, FUNCTIONS):
            outside: list[ast.AST] = [*node.args.defaults]
            outside += [default for default in node.args.kw_defaults if default is not None]
            if not isinstance(node, ast.Lambda):
                outside += node.decorator_list
            yield from walk_scope(outside)
        elif isinstance(node, ast.ClassDef):
            yield from walk_scope([*node.bases, *node.decorator_list])
        else:
            yield from walk_scope(ast.iter_child_nodes(node))


def bound(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that nodes bind in their scope."""
    found: set[str] = set()
    for node in nodes:
        found |= _bound(node)
    return found


def _bound(node: ast.AST) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Lambda):
        return set()
    if isinstance(node, COMPREHENSIONS):  # only := binds outside
        return {
            inner.target.id
            for inner in ast.walk(node)
            if isinstance(inner, ast.NamedExpr) and isinstance(inner.target, ast.Name)
        }
    if isinstance(node, ast.Name):
        return set() if isinstance(node.ctx, ast.Load) else {node.id}
    found = set()
    if isinstance(node, ast.Import | ast.ImportFrom):
        found = {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        found = {node.name}
    for child in ast.iter_child_nodes(node):
        found |= _bound(child)
    return found


def parameters(arguments: ast.arguments) -> list[str]:
    """The names of all arguments of a function."""
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    rest = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return [a.arg for a in (*listed, *rest)]


def read(node: ast.AST) -> set[str]:
    """The names that a node reads, those that functions inside take from the scope included."""
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        found |= read(child)
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        found.add(node.target.id)
    if isinstance(node, FUNCTIONS):
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        found -= {*parameters(node.args), *bound(body)} - declared(body)
    elif isinstance(node, COMPREHENSIONS):
        found -= bound(generator.target for generator in node.generators)
    return found


def declared(body: Iterable[ast.AST]) -> set[str]:
    """Names that a function says are its surroundings' (nonlocal)."""
    return {
        name for node in walk_scope(body) if isinstance(node, ast.Nonlocal) for name in node.names
    }


def captured(body: Iterable[ast.AST]) -> set[str]:
    """Names that functions inside a scope read or change, at whatever time they are called."""
    found: set[str] = set()
    for node in walk_scope(body):
        if isinstance(node, FUNCTIONS):
            found |= read(node) | changed_inside(node)
    return found


def changed_inside(node: ast.AST) -> set[str]:
    """Names of its surroundings that a function, or one inside of it, declares to change."""
    return {
        name for inner in ast.walk(node) if isinstance(inner, ast.Nonlocal) for name in inner.names
    }
