"""What cannot be translated, found in the text before anything runs."""

from __future__ import annotations

import ast
from typing import NoReturn

from taylor.language.source.names import (
    COMPREHENSIONS,
    FUNCTIONS,
    bound,
    declared,
    parameters,
)
from taylor.language.source.refusals import refusal, span_of

# Methods that change the object that they are of.
CHANGING = frozenset(
    (
        *("append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse"),
        *("update", "setdefault", "popitem", "add", "discard", "fill", "put", "resize"),
    )
)
_EFFECTS = {
    "print": "return the value and print it outside, or remove the line",
    "input": "take what it reads as an argument",
    "open": "read the file outside, and pass what is in it",
    "exec": "write the code where it is executed",
    "eval": "write the expression where it is evaluated",
    "globals": "pass what is needed as arguments",
    "locals": "name the variables",
    "vars": "name the attributes",
    "delattr": "make a new object without the attribute",
    "breakpoint": "call the Python function itself to debug it: f.__wrapped__",
}
_STATEMENTS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Yield: ("yield makes a generator", "return a list or an array of the values"),
    ast.YieldFrom: ("yield from makes a generator", "return a list or an array of the values"),
    ast.Await: ("await needs an event loop", "write an ordinary function"),
    ast.AsyncFor: ("async for needs an event loop", "write an ordinary loop"),
    ast.AsyncWith: ("async with needs an event loop", "write ordinary statements"),
    ast.AsyncFunctionDef: ("async def needs an event loop", "write an ordinary function"),
    ast.Try: (
        "try: what machine code computes raises nothing that could be caught",
        "ask before with `if` (as in `if b != 0`) and choose another value there",
    ),
    ast.TryStar: (
        "try: what machine code computes raises nothing that could be caught",
        "ask before with `if` and choose another value there",
    ),
    ast.Global: (
        "global: a variable of the module would be changed while the function is traced only",
        "take the value as an argument and return the new one",
    ),
    ast.ClassDef: (
        "class: a class inside would be made anew while the function is traced only",
        "define the class outside of the function",
    ),
    ast.With: (
        "with: what it begins and ends would be done once, while the function is traced",
        "write the statements without it, and do outside what it does",
    ),
    ast.Import: (
        "import in a function",
        "import at the top of the file",
    ),
    ast.ImportFrom: (
        "import in a function",
        "import at the top of the file",
    ),
    ast.Delete: (
        "del: what a traced value decides would have to be there and not there",
        "leave out `del`, or make a new container without the element",
    ),
}


def check(definition: ast.FunctionDef | ast.Lambda, file: str, name: str) -> None:
    """Raise ProgramError, with the line and a remedy, for what a program cannot contain."""
    _Checks(file, name).function(definition, frozenset())


class _Checks(ast.NodeVisitor):
    def __init__(self, file: str, name: str) -> None:
        self._file, self._name = file, name
        self._own: frozenset[str] = frozenset()  # names of the program's functions
        self._lent: frozenset[str] = frozenset()  # names outside that `nonlocal` would change
        self._hidden = ""  # what the node is inside of, where := cannot bind

    def _refuse(self, node: ast.AST, what: str, instead: str) -> NoReturn:
        raise refusal(span_of(node, self._file, self._name), what, f"Instead: {instead}.")

    def function(
        self, node: ast.FunctionDef | ast.Lambda, outer: frozenset[str], named: str = ""
    ) -> None:
        """Check a function whose surroundings inside the program have these names."""
        body: list[ast.stmt] | list[ast.expr]
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        before = self._own, self._name, self._hidden, self._lent
        self._lent = frozenset(declared(body) - outer)
        own = {*parameters(node.args), *bound(body)} - declared(body)
        self._own, self._name = outer | own, named or self._name
        self._hidden = "a lambda" if isinstance(node, ast.Lambda) else ""
        for statement in body:
            self.visit(statement)
        self._own, self._name, self._hidden, self._lent = before

    def visit(self, node: ast.AST) -> None:
        """Check a node and what is in it."""
        found = _STATEMENTS.get(type(node))
        if found is not None:
            self._refuse(node, *found)
        if isinstance(node, FUNCTIONS):
            for default in (*node.args.defaults, *node.args.kw_defaults):
                if default is not None:
                    self.visit(default)
            name = "" if isinstance(node, ast.Lambda) else node.name
            assert not isinstance(node, ast.AsyncFunctionDef)
            self.function(node, self._own, name)
            return
        if isinstance(node, COMPREHENSIONS):
            own, hidden = self._own, self._hidden
            self._own = own | frozenset(bound(g.target for g in node.generators))
            self._hidden = "a comprehension"
            self._own_rule(node)
            self.generic_visit(node)
            self._own, self._hidden = own, hidden
            return
        self._own_rule(node)
        if isinstance(node, ast.BoolOp | ast.IfExp):
            first, *rest = node.values if isinstance(node, ast.BoolOp) else _parts(node)
            self.visit(first)
            before, self._hidden = self._hidden, "a part that may be left out"
            for part in rest:
                self.visit(part)
            self._hidden = before
        else:
            self.generic_visit(node)

    def _own_rule(self, node: ast.AST) -> None:
        """The check of one kind of node, which does not go on to what is inside."""
        rule = getattr(self, f"visit_{type(node).__name__}", None)
        if rule is not None:
            rule(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Refuse := in expressions that become functions."""
        if self._hidden:
            name = node.target.id
            self._refuse(
                node,
                f"{name} := ... inside {self._hidden} of an expression",
                f"assign {name} in a statement of its own before",
            )

    def visit_Name(self, node: ast.Name) -> None:
        """Refuse changes of variables of functions around the program."""
        if isinstance(node.ctx, ast.Store) and node.id in self._lent:
            self._refuse(
                node,
                f"{node.id} is a variable of a function outside, which would be changed once, "
                "while this one is traced",
                f"take {node.id} as an argument and return the new value",
            )

    def visit_Call(self, node: ast.Call) -> None:
        """Refuse calls whose effect is outside."""
        function = node.func
        if isinstance(function, ast.Name) and function.id not in self._own:
            remedy = _EFFECTS.get(function.id)
            if remedy is not None:
                self._refuse(
                    node,
                    f"{function.id}() has an effect outside, once while the function is traced "
                    "and never again",
                    remedy,
                )
        if isinstance(function, ast.Attribute) and function.attr in CHANGING:
            self._outside(node, function.value, f".{function.attr}()")

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Refuse changes of elements of what is outside."""
        if isinstance(node.ctx, ast.Store):
            self._outside(node, node.value, "[...] = ...")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Refuse changes of attributes of what is outside."""
        if isinstance(node.ctx, ast.Store):
            self._outside(node, node.value, f".{node.attr} = ...")

    def _outside(self, node: ast.AST, owner: ast.expr, how: str) -> None:
        text = ast.unparse(owner)
        while isinstance(owner, ast.Attribute | ast.Subscript):
            owner = owner.value
        if isinstance(owner, ast.Name) and owner.id not in self._own:
            if how.startswith(".") and how.endswith("()") and owner.id in _MODULES:
                return
            self._refuse(
                node,
                f"{text}{how} changes an object outside of the function, once while it is traced "
                "and never again",
                f"make a new object inside and return it (here {owner.id} comes from outside)",
            )

    def visit_Match(self, node: ast.Match) -> None:
        """Refuse patterns other than constants."""
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                if isinstance(pattern, ast.MatchMapping | ast.MatchClass | ast.MatchStar):
                    self._refuse(
                        pattern,
                        "match with a pattern of a class, a dictionary or a star",
                        "use constants, tuples, `a | b` and `_`, or if with isinstance and len",
                    )


def _parts(node: ast.IfExp) -> tuple[ast.expr, ast.expr, ast.expr]:
    return node.test, node.body, node.orelse


_MODULES = frozenset(("np", "numpy", "math", "ty", "taylor"))
