"""Formulae for notebooks: LaTeX made of the text that expressions print."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

LONGEST = 400  # characters of text; what is longer is easier to read as text

_LETTERS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_GREEK = frozenset(_LETTERS.split(" "))
_FUNCTIONS = {
    **{name: rf"\{name}" for name in ("sin", "cos", "tan", "exp", "log", "sinh", "cosh", "tanh")},
    **{f"a{name}": rf"\arc{name}" for name in ("sin", "cos", "tan")},
    "max": r"\max",
    "min": r"\min",
    "det": r"\det",
}
_RELATIONS: dict[type, str] = {
    ast.Lt: "<",
    ast.LtE: r"\le",
    ast.Gt: ">",
    ast.GtE: r"\ge",
    ast.Eq: "=",
    ast.NotEq: r"\ne",
}
SUM, PRODUCT, UNARY, POWER, ATOM = range(5)  # how strongly a formula holds together


def to_latex(text: str) -> str | None:
    """LaTeX of an expression's text, without dollar signs; None for what is long or abbreviated.

    >>> to_latex("v - k*(x - v)**2")
    'v - k \\\\, \\\\left(x - v\\\\right)^{2}'
    >>> to_latex("-k*x*(1 + y)**(-3/2)")
    '-k \\\\, x \\\\, \\\\left(1 + y\\\\right)^{-3/2}'
    >>> to_latex("sin(theta_1)/sqrt(1 + x**2)")
    '\\\\frac{\\\\sin\\\\left(\\\\theta_{1}\\\\right)}{\\\\sqrt{1 + x^{2}}}'
    """
    if len(text) > LONGEST or "..." in text:
        return None
    try:
        return _place(ast.parse(text, mode="eval").body, SUM)
    except (SyntaxError, KeyError, RecursionError):
        return None


def name(text: str) -> str:
    """A variable's name: Greek letters, and digits and what follows "_" as indices.

    >>> name("omega"), name("x12"), name("theta_dot"), name("mass")
    ('\\\\omega', 'x_{12}', '\\\\theta_{\\\\mathrm{dot}}', '\\\\mathrm{mass}')
    """
    found = re.fullmatch(r"([A-Za-z]+?)_?(\d+|(?<=_)\w+)?_*", text)
    if found is None:
        return _word(text)
    stem, index = found[1], found[2]
    shown = rf"\{stem}" if stem in _GREEK else stem if len(stem) == 1 else _word(stem)
    if not index:
        return shown
    within = index if index.isdigit() or len(index) == 1 else _word(index)
    return f"{shown}_{{{within}}}"


def _word(text: str) -> str:
    return r"\mathrm{" + text.replace("_", r"\_") + "}"


def _place(e: ast.expr, strength: int) -> str:
    """A part of a formula, in parentheses where it holds together less than it has to."""
    text, own = _RULES[type(e)](e)
    return text if own >= strength else rf"\left({text}\right)"


def _number(e: ast.Constant) -> tuple[str, int]:
    digits, _, exponent = repr(e.value).partition("e")
    return (rf"{digits} \cdot 10^{{{int(exponent)}}}", PRODUCT) if exponent else (digits, ATOM)


def _operation(e: ast.BinOp) -> tuple[str, int]:
    kind = type(e.op)
    if kind in (ast.Add, ast.Sub):
        sign = "+" if kind is ast.Add else "-"
        return f"{_place(e.left, SUM)} {sign} {_place(e.right, PRODUCT)}", SUM
    if kind is ast.Div:
        return rf"\frac{{{_place(e.left, SUM)}}}{{{_place(e.right, SUM)}}}", PRODUCT
    if kind is ast.Pow:
        shown = (
            ast.unparse(e.right).replace(" ", "") if _is_fraction(e.right) else _place(e.right, SUM)
        )
        return f"{_place(e.left, ATOM)}^{{{shown}}}", POWER
    first: ast.expr = e
    while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Mult | ast.Div):
        first = first.left
    if isinstance(first, ast.UnaryOp) and isinstance(first.op, ast.USub) and kind is ast.Mult:
        # -a*b is (-a)*b for Python, and -(a b) for whoever reads it.
        return "-" + _place(_with_first(e, first, first.operand), PRODUCT), SUM
    sign = {ast.Mult: r"\,", ast.MatMult: r"\,", ast.BitAnd: r"\wedge", ast.BitOr: r"\vee"}[kind]
    if isinstance(e.left, ast.Constant) and isinstance(e.right, ast.Constant):
        sign = r"\cdot"
    return f"{_place(e.left, PRODUCT)} {sign} {_place(e.right, PRODUCT)}", PRODUCT


def _is_fraction(e: ast.expr) -> bool:
    """Whether it is a quotient of numbers, with a sign or without."""
    while isinstance(e, ast.UnaryOp):
        e = e.operand
    if isinstance(e, ast.BinOp) and isinstance(e.op, ast.Div):
        return all(isinstance(x, ast.Constant | ast.UnaryOp) for x in (e.left, e.right))
    return False


def _with_first(e: ast.expr, first: ast.expr, new: ast.expr) -> ast.expr:
    """A product or quotient with another first factor."""
    if e is first:
        return new
    assert isinstance(e, ast.BinOp)
    return ast.BinOp(_with_first(e.left, first, new), e.op, e.right)


def _sign(e: ast.UnaryOp) -> tuple[str, int]:
    shown = {ast.USub: "-", ast.UAdd: "", ast.Invert: r"\neg ", ast.Not: r"\neg "}[type(e.op)]
    return shown + _place(e.operand, PRODUCT), SUM


def _call(e: ast.Call) -> tuple[str, int]:
    assert isinstance(e.func, ast.Name)
    arguments = [_place(argument, SUM - 1) for argument in e.args]
    if e.func.id == "sqrt":
        return rf"\sqrt{{{arguments[0]}}}", ATOM
    if e.func.id == "cbrt":
        return rf"\sqrt[3]{{{arguments[0]}}}", ATOM
    if e.func.id == "abs":
        return rf"\left|{arguments[0]}\right|", ATOM
    function = _FUNCTIONS.get(e.func.id)
    if function is None:
        shown = e.func.id.replace("_", r"\_")
        function = rf"\operatorname{{{shown}}}"
    return rf"{function}\left({', '.join(arguments)}\right)", ATOM


def _relation(e: ast.Compare) -> tuple[str, int]:
    shown = _place(e.left, SUM)
    for kind, right in zip(e.ops, e.comparators, strict=True):
        shown += f" {_RELATIONS[type(kind)]} {_place(right, SUM)}"
    return shown, SUM - 1


def _element(e: ast.Subscript) -> tuple[str, int]:
    return f"{_place(e.value, ATOM)}_{{{_place(e.slice, SUM)}}}", ATOM


def _listed(e: ast.List | ast.Tuple) -> tuple[str, int]:
    inside = ", ".join(_place(item, SUM) for item in e.elts)
    return (rf"\left[{inside}\right]" if isinstance(e, ast.List) else inside), ATOM


_RULES: dict[type, Callable[..., tuple[str, int]]] = {
    ast.Constant: _number,
    ast.Name: lambda e: (name(e.id), ATOM),
    ast.BinOp: _operation,
    ast.UnaryOp: _sign,
    ast.Call: _call,
    ast.Compare: _relation,
    ast.Subscript: _element,
    ast.List: _listed,
    ast.Tuple: _listed,
}
