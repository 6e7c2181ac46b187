"""Programs that return truth values return them from each way in, first calls and later ones."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty


def is_prime(n):
    d = 2
    while d * d <= n:
        if n % d == 0:
            return False
        d += 1
    return n > 1


def is_prime_or_error(n):
    if n < 0:
        raise ValueError("negative")
    return is_prime(n)


@pytest.mark.parametrize("function", [is_prime, is_prime_or_error])
def test_one_truth_value(function):
    program = ty.program(function)
    for _ in range(4):
        for n in (1, 2, 9, 97, 7.0, np.float64(8.0), np.int64(49)):
            found = program(n)
            assert type(found) is np.bool_
            assert found == function(n)
        assert program(n=11)


def test_errors_are_raised_each_time():
    program = ty.program(is_prime_or_error)
    for _ in range(4):
        assert program(3)
        with pytest.raises(ValueError, match="negative"):
            program(-3)


def test_truth_values_in_containers_and_arrays():
    mixed = ty.program(lambda x, y: (x > y, x + y, {"less": x < y}))
    single = ty.program(lambda x: [x > 1])
    arrays = ty.program(lambda v: v > 0)
    some = ty.program(lambda v: any(x > 1 for x in v))
    values = np.array([1.0, -1.0, 0.5])
    for _ in range(4):
        assert mixed(2.0, 1.0) == (True, 3.0, {"less": False})
        assert single(2.0) == [True] and type(single(2.0)[0]) is np.bool_
        found = arrays(values)
        assert found.dtype == np.bool_ and found.tolist() == [True, False, True]
        assert type(some(values)) is np.bool_ and not some(values)
        assert some(values + 1)


def negated(x):
    return not x


def chosen(x, y):
    return (x and y, x or y, [x > 1, True], x)


@pytest.mark.parametrize("function", [negated, chosen])
def test_of_what_is_known_when_it_is_traced(function):
    """bools are known: nothing is left to compute, and truth values are still no numbers."""
    for transform in (ty.program, ty.jit):
        program = transform(function)
        for x in (True, False):
            given = (x,) if function is negated else (x, not x)
            for _ in range(3):
                found, right = program(*given), function(*given)
                assert found == right
                if function is negated:
                    assert type(found) is np.bool_
                else:
                    kinds = {type(one) for one in (*found[:2], *found[2], found[3])}
                    assert kinds == {np.bool_}
        assert type(transform(lambda: (True, 2))()[0]) is np.bool_


def test_other_functions_too():
    less = ty.jit(lambda x, y: x < y)
    for _ in range(4):
        assert type(less(1.0, 2.0)) is np.bool_ and less(1.0, 2.0) and not less(2, 1)
