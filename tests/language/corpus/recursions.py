"""Functions that call themselves, and each other."""

import math

import numpy as np
from language.corpus.case import Case


def factorial(n):
    return 1 if n <= 1 else n * factorial(n - 1)


def fibonacci_twice(n):
    """Two calls in one expression."""
    if n < 2:
        return n
    return fibonacci_twice(n - 1) + fibonacci_twice(n - 2)


def hanoi(n):
    """How many moves a tower takes, counted move by move."""
    if n == 0:
        return 0
    before = hanoi(n - 1)
    after = hanoi(n - 1)
    return before + 1 + after


def ackermann(m, n):
    """A call as an argument of a call."""
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def power(x, n):
    """x^n by squaring."""
    if n == 0:
        return 1.0
    if n % 2 == 1:
        return x * power(x, n - 1)
    half = power(x, n // 2)
    return half * half


def even(n):
    """Mutual recursion, of truth values."""
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


def hofstadter_female(n):
    """The sequences F and M, each defined by the other."""
    if n == 0:
        return 1
    return n - hofstadter_male(hofstadter_female(n - 1))


def hofstadter_male(n):
    if n == 0:
        return 0
    return n - hofstadter_female(hofstadter_male(n - 1))


def gcd_by_recursion(a, b):
    """A call in the last place."""
    if b == 0:
        return a
    return gcd_by_recursion(b, a % b)


def square_root(a, x, error):
    """Newton's method as a call in the last place."""
    if error < 1e-13:
        return x
    following = 0.5 * (x + a / x)
    return square_root(a, following, abs(following - x))


def mccarthy(n):
    """McCarthy's function: 91 for all up to 101."""
    if n > 100:
        return n - 10
    return mccarthy(mccarthy(n + 11))


def binomial_by_recursion(n, k):
    if k == 0 or k == n:
        return 1
    return binomial_by_recursion(n - 1, k - 1) + binomial_by_recursion(n - 1, k)


def partitions(n, largest):
    """In how many ways n is a sum of numbers up to `largest`."""
    if n == 0:
        return 1
    if n < 0 or largest == 0:
        return 0
    return partitions(n - largest, largest) + partitions(n, largest - 1)


def quadrature(a, b, tolerance):
    """The integral of exp(-x) sin(4 x) by recursion, of functions that stand by themselves."""
    return refine(a, b, three_points(a, b), tolerance)


def three_points(a, b):
    def f(x):
        return math.exp(-x) * math.sin(4 * x)

    return (b - a) / 6 * (f(a) + 4 * f((a + b) / 2) + f(b))


def refine(a, b, whole, tolerance):
    middle = (a + b) / 2
    left, right = three_points(a, middle), three_points(middle, b)
    difference = left + right - whole
    if abs(difference) < 15 * tolerance:
        return left + right + difference / 15
    first = refine(a, middle, left, tolerance / 2)
    return first + refine(middle, b, right, tolerance / 2)


def branching(size, ratio):
    """The length of all branches of a tree that ends where branches are short."""
    if size < 0.1:
        return 0.0
    return size + branching(size * ratio, ratio) + branching(size * (0.9 - ratio), ratio)


def heap_sum(values, k):
    """The sum of a tree that lies in an array, weighted by levels."""
    if k >= len(values):
        return 0.0
    return values[k] + 0.5 * (heap_sum(values, 2 * k + 1) + heap_sum(values, 2 * k + 2))


def heap_height(values, k):
    """How deep the part of a tree is whose numbers are positive."""
    if k >= len(values):
        return 0
    if values[k] <= 0:
        return 0
    return 1 + max(heap_height(values, 2 * k + 1), heap_height(values, 2 * k + 2))


def nested_radical(x, n):
    if n == 0:
        return 0.0
    return math.sqrt(x + nested_radical(x, n - 1))


def continued(x, n, depth):
    """The continued fraction of exp by a call inside a quotient."""
    if n == depth:
        return 1.0
    if n % 2 == 0:
        return 1 + x / ((n + 1) * continued(x, n + 1, depth))
    return 1 - x / ((n + 1) * continued(x, n + 1, depth))


def chebyshev(n, x):
    """T_n(x) by halves."""
    if n == 0:
        return 1.0
    if n == 1:
        return x
    if n % 2 == 0:
        t = chebyshev(n // 2, x)
        return 2 * t * t - 1
    return 2 * chebyshev(n // 2, x) * chebyshev(n // 2 + 1, x) - x


def bisect(low, high, target):
    """A root of x exp(x) = target, by calls in the last place."""
    middle = (low + high) / 2
    if high - low < 1e-12:
        return middle
    if middle * math.exp(middle) > target:
        return bisect(low, middle, target)
    return bisect(middle, high, target)


def fft(real, imaginary):
    """The discrete Fourier transform by halves (Cooley, Tukey 1965); lengths are powers of two."""
    n = len(real)
    if n == 1:
        return real, imaginary
    even_re, even_im = fft(real[0::2], imaginary[0::2])
    odd_re, odd_im = fft(real[1::2], imaginary[1::2])
    re, im = np.zeros(n), np.zeros(n)
    for k in range(n // 2):
        c, s = math.cos(2 * math.pi * k / n), -math.sin(2 * math.pi * k / n)
        x, y = c * odd_re[k] - s * odd_im[k], c * odd_im[k] + s * odd_re[k]
        re[k], im[k] = even_re[k] + x, even_im[k] + y
        re[k + n // 2], im[k + n // 2] = even_re[k] - x, even_im[k] - y
    return re, im


def laplace(matrix):
    """The determinant by expansion along the first row."""
    n = len(matrix)
    if n == 1:
        return matrix[0, 0]
    total = 0.0
    for j in range(n):
        minor = np.array([[matrix[i, k] for k in range(n) if k != j] for i in range(1, n)])
        total += (-1) ** j * matrix[0, j] * laplace(minor)
    return total


def pairwise_sum(values):
    """A sum by halves."""
    n = len(values)
    if n == 1:
        return values[0]
    return pairwise_sum(values[: n // 2]) + pairwise_sum(values[n // 2 :])


def tree_value(tree, x):
    """An expression given as nested tuples, known when it is traced."""
    match tree:
        case "x":
            return x
        case ("+", left, right):
            return tree_value(left, x) + tree_value(right, x)
        case ("*", left, right):
            return tree_value(left, x) * tree_value(right, x)
        case ("sin", inner):
            return math.sin(tree_value(inner, x))
    return tree


TREE = ("+", ("*", "x", "x"), ("sin", ("*", 2.0, "x")))
HEAP = np.array([1.0, 2.0, -1.0, 0.5, 3.0, 0.2, 0.1])
SQUARE = np.array([[0.1, 2.0, 1.0], [4.0, 1.0, -1.0], [2.0, 0.5, 3.0]])

CASES = (
    Case(factorial, [(0,), (5,), (15,)], options={"depth": 20}),
    Case(fibonacci_twice, [(0,), (1,), (12,)], options={"depth": 15}),
    Case(hanoi, [(0,), (3,), (8,)], options={"depth": 10}),
    Case(ackermann, [(0, 3), (1, 4), (2, 3)], options={"depth": 30}),
    Case(
        power,
        [(1.5, 0), (2.0, 10), (0.9, 77)],
        wrt=(0,),
        at=(1, 2),
        jets=True,
        options={"depth": 20},
    ),
    Case(even, [(0,), (7,), (20,)], options={"depth": 25}),
    Case(hofstadter_female, [(0,), (5,), (12,)], options={"depth": 20}),
    Case(gcd_by_recursion, [(12, 18), (7, 0), (832040, 514229)]),
    Case(square_root, [(2.0, 1.0, 1.0), (1e4, 1.0, 1.0)], wrt=(0,), jets=True),
    Case(mccarthy, [(101,), (87,), (60,)], options={"depth": 20}),
    Case(binomial_by_recursion, [(4, 2), (6, 0), (9, 4)], options={"depth": 12}),
    Case(partitions, [(0, 3), (6, 6), (10, 5)], options={"depth": 20}),
    Case(
        quadrature,
        [(0.0, 1.0, 1e-4), (0.0, 3.0, 1e-6)],
        wrt=(0, 1),
        jets=True,
        options={"depth": 30},
    ),
    Case(branching, [(1.0, 0.6), (3.0, 0.5)], wrt=(0, 1), jets=True, options={"depth": 20}),
    Case(heap_sum, [(HEAP, 0), (HEAP, 1), (HEAP, 7)], wrt=(0,), jets=True, options={"depth": 5}),
    Case(heap_height, [(HEAP, 0), (HEAP, 2), (-HEAP, 0)], options={"depth": 5}),
    Case(
        nested_radical, [(2.0, 0), (2.0, 3), (3.0, 25)], wrt=(0,), jets=True, options={"depth": 30}
    ),
    Case(continued, [(1.0, 0, 12), (-0.5, 0, 20)], wrt=(0,), options={"depth": 25}),
    Case(
        chebyshev,
        [(0, 0.3), (1, 0.3), (13, 0.3), (32, -0.7)],
        wrt=(1,),
        jets=True,
        options={"depth": 8},
    ),
    Case(bisect, [(0.0, 1.0, 1.0), (0.0, 10.0, 500.0)], wrt=(0, 1), jets=True),
    Case(fft, [(np.cos(np.arange(8.0) ** 2), np.arange(8.0))], wrt=(0, 1), jets=True),
    Case(laplace, [(SQUARE,)], wrt=(0,), jets=True),
    Case(pairwise_sum, [(HEAP,)], wrt=(0,), jets=True),
    Case(tree_value, [(TREE, 0.7), (TREE, -2.0)], static=(0,), wrt=(1,), jets=True),
)
