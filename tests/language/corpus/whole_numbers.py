"""Whole numbers, which have to be exact."""

from language.corpus.case import Case


def gcd(a, b):
    """Euclid's greatest common divisor."""
    while b != 0:
        a, b = b, a % b
    return a


def extended_gcd(a, b):
    """g, x, y with a x + b y = g, the greatest common divisor."""
    x, y, u, v = 1, 0, 0, 1
    while b:
        q = a // b
        a, b = b, a - q * b
        x, u = u, x - q * u
        y, v = v, y - q * v
    return a, x, y


def least_common_multiple(a, b):
    product = a * b
    while a != b:
        if a > b:
            a -= b
        else:
            b -= a
    return product // a


def collatz(n):
    """How many steps lead to 1."""
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def collatz_record(limit):
    """The start below a limit whose way to 1 is longest, and its length."""
    best, longest = 1, 0
    for start in range(1, limit):
        n, steps = start, 0
        while n > 1:
            if n % 2:
                n = 3 * n + 1
            else:
                n //= 2
            steps += 1
        if steps > longest:
            best, longest = start, steps
    return best, longest


def is_prime(n):
    if n < 2:
        return False
    d = 2
    while d * d <= n:
        if n % d == 0:
            return False
        d += 1
    return True


def primes_below_fifty(limit):
    """How many primes are below a limit of at most 50, by the sieve of Eratosthenes."""
    composite = [False] * 50
    count = 0
    for n in range(2, limit):
        if composite[n]:
            continue
        count += 1
        multiple = n * n
        while multiple < 50:
            composite[multiple] = True
            multiple += n
    return count


def nth_prime(n):
    candidate, found = 1, 0
    while found < n:
        candidate += 1
        for d in range(2, candidate):
            if d * d > candidate:
                found += 1
                break
            if candidate % d == 0:
                break
        else:
            found += 1
    return candidate


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def modular_power(base, exponent, modulus):
    result = 1
    base %= modulus
    while exponent > 0:
        if exponent % 2 == 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent //= 2
    return result


def digit_sum(n):
    total = 0
    while n > 0:
        n, digit = divmod(n, 10)
        total += digit
    return total


def reversed_digits(n):
    result = 0
    while n:
        result = 10 * result + n % 10
        n //= 10
    return result


def integer_root(n):
    """The square root rounded down, by Newton's method in whole numbers."""
    if n == 0:
        return 0
    x = n
    y = (x + 1) // 2
    while y < x:
        x = y
        y = (x + n // x) // 2
    return x


def is_perfect(n):
    """Whether a number is the sum of its divisors."""
    total = 0
    for d in range(1, n):
        if n % d == 0:
            total += d
    return total == n


def binomial(n, k):
    if k < 0 or k > n:
        return 0
    result = 1
    for i in range(min(k, n - k)):
        result = result * (n - i) // (i + 1)
    return result


def josephus(n, k):
    """The place that survives when each k-th of n in a circle is taken out."""
    place = 0
    for size in range(2, n + 1):
        place = (place + k) % size
    return place


def weekday(day, month, year):
    """Zeller's congruence: 0 is Saturday."""
    if month < 3:
        month += 12
        year -= 1
    century, rest = year // 100, year % 100
    return (day + 13 * (month + 1) // 5 + rest + rest // 4 + century // 4 + 5 * century) % 7


def ones(n):
    """How many ones the binary digits have."""
    count = 0
    while n:
        count += n % 2
        n = n // 2
    return count


def signed_remainders(a, b):
    """Python's division and remainder of numbers of any sign."""
    q, r = divmod(a, b)
    return q, r, a // b, a % b, -a // b, -a % b, int(a / b)


def pythagorean(limit):
    """How many right triangles have whole sides whose sum is at most the limit."""
    count = 0
    for a in range(1, limit):
        for b in range(a, limit):
            square = a * a + b * b
            c = b
            while c * c < square:
                c += 1
            if c * c == square and a + b + c <= limit:
                count += 1
    return count


CASES = (
    Case(gcd, [(12, 18), (1071, 462), (7, 0), (832040, 514229)]),
    Case(extended_gcd, [(240, 46), (5, 0), (99, 78)]),
    Case(least_common_multiple, [(4, 6), (21, 6), (100, 35)]),
    Case(collatz, [(1,), (27,), (97,), (871,)]),
    Case(collatz_record, [(10,), (30,), (2,)]),
    Case(is_prime, [(1,), (2,), (97,), (91,), (7919,)]),
    Case(primes_below_fifty, [(2,), (30,), (50,)]),
    Case(nth_prime, [(1,), (2,), (25,)]),
    Case(fibonacci, [(0,), (1,), (10,), (70,)]),
    Case(modular_power, [(3, 200, 1000007), (2, 0, 5), (7, 13, 11)]),
    Case(digit_sum, [(0,), (98765,), (1000000,)]),
    Case(reversed_digits, [(12345,), (7,), (9000001,)]),
    Case(integer_root, [(0,), (1,), (99,), (10**12,), (10**12 - 1,)]),
    Case(is_perfect, [(6,), (28,), (12,), (496,)]),
    Case(binomial, [(5, 2), (40, 20), (3, 5), (4, -1)]),
    Case(josephus, [(41, 3), (1, 5), (100, 7)]),
    Case(weekday, [(29, 11, 2026), (1, 1, 1900), (29, 2, 2000)]),
    Case(ones, [(0,), (255,), (1023456,)]),
    Case(signed_remainders, [(7, 3), (-7, 3), (7, -3), (-7, -3), (6, 3)]),
    Case(pythagorean, [(5,), (12,), (40,)]),
)
