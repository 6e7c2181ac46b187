"""Which variables are read later: what a branch or a turn of a loop has to hand on.

Aho, Lam, Sethi, Ullman: Compilers, 2nd edition, section 9.2.5, for statements without jumps.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from taylor.language.source.names import bound, captured, read

Names = frozenset[str]


class Liveness:
    """Of one function without jumps.

    after: for each `if` and each loop the names that are read later.
    head:  for each loop those that are read in a turn or later, as a turn begins.
    """

    def __init__(self, body: Sequence[ast.stmt], loops: Mapping[ast.AST, list[str]]) -> None:
        self.after: dict[ast.AST, Names] = {}
        self.head: dict[ast.AST, Names] = {}
        self._loops = loops
        # What functions inside see is read whenever they are called.
        self.always = frozenset(captured(body))
        self._block(body, self.always)

    def _block(self, body: Sequence[ast.stmt], live: Names) -> Names:
        for statement in reversed(body):
            live = self._statement(statement, live)
        return live

    def _statement(self, node: ast.stmt, live: Names) -> Names:
        if isinstance(node, ast.If):
            self.after[node] = live
            inside = self._block(node.body, live) | self._block(node.orelse, live)
            return inside | frozenset(read(node.test))
        if isinstance(node, ast.While | ast.For):
            return self._loop(node, live)
        if isinstance(node, ast.Return | ast.Raise):
            live = self.always
        return (live - _certainly_bound(node)) | frozenset(read(node))

    def _loop(self, node: ast.While | ast.For, live: Names) -> Names:
        self.after[node] = live
        flags = frozenset(self._loops.get(node, ()))
        if isinstance(node, ast.While):
            asked, target = frozenset(read(node.test)), frozenset[str]()
        else:
            asked, target = frozenset(read(node.target)), frozenset(bound([node.target]))
        head = live | flags | asked
        while True:
            inside = self._block(node.body, head) - target
            if inside <= head:
                break
            head |= inside
        self.head[node] = head
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
            return self._block(node.body, head) | flags  # there is a first turn
        before = frozenset(read(node.iter)) if isinstance(node, ast.For) else frozenset()
        return head | before


def _certainly_bound(node: ast.stmt) -> set[str]:
    """The names that a simple statement gives a new value."""
    if isinstance(node, ast.Assign):
        return bound(node.targets)
    if isinstance(node, ast.FunctionDef) or (isinstance(node, ast.AnnAssign) and node.value):
        return bound([node])
    return set()
