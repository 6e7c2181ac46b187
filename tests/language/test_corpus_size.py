"""Programs are as long for arrays of any length: loops are loops, however many turns they have."""

from __future__ import annotations

import pytest
from language.corpus import games, matrices, searching, series, tables

import taylor as ty
from taylor.expressions.arguments import argument, traced
from taylor.nodes.conversion import as_expression
from taylor.nodes.regions import REGIONS
from taylor.nodes.traverse import reachable


def length(roots):
    """How many nodes there are, inside of loops and branches as well."""
    return sum(
        1 + (sum(length(g.outputs) for g in e.payload.graphs) if e.op in REGIONS else 0)
        for e in reachable(roots)
    )


CASES = [
    (series.horner, lambda n: [(n,), ()]),
    (series.clenshaw, lambda n: [(n,), ()]),
    (series.kahan, lambda n: [(n,)]),
    (searching.insertion_sort, lambda n: [(n,)]),
    (searching.bubble_sort, lambda n: [(n,)]),
    (searching.kth_smallest, lambda n: [(n,), ()]),
    (searching.common_subsequence, lambda n: [(n,), (n + 3,)]),
    (searching.rising_subsequence, lambda n: [(n,)]),
    (searching.matrix_chain, lambda n: [(n,)]),
    (searching.viterbi, lambda n: [(n, n), (n, n)]),
    (searching.shortest_paths, lambda n: [(n, n)]),
    (searching.largest_run, lambda n: [(n,)]),
    (matrices.gauss_elimination, lambda n: [(n, n), (n,)]),
    (matrices.cholesky, lambda n: [(n, n)]),
    (matrices.thomas, lambda n: [(n - 1,), (n,), (n - 1,), (n,)]),
    (matrices.gauss_seidel, lambda n: [(n, n), (n,), ()]),
    (tables.natural_spline, lambda n: [(n,), (n,), ()]),
    (tables.neville, lambda n: [(n,), (n,), ()]),
    (tables.convolution, lambda n: [(n,), (n,)]),
    (tables.delayed_echo, lambda n: [(n,), (), ()]),
    (games.life, lambda n: [(n, n), ()]),
    (games.traffic, lambda n: [(n,), ()]),
]


@pytest.mark.parametrize(("function", "shapes"), CASES, ids=[f.__name__ for f, _ in CASES])
def test_length(function, shapes):
    found = []
    for n in (30, 90):
        given = [argument(f"a{k}", shape) for k, shape in enumerate(shapes(n))]
        with traced(given):
            value = ty.program(function)(*given)
            listed = value if isinstance(value, tuple | list) else [value]
            found.append(length([as_expression(x) for x in listed]))
    assert found[0] == found[1] < 2000
