"""What Python can say: small programs, each for something of the language."""

import math
from dataclasses import dataclass, replace

import numpy as np
from language.corpus.case import Case


def conditional_expression(x):
    return x * x if x > 0 else x**3


def elif_chain(x):
    if x < -1:
        y = -1.0
    elif x < 0:
        y = x
    elif x < 1:
        y = x * x
    else:
        y = 2 * x - 1
    return y + 0.5


def chained_comparison(x, low, high):
    return math.sin(x) if low < x <= high else math.cos(x)


def and_or_values(x, y):
    """`and` and `or` give operands, not truth values."""
    return (x or y) + (x and 2 * y)


def lazy_and(x):
    """The right of `and` counts only where the left holds."""
    if x > 0 and math.log(x) < 1:
        return math.log(x)
    return 0.0


def not_of(x, y):
    if not (x > y or not x > -y):
        return x - y
    return x + y


def early_return_in_loops(matrix, wanted):
    """The place of the first number that is large enough."""
    for i, row in enumerate(matrix):
        for j, x in enumerate(row):
            if x >= wanted:
                return i, j, x
    return -1, -1, 0.0


def break_and_else(x, n):
    """A loop's `else` runs where nothing broke it."""
    for k in range(n):  # noqa: B007
        x = 1.5 * x - 0.2
        if x > 10:
            kind = 1
            break
    else:
        kind = 2
        k = -1
    return x, kind, k


def while_else(x):
    n = 0
    while n < 6:
        if x < 0.1:
            break
        x, n = x * 0.5, n + 1
    else:
        x = -x
    return x


def continue_in_both(n, x):
    total = 0.0
    for i in range(n):
        if i % 3 == 0:
            continue
        j = 0
        while j < i:
            j += 1
            if j % 2:
                continue
            total += x / (i + j)
    return total


def closures(x, n):
    """Functions that remember, and functions that are made by functions."""

    def scaled(factor):
        def inner(y):
            return factor * y + x

        return inner

    twice, thrice = scaled(2.0), scaled(3.0)
    value = x
    for _ in range(n):
        value = twice(value) if value < 5 else thrice(-value)
    return value


def defaults_and_keywords(x, y=2.0, *, power=3, shift=0.0):
    def helper(a, b=1.0, *rest, scale=2.0):
        return a * scale + b + sum(rest)

    if x > y:
        return helper(x, scale=power) + shift
    return helper(x, y, 3.0, 4.0)


def functions_as_arguments(x, n):
    def repeated(f, value, times):
        for _ in range(times):
            value = f(value)
        return value

    grown = repeated(lambda v: v + 1 / v, x, n)
    return repeated(math.sqrt, grown, 2)


def match_on_numbers(kind, x):
    match kind:
        case 0:
            return x
        case 1 | 2:
            return x * kind
        case 3 if x > 0:
            return math.sqrt(x)
        case _:
            return -x


def comprehensions(values, scale):
    kept = [scale * v for v in values]
    pairs = [(a, b) for a, b in zip(kept, values)]  # noqa: B905
    table = {k: a * b for k, (a, b) in enumerate(pairs)}
    return sum(table[k] for k in range(len(values)) if k % 2 == 0), kept


def sum_of_chosen(values):
    """A generator with a condition, inside `sum`."""
    return sum(v * v for v in values if v > 0)


def any_and_all(values, limit):
    return any(v > limit for v in values), all(v < limit for v in values)


def tuples_and_stars(values, x):
    first, *middle, last = values
    (a, b), c = (first, last), len(middle)
    a, b = b, a
    return a - x * b + c * sum(middle)


def swapped_elements(values, n):
    v = values.copy()
    for k in range(n):
        i, j = k % len(v), (3 * k + 1) % len(v)
        v[i], v[j] = v[j], v[i] * 1.5
    return v


@dataclass
class Account:
    """Money, and how it moves."""

    balance: float
    fees: float = 0.0

    @property
    def worth(self):
        return self.balance - self.fees

    def withdrawn(self, amount):
        if amount > self.balance:
            return replace(self, fees=self.fees + 1.0)
        return Account(self.balance - amount, self.fees + 0.01 * amount)


def dataclass_with_methods(start, amount, n):
    account = Account(start)
    for _ in range(n):
        account = account.withdrawn(amount)
    return account.worth, account


def fields_that_change(start, rate, n):
    """A local object whose fields are set anew."""
    account = Account(start)
    for month in range(n):
        account.balance *= 1 + rate
        if month % 12 == 11:
            account.fees += 5.0
            account.balance -= 5.0
    return account


def walrus(a):
    x, n = a, 0
    while (rest := x * x - a) > 1e-12:
        x -= rest / (2 * x)
        n += 1
    return x, n


def nonlocal_in_while(x, h):
    """The same in a loop that ends as the counter decides."""
    calls = 0

    def f(t):
        nonlocal calls
        calls += 1
        return math.sin(t) + t

    s = 0.0
    while s < 3 and calls < 20:
        s += f(x + h * calls) ** 2 * 0.1 + 0.2
    return s, calls


def walrus_in_a_test(c):
    """In what is always evaluated of a condition."""
    x = c
    while (step := (x * x - c) / (2 * x)) > 1e-9 or step < -1e-9:
        x -= step
    return x - step


def rows_exchanged(m, c):
    """Places in lists, which a choice decides."""
    m = m.copy()
    p = 1 if c > 0 else 2
    m[[0, p]] = m[[p, 0]]
    m[:, [p]] *= c
    return m[[p, 2], [0, p - 1]], m


def nonlocal_counter(x, n):
    """A nested function that changes a variable of the one around it."""
    count = 0

    def halved(y):
        nonlocal count
        if y > 1:
            count += 1
            return y / 2
        return y

    for _ in range(n):
        x = halved(x)
    return x, count


def counting_down(n, x):
    total = 0.0
    for k in range(n, 0, -2):
        total = total * x + k
    return total


def loop_variable_after(n):
    """The variable of a loop keeps its last value, even if it is changed inside."""
    k = -1
    total = 0
    for k in range(n):
        total += k
        k = 10 * k
    return k, total


def asserted(x):
    assert x > 0, "x has to be positive"
    return math.log(x) if x > 1 else x - 1


def growing_list(x, n):
    """A list that grows by data, and is gone through afterwards."""
    found = []
    for _ in range(n):
        x = 3.7 * x * (1 - x)
        if x > 0.5:
            found.append(x)
    total = 0.0
    for value in found:
        total = 0.5 * total + value
    return total, len(found)


def reverse_polish(codes, numbers):
    """A calculator with a stack: 0 takes the next number, 1 adds, 2 multiplies, 3 subtracts."""
    stack = []
    place = 0
    for code in codes:
        if code == 0:
            stack.append(numbers[place])
            place += 1
        else:
            b, a = stack.pop(), stack.pop()
            if code == 1:
                stack.append(a + b)
            elif code == 2:
                stack.append(a * b)
            else:
                stack.append(a - b)
    return stack[-1]


def nested_data(state, n):
    """Dictionaries and tuples carried through a loop."""
    total = 0.0
    for _ in range(n):
        (x, v), clock = state["ball"], state["clock"]
        if x < 0:
            x, v = -x, -v
        state = {"ball": (x + 0.1 * v, v - 0.1), "clock": clock + 0.1}
        total += x
    return total, state


NUMBERS = np.array([0.5, -1.0, 2.0, 1.5, -0.5])

MATRIX = np.array([[1.0, 2.0, -0.5], [0.3, -1.0, 4.0], [2.5, 0.7, 1.5]])

CASES = (
    Case(conditional_expression, [(2.0,), (-2.0,)], wrt=(0,), jets=True),
    Case(elif_chain, [(-2.0,), (-0.5,), (0.5,), (3.0,)], wrt=(0,), jets=True),
    Case(chained_comparison, [(1.0, 0.0, 1.2), (1.5, 0.0, 1.0)], wrt=(0,), jets=True),
    Case(and_or_values, [(1.5, 2.0), (0.0, 3.0)], wrt=(0, 1), at=(0,), jets=True),
    Case(lazy_and, [(2.0,), (5.0,), (-1.0,)], wrt=(0,), jets=True),
    Case(not_of, [(2.0, 1.0), (1.0, 2.0), (-3.0, 1.0)], wrt=(0, 1), jets=True),
    Case(
        early_return_in_loops,
        [(NUMBERS[:4].reshape(2, 2), 1.0), (NUMBERS[:4].reshape(2, 2), 9.0)],
        wrt=(0,),
    ),
    Case(break_and_else, [(1.0, 4), (1.0, 40), (0.1, 40)], wrt=(0,), jets=True),
    Case(while_else, [(1.0,), (100.0,), (0.01,)], wrt=(0,), jets=True),
    Case(continue_in_both, [(0, 1.0), (7, 2.0), (20, 0.5)], wrt=(1,), jets=True),
    Case(closures, [(1.0, 3), (0.3, 10)], wrt=(0,), jets=True),
    Case(defaults_and_keywords, [(3.0,), (1.0,)], wrt=(0,), jets=True),
    Case(functions_as_arguments, [(1.0, 3), (0.5, 50)], wrt=(0,), jets=True),
    Case(
        match_on_numbers, [(0, 2.0), (2, 2.0), (3, 2.0), (3, -2.0), (9, 1.0)], wrt=(1,), jets=True
    ),
    Case(comprehensions, [(NUMBERS, 2.0)], wrt=(0, 1), jets=True),
    Case(sum_of_chosen, [(NUMBERS,), (-NUMBERS,)], wrt=(0,), jets=True),
    Case(any_and_all, [(NUMBERS, 1.0), (NUMBERS, 3.0), (NUMBERS, -5.0)]),
    Case(tuples_and_stars, [(NUMBERS, 2.0)], wrt=(0, 1), jets=True),
    Case(swapped_elements, [(NUMBERS, 3), (NUMBERS, 11)], wrt=(0,), jets=True),
    Case(dataclass_with_methods, [(100.0, 30.0, 2), (100.0, 30.0, 9)], wrt=(0, 1), jets=True),
    Case(fields_that_change, [(100.0, 0.01, 5), (50.0, 0.02, 40)], wrt=(0, 1), jets=True),
    Case(walrus, [(2.0,), (0.5,), (900.0,)], wrt=(0,), jets=True),
    Case(nonlocal_in_while, [(0.3, 0.7), (1.1, 0.2), (-2.0, 0.01)], wrt=(0, 1), jets=True),
    Case(walrus_in_a_test, [(2.0,), (0.5,), (900.0,)], wrt=(0,), jets=True),
    Case(rows_exchanged, [(MATRIX, 0.5), (MATRIX, -0.5)], wrt=(0, 1)),
    Case(nonlocal_counter, [(9.0, 2), (100.0, 30)], wrt=(0,), jets=True),
    Case(counting_down, [(0, 2.0), (7, 0.5), (20, 1.1)], wrt=(1,), jets=True),
    Case(loop_variable_after, [(0,), (1,), (6,)]),
    Case(asserted, [(0.5,), (3.0,)], wrt=(0,), jets=True),
    Case(
        growing_list,
        [(0.3, 5), (0.6, 30)],
        wrt=(0,),
        options={"capacity": 32},
        slack=1e-9,
        tolerance=1e-9,
    ),
    Case(
        reverse_polish,
        [
            (np.array([0, 0, 1, 0, 2]), np.array([2.0, 3.0, 4.0])),
            (np.array([0, 0, 0, 3, 1]), np.array([2.0, 3.0, 4.0])),
        ],
        wrt=(1,),
        jets=True,
        options={"capacity": 5},
    ),
    Case(
        nested_data,
        [({"ball": (1.0, 0.0), "clock": 0.0}, 5), ({"ball": (0.1, 1.0), "clock": 0.0}, 60)],
    ),
)
