"""New nodes of syntax trees, at the places of the user's."""

from __future__ import annotations

import ast
from typing import TypeVar

Made = TypeVar("Made", bound=ast.AST)


def at(made: Made, place: ast.AST) -> Made:
    """A new node at the place of another."""
    ast.copy_location(made, place)
    return ast.fix_missing_locations(made)


def name(text: str) -> ast.Name:
    """A variable that is read."""
    return ast.Name(text, ast.Load())


def let(text: str, value: ast.expr, place: ast.AST) -> ast.Assign:
    """An assignment to a variable."""
    return at(ast.Assign(targets=[ast.Name(text, ast.Store())], value=value), place)


def constant(value: object, place: ast.AST) -> ast.Constant:
    """A constant."""
    return at(ast.Constant(value), place)  # type: ignore[arg-type]


def later(body: ast.expr) -> ast.Lambda:
    """An expression that is computed when it is asked for."""
    return at(ast.Lambda(no_arguments(), body), body)


def no_arguments() -> ast.arguments:
    """The arguments of a function that takes none."""
    return ast.arguments([], [], None, [], [], None, [])
