"""Statements that decide something as calls of operators with the branches as functions."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from itertools import count

from taylor.language.source.assignment import maybe_unset
from taylor.language.source.expressions import Expressions, index_of, operator
from taylor.language.source.jumps import Jumps
from taylor.language.source.liveness import Liveness
from taylor.language.source.names import bound, declared, parameters, walk_scope
from taylor.language.source.nodes import at, constant, later, let, name

_INPLACE = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
}


class Statements(Expressions):
    """Rewrites a function, and the functions inside of it, each by itself."""

    def __init__(self, numbers: Iterator[int] | None = None) -> None:
        self._number = numbers or count()
        self._jumps = Jumps(self._number)
        self._live: Liveness | None = None
        self._changed: set[str] = set()
        self._risky: dict[str, ast.AST] = {}

    def function(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Rewrite a function in its place."""
        inner = Statements(self._number)
        inner._rewrite(node)
        node.args.defaults = [self.visit(e) for e in node.args.defaults]
        node.args.kw_defaults = [e and self.visit(e) for e in node.args.kw_defaults]
        node.returns = None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        return node

    def _rewrite(self, node: ast.FunctionDef) -> None:
        self._risky = maybe_unset(node)
        self._changed = _changed(node.body)
        outside = declared(node.body)
        body = self._jumps.function(node.body)
        self._live = Liveness(body, self._jumps.loops)
        own = bound(body) - set(parameters(node.args)) - outside
        shared = sorted(
            {
                n
                for inner in walk_scope(body)
                if isinstance(inner, ast.FunctionDef)
                for one in ast.walk(inner)
                if isinstance(one, ast.Nonlocal)
                for n in one.names
            }
            - outside
        )
        made = self.block(body)
        before: list[ast.stmt] = []
        if outside:
            before.append(at(ast.Nonlocal(sorted(outside)), node))
        if own:  # so that they are variables of this function, whichever branch sets them
            targets: list[ast.expr] = [ast.Name(one, ast.Store()) for one in sorted(own)]
            never = ast.Assign(targets=targets, value=constant(None, node))
            before.append(at(ast.If(constant(0, node), [never], []), node))
        if shared:
            seen = at(ast.Tuple([ast.Name(n, ast.Load()) for n in shared], ast.Load()), node)
            given = [later(seen)]
            before.append(at(ast.Expr(operator("shared", given, node)), node))
        node.body = [*before, *made]

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Rewrite statements one after the other."""
        done: list[ast.stmt] = []
        for statement in body:
            found = self.visit(statement)
            done += found if isinstance(found, list) else [found]
        return done

    # --- statements that decide ------------------------------------------------------------------

    def visit_If(self, node: ast.If) -> list[ast.stmt]:
        """The branches as functions."""
        assert self._live is not None
        after, test = self._live.after[node], self.visit(node.test)
        writes = bound([*node.body, *node.orelse])
        returning = node in self._jumps.returning
        first = self._function("then", node.body, writes, node)
        second = self._function("else", node.orelse, writes, node)
        given = [test, name(first.name), name(second.name), self._names(writes & after, node)]
        given.append(self._reads(writes, node))
        call = operator("if_", given, node.test)
        _on_line(call, node)
        last: ast.stmt = ast.Return(call) if returning else ast.Expr(call)
        return [first, second, at(last, node)]

    def visit_While(self, node: ast.While) -> list[ast.stmt]:
        """Test and body as functions."""
        assert self._live is not None
        head = self._live.head[node]
        test = self._function("test", [at(ast.Return(node.test), node.test)], set(), node)
        writes = bound(node.body)
        body = self._function("body", node.body, writes, node)
        given = [name(test.name), name(body.name), *self._of_loop(node, writes, head)]
        call = operator("while_", given, node.test)
        _on_line(call, node)
        return [test, body, at(ast.Expr(call), node)]

    def visit_For(self, node: ast.For) -> list[ast.stmt]:
        """The body as a function of the element."""
        assert self._live is not None
        head = self._live.head[node]
        writes = bound([node.target, *node.body])
        element = f"element@{next(self._number)}"
        taken = at(ast.Assign(targets=[node.target], value=name(element)), node.target)
        iterable = self.visit(node.iter)
        body = self._function("body", [taken, *node.body], writes, node, element)
        given = [iterable, name(body.name), *self._of_loop(node, writes, head)]
        call = operator("for_", given, node.iter)
        _on_line(call, node)
        return [body, at(ast.Expr(call), node)]

    def _of_loop(
        self, node: ast.For | ast.While, writes: set[str], head: frozenset[str]
    ) -> list[ast.expr]:
        """What operators of loops take besides: how to ask for the flags that end it, which names
        are carried, which are read afterwards, and which of these may be unset before.
        """
        assert self._live is not None
        flags = self._jumps.loops.get(node, [])
        stop: ast.expr = constant(None, node)
        if flags:
            seen = ast.Tuple([ast.Name(n, ast.Load()) for n in flags], ast.Load())
            stop = later(at(seen, node))
        after = self._live.after[node]
        return [
            stop,
            self._names(writes & (head | after), node),
            self._names(writes & after, node),
            self._reads(writes & after, node),
        ]

    def _function(
        self,
        word: str,
        body: list[ast.stmt],
        writes: set[str],
        place: ast.stmt,
        argument: str | None = None,
    ) -> ast.FunctionDef:
        """Statements as a function that shares the variables."""
        made = self.block(body) or [at(ast.Pass(), place)]
        if writes:
            made = [at(ast.Nonlocal(sorted(writes)), place), *made]
        given = [] if argument is None else [ast.arg(argument)]
        arguments = ast.arguments([], given, None, [], [], None, [])
        own = f"{word}@{next(self._number)}"
        found = ast.FunctionDef(name=own, args=arguments, body=made, decorator_list=[])
        return at(found, place)

    def _names(self, names: Collection[str], place: ast.AST) -> ast.expr:
        return constant(tuple(sorted(names)), place)

    def _reads(self, names: Collection[str], place: ast.AST) -> ast.expr:
        """Where names are read that may be without a value: line, and columns from and to."""
        found = []
        for one in sorted(names):
            node = self._risky.get(one)
            if node is not None:
                end = getattr(node, "end_col_offset", None)
                found.append((one, (node.lineno, node.col_offset, end)))  # type: ignore[attr-defined]
        return constant(tuple(found), place)

    # --- others ----------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        """A function inside, with its own variables."""
        node.decorator_list = [self.visit(e) for e in node.decorator_list]
        return self.function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        """A function inside, of one expression."""
        node.body = self.fresh(self.visit(node.body))
        node.args.defaults = [self.visit(e) for e in node.args.defaults]
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> list[ast.stmt]:
        """It stands at the beginning already."""
        return []

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        """What is returned is new."""
        if node.value is not None:
            node.value = self.fresh(self.visit(node.value))
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        """Assignments to names and to elements."""
        first, given = node.targets[0], node.value
        value = self.fresh(self.visit(node.value))
        if isinstance(first, ast.Tuple | ast.List) and isinstance(given, ast.Tuple):
            for k, (target, part) in enumerate(zip(first.elts, given.elts, strict=False)):
                if isinstance(target, ast.Name) and target.id in self._changed:
                    given.elts[k] = self._owned(part)
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        if names & self._changed:
            value = self._owned(value)
        if len(names) == len(node.targets):
            node.value = value
            return node
        return self._assigned(node.targets, value, node)

    def _owned(self, value: ast.expr) -> ast.expr:
        """A new value whose elements are changed later; what has a name already stays as it is."""
        if isinstance(value, ast.Call):
            return operator("own", [value], value)
        return value

    def _assigned(
        self, targets: list[ast.expr], value: ast.expr, place: ast.stmt
    ) -> list[ast.stmt]:
        """Assign one value, computed once, to targets one after the other."""
        done: list[ast.stmt] = []
        if len(targets) > 1 or isinstance(targets[0], ast.Tuple | ast.List):
            whole = f"assigned@{next(self._number)}"
            done.append(let(whole, value, place))
            value = name(whole)
        for target in targets:
            done += self._into(target, value, place)
        if isinstance(value, ast.Name) and "@" in value.id:
            done.append(let(value.id, constant(None, place), place))
        return done

    def _into(self, target: ast.expr, value: ast.expr, place: ast.stmt) -> list[ast.stmt]:
        if isinstance(target, ast.Name):
            return [at(ast.Assign(targets=[target], value=value), place)]
        if isinstance(target, ast.Subscript):
            key = index_of(self.visit(target.slice))
            given = [self.visit(target.value), key, value]
            return [at(ast.Expr(operator("store", given, place)), place)]
        if isinstance(target, ast.Attribute):
            given = [self.visit(target.value), constant(target.attr, target), value]
            return [at(ast.Expr(operator("set_attribute", given, place)), place)]
        if isinstance(target, ast.Starred):
            return self._into(target.value, value, place)
        assert isinstance(target, ast.Tuple | ast.List)
        names = [f"part@{next(self._number)}" for _ in target.elts]
        parts: list[ast.expr] = []
        for part, one in zip(names, target.elts, strict=True):
            store: ast.expr = ast.Name(part, ast.Store())
            parts.append(ast.Starred(store, ast.Store()) if isinstance(one, ast.Starred) else store)
        split = ast.Tuple(parts, ast.Store())
        done: list[ast.stmt] = [at(ast.Assign(targets=[split], value=value), place)]
        for part, one in zip(names, target.elts, strict=True):
            done += self._into(one, name(part), place)
        # What has no name of the user's any more holds no arrays: turns may change them.
        return done + [let(part, constant(None, place), place) for part in names]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt | list[ast.stmt]:
        """An assignment; what it declares is nothing to Python."""
        if node.value is None:
            return at(ast.Pass(), node)
        return self.visit(at(ast.Assign(targets=[node.target], value=node.value), node))  # type: ignore[no-any-return]

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt | list[ast.stmt]:
        """``a += b`` in place where Python does it in place."""
        symbol, target = constant(_INPLACE[type(node.op)], node), node.target
        value = self.fresh(self.visit(node.value))
        if isinstance(target, ast.Name):
            given = [at(ast.Name(target.id, ast.Load()), target), symbol, value]
            call = operator("in_place", given, node)
            return at(ast.Assign(targets=[target], value=call), node)
        owner, key = f"owner@{next(self._number)}", f"key@{next(self._number)}"
        done: list[ast.stmt] = [let(owner, self.visit(target.value), node)]
        if isinstance(target, ast.Attribute):
            old: ast.expr = at(ast.Attribute(name(owner), target.attr, ast.Load()), target)
            change, last = "in_place", "set_attribute"
            where: ast.expr = constant(target.attr, target)
        else:
            done.append(let(key, index_of(self.visit(target.slice)), node))
            old = operator("item", [name(owner), name(key)], target)
            change, last, where = "part_in_place", "store", name(key)
        new = operator(change, [old, symbol, value], node)
        done.append(at(ast.Expr(operator(last, [name(owner), where, new], node)), node))
        done.append(let(owner, constant(None, node), node))  # else the array has another name
        return done

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        """Asked where it is traced, checked where the program is called."""
        given = [self.visit(node.test)]
        given.append(later(constant(None, node) if node.msg is None else self.visit(node.msg)))
        return at(ast.Expr(operator("assert_", given, node)), node)

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        """An error that a traced value decides is raised where the program is called."""
        given = [later(constant(None, node) if node.exc is None else self.visit(node.exc))]
        return at(ast.Expr(operator("raise_", given, node)), node)


def _changed(body: list[ast.stmt]) -> set[str]:
    """Names of arrays whose elements statements change."""
    found = set()
    for node in walk_scope(body):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            owner = node.value
            while isinstance(owner, ast.Subscript):
                owner = owner.value
            if isinstance(owner, ast.Name):
                found.add(owner.id)
    return found


def _on_line(call: ast.Call, node: ast.stmt) -> None:
    """Errors of a statement show its first line, from its keyword on."""
    call.lineno, call.col_offset = node.lineno, node.col_offset
