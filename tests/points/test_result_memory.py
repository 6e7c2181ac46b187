"""Memory of large results: given out again where it is free, never where somebody has it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import taylor as ty
from taylor.points.results import KEPT, LARGEST, SMALLEST, Spare

SHAPE = (SMALLEST // 8 + 3,)


def place(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_a_loop_that_keeps_its_last_result_needs_no_new_memory() -> None:
    f = ty.jit(lambda x: x * x + 1)
    x = np.linspace(0.0, 1.0, SHAPE[0])
    y = f(x)
    places = set()
    for _ in range(10):
        y = f(x)  # the one before is there still while this one is made
        places.add(place(y))
    assert len(places) <= KEPT
    assert np.array_equal(y, x * x + 1)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_results_that_somebody_has_stay_what_they_are(count: int) -> None:
    f = ty.jit(lambda x: 2 * x)
    inputs = [np.full(SHAPE, float(k)) for k in range(count)]
    results = [f(x) for x in inputs]
    views = [f(x)[5:9] for x in inputs]  # a view keeps all of its memory
    for _ in range(3):
        f(np.full(SHAPE, -1.0))
    assert all((y == 2.0 * k).all() for k, y in enumerate(results))
    assert all((v == 2.0 * k).all() for k, v in enumerate(views))


def test_other_sizes_take_the_place_of_those_before() -> None:
    spare, kind = Spare(), np.dtype(float)
    for size in (SHAPE[0], 2 * SHAPE[0], SHAPE[0], LARGEST // 8 + 1, 3):
        first, second = spare.array((size,), kind), spare.array((size,), kind)
        first[:], second[:] = 1.0, 2.0
        assert first.shape == second.shape == (size,)
        assert (first == 1.0).all()
        assert (second == 2.0).all()
        assert not np.may_share_memory(first, second)


def test_threads_never_get_one_memory_together() -> None:
    spare, kind, wrong = Spare(), np.dtype(float), []

    def work(number: float) -> None:
        for _ in range(200):
            array = spare.array(SHAPE, kind)
            array[:] = number
            if not (array == number).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(float(k),)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
