"""Money: prices, plans, rules with thresholds."""

import math

import numpy as np
from language.corpus.case import Case


def european(spot, strike, rate, volatility, steps):
    """A call by the binomial tree of Cox, Ross, Rubinstein (1979), of at most 20 steps."""
    dt = 1.0 / steps
    up = math.exp(volatility * math.sqrt(dt))
    p = (math.exp(rate * dt) - 1 / up) / (up - 1 / up)
    values = np.zeros(21)
    for k in range(steps + 1):
        values[k] = max(0.0, spot * up ** (2 * k - steps) - strike)
    for level in range(steps, 0, -1):
        for k in range(level):
            values[k] = math.exp(-rate * dt) * (p * values[k + 1] + (1 - p) * values[k])
    return values[0]


def american(spot, strike, rate, volatility):
    """A put that may be exercised at each of twelve steps."""
    n = 12
    dt = 1.0 / n
    up = math.exp(volatility * math.sqrt(dt))
    p = (math.exp(rate * dt) - 1 / up) / (up - 1 / up)
    discount = math.exp(-rate * dt)
    values = [max(0.0, strike - spot * up ** (2 * k - n)) for k in range(n + 1)]
    for level in range(n - 1, -1, -1):
        for k in range(level + 1):
            held = discount * (p * values[k + 1] + (1 - p) * values[k])
            exercised = strike - spot * up ** (2 * k - level)
            values[k] = exercised if exercised > held else held
    return values[0]


def barrier(spot, strike, low, volatility):
    """A call that is worth nothing once the price has been at the barrier."""
    n = 10
    up = math.exp(volatility * math.sqrt(1.0 / n))
    p = (1 - 1 / up) / (up - 1 / up)
    values = np.zeros(n + 1)
    for k in range(n + 1):
        price = spot * up ** (2 * k - n)
        if price > low and price > strike:
            values[k] = price - strike
    for level in range(n - 1, -1, -1):
        for k in range(level + 1):
            if spot * up ** (2 * k - level) <= low:
                values[k] = 0.0
            else:
                values[k] = p * values[k + 1] + (1 - p) * values[k]
    return values[0]


def barrier_by_recursion(spot, strike, low, level):
    """The same idea as a function of itself, with steps of 10 %."""
    if spot <= low:
        return 0.0
    if level == 0:
        return max(spot - strike, 0.0)
    above = barrier_by_recursion(spot * 1.1, strike, low, level - 1)
    return 0.5 * above + 0.5 * barrier_by_recursion(spot * 0.9, strike, low, level - 1)


def implied_volatility(price, spot, strike):
    """The volatility that gives a price of a call, by Newton's method."""

    def normal(x):
        return 0.5 * (1 + math.erf(x / math.sqrt(2)))

    sigma = 0.3
    for _ in range(50):
        d = (math.log(spot / strike) + sigma * sigma / 2) / sigma
        value = spot * normal(d) - strike * normal(d - sigma)
        slope = spot * math.exp(-d * d / 2) / math.sqrt(2 * math.pi)
        change = (value - price) / slope
        sigma -= change
        if abs(change) < 1e-11:
            break
    return sigma


def bond_yield(price, coupon, years):
    """The rate at which a bond is worth its price, by bisection and a last step of Newton's."""

    def worth(rate):
        total = 0.0
        for year in range(1, years + 1):
            total += coupon / (1 + rate) ** year
        return total + 100 / (1 + rate) ** years

    low, high = 0.0, 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        if worth(middle) > price:
            low = middle
        else:
            high = middle
    slope = (worth(high) - worth(low)) / (high - low)
    return low + (price - worth(low)) / slope


def loan(debt, rate, payment):
    """In how many months a loan is paid back, and what it has cost; -1 if never."""
    months, paid = 0, 0.0
    while debt > 0:
        interest = debt * rate / 12
        if interest >= payment:
            return -1, 0.0
        debt += interest
        amount = min(payment, debt)
        debt -= amount
        paid += amount
        months += 1
    return months, paid


def tax(income, brackets, rates):
    """A tax with brackets; the last rate has no end."""
    total, below = 0.0, 0.0
    for edge, rate in zip(brackets, rates):  # noqa: B905
        if income <= edge:
            return total + rate * (income - below)
        total += rate * (edge - below)
        below = edge
    return total + rates[-1] * (income - below)


def asian(seed, spot, strike, volatility, paths):
    """A call on the mean of ten prices, by chance."""
    total = 0.0
    for _ in range(paths):
        price, mean = spot, 0.0
        for _ in range(10):
            shock = 0.0
            for _ in range(12):
                seed = 16807 * seed % 2147483647
                shock += seed / 2147483647
            price *= math.exp(0.1**0.5 * volatility * (shock - 6) - 0.05 * volatility**2)
            mean += price / 10
        if mean > strike:
            total += mean - strike
    return total / paths


def crossings(prices, fast, slow):
    """What a rule of two exponential means earns, and how often it trades."""
    a = b = prices[0]
    cash, held, trades = 1.0, 0.0, 0
    for price in prices[1:]:
        a += fast * (price - a)
        b += slow * (price - b)
        if a > b and held == 0:
            held, cash = cash / price, 0.0
            trades += 1
        elif a < b and held > 0:
            cash, held = held * price, 0.0
            trades += 1
    return cash + held * prices[-1], trades


def drawdown(prices):
    """The largest loss from a peak, and the days of it."""
    peak, worst = prices[0], 0.0
    top = first = last = 0
    for day, price in enumerate(prices):
        if price > peak:
            peak, top = price, day
        fall = 1 - price / peak
        if fall > worst:
            worst, first, last = fall, top, day
    return worst, first, last


def savings(goal, deposit, rate, raise_after=12, bonus=0.0):
    """Months until a goal is reached; deposits rise by 10 % every so many months."""
    balance, months = 0.0, 0
    while balance < goal:
        if months > 0 and months % raise_after == 0:
            deposit *= 1.1
            balance += bonus
        balance = balance * (1 + rate / 12) + deposit
        months += 1
        if months == 600:
            break
    return months, balance


def internal_rate(flows):
    """The rate at which payments are worth nothing, by Newton's method on Horner's scheme."""
    x = 0.9
    for _ in range(60):
        value, slope = 0.0, 0.0
        for flow in flows[::-1]:
            slope = slope * x + value
            value = value * x + flow
        change = value / slope
        x -= change
        if abs(change) < 1e-13:
            break
    return 1 / x - 1


PRICES = np.array([10.0, 11.0, 12.5, 11.5, 9.0, 8.5, 9.5, 11.0, 13.0, 12.0])
BRACKETS = np.array([10.0, 40.0, 90.0])
RATES = np.array([0.1, 0.2, 0.4])

CASES = (
    Case(
        european,
        [(100.0, 95.0, 0.05, 0.2, 4), (100.0, 110.0, 0.01, 0.4, 19)],
        wrt=(0, 3),
        jets=True,
    ),
    Case(american, [(100.0, 105.0, 0.05, 0.2), (90.0, 100.0, 0.1, 0.3)], wrt=(0, 1, 2, 3)),
    Case(barrier, [(100.0, 95.0, 80.0, 0.2), (100.0, 95.0, 93.0, 0.3)], wrt=(0, 1, 3), jets=True),
    Case(
        barrier_by_recursion,
        [(100.0, 95.0, 80.0, 0), (100.0, 95.0, 80.0, 6)],
        wrt=(0, 1),
        jets=True,
        options={"depth": 10},
    ),
    Case(implied_volatility, [(10.0, 100.0, 100.0), (3.0, 100.0, 120.0)], wrt=(0, 1, 2), jets=True),
    Case(bond_yield, [(95.0, 5.0, 5), (120.0, 8.0, 20)], wrt=(0,), tolerance=1e-9, slack=1e-8),
    Case(loan, [(1000.0, 0.05, 100.0), (200000.0, 0.03, 1000.0), (1000.0, 0.5, 10.0)], wrt=(0, 1)),
    Case(
        tax,
        [(5.0, BRACKETS, RATES), (60.0, BRACKETS, RATES), (200.0, BRACKETS, RATES)],
        wrt=(0, 1, 2),
    ),
    Case(asian, [(1, 100.0, 100.0, 0.2, 5), (9, 100.0, 90.0, 0.3, 20)], wrt=(1, 2, 3), jets=True),
    Case(crossings, [(PRICES, 0.5, 0.2), (PRICES[::-1], 0.7, 0.3)], wrt=(0,), at=(1,), jets=True),
    Case(drawdown, [(PRICES,), (np.arange(1.0, 11.0),)], wrt=(0,), at=(0,), jets=True),
    Case(savings, [(1000.0, 50.0, 0.03), (1e5, 300.0, 0.05)], wrt=(1, 2), jets=True),
    Case(internal_rate, [(np.array([-100.0, 30.0, 40.0, 50.0]),)], wrt=(0,), jets=True),
)
