"""Which jumps are in statements."""

from __future__ import annotations

import ast
from collections.abc import Iterator

LOOPS = (ast.For, ast.While)


def _inside(node: ast.AST, loops: bool) -> Iterator[ast.AST]:
    """The nodes in a statement, without functions, and without loops inside where so said."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.Lambda):
            continue
        yield child
        if loops or not isinstance(child, LOOPS):
            yield from _inside(child, loops)
        else:  # what comes after that loop jumps out of the one around it
            yield from _inside(block(child.orelse), loops)


def block(body: list[ast.stmt]) -> ast.Module:
    """Statements as one node."""
    return ast.Module(body, [])


def has_return(node: ast.AST) -> bool:
    """Whether there is a return in a statement."""
    return any(isinstance(inner, ast.Return) for inner in _inside(node, loops=True))


def has_break(node: ast.AST) -> bool:
    """Whether a statement in a loop may end that loop by break."""
    return any(isinstance(inner, ast.Break) for inner in _inside(node, loops=False))


def has_continue(node: ast.AST) -> bool:
    """Whether a statement in a loop may go on with the next turn."""
    return any(isinstance(inner, ast.Continue) for inner in _inside(node, loops=False))


def has_jump(node: ast.AST, returns: bool) -> bool:
    """Whether there are jumps out of a statement; of returns only where these count."""
    return has_break(node) or has_continue(node) or (returns and has_return(node))


def always_jumps(body: list[ast.stmt]) -> bool:
    """Whether nothing comes after a block."""
    for statement in body:
        if isinstance(statement, ast.Return | ast.Break | ast.Continue | ast.Raise):
            return True
        if isinstance(statement, ast.If) and statement.orelse:
            both = always_jumps(statement.body), always_jumps(statement.orelse)
            if all(both):
                return True
        if isinstance(statement, ast.While) and not has_break(block(statement.body)):
            test = statement.test
            if isinstance(test, ast.Constant) and test.value:
                return True
    return False


def is_short(rest: list[ast.stmt]) -> bool:
    """Whether a rest may as well be there twice."""
    return len(rest) == 1 and isinstance(rest[0], ast.Return) and not _has_call(rest[0])


def _has_call(node: ast.AST) -> bool:
    kinds = ast.Call | ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.IfExp | ast.BoolOp
    return any(isinstance(inner, kinds) for inner in ast.walk(node))
