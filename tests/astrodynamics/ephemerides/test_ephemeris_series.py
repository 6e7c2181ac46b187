"""Tables of Chebyshev series in expressions, and kernels of every type, without any package."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.polynomial import chebyshev

import taylor as ty
from taylor.astrodynamics.ephemerides.kernels import spk_kernel
from taylor.astrodynamics.ephemerides.series import Series, joined, summed, vector
from taylor.errors import ArgumentError

RNG = np.random.default_rng(4)
MP = mpmath.MPContext()
MP.dps = 45
T = ty.variable("t")


def made(start: float, length: float, pieces: int, terms: int) -> Series:
    """A series over equal pieces with coefficients that fall off."""
    edges = start + length * np.arange(pieces + 1)
    size = 1e5 * 0.2 ** np.arange(terms)
    coefficients = RNG.normal(size=(pieces, 3, terms)) * size
    head = np.stack([edges[:-1] + length / 2, np.full(pieces, length / 2)], axis=1)
    return Series(edges, np.concatenate([head, coefficients.reshape(pieces, -1)], axis=1))


def values(series: Series, times: np.ndarray) -> np.ndarray:
    """By NumPy."""
    row = np.searchsorted(series.edges, times, side="right") - 1
    found = []
    for t, record in zip(times, series.records[row], strict=True):
        s = (t - record[0]) / record[1]
        found.append([chebyshev.chebval(s, c) for c in record[2:].reshape(3, -1)])
    return np.array(found)


def derivative(record: np.ndarray, axis: int, t: float, order: int) -> Any:
    """The derivative of a piece by mpmath, from its polynomial in exact coefficients."""
    c = [MP.mpf(float(x)) for x in record[2:].reshape(3, -1)[axis]]
    rows = [[MP.mpf(1)], [MP.mpf(0), MP.mpf(1)]]
    while len(rows) < len(c):
        shifted = [MP.mpf(0), *(2 * x for x in rows[-1])]
        for k, x in enumerate(rows[-2]):
            shifted[k] -= x
        rows.append(shifted)
    power = [
        sum((c[k] * row[j] for k, row in enumerate(rows) if j < len(row)), MP.mpf(0))
        for j in range(len(c))
    ]
    for _ in range(order):
        power = [j * x for j, x in enumerate(power)][1:] or [MP.mpf(0)]
    radius = MP.mpf(float(record[1]))
    s = (MP.mpf(t) - MP.mpf(float(record[0]))) / radius
    return MP.polyval(power[::-1], s) / radius**order


def test_values_at_all_pieces() -> None:
    series = made(-100.0, 40.0, 7, 9)
    f = ty.compile(list(vector(series, T)), [T])
    times = RNG.uniform(-100, 180, 200)
    assert np.allclose(np.array(f(times)).T, values(series, times), rtol=0, atol=1e-9)
    assert np.isfinite(f(-100.0)).all()
    assert np.isfinite(f(180.0)).all()
    assert np.isnan(f(-100.001)).all()
    assert np.isnan(f(180.001)).all()


@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_derivatives_are_those_of_the_polynomial(order: int) -> None:
    series = made(0.0, 32.0, 5, 8)
    f = ty.compile(list(vector(series, T, order)), [T])
    g = ty.compile(list(vector(series, T, order)), [T], precision="double-double")
    for t in (0.5, 33.25, 100.75, 159.5):
        record = series.records[int(t // 32)]
        expected = [derivative(record, axis, t, order) for axis in range(3)]
        found, exact = f(t), g(np.array([t, 0.0]))
        size = max(abs(float(x)) for x in expected) + 1e-300
        for axis in range(3):
            assert abs(found[axis] - float(expected[axis])) < 1e-12 * size
            high, low = (MP.mpf(float(x)) for x in exact[axis])
            assert abs(high + low - expected[axis]) < 1e-27 * size


def test_all_orders_in_time() -> None:
    series = made(0.0, 16.0, 4, 10)
    jet = ty.jet(lambda t: vector(series, t), 37.5, order=12)
    record = series.records[2]
    for order in range(13):
        for axis in range(3):
            expected = derivative(record, axis, 37.5, order) / MP.factorial(order)
            scale = 1e5 / 8.0**order
            assert abs(float(jet[order][axis]) - float(expected)) < 1e-11 * scale


@pytest.mark.parametrize("lengths", [(8.0, 8.0), (8.0, 32.0), (10.0, 14.0)])
def test_sums_over_the_pieces_of_both(lengths: tuple[float, float]) -> None:
    first, second = made(0.0, lengths[0], 21, 9), made(-10.0, lengths[1], 14, 6)
    total = summed([(1, first), (-1, second)])
    start, end = max(first.start, second.start), min(first.end, second.end)
    assert (total.start, total.end) == (start, end)
    times = RNG.uniform(start, end, 300)
    expected = values(first, times) - values(second, times)
    assert np.allclose(values(total, times), expected, rtol=0, atol=2e-9)
    # No coefficient is disturbed by the errors of larger ones.
    if lengths[0] == 8.0:
        high = total.records[:, 2:].reshape(-1, 3, 9)[:, :, 6:]
        row = np.searchsorted(first.edges, total.records[:, 0], side="right") - 1
        same = total.records[:, 1] == 4.0
        own = first.records[row][:, 2:].reshape(-1, 3, 9)[:, :, 6:]
        assert np.array_equal(high[same], own[same])


def test_no_common_time() -> None:
    with pytest.raises(ArgumentError, match="no common time"):
        summed([(1, made(0.0, 1.0, 3, 3)), (1, made(10.0, 1.0, 3, 3))])


def test_series_one_after_the_other() -> None:
    first, second = made(0.0, 8.0, 4, 5), made(24.0, 6.0, 4, 7)
    both = joined([first, second])
    times = RNG.uniform(0, 48, 200)
    early = times < 24
    expected = np.where(early[:, None], values(first, np.minimum(times, 31)), 0)
    expected[~early] = values(second, times[~early])
    assert np.allclose(values(both, times), expected, rtol=0, atol=1e-9)
    with pytest.raises(ArgumentError, match="nothing between"):
        joined([made(0.0, 8.0, 2, 5), made(24.0, 6.0, 4, 7)])


class Daf:
    """The numbers of a kernel, counted from 1 as in files."""

    def __init__(self, numbers: list[float]) -> None:
        self.numbers = np.array(numbers, dtype=float)

    def read_array(self, first: int, last: int) -> np.ndarray:
        return self.numbers[first - 1 : last]

    map_array = read_array


def kernel(kind: int, numbers: list[float], start: float, end: float, frame: int = 1) -> Any:
    daf = Daf(numbers)
    segment = SimpleNamespace(
        target=-7,
        center=399,
        data_type=kind,
        frame=frame,
        daf=daf,
        start_i=1,
        end_i=len(numbers),
        start_second=start,
        end_second=end,
    )
    return SimpleNamespace(segments=[segment], daf=daf, comments=lambda: "GMS  1.5D+00\n")


@pytest.mark.parametrize("kind", [2, 3])
def test_chebyshev_kernels(kind: int) -> None:
    series = made(100.0, 10.0, 4, 6)
    rates = np.zeros((4, 18)) if kind == 3 else np.zeros((4, 0))
    records = np.concatenate([series.records, rates], axis=1)
    numbers = [*records.ravel(), 100.0, 10.0, records.shape[1], 4.0]
    ephemeris = ty.astrodynamics.Ephemeris(kernel(kind, numbers, 100.0, 140.0))
    times = RNG.uniform(100, 140, 50)
    assert np.allclose(ephemeris.position(-7, times), values(series, times), rtol=0, atol=1e-9)
    assert ephemeris.span == (100.0, 140.0)
    assert ephemeris.constants == {"GMS": 1.5}
    assert ephemeris.bodies == ("body -7", "earth")


def test_hermite_kernels() -> None:
    """Type 13: a circle through states at uneven times, in a window of eight."""
    epochs = np.cumsum(RNG.uniform(200.0, 300.0, 40))
    turn = 2e-3

    def circle(t: np.ndarray) -> np.ndarray:
        c, s = 7000 * np.cos(turn * t), 7000 * np.sin(turn * t)
        return np.stack([c, s, 0.3 * c, -turn * s, turn * c, -0.3 * turn * s], axis=-1)

    numbers = [*circle(epochs).ravel(), *epochs, 7.0, 40.0]
    ephemeris = ty.astrodynamics.Ephemeris(kernel(13, numbers, epochs[0], epochs[-1]))
    times = np.linspace(epochs[4], epochs[-5], 200)
    assert np.abs(ephemeris.state(-7, times) - circle(times))[:, :3].max() < 1e-7
    assert np.abs(ephemeris.state(-7, times) - circle(times))[:, 3:].max() < 1e-8
    assert np.abs(ephemeris.position(-7, epochs) - circle(epochs)[:, :3]).max() < 1e-9


def test_other_kernels_are_refused() -> None:
    with pytest.raises(ArgumentError, match="of SPK type 21"):
        spk_kernel(kernel(21, [0.0] * 8, 0.0, 1.0), "k").vectors[-7, 399].read(0.0, 1.0)
    with pytest.raises(ArgumentError, match="the axes number 17"):
        spk_kernel(kernel(2, [0.0] * 8, 0.0, 1.0, frame=17), "k").vectors[-7, 399].read(0.0, 1.0)
