"""Statements without jumps: `break`, `continue` and `return` inside of others become flags, or the
rest of a block moves into the branch that goes on.

What comes out has `return` only where a function ends, in an `if` all of whose ways return; loops
have the names of the flags that end them.  `match` becomes `if`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from itertools import count

from taylor.language.source.expressions import operator
from taylor.language.source.flow import (
    LOOPS,
    always_jumps,
    block,
    has_break,
    has_continue,
    has_jump,
    has_return,
    is_short,
)
from taylor.language.source.nodes import at, constant, let, name


class Jumps:
    """Takes the jumps out of one function.

    loops: for each loop that comes out the flags that end it.
    returning: the `if` statements all of whose ways return.
    """

    def __init__(self, numbers: Iterator[int] | None = None) -> None:
        self.loops: dict[ast.AST, list[str]] = {}
        self.returning: set[ast.AST] = set()
        self._number = numbers or count()

    def function(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The body of a function, all of whose ways end with return or raise."""
        return self._tail(body)

    # --- where a function ends -------------------------------------------------------------------

    def _tail(self, body: list[ast.stmt], after: ast.stmt | None = None) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        for k, statement in enumerate(body):
            rest = body[k + 1 :]
            if isinstance(statement, ast.Match):
                return [*done, *self._tail([*self._as_if(statement), *rest])]
            if isinstance(statement, ast.Return | ast.Raise):
                return [*done, statement]
            if isinstance(statement, ast.If) and has_return(statement):
                return [*done, *self._tail_if(statement, rest)]
            if isinstance(statement, LOOPS):
                made, first = self._loop(statement)
                return [*done, *made, *self._tail([*first, *rest], statement)]
            done += self._plain(statement)
        last = body[-1] if body else after
        done.append(at(ast.Return(value=None), last or ast.Pass(lineno=1, col_offset=0)))
        return done

    def _tail_if(self, node: ast.If, rest: list[ast.stmt]) -> list[ast.stmt]:
        first, second = node.body, node.orelse
        if not rest or always_jumps(first):
            second = second + rest
        elif always_jumps(second):
            first = first + rest
        elif is_short(rest):
            first, second = first + rest, second + _copy(rest)
        else:
            done, value = self._name("returned"), self._name("value")
            inner = _Flags(self, returns=(done, value)).block([node])
            kept = at(ast.Return(value=_load(value, node)), node)
            then = at(ast.If(test=_load(done, node), body=[kept], orelse=self._tail(rest)), node)
            self.returning.add(then)
            return [_set(done, False, node), *inner, then]
        made = at(
            ast.If(
                test=node.test,
                body=self._tail(first, node),
                orelse=self._tail(second, node),
            ),
            node,
        )
        self.returning.add(made)
        return [made]

    def _loop(self, node: ast.For | ast.While) -> tuple[list[ast.stmt], list[ast.stmt]]:
        """A loop that may have a return, where a function ends: what comes out, and the statements
        that come after it.
        """
        if not has_return(block(node.body)):
            return self.loop(node, None)
        done, value = self._name("returned"), self._name("value")
        endless = always_jumps([node])
        made, first = self.loop(node, (done, value))
        kept = at(ast.Return(value=_load(value, node)), node)
        after = (
            kept if endless else at(ast.If(test=_load(done, node), body=[kept], orelse=[]), node)
        )
        return [_set(done, False, node), *made], [after, *first]

    # --- where it goes on ------------------------------------------------------------------------

    def _plain(self, statement: ast.stmt) -> list[ast.stmt]:
        """A statement without jumps out of it."""
        if isinstance(statement, ast.Match):
            return [s for one in self._as_if(statement) for s in self._plain(one)]
        if isinstance(statement, ast.If):
            statement.body = self._block(statement.body)
            statement.orelse = self._block(statement.orelse)
        return [statement]

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return _Flags(self).block(body)

    def loop(
        self, node: ast.For | ast.While, returns: tuple[str, str] | None
    ) -> tuple[list[ast.stmt], list[ast.stmt]]:
        """A loop without jumps, behind the statements that set its flags; and what its `else` says,
        which is not rewritten yet.
        """
        body = node.body
        breaks = self._name("broken") if has_break(block(body)) else None
        if isinstance(node, ast.While) and any(
            isinstance(inner, ast.NamedExpr) for inner in ast.walk(node.test)
        ):  # what the test sets counts: it is asked in the body
            breaks = breaks or self._name("broken")
            stop = at(ast.If(test=node.test, body=body, orelse=[at(ast.Break(), node)]), node)
            body, node.test = [stop], constant(True, node)
        skips = self._name("next") if has_continue(block(body)) else None
        inner = _Flags(self, returns, breaks, skips).block(body)
        node.body = [_set(skips, False, node), *inner] if skips else inner
        flags = [one for one in (breaks, returns[0] if returns else None) if one]
        last, node.orelse = node.orelse, []
        self.loops[node] = flags
        before = [_set(breaks, False, node)] if breaks else []
        after = [self.unless([breaks], last, node)] if last and breaks else last
        return [*before, node], after

    def unless(self, flags: list[str], body: list[ast.stmt], node: ast.AST) -> ast.stmt:
        """Statements that are done where no flag is set."""
        tests: list[ast.expr] = [_load(flag, node) for flag in flags]
        some = tests[0] if len(tests) == 1 else at(ast.BoolOp(op=ast.Or(), values=tests), node)
        test = at(ast.UnaryOp(op=ast.Not(), operand=some), node)
        return at(ast.If(test=test, body=body, orelse=[]), node)

    def _as_if(self, node: ast.Match) -> list[ast.stmt]:
        """A match on constants as if statements."""
        own = self._name("subject")
        subject = _load(own, node)
        chain: list[ast.stmt] = []
        for case in reversed(node.cases):
            body = case.body
            test = _pattern(case.pattern, subject)
            bind = _binding(case.pattern, subject)
            if case.guard is not None and bind:
                inner = at(ast.If(test=case.guard, body=body, orelse=_copy(chain)), case.guard)
                body = [*bind, inner]
            else:
                body = [*bind, *body]
                if case.guard is not None:
                    test = case.guard if test is None else _both(test, case.guard)
            place = test or case.body[0]
            chain = (
                body if test is None else [at(ast.If(test=test, body=body, orelse=chain), place)]
            )
        return [let(own, node.subject, node), *chain]

    def _name(self, word: str) -> str:
        return f"{word}@{next(self._number)}"


class _Flags:
    """Turns the jumps of a block into flags: those of a loop, and returns inside of it."""

    def __init__(
        self,
        jumps: Jumps,
        returns: tuple[str, str] | None = None,
        breaks: str | None = None,
        skips: str | None = None,
    ) -> None:
        self._jumps, self._returns, self._breaks, self._skips = jumps, returns, breaks, skips

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The block without jumps."""
        done: list[ast.stmt] = []
        for k, statement in enumerate(body):
            rest = body[k + 1 :]
            if isinstance(statement, ast.Match) and has_jump(statement, self._returns is not None):
                return [*done, *self.block([*self._jumps._as_if(statement), *rest])]
            if isinstance(statement, ast.Return):
                assert self._returns is not None
                flag, name = self._returns
                value = statement.value or constant(None, statement)
                target = at(ast.Name(name, ast.Store()), statement)
                kept = at(ast.Assign(targets=[target], value=value), statement)
                return [*done, kept, _set(flag, True, statement)]
            if isinstance(statement, ast.Break):
                assert self._breaks is not None
                return [*done, _set(self._breaks, True, statement)]
            if isinstance(statement, ast.Continue):
                return [*done, _set(self._skips, True, statement)] if self._skips else done
            if isinstance(statement, ast.Raise):
                return [*done, statement]
            if isinstance(statement, ast.If) and has_jump(statement, self._returns is not None):
                return [*done, *self._choice(statement, rest)]
            if isinstance(statement, LOOPS):
                return [*done, *self._loop(statement, rest)]
            done += self._jumps._plain(statement)
        return done

    def _loop(self, node: ast.For | ast.While, rest: list[ast.stmt]) -> list[ast.stmt]:
        returns = self._returns if has_return(block(node.body)) else None
        made, first = self._jumps.loop(node, returns)
        rest = [*first, *rest]
        if rest and returns:
            rest = [self._jumps.unless([returns[0]], rest, node)]
        return [*made, *self.block(rest)]

    def _choice(self, node: ast.If, rest: list[ast.stmt]) -> list[ast.stmt]:
        first, second = node.body, node.orelse
        guarded: list[ast.stmt] = []
        if rest and always_jumps(first):
            second = second + rest
        elif rest and always_jumps(second):
            first = first + rest
        elif rest:
            flags = self._flags_of(node)
            inside = self.block(rest)
            guarded = [self._jumps.unless(flags, inside, node)] if flags else inside
        made = at(
            ast.If(
                test=node.test,
                body=self.block(first) or [at(ast.Pass(), node)],
                orelse=self.block(second),
            ),
            node,
        )
        return [made, *guarded]

    def _flags_of(self, node: ast.If) -> list[str]:
        found = []
        if self._breaks and has_break(node):
            found.append(self._breaks)
        if self._skips and has_continue(node):
            found.append(self._skips)
        if self._returns and has_return(node):
            found.append(self._returns[0])
        return found


# --- new nodes -----------------------------------------------------------------------------------


def _set(flag: str, value: bool, place: ast.AST) -> ast.stmt:
    return let(flag, constant(value, place), place)


def _load(text: str, place: ast.AST) -> ast.expr:
    return at(name(text), place)


def _copy(body: list[ast.stmt]) -> list[ast.stmt]:
    return deepcopy(body)


def _both(a: ast.expr, b: ast.expr) -> ast.expr:
    return at(ast.BoolOp(op=ast.And(), values=[a, b]), a)


def _pattern(pattern: ast.pattern, subject: ast.expr) -> ast.expr | None:
    """The condition under which a pattern fits; None where it always does."""
    if isinstance(pattern, ast.MatchAs):
        return None if pattern.pattern is None else _pattern(pattern.pattern, subject)
    if isinstance(pattern, ast.MatchOr):
        tests = [_pattern(one, subject) for one in pattern.patterns]
        known = [test for test in tests if test is not None]
        if len(known) < len(tests):
            return None
        return at(ast.BoolOp(op=ast.Or(), values=known), pattern)
    if isinstance(pattern, ast.MatchSequence):
        count = constant(len(pattern.patterns), pattern)
        found: ast.expr = operator("is_sequence", [deepcopy(subject), count], pattern)
        for k, one in enumerate(pattern.patterns):
            inner = _pattern(one, _part(subject, k, pattern))
            found = found if inner is None else _both(found, inner)
        return found
    if isinstance(pattern, ast.MatchSingleton):
        value: ast.expr = constant(pattern.value, pattern)
        relation: ast.cmpop = ast.Is()
    else:
        assert isinstance(pattern, ast.MatchValue)
        value, relation = pattern.value, ast.Eq()
    test = ast.Compare(left=deepcopy(subject), ops=[relation], comparators=[value])
    return at(test, pattern)


def _part(subject: ast.expr, k: int, place: ast.AST) -> ast.expr:
    return at(ast.Subscript(deepcopy(subject), constant(k, place), ast.Load()), place)


def _binding(pattern: ast.pattern, subject: ast.expr) -> list[ast.stmt]:
    """The assignments to the names that a pattern gives the subject and its parts."""
    found: list[ast.stmt] = []
    if isinstance(pattern, ast.MatchSequence):
        for k, one in enumerate(pattern.patterns):
            found += _binding(one, _part(subject, k, pattern))
    elif isinstance(pattern, ast.MatchAs):
        if pattern.pattern is not None:
            found += _binding(pattern.pattern, subject)
        if pattern.name is not None:
            found.append(let(pattern.name, deepcopy(subject), pattern))
    return found
