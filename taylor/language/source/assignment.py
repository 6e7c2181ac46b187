"""Which variables may be without a value where they are read (definite assignment)."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from taylor.language.source.names import bound, parameters, read

Known = frozenset[str]


def maybe_unset(definition: ast.FunctionDef) -> dict[str, ast.AST]:
    """The local variables that some way through a function reads before they are set, each with
    the first place where that may be.
    """
    own = bound(definition.body) - set(parameters(definition.args))
    walk = _Assigned(own)
    walk.block(definition.body, frozenset())
    return walk.found


class _Assigned:
    """A walk along all ways; None is known where there is no way."""

    def __init__(self, own: Iterable[str]) -> None:
        self.own = frozenset(own)
        self.found: dict[str, ast.AST] = {}
        self._breaks: list[list[Known]] = []

    def block(self, statements: list[ast.stmt], known: Known | None) -> Known | None:
        """What is set after statements."""
        for statement in statements:
            if known is None:
                return None
            known = self._statement(statement, known)
        return known

    def _statement(self, node: ast.stmt, known: Known) -> Known | None:
        if isinstance(node, ast.If):
            self._reads(node.test, known)
            known |= bound([node.test])
            return _both(self.block(node.body, known), self.block(node.orelse, known))
        if isinstance(node, ast.While | ast.For):
            return self._loop(node, known)
        if isinstance(node, ast.Match):
            return self._match(node, known)
        self._reads(node, known)
        if isinstance(node, ast.Return | ast.Raise):
            return None
        if isinstance(node, ast.Break | ast.Continue):
            if isinstance(node, ast.Break) and self._breaks:
                self._breaks[-1].append(known)
            return None
        return known | bound([node])

    def _loop(self, node: ast.While | ast.For, known: Known) -> Known | None:
        self._breaks.append([])
        if isinstance(node, ast.While):
            self._reads(node.test, known)
            known |= bound([node.test])
            endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
            self.block(node.body, known)
        else:
            self._reads(node.iter, known)
            endless = False
            self.block(node.body, known | bound([node.target]))
        broken = self._breaks.pop()
        after: Known | None = None if endless else known
        if after is not None:
            after = self.block(node.orelse, after)
        for one in broken:
            after = _both(after, one)
        return after

    def _match(self, node: ast.Match, known: Known) -> Known | None:
        self._reads(node.subject, known)
        after: Known | None = None
        certain = False
        for case in node.cases:
            inside = known | bound([case.pattern])
            if case.guard is not None:
                self._reads(case.guard, inside)
            after = _both(after, self.block(case.body, inside))
            pattern = case.pattern
            certain = certain or (
                isinstance(pattern, ast.MatchAs) and pattern.pattern is None and case.guard is None
            )
        return after if certain else _both(after, known)

    def _reads(self, node: ast.AST, known: Known) -> None:
        functions = ast.FunctionDef | ast.Lambda
        if isinstance(node, functions):
            return  # it reads when it is called
        inside = bound([node]) if not isinstance(node, ast.stmt) else frozenset()
        for name in sorted((read(node) & self.own) - known - inside):
            if not isinstance(node, ast.stmt | ast.expr) or not _only_in_functions(node, name):
                self.found.setdefault(name, _place(node, name))


def _both(a: Known | None, b: Known | None) -> Known | None:
    if a is None or b is None:
        return b if a is None else a
    return a & b


def _place(node: ast.AST, name: str) -> ast.AST:
    """Where a node reads a name."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id == name:
            return inner
    return node


def _only_in_functions(node: ast.AST, name: str) -> bool:
    """Whether a name is read by functions inside a node alone."""
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        return True
    if isinstance(node, ast.AugAssign) and ast.unparse(node.target) == name:
        return False
    if isinstance(node, ast.Name):
        return node.id != name
    return all(_only_in_functions(child, name) for child in ast.iter_child_nodes(node))
