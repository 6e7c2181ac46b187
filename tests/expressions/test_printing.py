"""Printed text: what a user would type, with few parentheses, and evaluating to the same thing."""

from __future__ import annotations

import ast
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import taylor as ty
from taylor.expressions.leaves import as_expression, make_function_node
from taylor.expressions.printing import LINE_LIMIT

x, y, v = ty.variables("x y v")
k = ty.parameter("k")
q = ty.variable("q", shape=(3, 2))


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (ty.sin(x * v) + k, "sin(x*v) + k"),
        (v - k * ty.sin(x), "v - k*sin(x)"),
        ((x - y) ** 2, "(x - y)**2"),
        ((y - x) ** 2, "(x - y)**2"),
        (y - x, "y - x"),
        (k + (y - x), "k - x + y"),
        (x**-1.5, "x**(-3/2)"),
        (x**2.5, "x**(5/2)"),
        (x**0.1, "x**0.1"),
        (x**-2, "x**(-2)"),
        (1 - x, "1 - x"),
        (x - 1, "x - 1"),
        (-x, "-x"),
        (-x * y, "-x*y"),
        (-(x**2), "-x**2"),
        ((-x) ** y, "(-x)**y"),
        (0.1 * x, "0.1*x"),
        (x / 3, "x/3"),
        (2 * x / 3, "2*x/3"),
        (2 / x, "2/x"),
        (x / (y * v), "x/(y*v)"),
        (x / y / v, "x/y/v"),
        (x * (y * v), "x*y*v"),
        (x * (y + 1), "x*(y + 1)"),
        ((x + y) * 2, "2*(x + y)"),
        (x - (y - v), "x - y + v"),
        (x**y**v, "x**y**v"),
        ((x**y) ** v, "(x**y)**v"),
        ((x < y) & (y >= 0), "(x < y) & (y >= 0)"),
        (~(x == y) | (x > 1), "~(x == y) | (x > 1)"),
        (ty.where(x > 0, x, -x), "where(x > 0, x, -x)"),
        (ty.constant(0.1), "0.1"),
        (ty.constant(Fraction(1, 3)), "1/3"),
        (ty.constant(-2), "-2"),
        (ty.constant(1e300), "1e+300"),
        (ty.constant(float("inf")), "inf"),
        (ty.time * 2, "2*t"),
        (q[1, 0] * x, "q[1, 0]*x"),
        (q[1:, 0], "q[1:3, 0]"),
        (q.sum(axis=0), "sum(q, axis=(0,))"),
        (q @ q.T, "q @ transpose(q, (1, 0))"),
        (ty.atan2(y, x), "atan2(y, x)"),
    ],
)
def test_text(expression: ty.Expression, text: str) -> None:
    assert str(expression) == text
    assert repr(expression) == text


LEAVES = {"x": x, "y": y, "v": v, "k": k, "two": ty.constant(2), "half": ty.constant(0.5)}


@st.composite
def formulas(draw: st.DrawFn, depth: int = 4) -> str:
    if depth == 0:
        return draw(st.sampled_from(["x", "y", "v", "k", "two", "half"]))
    operator = draw(st.sampled_from(["+", "-", "*", "/", "-", "**", "sin", "neg", "leaf"]))
    left = draw(formulas(depth=0 if operator == "leaf" else depth - 1))
    if operator == "leaf":
        return left
    if operator == "neg":
        return f"(-{left})"
    if operator == "sin":
        return f"sin({left})"
    if operator == "**":
        return f"({left})**{draw(st.sampled_from(['2', '3', '(-1)', '0.5', 'k']))}"
    return f"({left}{operator}{draw(formulas(depth=depth - 1))})"


class _NumbersAsConstants(ast.NodeTransformer):
    """Numbers alone, such as 1/0 or (-1)**0.5, are to be ours when they are read back."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        name = ast.Name("constant", ast.Load())
        return ast.copy_location(ast.Call(name, [node], []), node)


def _read(text: str, names: dict[str, object]) -> ty.Expression:
    tree = _NumbersAsConstants().visit(ast.parse(text, mode="eval"))
    code = compile(ast.fix_missing_locations(tree), "<printed>", "eval")
    return as_expression(eval(code, names))


@example("((((half-two))**0.5)**3)**k")
@example("((((half-two))**0.5)**3)**2")
@settings(max_examples=150, deadline=None)
@given(formulas())
def test_printed_text_reads_back_to_the_same_value(text: str) -> None:
    names = {
        **LEAVES,
        "sin": partial(make_function_node, "sin"),
        "sqrt": partial(make_function_node, "sqrt"),
        "constant": ty.constant,
    }
    built = as_expression(eval(text, names))
    again = _read(str(built), names)
    values = {x: 0.61, y: 0.83, v: 1.37, k: 0.29}
    expected = built.evaluate(values)
    assert again.evaluate(values) == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


def test_long_expressions_are_cut() -> None:
    wide = ty.sum([ty.variable(f"long{i}") * k for i in range(15_000)])
    deep = x
    for _ in range(15_000):
        deep = ty.sin(deep) * y
    for e in (wide, deep):
        text = str(e)
        assert len(text) < 2 * LINE_LIMIT
        assert "..." in text


def test_to_text_names_shared_parts() -> None:
    d = x - y
    r = ty.sqrt(d**2 + 1)
    text = (d / r + ty.sin(r) * k).to_text()
    *lines, last = text.splitlines()
    assert lines[0] == "u1 = x - y"
    assert "u2 = u1**2 + 1" in lines
    assert "..." not in text
    assert "sin(" in last


def test_to_text_is_complete() -> None:
    deep = x
    for i in range(3_000):
        deep = ty.sin(deep) * y + i
    text = deep.to_text()
    assert "..." not in text
    assert text.count("sin(") == 3_000
