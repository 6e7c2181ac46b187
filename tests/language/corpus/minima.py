"""Searches for minima, and fits."""

import math

import numpy as np
from language.corpus.case import Case


def golden_section(a, low, high):
    """Where exp(x) - a x is least."""
    ratio = (math.sqrt(5) - 1) / 2
    c, d = high - ratio * (high - low), low + ratio * (high - low)
    fc, fd = math.exp(c) - a * c, math.exp(d) - a * d
    while high - low > 1e-7:
        if fc < fd:
            high, d, fd = d, c, fc
            c = high - ratio * (high - low)
            fc = math.exp(c) - a * c
        else:
            low, c, fc = c, d, fd
            d = low + ratio * (high - low)
            fd = math.exp(d) - a * d
    return (low + high) / 2


def ternary_search(a, low, high):
    """The least value of |x - a| + x^2."""

    def f(x):
        return abs(x - a) + x * x

    for _ in range(60):
        third = (high - low) / 3
        if f(low + third) < f(high - third):
            high -= third
        else:
            low += third
    return f((low + high) / 2)


def gradient_descent(a, rate, steps):
    """Steps down (x - a)^2 + 10 (y - x^2)^2."""
    x, y = 0.0, 0.0
    for _ in range(steps):
        gx = 2 * (x - a) - 40 * x * (y - x * x)
        gy = 20 * (y - x * x)
        x, y = x - rate * gx, y - rate * gy
    return x, y


def armijo(a, x):
    """Steepest descent of cosh(x - a) + x^2 with a line search by halves."""
    turns = 0
    while turns < 100:
        slope = math.sinh(x - a) + 2 * x
        if abs(slope) < 1e-4:
            break
        value = math.cosh(x - a) + x * x
        step = 1.0
        while True:
            y = x - step * slope
            if math.cosh(y - a) + y * y <= value - 0.3 * step * slope * slope:
                break
            step *= 0.5
        x = y
        turns += 1
    return x


def newton_minimum(a, b):
    """The minimum of exp(x - a) + exp(-x) + b x^2."""
    x = 0.0
    for _ in range(50):
        first = math.exp(x - a) - math.exp(-x) + 2 * b * x
        second = math.exp(x - a) + math.exp(-x) + 2 * b
        change = first / second
        x -= change
        if abs(change) < 1e-11:
            return x
    return x


def nelder_mead(a, b, steps):
    """The simplex method in two dimensions, with reflections, expansions, contractions."""

    def f(x, y):
        return (x - a) ** 2 + 2 * (y - b) ** 2 + x * y

    p = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    v = [f(x, y) for x, y in p]
    for _ in range(steps):
        for i in (0, 1, 0):
            if v[i] > v[i + 1]:
                v[i], v[i + 1] = v[i + 1], v[i]
                p[i], p[i + 1] = p[i + 1], p[i]
        cx, cy = (p[0][0] + p[1][0]) / 2, (p[0][1] + p[1][1]) / 2
        dx, dy = cx - p[2][0], cy - p[2][1]
        reflected = f(cx + dx, cy + dy)
        if reflected < v[0]:
            expanded = f(cx + 2 * dx, cy + 2 * dy)
            if expanded < reflected:
                p[2], v[2] = [cx + 2 * dx, cy + 2 * dy], expanded
            else:
                p[2], v[2] = [cx + dx, cy + dy], reflected
        elif reflected < v[1]:
            p[2], v[2] = [cx + dx, cy + dy], reflected
        else:
            contracted = f(cx - dx / 2, cy - dy / 2)
            if contracted < v[2]:
                p[2], v[2] = [cx - dx / 2, cy - dy / 2], contracted
            else:
                for i in (1, 2):
                    p[i] = [(p[i][0] + p[0][0]) / 2, (p[i][1] + p[0][1]) / 2]
                    v[i] = f(p[i][0], p[i][1])
    return min(v)


def annealing(seed, steps):
    """A minimum of x^2 + 3 sin(5 x) by chance that cools down."""
    x, best = 2.0, 100.0
    value = x * x + 3 * math.sin(5 * x)
    temperature = 2.0
    for _ in range(steps):
        seed = 16807 * seed % 2147483647
        y = x + seed / 2147483647 - 0.5
        trial = y * y + 3 * math.sin(5 * y)
        seed = 16807 * seed % 2147483647
        if trial < value or math.exp((value - trial) / temperature) > seed / 2147483647:
            x, value = y, trial
        best = min(best, value)
        temperature *= 0.97
    return best


def two_means(values, a, b):
    """Two centres of numbers, until none moves to the other."""
    turns = 0
    changed = True
    while changed:
        sum_a, sum_b, count_a, count_b = 0.0, 0.0, 0, 0
        for x in values:
            if abs(x - a) < abs(x - b):
                sum_a += x
                count_a += 1
            else:
                sum_b += x
                count_b += 1
        next_a = sum_a / count_a if count_a > 0 else a
        next_b = sum_b / count_b if count_b > 0 else b
        changed = abs(next_a - a) + abs(next_b - b) > 1e-12
        a, b = next_a, next_b
        turns += 1
    return a, b, turns


def decay_fit(times, values):
    """a and b of a exp(-b t) by Levenberg's and Marquardt's damped steps."""

    def cost(a, b):
        return np.sum((a * np.exp(-b * times) - values) ** 2)

    a, b, damping = 1.0, 1.0, 1e-2
    current = cost(a, b)
    for _ in range(60):
        e = np.exp(-b * times)
        r = a * e - values
        ja, jb = e, -a * times * e
        aa, ab, bb = np.sum(ja * ja), np.sum(ja * jb), np.sum(jb * jb)
        ga, gb = np.sum(ja * r), np.sum(jb * r)
        determinant = aa * bb * (1 + damping) ** 2 - ab * ab
        da = (ga * bb * (1 + damping) - gb * ab) / determinant
        db = (gb * aa * (1 + damping) - ga * ab) / determinant
        trial = cost(a - da, b - db)
        if trial < current:
            a, b, current = a - da, b - db, trial
            damping /= 10
            if abs(da) + abs(db) < 1e-9:
                break
        else:
            damping *= 10
    return a, b


def perceptron(points, labels):
    """Weights that separate points, and how often one was corrected."""
    w = np.zeros(3)
    corrections = 0
    for _ in range(100):
        mistakes = 0
        for (x, y), label in zip(points, labels):  # noqa: B905
            score = w[0] + w[1] * x + w[2] * y
            if label * score <= 0:
                w[0] += label
                w[1] += label * x
                w[2] += label * y
                mistakes += 1
        corrections += mistakes
        if mistakes == 0:
            break
    return w, corrections


def logistic_regression(x, y, penalty):
    """Slope and offset by Newton's method (iteratively reweighted least squares)."""
    slope, offset = 0.0, 0.0
    for turn in range(25):
        p = 1 / (1 + np.exp(-(slope * x + offset)))
        w = p * (1 - p)
        g0, g1 = np.sum(p - y), np.sum((p - y) * x) + penalty * slope
        h00, h01, h11 = np.sum(w), np.sum(w * x), np.sum(w * x * x) + penalty
        determinant = h00 * h11 - h01 * h01
        d0 = (h11 * g0 - h01 * g1) / determinant
        d1 = (h00 * g1 - h01 * g0) / determinant
        offset, slope = offset - d0, slope - d1
        if turn > 3 and abs(d0) + abs(d1) < 1e-11:
            break
    return slope, offset


def adam(a, rate, steps):
    """Kingma and Ba's rule (2015) on (x - a)^4 + x^2."""
    x, m, v = 0.0, 0.0, 0.0
    b1, b2 = 1.0, 1.0
    for _ in range(steps):
        g = 4 * (x - a) ** 3 + 2 * x
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        b1, b2 = 0.9 * b1, 0.999 * b2
        x -= rate * (m / (1 - b1)) / (math.sqrt(v / (1 - b2)) + 1e-8)
    return x


def coordinate_descent(matrix, right, penalty):
    """The lasso's solution by soft thresholds, each coordinate in turn."""
    n = len(right)
    x = np.zeros(n)
    for _ in range(200):
        moved = 0.0
        for i in range(n):
            rest = right[i] - np.sum(matrix[i] * x) + matrix[i, i] * x[i]
            if rest > penalty:
                value = (rest - penalty) / matrix[i, i]
            elif rest < -penalty:
                value = (rest + penalty) / matrix[i, i]
            else:
                value = 0.0
            moved = max(moved, abs(value - x[i]))
            x[i] = value
        if moved < 1e-13:
            break
    return x


TIMES = np.array([0.0, 0.5, 1.0, 2.0, 3.0])
POINTS = np.array([[2.0, 1.0], [3.0, 2.5], [-1.0, -1.0], [-2.0, 0.5]])
SHIFTED = np.array([[0.0, 1.0], [0.5, 2.0], [1.0, 0.0], [2.0, 0.5]])
SIDES = np.array([1, 1, -1, -1])
GROUPS = np.array([1.0, 1.2, 0.8, 5.0, 5.5, 4.7])
GRAM = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]])

CASES = (
    Case(golden_section, [(2.0, 0.0, 2.0), (10.0, -5.0, 5.0)], tolerance=1e-7),
    Case(ternary_search, [(0.3, -1.0, 1.0), (2.0, -5.0, 5.0)], tolerance=1e-12),
    Case(gradient_descent, [(1.0, 0.01, 5), (0.5, 0.02, 100)], wrt=(0, 1), jets=True),
    Case(armijo, [(1.0, 3.0), (-2.0, 0.1)], wrt=(0,), jets=True),
    Case(newton_minimum, [(1.0, 0.5), (3.0, 2.0)], wrt=(0, 1), jets=True),
    Case(nelder_mead, [(0.9, 2.1, 5), (0.31, -0.53, 25)], wrt=(0, 1), jets=True),
    Case(annealing, [(1, 5), (17, 200)], tolerance=1e-12),
    Case(two_means, [(GROUPS, 0.0, 1.0), (GROUPS, 0.0, 4.0)], wrt=(0,), jets=True),
    Case(
        decay_fit,
        [(TIMES, 2 * np.exp(-0.7 * TIMES) + 0.01)],
        wrt=(0, 1),
        slack=1e-7,
        tolerance=1e-8,
    ),
    Case(perceptron, [(POINTS, SIDES), (SHIFTED, SIDES)], wrt=(0,), at=(0,)),
    Case(
        logistic_regression,
        [(TIMES, np.array([0.0, 1.0, 0.0, 1.0, 1.0]), 0.1)],
        wrt=(0, 1, 2),
        jets=True,
    ),
    Case(adam, [(1.0, 0.1, 10), (-2.0, 0.05, 80)], wrt=(0, 1), jets=True),
    Case(coordinate_descent, [(GRAM, np.array([1.0, 0.1, -2.0]), 0.3)], wrt=(0, 1, 2), jets=True),
)
