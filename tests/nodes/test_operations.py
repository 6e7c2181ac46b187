"""Operations are records: what a new one needs, and that every walk asks the table."""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import taylor as ty
from taylor.nodes.node import CONDITIONS, LEAVES, broadcast_shapes, node
from taylor.nodes.operation import OPERATIONS, Operation, add_operations, everywhere, listed
from taylor.nodes.operations.scalars.rounding import passed_on
from taylor.nodes.operations.table import operation
from taylor.nodes.registry import functions
from taylor.nodes.sums import add_many, linear_combination
from taylor.surfaces.smoothness import Facts
from taylor.transforms.enclosure import Model, enclosure
from taylor.transforms.rounding import rounding_error

PACKAGE = next(p for p in Path(__file__).parents if (p / "pyproject.toml").exists()) / "taylor"


@pytest.fixture
def added() -> Iterator[None]:
    """Two operations that the package does not have: one of arrays, one of scalars."""
    add_operations((_RUNNING_SUM, _MEAN))
    yield
    for record in (_RUNNING_SUM, _MEAN):
        del OPERATIONS[record.name]


# --- what a new operation of arrays takes ---------------------------------------------------------


def running_sum(e):
    return node("running_sum", (e,), None, e.shape)


def _running_sums(e, operands):
    parts = [add_many(list(operands[0][: i + 1])) for i in range(e.size)]
    return np.array(parts, dtype=object)


_RUNNING_SUM = Operation(
    name="running_sum", build=lambda e, args: running_sum(args[0]), elements=_running_sums
)

# --- and one of scalars ---------------------------------------------------------------------------


def mean(a, b):
    return node("mean", (a, b), None, broadcast_shapes("mean", a, b))


_HALF = ty.constant(0.5).payload
_MEAN = Operation(
    name="mean",
    build=lambda e, args: mean(*args),
    text=lambda e, names: (["<", *listed(e.args), ">"], 7),
    value=lambda algebra, e, values: (values[0] + values[1]) * algebra.number(_HALF),
    sympy=lambda to, e: (to.number(e.args[0]) + to.number(e.args[1])) / 2,
    slopes=lambda e, active: (_HALF, _HALF),
    error=lambda e, errors: passed_on(e, (ty.constant(_HALF),) * 2, errors),
    bound=lambda models, e, parts: models.sum((_HALF, _HALF), 0, parts),
    rows=lambda walk, e: walk.builder.linear([(_HALF, walk.rows[arg]) for arg in e.args]),
    sign=lambda e, signs: min(signs),
    smooth=everywhere,
    surface=lambda signs, e, zeros: signs.sum(linear_combination([(_HALF, a) for a in e.args])),
)


@pytest.mark.usefixtures("added")
def test_an_operation_of_arrays_is_one_record() -> None:
    q = ty.variable("q", shape=(3,))
    total = running_sum(q * q)
    x, y, _ = q
    assert str(total) == "running_sum(q**2)"
    assert [str(e) for e in ty.substitute(total, {q: q + 1})] == [
        f"running_sum((q + 1)**2)[{i}]" for i in range(3)
    ]
    assert list(ty.evaluate(total, {q: [1.0, 2.0, 3.0]})) == [1, 5, 14]
    assert ty.diff(total, y)[2] is 2 * y
    assert ty.grad_expressions(total[2], [q])[0][0] is 2 * x
    assert str(ty.to_sympy(total)[1]) == "q[0]**2 + q[1]**2"
    assert pickle.loads(pickle.dumps(total)) is total
    assert list(ty.compile(total, inputs=[q])(np.array([1.0, 2.0, 3.0]))) == [1, 5, 14]
    integrator = ty.Integrator([(q, -running_sum(q))], [1.0, 0.0, 0.0])
    integrator.propagate_until(1.0)
    t = 1.0
    right = np.array([1, -t, t * t / 2 - t]) * np.exp(-t)
    assert integrator.state == pytest.approx(right, rel=1e-14)


@pytest.mark.usefixtures("added")
def test_an_operation_of_scalars_is_one_record() -> None:
    x, y = ty.variables("x y")
    e = mean(x, y**2)
    assert str(e) == "<x, y**2>"
    assert ty.substitute(e, {x: y}) is mean(y, y**2)
    assert ty.evaluate(e, {x: 1.0, y: 3.0}) == 5
    assert ty.diff(e, y) is y
    assert str(ty.to_sympy(e)) == "x/2 + y**2/2"
    assert ty.evaluate(rounding_error(e), {x: 1.0, y: 3.0}) > 5
    assert enclosure(e, {x: Model((x, y))}).terms == (0.5 * x + 0.5 * y**2, 0.5 * y)
    assert not Facts().is_positive(e) and Facts().is_positive(mean(ty.exp(x), ty.exp(y)))
    assert ty.compile(e, inputs=[x, y])(1.0, 3.0) == 5
    assert list(ty.jet(lambda a: mean(a, a * a), 3.0, order=2)) == [6, 3.5, 0.5]
    columns = ty.variable("q", shape=(2,))
    assert list(ty.evaluate(mean(columns, y), {columns: [1.0, 5.0], y: 3.0})) == [2, 4]


# --- the table ------------------------------------------------------------------------------------


def test_the_page_lists_all_operations() -> None:
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    table = text.split("| op | args | payload |", 1)[1].split("\n\n", 1)[0]
    named = {
        n for row in table.splitlines()[1:] for n in re.findall(r"\w+", row.split("|")[1:2][0])
    }
    assert OPERATIONS.keys() <= named
    assert OPERATIONS.keys() >= CONDITIONS | LEAVES


def test_functions_share_a_record() -> None:
    assert not OPERATIONS.keys() & functions.keys()
    assert all(operation(name) is operation("sin") for name in functions)


def test_records_say_what_they_do_not_know() -> None:
    q = ty.variable("q", shape=(2,))
    e = q.sum()
    with pytest.raises(ty.UnsupportedFunctionError, match=r"sum: its record .* has no rule"):
        operation(e.op).value(None, e, [])


# --- no walk tells operations apart ---------------------------------------------------------------

# Patterns of a few normal forms, each with a reason: denominators and roots of a sum, its branches.
PATTERNS = {
    "surfaces/surfaces.py:_quotient",
    "surfaces/surfaces.py:_without_root",
    "surfaces/rests.py:_found",
}


def names_compared(function: ast.FunctionDef) -> set[str]:
    """Names of operations that `op` or `e.op` is compared with."""
    found: set[str] = set()
    for test in ast.walk(function):
        if not isinstance(test, ast.Compare):
            continue
        asked = test.left
        name = asked.attr if isinstance(asked, ast.Attribute) else getattr(asked, "id", "")
        if name == "op":
            constants = [c for part in test.comparators for c in ast.walk(part)]
            found |= {str(c.value) for c in constants if isinstance(c, ast.Constant)}
    return found & (OPERATIONS.keys() - LEAVES | functions.keys())


def test_walks_ask_the_table() -> None:
    """Nothing but normal forms (`nodes`) and the patterns above tells three operations apart."""
    chains = set()
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE)
        if place.parts[0] == "nodes":
            continue
        parts = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for function in (part for part in parts if isinstance(part, ast.FunctionDef)):
            if len(names_compared(function)) > 2:
                chains.add(f"{place.as_posix()}:{function.name}")
    assert chains == PATTERNS
