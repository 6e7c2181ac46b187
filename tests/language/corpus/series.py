"""Series, continued fractions, recurrences of functions."""

import math

import numpy as np
from language.corpus.case import Case


def horner(coefficients, x):
    total = 0.0
    for c in coefficients:
        total = total * x + c
    return total


def horner_with_slope(coefficients, x):
    """A polynomial and its derivative."""
    p, d = coefficients[0], 0.0
    for c in coefficients[1:]:
        d = d * x + p
        p = p * x + c
    return p, d


def clenshaw(coefficients, x):
    """The sum of c_k T_k(x)."""
    b1, b2 = 0.0, 0.0
    for k in range(len(coefficients) - 1, 0, -1):
        b1, b2 = 2 * x * b1 - b2 + coefficients[k], b1
    return x * b1 - b2 + coefficients[0]


def exponential(x):
    """exp by its series, until nothing is added."""
    term, total, n = 1.0, 1.0, 0
    while abs(term) > 1e-17 * abs(total):
        n += 1
        term *= x / n
        total += term
    return total


def sine(x):
    """sin by its series, for arguments brought near 0."""
    turns = round(x / (2 * math.pi))
    x = x - 2 * math.pi * turns
    term, total, n = x, x, 1
    while abs(term) > 1e-18:
        term = -term * x * x / ((n + 1) * (n + 2))
        total += term
        n += 2
    return total


def tangent(x, depth):
    """tan by its continued fraction (Lambert), from behind."""
    below = 2.0 * depth + 1
    for k in range(depth, 0, -1):
        below = (2 * k - 1) - x * x / below
    return x / below


def lentz(x, a):
    """A ratio of incomplete gamma functions by Lentz's continued fraction."""
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    h = d
    for i in range(1, 200):
        an = -i * (i - a)
        b += 2
        d = an * d + b
        if abs(d) < tiny:
            d = tiny
        c = b + an / c
        if abs(c) < tiny:
            c = tiny
        d = 1 / d
        factor = d * c
        h *= factor
        if abs(factor - 1) < 1e-15:
            break
    return h


def arithmetic_geometric_mean(a, b):
    while abs(a - b) > 1e-14 * a:
        a, b = (a + b) / 2, math.sqrt(a * b)
    return a


def elliptic(m):
    """The complete elliptic integrals K and E by the arithmetic-geometric mean."""
    a, b, c2 = 1.0, math.sqrt(1 - m), m
    total, power = 0.5 * c2, 0.5
    while abs(a - b) > 1e-14:
        a, b, c2 = (a + b) / 2, math.sqrt(a * b), ((a - b) / 2) ** 2
        power *= 2
        total += power * c2
    k = math.pi / (2 * a)
    return k, k * (1 - total)


def gamma_lanczos(x):
    """The gamma function (Lanczos 1964, g = 7, n = 9), by reflection below 1/2."""
    coefficients = [
        0.99999999999980993,
        676.5203681218851,
        -1259.1392167224028,
        771.32342877765313,
        -176.61502916214059,
        12.507343278686905,
        -0.13857109526572012,
        9.9843695780195716e-6,
        1.5056327351493116e-7,
    ]
    reflected = x < 0.5
    y = 1 - x if reflected else x
    y -= 1
    total = coefficients[0]
    for k, c in enumerate(coefficients[1:], start=1):
        total += c / (y + k)
    t = y + 7.5
    value = math.sqrt(2 * math.pi) * t ** (y + 0.5) * math.exp(-t) * total
    if reflected:
        return math.pi / (math.sin(math.pi * x) * value)
    return value


def log_gamma(x):
    """The logarithm of gamma by Stirling's series, after steps upward."""
    shift = 0.0
    while x < 12:
        shift -= math.log(x)
        x += 1
    z = 1 / (x * x)
    tail = 1 / 12 + z * (-1 / 360 + z * (1 / 1260 + z * (-1 / 1680 + z / 1188)))
    return shift + (x - 0.5) * math.log(x) - x + 0.5 * math.log(2 * math.pi) + tail / x


def bessel_backward(x):
    """J0, J1, J2 by backward recursion (Miller 1952)."""
    above, here = 0.0, 1e-30
    total = 0.0
    j1 = j2 = 0.0
    for n in range(40, 0, -1):
        above, here = here, 2 * n / x * here - above
        if n - 1 == 2:
            j2 = here
        if n - 1 == 1:
            j1 = here
        if n % 2 == 1 and n > 1:
            total += 2 * here
    total += here
    return here / total, j1 / total, j2 / total


def bessel_series(n, x):
    """J_n for n = 0, 1, 2 ... by its series."""
    term = 1.0
    for k in range(1, n + 1):
        term *= x / 2 / k
    total, k = 0.0, 0
    while abs(term) > 1e-18:
        total += term
        k += 1
        term *= -x * x / 4 / (k * (n + k))
    return total


def error_function(x):
    """erf by its series near 0, by a continued fraction elsewhere."""
    if abs(x) < 2.5:
        term, total, n = x, x, 0
        while abs(term) > 1e-17:
            n += 1
            term *= -x * x / n
            total += term / (2 * n + 1)
        return 2 / math.sqrt(math.pi) * total
    z = abs(x)
    fraction = z
    for k in range(60, 0, -1):
        fraction = z + k / 2 / fraction
    value = 1 - math.exp(-z * z) / fraction / math.sqrt(math.pi)
    return value if x > 0 else -value


def zeta(s):
    """Riemann's zeta for s > 1 by the formula of Euler and Maclaurin."""
    total = 0.0
    for n in range(1, 12):
        total += n**-s
    edge = 12.0
    total += edge ** (1 - s) / (s - 1) + edge**-s / 2
    numbers = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66)
    factor = s * edge ** (-s - 1) / 2
    for k, b in enumerate(numbers):
        total += b * factor
        factor *= (s + 2 * k + 1) * (s + 2 * k + 2) / (edge**2 * (2 * k + 3) * (2 * k + 4))
    return total


def kahan(values):
    """A compensated sum.

    Sums are put together anew before they are machine code, so that what this one compensates is
    not there: its value is right to rounding, not Python's to the last bit.
    """
    total, lost = 0.0, 0.0
    for x in values:
        y = x - lost
        t = total + y
        lost = (t - total) - y
        total = t
    return total


def aitken(x):
    """arctan by its series, accelerated by Aitken's process."""
    partial, previous, before = 0.0, 0.0, 0.0
    power, sign = x, 1.0
    for k in range(25):
        before, previous = previous, partial
        partial += sign * power / (2 * k + 1)
        power *= x * x
        sign = -sign
    return partial - (partial - previous) ** 2 / (partial - 2 * previous + before)


def wynn(x):
    """log(1 + x) by its partial sums and Wynn's epsilon algorithm, in place."""
    row = np.zeros(12)
    total = 0.0
    for n in range(11):
        total += (-1) ** n * x ** (n + 1) / (n + 1)
        row[n] = total
        above = 0.0
        for k in range(n, 0, -1):
            kept = above
            above = row[k - 1]
            difference = row[k] - above
            row[k - 1] = kept + 1 / difference
    return row[0]


def legendre(n, x):
    """P_n(x) by the recurrence of Bonnet."""
    if n == 0:
        return 1.0
    before, here = 1.0, x
    for k in range(1, n):
        before, here = here, ((2 * k + 1) * x * here - k * before) / (k + 1)
    return here


def hypergeometric(a, b, c, x):
    """Gauss' series 2F1, until terms no longer count."""
    term, total, n = 1.0, 1.0, 0
    while True:
        term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * x
        total += term
        n += 1
        if abs(term) < 1e-17 * abs(total) or n > 500:
            return total


CASES = (
    Case(horner, [(np.array([1.0, -2.0, 3.0, 0.5]), 1.5)], wrt=(0, 1), jets=True),
    Case(horner_with_slope, [(np.array([2.0, 0.0, -1.0, 3.0]), 0.7)], wrt=(1, 0), jets=True),
    Case(clenshaw, [(np.array([0.5, 1.0, -0.3, 0.2]), 0.4)], wrt=(0, 1), jets=True),
    Case(exponential, [(1.0,), (10.0,), (-3.0,), (0.0,)], wrt=(0,), at=(0, 1, 2), jets=True),
    Case(sine, [(1.0,), (10.0,), (-100.5,)], wrt=(0,), jets=True),
    Case(tangent, [(1.0, 20), (0.3, 5), (0.5, 1)], wrt=(0,), jets=True),
    Case(lentz, [(3.0, 1.5), (10.0, 0.3)], wrt=(0, 1), jets=True, tolerance=1e-12),
    Case(arithmetic_geometric_mean, [(1.0, 2.0), (1.0, 1e-3)], wrt=(0, 1), jets=True),
    Case(elliptic, [(0.5,), (0.99,), (0.01,)], wrt=(0,), jets=True, tolerance=1e-12),
    Case(gamma_lanczos, [(4.5,), (0.2,), (-2.3,), (10.0,)], wrt=(0,), jets=True, tolerance=1e-12),
    Case(log_gamma, [(0.5,), (4.5,), (30.0,)], wrt=(0,), jets=True),
    Case(bessel_backward, [(1.0,), (5.5,)], wrt=(0,), tolerance=1e-12),
    Case(bessel_series, [(0, 1.0), (1, 3.0), (5, 2.5)], wrt=(1,), jets=True, tolerance=1e-12),
    Case(error_function, [(0.5,), (-2.0,), (3.0,), (-4.0,)], wrt=(0,), jets=True, slack=1e-10),
    Case(zeta, [(2.0,), (3.5,), (1.1,)], wrt=(0,), jets=True),
    Case(kahan, [(np.array([1.0, 1e-16, 1e-16, -1.0, 0.5]),)], tolerance=1e-15),
    Case(aitken, [(0.5,), (0.9,)], wrt=(0,), slack=1e-9),
    Case(wynn, [(0.5,), (1.0,)], wrt=(0,), tolerance=1e-8, slack=1e-6),
    Case(legendre, [(0, 0.3), (1, 0.3), (10, 0.3), (3, -0.9)], wrt=(1,), at=(1, 2, 3), jets=True),
    Case(hypergeometric, [(0.5, 1.5, 2.0, 0.3), (1.0, 1.0, 2.0, -0.6)], wrt=(3, 0), jets=True),
)
