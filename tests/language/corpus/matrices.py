"""Linear algebra element by element."""

import math

import numpy as np
from language.corpus.case import Case


def gauss_elimination(matrix, right):
    """The solution of equations, with rows exchanged for the largest pivot."""
    a, b = matrix.copy(), right.copy()
    n = len(b)
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[pivot, k]):
                pivot = i
        if pivot != k:
            for j in range(n):
                a[k, j], a[pivot, j] = a[pivot, j], a[k, j]
            b[k], b[pivot] = b[pivot], b[k]
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            for j in range(k, n):
                a[i, j] -= factor * a[k, j]
            b[i] -= factor * b[k]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        total = b[i]
        for j in range(i + 1, n):
            total -= a[i, j] * x[j]
        x[i] = total / a[i, i]
    return x


def determinant(matrix):
    """The determinant by elimination; 0.0 as soon as a column has nothing left."""
    a = matrix.copy()
    n = len(a)
    result = 1.0
    for k in range(n):
        pivot = k
        while pivot < n and a[pivot, k] == 0:
            pivot += 1
        if pivot == n:
            return 0.0
        if pivot != k:
            result = -result
            row = a[k].copy()
            a[k] = a[pivot]
            a[pivot] = row
        result *= a[k, k]
        for i in range(k + 1, n):
            a[i] = a[i] - a[i, k] / a[k, k] * a[k]
    return result


def cholesky(matrix):
    n = len(matrix)
    factor = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= factor[i, k] * factor[j, k]
            if i == j:
                factor[i, i] = math.sqrt(total)
            else:
                factor[i, j] = total / factor[j, j]
    return factor


def givens(matrix):
    """The triangle R of a matrix, by rotations; columns that are done already are skipped."""
    r = matrix.copy()
    n = len(r)
    for j in range(n):
        for i in range(n - 1, j, -1):
            if r[i, j] == 0.0:
                continue
            length = math.hypot(r[i - 1, j], r[i, j])
            c, s = r[i - 1, j] / length, r[i, j] / length
            upper = c * r[i - 1] + s * r[i]
            lower = c * r[i] - s * r[i - 1]
            r[i - 1], r[i] = upper, lower
    return r


def gram_schmidt(matrix):
    """Rows made orthonormal."""
    q = np.zeros_like(matrix)
    for i in range(len(matrix)):
        v = matrix[i].copy()
        for j in range(i):
            v -= np.sum(q[j] * matrix[i]) * q[j]
        q[i] = v / math.sqrt(np.sum(v * v))
    return q


def power_iteration(matrix, tolerance):
    """The largest eigenvalue of a symmetric matrix, and how many products it took."""
    n = len(matrix)
    v = np.ones(n) / math.sqrt(n)
    value, turns = 0.0, 0
    while turns < 1000:
        w = matrix @ v
        following = np.sum(v * w)
        v = w / math.sqrt(np.sum(w * w))
        turns += 1
        if abs(following - value) < tolerance:
            value = following
            break
        value = following
    return value, turns


def jacobi_eigenvalues(matrix, tolerance):
    """All eigenvalues of a symmetric matrix by cyclic rotations."""
    a = matrix.copy()
    n = len(a)
    for _ in range(20):
        off = 0.0
        for i in range(n):
            for j in range(i):
                off += a[i, j] ** 2
        if off < tolerance:
            break
        for p in range(n - 1):
            for q in range(p + 1, n):
                if abs(a[p, q]) < 1e-150:
                    continue
                theta = (a[q, q] - a[p, p]) / (2 * a[p, q])
                sign = 1.0 if theta >= 0 else -1.0
                t = sign / (abs(theta) + math.sqrt(theta * theta + 1))
                c = 1 / math.sqrt(t * t + 1)
                s = t * c
                for k in range(n):
                    akp, akq = a[k, p], a[k, q]
                    a[k, p], a[k, q] = c * akp - s * akq, s * akp + c * akq
                for k in range(n):
                    apk, aqk = a[p, k], a[q, k]
                    a[p, k], a[q, k] = c * apk - s * aqk, s * apk + c * aqk
    return np.array([a[i, i] for i in range(n)])


def thomas(lower, diagonal, upper, right):
    """The solution of tridiagonal equations."""
    n = len(diagonal)
    c, d = np.zeros(n), np.zeros(n)
    c[0], d[0] = upper[0] / diagonal[0], right[0] / diagonal[0]
    for i in range(1, n):
        scale = diagonal[i] - lower[i - 1] * c[i - 1]
        if i < n - 1:
            c[i] = upper[i] / scale
        d[i] = (right[i] - lower[i - 1] * d[i - 1]) / scale
    x = np.zeros(n)
    x[n - 1] = d[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = d[i] - c[i] * x[i + 1]
    return x


def conjugate_gradients(matrix, right, tolerance):
    x = np.zeros(len(right))
    r = right.copy()
    p = r
    squared = np.sum(r * r)
    turns = 0
    while squared > tolerance:
        ap = matrix @ p
        alpha = squared / np.sum(p * ap)
        x = x + alpha * p
        r = r - alpha * ap
        following = np.sum(r * r)
        p = r + following / squared * p
        squared = following
        turns += 1
    return x, turns


def levinson(r):
    """Coefficients of a predictor and its error, from autocorrelations (Durbin 1960)."""
    n = len(r) - 1
    a = np.zeros(n + 1)
    a[0] = 1.0
    error = r[0]
    for m in range(1, n + 1):
        total = 0.0
        for j in range(m):
            total += a[j] * r[m - j]
        reflection = -total / error
        previous = a.copy()
        for j in range(1, m + 1):
            a[j] = previous[j] + reflection * previous[m - j]
        error *= 1 - reflection * reflection
    return a, error


def matrix_exponential(matrix, t):
    """exp(matrix t): scaled down, by its series, and squared again."""
    a = matrix * t
    size = np.max(np.abs(a)) * len(a)
    squarings = 0
    while size > 0.5:
        size /= 2
        squarings += 1
    a = a / 2**squarings
    result = np.eye(len(matrix))
    term = np.eye(len(matrix))
    for k in range(1, 18):
        term = term @ a / k
        result = result + term
    for _ in range(squarings):
        result = result @ result
    return result


def matrix_power(matrix, n):
    """A power by squaring."""
    result = np.eye(len(matrix))
    base = matrix
    while n > 0:
        if n % 2 == 1:
            result = result @ base
        base = base @ base
        n //= 2
    return result


def gauss_seidel(matrix, right, tolerance):
    n = len(right)
    x = np.zeros(n)
    change = 1.0
    sweeps = 0
    while change > tolerance and sweeps < 200:
        change = 0.0
        for i in range(n):
            total = right[i]
            for j in range(n):
                if j != i:
                    total -= matrix[i, j] * x[j]
            value = total / matrix[i, i]
            change = max(change, abs(value - x[i]))
            x[i] = value
        sweeps += 1
    return x


def inverse_by_newton(matrix):
    """The inverse by the iteration of Schulz (1933)."""
    n = len(matrix)
    rows = np.max(np.sum(np.abs(matrix), axis=1))
    columns = np.max(np.sum(np.abs(matrix), axis=0))
    x = matrix.T / (rows * columns)
    for _ in range(60):
        residual = np.eye(n) - matrix @ x
        x = x + x @ residual
        if np.sum(residual * residual) < 1e-20:
            break
    return x


def qr_eigenvalues(a, b, c, d):
    """Eigenvalues of [[a, b], [c, d]] by QR steps without shifts, until it is a triangle."""
    steps = 0
    while abs(c) > 1e-13 and steps < 400:
        length = math.hypot(a, c)
        co, si = a / length, c / length
        r11, r12, r22 = length, co * b + si * d, co * d - si * b
        a, b = r11 * co + r12 * si, r12 * co - r11 * si
        c, d = r22 * si, r22 * co
        steps += 1
    return max(a, d), min(a, d)


A = np.array([[0.1, 2.0, 1.0], [4.0, 1.0, -1.0], [2.0, 0.7, 3.0]])
B = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]])
V = np.array([1.0, 2.0, -1.0])

CASES = (
    Case(gauss_elimination, [(A, V), (B, V)], wrt=(0, 1), jets=True),
    Case(determinant, [(A,), (B,), (np.ones((3, 3)),)], wrt=(0,), at=(0, 1), jets=True),
    Case(cholesky, [(B,)], wrt=(0,), jets=True),
    Case(givens, [(A,), (B,)], wrt=(0,), jets=True),
    Case(gram_schmidt, [(A,), (B,)], wrt=(0,), jets=True),
    Case(power_iteration, [(B, 1e-3), (B, 1e-12)], wrt=(0,), jets=True),
    Case(jacobi_eigenvalues, [(B, 1e-3), (B, 1e-20)], wrt=(0,)),
    Case(
        thomas,
        [(np.array([1.0, -1.0, 0.5]), np.array([4.0, 5.0, 3.0, 4.0]), np.ones(3), np.ones(4))],
        wrt=(0, 1, 2, 3),
        jets=True,
    ),
    Case(conjugate_gradients, [(B, V, 1.0), (B, V, 1e-20)], wrt=(1,), slack=1e-9),
    Case(levinson, [(np.array([2.0, 1.0, 0.3, -0.2]),)], wrt=(0,), jets=True),
    Case(matrix_exponential, [(A, 0.1), (A, 1.0), (B, 0.3)], wrt=(0, 1), tolerance=1e-12),
    Case(matrix_power, [(A, 0), (A, 1), (A, 13)], wrt=(0,), at=(1, 2), jets=True),
    Case(gauss_seidel, [(B, V, 1e-3), (B, V, 1e-13)], wrt=(0, 1), jets=True),
    Case(inverse_by_newton, [(A,), (B,)], wrt=(0,), tolerance=1e-12),
    Case(qr_eigenvalues, [(4.0, 1.0, 1.0, 2.0), (2.0, 1.0, 3.0, 1.0)], wrt=(0, 1, 2, 3)),
)
