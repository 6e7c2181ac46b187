"""Functions with operators in the places of their statements, one code object for each source."""

from __future__ import annotations
import __future__

import ast
from collections.abc import Iterator
from types import CellType, CodeType, FunctionType

from taylor.language.source.checks import check
from taylor.language.source.expressions import OPERATORS
from taylor.language.source.statements import Statements
from taylor.language.source.text import definition_of

_FUTURE = 0
for _name in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _name).compiler_flag

# By the user's code, which is equal for equal sources, and its file, which errors show.
_translated: dict[tuple[CodeType, str], CodeType] = {}
_made: dict[CodeType, str] = {}  # all that came out, functions inside included, with their names


def is_translated(function: FunctionType) -> bool:
    """Whether a function came out of `translated`, or from inside of one that did."""
    return function.__code__ in _made


def name_of(code: CodeType) -> str | None:
    """The name of the user's function that code belongs to; None for what is not translated."""
    return _made.get(code)


def translated(function: FunctionType, operators: object) -> FunctionType:
    """The function that asks operators what to do, with the cells, the globals and the defaults of
    the given one.

    Raises ProgramError for what cannot be translated, UnsupportedFunctionError without source.
    """
    key = function.__code__, function.__code__.co_filename
    code = _translated.get(key)
    if code is None:
        code = _translated[key] = _translate(function)
        _made.update(_named(code, function.__name__))
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    cells[OPERATORS] = CellType(operators)
    closure = tuple(cells[name] for name in code.co_freevars)
    made = FunctionType(code, function.__globals__, function.__name__, None, closure)
    made.__defaults__, made.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
    made.__qualname__, made.__module__ = function.__qualname__, function.__module__
    made.__dict__["__wrapped__"] = function
    return made


def syntax_tree(function: FunctionType) -> ast.FunctionDef:
    """The definition of a function as its translation begins, checked; a lambda as `def`."""
    definition = definition_of(function)
    check(definition, function.__code__.co_filename, function.__name__)
    if isinstance(definition, ast.FunctionDef):
        return definition
    body = ast.copy_location(ast.Return(definition.body), definition.body)
    made = ast.FunctionDef("lambda", definition.args, [body], [])
    return ast.fix_missing_locations(ast.copy_location(made, definition))


def _translate(function: FunctionType) -> CodeType:
    user = function.__code__
    tree = syntax_tree(function)
    tree.args.defaults = [ast.copy_location(ast.Constant(None), e) for e in tree.args.defaults]
    tree.args.kw_defaults = [
        e and ast.copy_location(ast.Constant(None), e) for e in tree.args.kw_defaults
    ]
    made = Statements().function(tree)
    made.name = "function@"  # its own name means what it means outside
    outer = [ast.arg(name) for name in (*user.co_freevars, OPERATORS)]
    arguments = ast.arguments([], outer, None, [], [], None, [])
    factory = ast.FunctionDef("factory@", arguments, [made], [])
    module = ast.Module([ast.fix_missing_locations(ast.copy_location(factory, tree))], [])
    flags = user.co_flags & _FUTURE
    whole = compile(module, user.co_filename, "exec", flags, dont_inherit=True)
    inner = next(c for c in whole.co_consts if isinstance(c, CodeType))
    found = next(c for c in inner.co_consts if isinstance(c, CodeType) and c.co_name == made.name)
    return found.replace(co_name=user.co_name, co_qualname=user.co_qualname)


def _named(code: CodeType, name: str) -> Iterator[tuple[CodeType, str]]:
    yield code, name
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            own = constant.co_name
            yield from _named(constant, name if "@" in own or own.startswith("<") else own)
