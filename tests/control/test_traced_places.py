"""a[i] and a[i] = value for an i that is not known while a function is traced."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.recurrences import arrays

A = np.arange(24.0).reshape(4, 6) / 7 - 1


@pytest.fixture(params=["arrays", "scalars"], autouse=True)
def _ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "FEWEST", -1 if request.param == "arrays" else 10**9)


def place(i: float, size: int) -> int:
    """The rule: rounded down, negative ones from the end, the ends beyond."""
    return int(np.clip(np.floor(i + size if i < 0 else i), 0, size - 1))


INDICES: dict[str, tuple[Any, Any]] = {
    "row": (lambda i, j: i, lambda i, j: place(i, 4)),
    "column": (
        lambda i, j: (slice(None), j),
        lambda i, j: (slice(None), place(j, 6)),
    ),
    "element": (lambda i, j: (i, j), lambda i, j: (place(i, 4), place(j, 6))),
    "of a part": (
        lambda i, j: (slice(1, None), 3 + 0 * j),
        lambda i, j: (slice(1, None), 3),
    ),
    "known and not": (lambda i, j: (2, j), lambda i, j: (2, place(j, 6))),
    "several": (
        lambda i, j: i + np.arange(2),
        lambda i, j: [place(i, 4), place(i + 1, 4)],
    ),
    "several columns": (
        lambda i, j: (slice(None), j + np.arange(3)),
        lambda i, j: (slice(None), [place(j + k, 6) for k in range(3)]),
    ),
    "pairs": (
        lambda i, j: (i + np.arange(2), j - np.arange(2)),
        lambda i, j: ([place(i, 4), place(i + 1, 4)], [place(j, 6), place(j - 1, 6)]),
    ),
    "with an ellipsis": (lambda i, j: (..., j, None), lambda i, j: (..., place(j, 6), None)),
}
POINTS = [(0, 0), (3, 5), (1.9, 2.2), (-1, -6), (-4, -1), (7, 9), (-9, -8), (2, -0.5)]


@pytest.mark.parametrize("name", INDICES)
def test_elements(name: str) -> None:
    traced, known = INDICES[name]
    a, i, j = ty.variable("a", shape=(4, 6)), ty.variable("i"), ty.variable("j")
    e = a[traced(i, j)]
    code = ty.compile(e, [a, i, j])
    for point in POINTS:
        right = A[known(*point)]
        assert code(A, *point).tolist() == right.tolist(), point
        values = {a: A, i: float(point[0]), j: float(point[1])}
        assert np.array(e.evaluate(values)).tolist() == right.tolist()


@pytest.mark.parametrize("name", INDICES)
def test_assignment(name: str) -> None:
    traced, known = INDICES[name]
    a, i, j = ty.variable("a", shape=(4, 6)), ty.variable("i"), ty.variable("j")
    value = a[traced(i, j)] * 2 + 1
    b = a.copy()
    b[traced(i, j)] = value
    b[traced(i, j)] += 0.5
    code = ty.compile(b.now, [a, i, j])
    for point in POINTS:
        right = A.copy()
        right[known(*point)] = right[known(*point)] * 2 + 1
        right[known(*point)] += 0.5
        assert code(A, *point).tolist() == right.tolist(), point


def test_a_sieve() -> None:
    """Loops that change an array where it is, and read what they have changed."""
    n = 60

    def sieve(limit: Any) -> Any:
        def outer(p: Any, s: Any) -> Any:
            def strike(k: Any, s: Any) -> Any:
                s = s.copy()
                s[k * p] = 0
                return s

            return ty.cond(
                s[p] > 0,
                lambda s: ty.fori_loop(
                    2,
                    n // 1,
                    lambda k, s: ty.cond(k * p < n, lambda s: strike(k, s), lambda s: s, s),
                    s,
                ),
                lambda s: s,
                s,
            )

        start = np.ones(n)
        start[:2] = 0
        return ty.fori_loop(2, limit, outer, start)

    limit = ty.variable("limit")
    if arrays.FEWEST > 0:
        return  # as scalars it is thousands of choices
    found = np.flatnonzero(ty.compile(sieve(limit), [limit])(9))
    assert found.tolist() == [p for p in range(2, n) if all(p % q for q in range(2, p))]


def test_not_a_number_is_the_last() -> None:
    a, i = ty.variable("a", shape=5), ty.variable("i")
    assert ty.compile(a[i], [a, i])(np.arange(5.0), np.nan) == 4
    assert ty.compile(a[i], [a, i])(np.arange(5.0), [np.inf, -np.inf]).tolist() == [4, 0]


def test_known_places_are_plain_indices() -> None:
    a = ty.variable("a", shape=5)
    assert a[ty.constant(2)] is a[2]
    assert a[ty.constant(np.array([0, 2]))] is a[[0, 2]]
    with pytest.raises(IndexError):
        ty.variable("e", shape=(0, 2))[ty.variable("i")]
    with pytest.raises(ty.TracingError, match="slice of n elements"):
        a[ty.variable("i") :]
    with pytest.raises(ty.TracingError, match="next to one another"):
        x = ty.variable("x", shape=(2, 3, 4))
        x[ty.variable("i") + np.arange(2), :, np.array([0, 1])]


def test_arrays_of_expressions_have_such_elements() -> None:
    x, y, i = ty.variables("x y i")
    a = x * np.array([1.0, 2.0, 3.0]) + y
    assert isinstance(a, np.ndarray)
    code = ty.compile(a[i], [x, y, i])
    assert code(2.0, 3.0, [0, 1, 2, -1, 9]).tolist() == [5, 7, 9, 9, 9]
    a[i] = 2 * a[i]
    code = ty.compile(list(a), [x, y, i])
    assert code(2.0, 3.0, 1.0) == (5, 14, 9)
    ta = ty.Integrator(
        lambda t, y: [ty.fori_loop(0, 2, lambda k, s: s - y[k], 0.0) * 0.5, -y[1]], [1.0, 1.0]
    )
    tb = ty.Integrator(lambda t, y: [-(y[0] + y[1]) * 0.5, -y[1]], [1.0, 1.0])
    ta.propagate_until(1.0)
    tb.propagate_until(1.0)
    np.testing.assert_allclose(ta.state, tb.state, rtol=1e-15)
