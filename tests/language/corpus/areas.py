"""Integrals and derivatives by sums, with refinement where it is needed."""

import math

import numpy as np
from language.corpus.case import Case


def trapezoid(a, b, n):
    """The integral of exp(-x^2) over n intervals."""
    h = (b - a) / n
    total = 0.5 * (math.exp(-a * a) + math.exp(-b * b))
    for k in range(1, n):
        x = a + k * h
        total += math.exp(-x * x)
    return h * total


def simpson(values, h):
    """Simpson's rule of an odd number of samples."""
    total = values[0] + values[-1]
    for k in range(1, len(values) - 1):
        total += (4 if k % 2 else 2) * values[k]
    return h / 3 * total


def romberg(a, b):
    """The integral of sin(x) / (1 + x^2) by Romberg's scheme, until two diagonals agree."""

    def f(x):
        return math.sin(x) / (1 + x * x)

    row = np.zeros(14)
    h = b - a
    row[0] = h / 2 * (f(a) + f(b))
    intervals = 1
    for level in range(1, 14):
        last = row[level - 1]
        h /= 2
        total = 0.0
        for k in range(intervals):
            total += f(a + (2 * k + 1) * h)
        intervals *= 2
        above = row[0]
        row[0] = above / 2 + h * total
        power = 1.0
        for j in range(1, level + 1):
            power *= 4
            kept = row[j]
            row[j] = row[j - 1] + (row[j - 1] - above) / (power - 1)
            above = kept
        if abs(row[level] - last) < 1e-12:
            return row[level]
    return row[13]


def adaptive_simpson(a, b, tolerance):
    """The integral of sqrt(x) by recursion where Simpson's rule is not good enough."""

    def rule(a, b):
        return (b - a) / 6 * (math.sqrt(a) + 4 * math.sqrt((a + b) / 2) + math.sqrt(b))

    def refined(a, b, whole, tolerance):
        middle = (a + b) / 2
        left, right = rule(a, middle), rule(middle, b)
        if abs(left + right - whole) < 15 * tolerance:
            return left + right + (left + right - whole) / 15
        return refined(a, middle, left, tolerance / 2) + refined(middle, b, right, tolerance / 2)

    return refined(a, b, rule(a, b), tolerance)


def adaptive_with_stack(a, b, tolerance):
    """The integral of 1 / (x^2 + 0.01) with intervals that wait in a list."""
    waiting = [(a, b, tolerance)]
    total = 0.0
    while waiting:
        low, high, allowed = waiting.pop()
        middle = (low + high) / 2
        ends = 1 / (low * low + 0.01) + 1 / (high * high + 0.01)
        centre = 1 / (middle * middle + 0.01)
        coarse = (high - low) / 2 * ends
        fine = (high - low) / 4 * (ends + 2 * centre)
        if abs(fine - coarse) < 3 * allowed:
            total += fine + (fine - coarse) / 3
        else:
            waiting.append((low, middle, allowed / 2))
            waiting.append((middle, high, allowed / 2))
    return total


def gauss_legendre(a, b, panels):
    """The integral of cos(x) exp(x / 3) by five points in each panel."""
    nodes = [0.0, 0.5384693101056831, -0.5384693101056831, 0.906179845938664, -0.906179845938664]
    weights = [0.5688888888888889] + 2 * [0.47862867049936647] + 2 * [0.23692688505618908]
    total = 0.0
    half = (b - a) / panels / 2
    for p in range(panels):
        centre = a + (2 * p + 1) * half
        for node, weight in zip(nodes, weights):  # noqa: B905
            x = centre + half * node
            total += weight * half * math.cos(x) * math.exp(x / 3)
    return total


def midpoint_until_steady(b, goal):
    """The integral of log(1 + x), with intervals cut in three until little changes."""
    n = 1
    previous = b * math.log(1 + b / 2)
    while True:
        n *= 3
        h = b / n
        total = sum(math.log(1 + (k + 0.5) * h) for k in range(n)) * h
        if abs(total - previous) < goal:
            return total, n
        previous = total


def richardson_slope(x):
    """The derivative of sin(x^2) by central differences and Richardson's extrapolation."""
    h = 0.4
    row = []
    for _ in range(5):
        row.append((math.sin((x + h) ** 2) - math.sin((x - h) ** 2)) / (2 * h))
        h /= 2
    factor = 1.0
    while len(row) > 1:
        factor *= 4
        row = [(factor * row[k + 1] - row[k]) / (factor - 1) for k in range(len(row) - 1)]
    return row[0]


def ellipse_by_strips(a, b, n):
    """The area of an ellipse by strips, skipping what is outside."""
    total = 0.0
    width = 4.0 / n
    for k in range(n):
        x = -2 + (k + 0.5) * width
        inside = 1 - (x / a) ** 2
        if inside <= 0:
            continue
        total += 2 * b * math.sqrt(inside) * width
    return total


def double_integral(a, n):
    """exp(-a x y) over the triangle 0 < y < x < 1, by midpoints."""
    total = 0.0
    for i in range(n):
        x = (i + 0.5) / n
        for j in range(i + 1):
            y = (j + 0.5) / n
            weight = 0.5 if j == i else 1.0
            total += weight * math.exp(-a * x * y)
    return total / n**2


def tanh_sinh(power):
    """The integral of x^power over 0..1 by the double exponential rule (Takahasi, Mori 1974)."""
    h = 0.125
    total = 0.0
    k = -30
    while k <= 30:
        t = k * h
        u = math.pi / 2 * math.sinh(t)
        x = 1 / (1 + math.exp(-2 * u))
        weight = math.pi / 4 * math.cosh(t) / math.cosh(u) ** 2
        term = weight * x**power
        total += term
        k += 1
    return h * total


def arc_length(points):
    """The length of a line through points in the plane, without those that repeat."""
    total = 0.0
    for (x0, y0), (x1, y1) in zip(points[:-1], points[1:]):  # noqa: B905, RUF007
        if x0 == x1 and y0 == y1:
            continue
        total += math.hypot(x1 - x0, y1 - y0)
    return total


POLYGON = np.array([[0.0, 0.0], [3.0, 4.0], [3.5, 1.0], [2.0, -1.0]])

CASES = (
    Case(trapezoid, [(0.0, 1.0, 10), (-1.0, 2.0, 100)], wrt=(0, 1), jets=True),
    Case(simpson, [(np.array([1.0, 2.0, 1.5, 0.5, 3.0]), 0.25)], wrt=(0, 1), jets=True),
    Case(romberg, [(0.0, 1.0), (-1.0, 3.0)], wrt=(0, 1), jets=True, slack=1e-9),
    Case(
        adaptive_simpson,
        [(0.1, 1.0, 1e-6), (0.01, 2.0, 1e-8)],
        wrt=(0, 1),
        jets=True,
        options={"depth": 30},
    ),
    Case(
        adaptive_with_stack,
        [(0.0, 1.0, 1e-2), (-1.0, 2.0, 1e-3)],
        wrt=(0, 1),
        jets=True,
        options={"capacity": 40},
        tolerance=1e-12,
    ),
    Case(gauss_legendre, [(0.0, 1.0, 1), (-1.0, 5.0, 20)], wrt=(0, 1), jets=True),
    Case(midpoint_until_steady, [(1.0, 1e-2), (2.0, 1e-4)], wrt=(0,), jets=True),
    Case(richardson_slope, [(0.5,), (1.3,)], wrt=(0,), jets=True, slack=1e-10),
    Case(ellipse_by_strips, [(1.0, 2.0, 7), (1.7, 0.5, 50)], wrt=(0, 1), jets=True),
    Case(double_integral, [(0.5, 4), (2.0, 12)], wrt=(0,), jets=True),
    Case(tanh_sinh, [(0.5,), (2.0,), (-0.5,)], wrt=(0,), jets=True),
    Case(arc_length, [(POLYGON,)], wrt=(0,), jets=True),
)
