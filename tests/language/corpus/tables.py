"""Tables, curves through points, signals."""

import math

import numpy as np
from language.corpus.case import Case


def straight_lines(xs, ys, x):
    """Linear interpolation, constant outside."""
    if x <= xs[0]:
        return ys[0]
    if x >= xs[-1]:
        return ys[-1]
    k = 0
    while xs[k + 1] < x:
        k += 1
    return ys[k] + (x - xs[k]) * (ys[k + 1] - ys[k]) / (xs[k + 1] - xs[k])


def natural_spline(xs, ys, x):
    """A natural cubic spline: slopes' changes by elimination, the interval by bisection."""
    n = len(xs)
    second, u = np.zeros(n), np.zeros(n)
    for i in range(1, n - 1):
        share = (xs[i] - xs[i - 1]) / (xs[i + 1] - xs[i - 1])
        p = share * second[i - 1] + 2
        second[i] = (share - 1) / p
        d = (ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i]) - (ys[i] - ys[i - 1]) / (xs[i] - xs[i - 1])
        u[i] = (6 * d / (xs[i + 1] - xs[i - 1]) - share * u[i - 1]) / p
    second[n - 1] = 0.0
    for k in range(n - 2, -1, -1):
        second[k] = second[k] * second[k + 1] + u[k]
    low, high = 0, n - 1
    while high - low > 1:
        middle = (high + low) // 2
        if xs[middle] > x:
            high = middle
        else:
            low = middle
    h = xs[high] - xs[low]
    a, b = (xs[high] - x) / h, (x - xs[low]) / h
    bend = (a**3 - a) * second[low] + (b**3 - b) * second[high]
    return a * ys[low] + b * ys[high] + bend * h * h / 6


def neville(xs, ys, x):
    p = ys.copy()
    n = len(xs)
    for m in range(1, n):
        for i in range(n - m):
            p[i] = ((x - xs[i + m]) * p[i] + (xs[i] - x) * p[i + 1]) / (xs[i] - xs[i + m])
    return p[0]


def barycentric(xs, ys, x):
    """Lagrange's polynomial; at a node its value."""
    above, below = 0.0, 0.0
    for j, node in enumerate(xs):
        if x == node:
            return ys[j]
        weight = 1.0
        for k, other in enumerate(xs):
            if k != j:
                weight /= node - other
        above += weight / (x - node) * ys[j]
        below += weight / (x - node)
    return above / below


def divided_differences(xs, ys, x):
    """Newton's form of the polynomial through points."""
    c = [y for y in ys]  # noqa: C416
    for level in range(1, len(xs)):
        for k in range(len(xs) - 1, level - 1, -1):
            c[k] = (c[k] - c[k - 1]) / (xs[k] - xs[k - level])
    total = c[-1]
    for k in range(len(xs) - 2, -1, -1):
        total = total * (x - xs[k]) + c[k]
    return total


def bilinear(grid, x, y):
    """A table in two dimensions; places are kept inside."""
    i = max(0, min(len(grid) - 2, math.floor(x)))
    j = max(0, min(len(grid[0]) - 2, math.floor(y)))
    u, v = x - i, y - j
    low = grid[i, j] * (1 - v) + grid[i, j + 1] * v
    high = grid[i + 1, j] * (1 - v) + grid[i + 1, j + 1] * v
    return low * (1 - u) + high * u


def monotone_slopes(xs, ys):
    """Slopes that keep a cubic monotone (Fritsch, Carlson 1980)."""
    n = len(xs)
    d = [(ys[k + 1] - ys[k]) / (xs[k + 1] - xs[k]) for k in range(n - 1)]
    m = [d[0]] + [(d[k - 1] + d[k]) / 2 for k in range(1, n - 1)] + [d[-1]]
    for k in range(n - 1):
        if d[k] == 0:
            m[k] = m[k + 1] = 0.0
            continue
        a, b = m[k] / d[k], m[k + 1] / d[k]
        if a < 0 or b < 0:
            m[k] = 0.0
        elif a * a + b * b > 9:
            t = 3 / math.sqrt(a * a + b * b)
            m[k], m[k + 1] = t * a * d[k], t * b * d[k]
    return m


def de_casteljau(points, t):
    """A point of Bezier's curve."""
    p = points.copy()
    for level in range(len(points) - 1, 0, -1):
        for i in range(level):
            p[i] = (1 - t) * p[i] + t * p[i + 1]
    return p[0]


def basis_spline(knots, k, degree, x):
    """A basis spline by the recursion of Cox and de Boor; the degree is known when it is traced."""
    if degree == 0:
        return 1.0 if knots[k] <= x < knots[k + 1] else 0.0
    left = right = 0.0
    if knots[k + degree] > knots[k]:
        share = (x - knots[k]) / (knots[k + degree] - knots[k])
        left = share * basis_spline(knots, k, degree - 1, x)
    if knots[k + degree + 1] > knots[k + 1]:
        share = (knots[k + degree + 1] - x) / (knots[k + degree + 1] - knots[k + 1])
        right = share * basis_spline(knots, k + 1, degree - 1, x)
    return left + right


def smoothed(signal, rate):
    """An exponential mean, and the largest difference from it."""
    mean = signal[0]
    result = []
    largest = 0.0
    for x in signal:
        mean = rate * x + (1 - rate) * mean
        result.append(mean)
        largest = max(largest, abs(x - mean))
    return np.array(result), largest


def median_filter(signal):
    """Medians of three neighbours."""
    result = signal.copy()
    for k in range(1, len(signal) - 1):
        a, b, c = signal[k - 1], signal[k], signal[k + 1]
        if a > b:
            a, b = b, a
        if b > c:
            b = c if c > a else a
        result[k] = b
    return result


def histogram(values, low, high):
    """How many numbers are in each of five bins, and how many in none."""
    counts = np.zeros(5)
    outside = 0
    for x in values:
        if not low <= x < high:
            outside += 1
            continue
        counts[int((x - low) / (high - low) * 5)] += 1
    return counts, outside


def convolution(a, b):
    result = np.zeros(len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return result


def goertzel(signal, frequency):
    """The power of one frequency (Goertzel 1958)."""
    c = 2 * math.cos(2 * math.pi * frequency / len(signal))
    before, here = 0.0, 0.0
    for x in signal:
        before, here = here, x + c * here - before
    return here**2 + before**2 - c * here * before


def zero_crossings(signal):
    """Where a signal changes its sign: the number of places, and the mean of them."""
    count, total = 0, 0.0
    for k in range(len(signal) - 1):
        a, b = signal[k], signal[k + 1]
        if a * b < 0:
            count += 1
            total += k + a / (a - b)
    return count, total / count if count else 0.0


def delayed_echo(signal, delay, gain):
    """A signal and its echoes, by whole samples."""
    out = np.zeros_like(signal)
    for k in range(len(signal)):
        out[k] = signal[k]
        if k >= delay:
            out[k] += gain * out[k - delay]
    return out


XS = np.array([0.0, 1.0, 2.5, 4.0, 5.0])
YS = np.array([1.0, -1.0, 0.5, 3.0, 2.0])
GRID = np.cos(np.arange(12.0)).reshape(3, 4)
BEZIER = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, -1.0], [4.0, 1.0]])
KNOTS = np.array([0.0, 1.0, 1.5, 3.0, 4.0])
SIGNAL = np.array([0.5, -1.0, 2.0, 1.5, -0.5, 0.3, 4.0, -2.0])

CASES = (
    Case(
        straight_lines, [(XS, YS, 0.5), (XS, YS, 4.7), (XS, YS, -1.0), (XS, YS, 9.0)], wrt=(0, 1, 2)
    ),
    Case(natural_spline, [(XS, YS, 0.3), (XS, YS, 4.2)], wrt=(0, 1, 2), jets=True),
    Case(neville, [(XS, YS, 0.3), (XS, YS, 3.0)], wrt=(2, 0, 1), jets=True, tolerance=1e-12),
    Case(
        barycentric, [(XS, YS, 0.3), (XS, YS, 2.5)], wrt=(2, 0, 1), at=(0,), jets=True, slack=1e-10
    ),
    Case(divided_differences, [(XS, YS, 0.3)], wrt=(2, 0, 1), jets=True, tolerance=1e-12),
    Case(
        bilinear, [(GRID, 0.3, 1.7), (GRID, 5.0, -1.0), (GRID, 1.2, 2.9)], wrt=(0, 1, 2), jets=True
    ),
    Case(
        monotone_slopes, [(XS, YS), (XS, np.array([0.0, 1.0, 1.0, 8.0, 9.0]))], wrt=(0, 1), at=(0,)
    ),
    Case(de_casteljau, [(BEZIER, 0.3), (BEZIER, 0.9)], wrt=(0, 1), jets=True),
    Case(
        basis_spline,
        [(KNOTS, 0, 3, 0.5), (KNOTS, 0, 3, 2.0), (KNOTS, 0, 3, 5.0)],
        static=(1, 2),
        wrt=(3, 0),
        jets=True,
    ),
    Case(smoothed, [(SIGNAL, 0.3), (SIGNAL, 0.9)], wrt=(0, 1), jets=True),
    Case(median_filter, [(SIGNAL,), (SIGNAL[::-1],)], wrt=(0,), jets=True),
    Case(histogram, [(SIGNAL, -1.5, 2.5), (SIGNAL, 0.0, 10.0)]),
    Case(convolution, [(SIGNAL, XS)], wrt=(0, 1), jets=True),
    Case(goertzel, [(SIGNAL, 1.0), (SIGNAL, 2.5)], wrt=(0, 1), jets=True, tolerance=1e-12),
    Case(zero_crossings, [(SIGNAL,), (np.abs(SIGNAL),)], wrt=(0,), jets=True),
    Case(
        delayed_echo, [(SIGNAL, 2, 0.5), (SIGNAL, 5, 0.9), (SIGNAL, 20, 1.0)], wrt=(0, 2), jets=True
    ),
)
