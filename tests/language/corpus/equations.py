"""Roots of equations: methods that stop when they are near enough."""

import math

from language.corpus.case import Case


def bisection(c, low, high):
    """The root of x^3 + x = c between two numbers."""
    while high - low > 1e-13:
        middle = 0.5 * (low + high)
        if middle**3 + middle < c:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def newton(c, x):
    """The root of x exp(x) = c."""
    for _ in range(50):
        step = (x * math.exp(x) - c) / ((1 + x) * math.exp(x))
        x -= step
        if abs(step) < 1e-12:
            break
    return x


def secant(c, a, b):
    """The root of cos(x) = c x."""
    fa, fb = math.cos(a) - c * a, math.cos(b) - c * b
    while abs(fb) > 1e-12:
        a, b = b, b - fb * (b - a) / (fb - fa)
        fa, fb = fb, math.cos(b) - c * b
    return b


def false_position(c, low, high):
    """The root of log(x) + x = c by the Illinois variant."""
    f_low = math.log(low) + low - c
    f_high = math.log(high) + high - c
    side = 0
    x = low
    for _ in range(100):
        x = (f_low * high - f_high * low) / (f_low - f_high)
        f = math.log(x) + x - c
        if abs(f) < 1e-13:
            break
        if f * f_high > 0:
            high, f_high = x, f
            if side == -1:
                f_low /= 2
            side = -1
        else:
            low, f_low = x, f
            if side == 1:
                f_high /= 2
            side = 1
    return x


def halley(a):
    """The cube root by Halley's method."""
    x = a if a > 1 else 1.0
    while True:
        cube = x * x * x
        following = x * (cube + 2 * a) / (2 * cube + a)
        if abs(following - x) < 1e-13 * abs(x):
            return following
        x = following


def heron(a):
    """The square root by Heron's method, and how often it was improved."""
    x, count = 0.5 * (1 + a), 0
    while abs(x * x - a) > 1e-13 * a:
        x = 0.5 * (x + a / x)
        count += 1
    return x, count


def kepler_iteration(mean, eccentricity):
    """The eccentric anomaly by repeated substitution."""
    anomaly = mean
    previous = mean + 1.0
    while abs(anomaly - previous) > 1e-14:
        previous = anomaly
        anomaly = mean + eccentricity * math.sin(anomaly)
    return anomaly


def kepler_newton(mean, eccentricity):
    """The eccentric anomaly by Newton's method, from Danby's start."""
    anomaly = mean + 0.85 * eccentricity * (1 if math.sin(mean) > 0 else -1)
    done = False
    while not done:
        f = anomaly - eccentricity * math.sin(anomaly) - mean
        slope = 1 - eccentricity * math.cos(anomaly)
        step = f / slope
        anomaly = anomaly - step
        done = abs(step) < 1e-10
    return anomaly


def fixed_point(a):
    """Where x = cos(a x), by Steffensen's acceleration."""
    x = 0.5
    for _ in range(30):
        y = math.cos(a * x)
        z = math.cos(a * y)
        curvature = z - 2 * y + x
        if abs(curvature) < 1e-13:
            return z
        accelerated = x - (y - x) ** 2 / curvature
        if abs(accelerated - x) < 1e-12:
            return accelerated
        x = accelerated
    return x


def ridders(c, low, high):
    """The root of exp(x) = c by Ridders' method."""

    def f(x):
        return math.exp(x) - c

    f_low, f_high = f(low), f(high)
    best = 0.5 * (low + high)
    for _ in range(60):
        middle = 0.5 * (low + high)
        f_middle = f(middle)
        scale = math.sqrt(f_middle * f_middle - f_low * f_high)
        sign = 1.0 if f_low >= f_high else -1.0
        best = middle + (middle - low) * sign * f_middle / scale
        f_best = f(best)
        if abs(f_best) < 1e-12:
            return best
        if (f_middle > 0) != (f_best > 0):
            low, f_low, high, f_high = middle, f_middle, best, f_best
        elif (f_low > 0) != (f_best > 0):
            high, f_high = best, f_best
        else:
            low, f_low = best, f_best
    return best


def brent(c, a, b):
    """The root of x^3 - 2 x = c by Brent's method (1973, chapter 4)."""

    def f(x):
        return x**3 - 2 * x - c

    fa, fb = f(a), f(b)
    if abs(fa) < abs(fb):
        a, b, fa, fb = b, a, fb, fa
    previous, f_previous, before, bisected = a, fa, a, True
    while abs(fb) > 1e-13 and abs(b - a) > 1e-14:
        if fa != f_previous and fb != f_previous:
            s = a * fb * f_previous / ((fa - fb) * (fa - f_previous))
            s += b * fa * f_previous / ((fb - fa) * (fb - f_previous))
            s += previous * fa * fb / ((f_previous - fa) * (f_previous - fb))
        else:
            s = b - fb * (b - a) / (fb - fa)
        last = abs(b - previous) if bisected else abs(previous - before)
        near, far = min((3 * a + b) / 4, b), max((3 * a + b) / 4, b)
        if not near < s < far or abs(s - b) >= last / 2 or last < 1e-13:
            s, bisected = (a + b) / 2, True
        else:
            bisected = False
        fs = f(s)
        before, previous, f_previous = previous, b, fb
        if fa * fs < 0:
            b, fb = s, fs
        else:
            a, fa = s, fs
        if abs(fa) < abs(fb):
            a, b, fa, fb = b, a, fb, fa
    return b


def circle_and_curve(r, x, y):
    """A point with x^2 + y^2 = r^2 and y = x^3, by Newton's method in two dimensions."""
    error = 1.0
    turns = 0
    while error > 1e-12 and turns < 40:
        f, g = x * x + y * y - r * r, y - x**3
        fx, fy, gx, gy = 2 * x, 2 * y, -3 * x * x, 1.0
        determinant = fx * gy - fy * gx
        dx = (f * gy - g * fy) / determinant
        dy = (fx * g - gx * f) / determinant
        x, y = x - dx, y - dy
        error = abs(dx) + abs(dy)
        turns += 1
    return x, y


def lambert(x):
    """The principal branch of Lambert's W by Halley's method."""
    if x < 0:
        w = x
    elif x < 3:
        w = math.log(1 + x)
    else:
        w = math.log(x) - math.log(math.log(x))
    while True:
        e = math.exp(w)
        f = w * e - x
        step = f / (e * (w + 1) - (w + 2) * f / (2 * w + 2))
        w -= step
        if abs(step) < 1e-11 * (1 + abs(w)):
            return w


def laguerre(c):
    """A root of x^4 + x^2 - c by Laguerre's method, with values by Horner's scheme."""
    coefficients = [1.0, 0.0, 1.0, 0.0, -c]
    x = 1.0
    for _ in range(40):
        p, d, s = 0.0, 0.0, 0.0
        for a in coefficients:
            s = s * x + d
            d = d * x + p
            p = p * x + a
        if abs(p) < 1e-13:
            break
        g = d / p
        h = g * g - 2 * s / p
        root = math.sqrt(max(0.0, 3 * (4 * h - g * g)))
        step = 4 / (g + root) if g > 0 else 4 / (g - root)
        x -= step
        if abs(step) < 1e-13:
            break
    return x


def colebrook(reynolds, roughness):
    """The friction factor of a rough pipe, by fixed-point iteration from Haaland's formula."""
    s = -1.8 * math.log10((roughness / 3.7) ** 1.11 + 6.9 / reynolds)
    difference = 1.0
    while difference > 1e-13:
        following = -2 * math.log10(roughness / 3.7 + 2.51 * s / reynolds)
        difference = abs(following - s)
        s = following
    return 1 / s**2


CASES = (
    Case(bisection, [(3.0, 0.0, 2.0), (100.0, 0.0, 50.0), (0.1, -1.0, 1.0)], wrt=(1, 2)),
    Case(newton, [(1.0, 1.0), (20.0, 1.0), (0.3, 5.0)], wrt=(0, 1), jets=True),
    Case(secant, [(1.0, 0.2, 1.0), (0.1, 0.5, 1.5), (5.0, 0.1, 0.2)], wrt=(0,), jets=True),
    Case(false_position, [(2.0, 0.5, 3.0), (5.0, 0.1, 20.0)], wrt=(0,), tolerance=1e-12),
    Case(halley, [(2.0,), (0.3,), (1000.0,)], wrt=(0,), jets=True),
    Case(heron, [(2.0,), (1e-3,), (1e6,)], wrt=(0,), jets=True),
    Case(kepler_iteration, [(1.0, 0.3), (2.5, 0.7), (0.1, 0.05)], wrt=(0, 1), jets=True),
    Case(kepler_newton, [(1.0, 0.3), (4.0, 0.9), (6.0, 0.5)], wrt=(0, 1), jets=True),
    Case(fixed_point, [(1.0,), (0.5,), (1.4,)], wrt=(0,), tolerance=1e-12, slack=1e-8),
    Case(ridders, [(3.0, 0.0, 2.0), (10.0, -3.0, 5.0)], wrt=(0,), tolerance=1e-12, slack=1e-9),
    Case(brent, [(0.5, 1.0, 3.0), (3.0, 0.0, 5.0)], tolerance=1e-12),
    Case(circle_and_curve, [(2.0, 1.0, 1.0), (1.0, 3.0, 2.0)], wrt=(0,), jets=True),
    Case(lambert, [(1.0,), (50.0,), (-0.2,), (0.5,)], wrt=(0,), jets=True),
    Case(laguerre, [(2.0,), (50.0,), (0.5,)], wrt=(0,), tolerance=1e-12, slack=1e-9),
    Case(colebrook, [(1e5, 1e-4), (4e3, 5e-2), (1e7, 1e-6)], wrt=(0, 1), tolerance=1e-12),
)
