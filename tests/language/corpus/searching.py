"""Sorting, searching, and dynamic programming."""

import numpy as np
from language.corpus.case import Case


def insertion_sort(values):
    x = values.copy()
    for i in range(1, len(x)):
        key = x[i]
        j = i - 1
        while j >= 0 and x[j] > key:
            x[j + 1] = x[j]
            j -= 1
        x[j + 1] = key
    return x


def bubble_sort(values):
    """Sorted values, and how many passes had something to exchange."""
    x = values.copy()
    passes = 0
    exchanged = True
    while exchanged:
        exchanged = False
        for k in range(len(x) - 1):
            if x[k] > x[k + 1]:
                x[k], x[k + 1] = x[k + 1], x[k]
                exchanged = True
        passes += exchanged
    return x, passes


def sorting_network(a, b, c, d):
    """Four numbers in order by five comparators."""

    def compare(x, y):
        return (x, y) if x <= y else (y, x)

    a, b = compare(a, b)
    c, d = compare(c, d)
    a, c = compare(a, c)
    b, d = compare(b, d)
    b, c = compare(b, c)
    return a, b, c, d


def batcher(values):
    """An odd-even merge sorting network of eight numbers (Batcher 1968)."""
    x = values.copy()
    n = len(x)
    p = 1
    while p < n:
        k = p
        while k >= 1:
            for j in range(k % p, n - k, 2 * k):
                for i in range(min(k, n - j - k)):
                    if (i + j) // (2 * p) == (i + j + k) // (2 * p):
                        low, high = x[i + j], x[i + j + k]
                        x[i + j], x[i + j + k] = min(low, high), max(low, high)
            k //= 2
        p *= 2
    return x


def merged(a, b):
    """Two sorted arrays as one."""
    result = np.zeros(len(a) + len(b))
    i = j = 0
    for k in range(len(result)):
        if j == len(b) or (i < len(a) and a[i] <= b[j]):
            result[k] = a[i]
            i += 1
        else:
            result[k] = b[j]
            j += 1
    return result


def kth_smallest(values, k):
    """The k-th smallest number by Hoare's partition (1961)."""
    x = values.copy()
    low, high = 0, len(x) - 1
    while low < high:
        pivot = x[k]
        i, j = low, high
        while i <= j:
            while x[i] < pivot:
                i += 1
            while x[j] > pivot:
                j -= 1
            if i <= j:
                x[i], x[j] = x[j], x[i]
                i += 1
                j -= 1
        if j < k:
            low = i
        if k < i:
            high = j
    return x[k]


def binary_search(values, wanted):
    """The place of a number in a sorted array; -1 if it is not there."""
    low, high = 0, len(values) - 1
    while low <= high:
        middle = (low + high) // 2
        if values[middle] == wanted:
            return middle
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle - 1
    return -1


def interpolation_search(values, wanted):
    low, high, looks = 0, len(values) - 1, 0
    while low < high and values[low] <= wanted <= values[high]:
        share = (wanted - values[low]) / (values[high] - values[low])
        place = low + int(share * (high - low))
        looks += 1
        if values[place] == wanted:
            return place, looks
        if values[place] < wanted:
            low = place + 1
        else:
            high = place - 1
    return low, looks


def edit_distance(a, b):
    """How many letters have to be put in, taken out, or changed."""
    row = [j for j in range(len(b) + 1)]  # noqa: C416
    for i in range(1, len(a) + 1):
        diagonal, row[0] = row[0], i
        for j in range(1, len(b) + 1):
            cost = diagonal + (a[i - 1] != b[j - 1])
            diagonal = row[j]
            row[j] = min(cost, row[j] + 1, row[j - 1] + 1)
    return row[len(b)]


def knapsack(values, weights, capacity):
    """The largest worth that fits in at most 20 units."""
    best = np.zeros(21)
    for value, weight in zip(values, weights):  # noqa: B905
        for room in range(capacity, 0, -1):
            if room >= weight:
                best[room] = max(best[room], best[room - weight] + value)
    return best[capacity]


def common_subsequence(a, b):
    table = np.zeros((len(a) + 1, len(b) + 1))
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            if x == y:
                table[i + 1, j + 1] = table[i, j] + 1
            else:
                table[i + 1, j + 1] = max(table[i, j + 1], table[i + 1, j])
    return table[-1, -1]


def rising_subsequence(values):
    """The length of the longest rising subsequence."""
    lengths = [1 for _ in values]
    best = 1
    for i in range(len(values)):
        for j in range(i):
            if values[j] < values[i] and lengths[j] + 1 > lengths[i]:
                lengths[i] = lengths[j] + 1
        best = max(best, lengths[i])
    return best


def coin_change(amount):
    """How many ways there are to pay an amount of at most 60, and the fewest coins."""
    ways = np.zeros(61)
    fewest = np.zeros(61)
    ways[0] = 1
    for k in range(1, 61):
        fewest[k] = 1000
    for coin in (1, 2, 5, 10, 20):
        for k in range(coin, amount + 1):
            ways[k] += ways[k - coin]
            fewest[k] = min(fewest[k], fewest[k - coin] + 1)
    return ways[amount], fewest[amount]


def matrix_chain(sizes):
    """The least cost of a product of matrices."""
    n = len(sizes) - 1
    cost = np.zeros((n, n))
    for span in range(1, n):
        for i in range(n - span):
            j = i + span
            best = np.inf
            for k in range(i, j):
                best = min(
                    best, cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                )
            cost[i, j] = best
    return cost[0, n - 1]


def viterbi(scores, transitions):
    """The best score of a path through states, and the state where it ends."""
    best = scores[0].copy()
    states = len(best)
    for t in range(1, len(scores)):
        following = np.zeros(states)
        for s in range(states):
            top = best[0] + transitions[0, s]
            for before in range(1, states):
                candidate = best[before] + transitions[before, s]
                if candidate > top:
                    top = candidate
            following[s] = top + scores[t, s]
        best = following
    place = 0
    for s in range(1, states):
        if best[s] > best[place]:
            place = s
    return best[place], place


def shortest_paths(lengths):
    """All shortest ways (Floyd 1962)."""
    d = lengths.copy()
    n = len(d)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                through = d[i, k] + d[k, j]
                if through < d[i, j]:
                    d[i, j] = through
    return d


def time_warping(a, b):
    """The distance of two series that may be stretched."""
    n, m = len(a), len(b)
    table = np.full((n + 1, m + 1), 1e30)
    table[0, 0] = 0.0
    for i in range(n):
        for j in range(m):
            step = min(table[i, j + 1], table[i + 1, j], table[i, j])
            table[i + 1, j + 1] = (a[i] - b[j]) ** 2 + step
    return table[n, m]


def largest_run(values):
    """The largest sum of neighbours (Kadane), and where it begins and ends."""
    best, current = values[0], values[0]
    start = first = last = 0
    for k, x in enumerate(values):
        if k == 0:
            continue
        if current < 0:
            current, start = x, k
        else:
            current += x
        if current > best:
            best, first, last = current, start, k
    return best, first, last


MIXED = np.array([3.0, -1.0, 4.0, 1.5, -5.0, 9.0, 2.0, 6.0])
ORDERED = np.array([-3.0, -1.0, 0.5, 2.0, 4.0, 8.0, 16.0, 20.0])
WORDS = np.array([1, 2, 3, 3, 4]), np.array([1, 3, 3, 5, 4, 2])
MAP = np.array(
    [[0.5, 3.1, 8.2, 9.3], [2.2, 0.6, 4.4, 7.7], [9.9, 9.1, 0.7, 2.3], [1.2, 9.4, 9.6, 0.4]]
)

CASES = (
    Case(insertion_sort, [(MIXED,), (ORDERED,), (ORDERED[::-1],)], wrt=(0,), jets=True),
    Case(bubble_sort, [(MIXED,), (ORDERED,), (ORDERED[::-1],)], wrt=(0,), jets=True),
    Case(sorting_network, [(3.0, 1.0, 2.0, 0.0), (1.0, 2.0, 3.0, 4.0)], wrt=(0, 1, 2, 3)),
    Case(batcher, [(MIXED,), (ORDERED[::-1],)], wrt=(0,), jets=True),
    Case(merged, [(ORDERED, ORDERED[1:4] + 0.25), (ORDERED, ORDERED[:3] - 30)], wrt=(0, 1)),
    Case(kth_smallest, [(MIXED, 0), (MIXED, 4), (ORDERED, 7)], wrt=(0,), jets=True),
    Case(binary_search, [(ORDERED, 8.0), (ORDERED, 3.0), (ORDERED, -3.0)]),
    Case(interpolation_search, [(ORDERED, 8.0), (ORDERED, 3.0), (ORDERED, 16.0)]),
    Case(edit_distance, [WORDS, WORDS[::-1], (np.array([1, 2]), np.array([3, 1]))]),
    Case(
        knapsack,
        [
            (np.array([6.0, 10.0, 12.0]), np.array([1, 2, 3]), 5),
            (np.array([5.0, 4.0, 9.0]), np.array([4, 3, 8]), 20),
        ],
        wrt=(0,),
        jets=True,
    ),
    Case(common_subsequence, [WORDS]),
    Case(rising_subsequence, [(MIXED,), (ORDERED,), (ORDERED[::-1],)]),
    Case(coin_change, [(0,), (11,), (60,)]),
    Case(matrix_chain, [(np.array([10.0, 30.0, 5.0, 60.0, 2.0]),)], wrt=(0,), jets=True),
    Case(viterbi, [(np.cos(np.arange(12.0)).reshape(4, 3), MAP[:3, :3] / 5)], wrt=(0, 1)),
    Case(shortest_paths, [(MAP + np.eye(4),)], wrt=(0,), jets=True),
    Case(time_warping, [(MIXED[:4], ORDERED[:5] + 0.1)], wrt=(0, 1), jets=True),
    Case(largest_run, [(MIXED,), (-MIXED,), (ORDERED,)], wrt=(0,), jets=True),
)
