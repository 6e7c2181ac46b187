"""Expressions whose parts Python may leave out, or that ask for a value, as calls of operators."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from taylor.language.source.nodes import at, constant, later, name

OPERATORS = "operators@"  # the name by which translated functions know the operators

_BITS = {
    ast.LShift: "shift_left",
    ast.RShift: "shift_right",
    ast.BitAnd: "bit_and",
    ast.BitOr: "bit_or",
    ast.BitXor: "bit_xor",
    ast.Mod: "modulo",
    ast.FloorDiv: "floor_division",
}
_FRESH = (
    *(ast.BinOp, ast.UnaryOp, ast.Call, ast.IfExp, ast.BoolOp, ast.Compare),
    *(ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp),
)


def operator(what: str, arguments: Sequence[ast.expr], place: ast.AST) -> ast.Call:
    """The call of an operator, at a place of the user's."""
    owner = ast.Name(OPERATORS, ast.Load())
    function = ast.Attribute(owner, what, ast.Load())
    return at(ast.Call(function, list(arguments), []), place)


class Expressions(ast.NodeTransformer):
    """Rewrites expressions; statements are `statements.Statements`."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """``a if test else b``."""
        self.generic_visit(node)
        return operator("choose", [node.test, later(node.body), later(node.orelse)], node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """``a and b``, ``a or b``."""
        self.generic_visit(node)
        what = "all_of" if isinstance(node.op, ast.And) else "any_of"
        return operator(what, [node.values[0], *map(later, node.values[1:])], node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """``not a``, and ``~a``."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            return operator("negation", [node.operand], node)
        if isinstance(node.op, ast.Invert):
            return operator("bit_not", [node.operand], node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Operators on bits, and those that need every digit of whole numbers."""
        self.generic_visit(node)
        what = _BITS.get(type(node.op))
        return operator(what, [node.left, node.right], node) if what else node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """``a < b < c``, and `in`."""
        self.generic_visit(node)
        if len(node.ops) == 1:
            return self._comparison(node.left, node.ops[0], node.comparators[0], node)
        # The middle ones are computed once: each comparison is a function of what it goes on from.
        made: list[ast.expr] = []
        for op, right in zip(node.ops, node.comparators, strict=True):
            names = [ast.arg("left@"), ast.arg("right@")]
            both = ast.arguments([], names, None, [], [], None, [])
            body = self._comparison(name("left@"), op, name("right@"), node)
            made += [at(ast.Lambda(both, body), node), later(right)]
        return operator("chain", [node.left, *made], node)

    def _comparison(
        self, left: ast.expr, op: ast.cmpop, right: ast.expr, place: ast.expr
    ) -> ast.expr:
        if isinstance(op, ast.In | ast.NotIn):
            found: ast.expr = operator("contains", [right, left], place)
            return found if isinstance(op, ast.In) else operator("negation", [found], place)
        return at(ast.Compare(left, [op], [right]), place)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Every call: what is called is translated on the way."""
        self.generic_visit(node)
        made = operator("call", [node.func, *map(self.fresh, node.args)], node)
        made.keywords = node.keywords
        return made

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """``a[i]``, where it is read."""
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            return node
        return operator("item", [node.value, index_of(node.slice)], node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Attributes are read as they are."""
        self.generic_visit(node)
        return node

    def visit_List(self, node: ast.List) -> ast.expr:
        """New lists belong to the program, which may change them."""
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            node.elts = [self.fresh(e) for e in node.elts]
            return operator("born", [node], node)
        return node

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        """Tuples of new values."""
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            node.elts = [self.fresh(e) for e in node.elts]
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        """New dictionaries."""
        self.generic_visit(node)
        node.values = [self.fresh(e) for e in node.values]
        return operator("born", [node], node)

    def visit_Set(self, node: ast.Set) -> ast.expr:
        """New sets."""
        self.generic_visit(node)
        return operator("born", [node], node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        """Texts are made of values that are known."""
        self.generic_visit(node)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                part.value = operator("shown", [part.value], node)
        return node

    # --- comprehensions --------------------------------------------------------------------------

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        """A list, element after element."""
        return self._comprehension("list_of", node.elt, node.generators, node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        """What gives elements to a function that is called with it."""
        return self._comprehension("generated", node.elt, node.generators, node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.expr:
        """A set of constants."""
        return self._comprehension("set_of", node.elt, node.generators, node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.expr:
        """A dictionary by pairs."""
        pair = at(ast.Tuple([node.key, node.value], ast.Load()), node)
        return self._comprehension("dict_of", pair, node.generators, node)

    def _comprehension(
        self,
        what: str,
        element: ast.expr,
        generators: list[ast.comprehension],
        place: ast.expr,
    ) -> ast.expr:
        """``[element for target in iterable if test]`` as functions of the target."""
        first, *others = generators
        iterable = self.visit(first.iter)
        if others:
            inner = self._comprehension("list_of", element, others, place)
            flat = "flat_" + what
        else:
            inner, flat = self.fresh(self.visit(element)), what
        tests = [self.visit(test) for test in first.ifs]
        given = [iterable, _of_target(first.target, inner, place)]
        if tests:
            test = tests[0]
            if len(tests) > 1:
                test = operator("all_of", [tests[0], *map(later, tests[1:])], place)
            given.append(_of_target(first.target, test, place))
        return operator(flat, given, place)

    def fresh(self, node: ast.expr) -> ast.expr:
        """A value that gets a name here: arrays become objects, as they are in Python."""
        inner = node.value if isinstance(node, ast.Starred) else node
        if isinstance(inner, ast.Call) and _is_operator(inner):
            if inner.func.attr in ("born", "list_of", "item", "negation"):  # type: ignore[attr-defined]
                return node
            return operator("born", [node], node) if inner is node else node
        if isinstance(node, _FRESH):
            return operator("born", [node], node)
        return node


def _is_operator(node: ast.Call) -> bool:
    function = node.func
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == OPERATORS
    )


def index_of(node: ast.expr) -> ast.expr:
    """What is in the brackets as a value: slices as calls of `slice`."""
    if isinstance(node, ast.Slice):
        ends = [e or constant(None, node) for e in (node.lower, node.upper, node.step)]
        return operator("slice", ends, node)
    if isinstance(node, ast.Tuple):
        return at(ast.Tuple([index_of(e) for e in node.elts], ast.Load()), node)
    return node


def _of_target(target: ast.expr, body: ast.expr, place: ast.expr) -> ast.expr:
    """A function of one element, which is taken apart as the target says.

    A lambda of the target's names, called with what the element has in their places.
    """
    if isinstance(target, ast.Name):
        arguments = ast.arguments([], [ast.arg(target.id)], None, [], [], None, [])
        return at(ast.Lambda(arguments, body), place)
    names: list[ast.arg] = []
    shape = _shape(target, names)
    arguments = ast.arguments([], names, None, [], [], None, [])
    function = at(ast.Lambda(arguments, body), place)
    return operator("unpacked", [function, constant(shape, place)], place)


def _shape(target: ast.expr, names: list[ast.arg]) -> object:
    """Nested tuples with None for each name."""
    if isinstance(target, ast.Name):
        names.append(ast.arg(target.id))
        return None
    assert isinstance(target, ast.Tuple | ast.List), ast.dump(target)
    return tuple(_shape(e, names) for e in target.elts)
