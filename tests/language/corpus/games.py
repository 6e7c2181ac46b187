"""Chance by congruences, automata, fractals, queues."""

import math

import numpy as np
from language.corpus.case import Case


def random_walk(seed, steps):
    """Where a walk on the line ends and how far it came (Park, Miller 1988)."""
    place = farthest = 0
    for _ in range(steps):
        seed = 16807 * seed % 2147483647
        if seed < 1073741824:
            place += 1
        else:
            place -= 1
        farthest = max(farthest, abs(place))
    return place, farthest


def first_passage(seed, level, drift):
    """When a walk with drift first meets a level; at most 500 steps."""
    x = 0.0
    for n in range(1, 501):
        seed = 16807 * seed % 2147483647
        x += drift + (0.5 if seed % 2 == 0 else -0.5)
        if x >= level:
            return n, x
    return -1, x


def pi_by_chance(seed, samples):
    inside = 0
    for _ in range(samples):
        seed = 16807 * seed % 2147483647
        x = seed / 2147483647
        seed = 16807 * seed % 2147483647
        y = seed / 2147483647
        if x * x + y * y <= 1:
            inside += 1
    return 4 * inside / samples


def life(board, generations):
    """Conway's game on a torus."""
    rows, columns = board.shape
    for _ in range(generations):
        following = np.zeros_like(board)
        for i in range(rows):
            for j in range(columns):
                count = 0
                for di in (-1, 0, 1):
                    for dj in (-1, 0, 1):
                        if di != 0 or dj != 0:
                            count += board[(i + di) % rows, (j + dj) % columns]
                if count == 3 or (count == 2 and board[i, j] == 1):
                    following[i, j] = 1
        board = following
    return board


def automaton(cells, rule, generations):
    """An elementary automaton (Wolfram), by the digits of its rule."""
    n = len(cells)
    for _ in range(generations):
        following = np.zeros_like(cells)
        for k in range(n):
            pattern = 4 * cells[k - 1] + 2 * cells[k] + cells[(k + 1) % n]
            following[k] = rule // 2**pattern % 2
        cells = following
    return cells


def mandelbrot(x, y, limit):
    """How many turns z^2 + c takes to leave the circle of radius 2."""
    a = b = 0.0
    for n in range(limit):
        if a * a + b * b > 4:
            return n
        a, b = a * a - b * b + x, 2 * a * b + y
    return limit


def escape_potential(x, y, limit):
    """A smooth colour of the Mandelbrot set."""
    a, b, n = x, y, 0
    while a * a + b * b < 1e4 and n < limit:
        a, b = a * a - b * b + x, 2 * a * b + y
        n += 1
    if n == limit:
        return 0.0
    return n - math.log2(math.log(a * a + b * b))


def lyapunov(r, x, n):
    """The exponent of the logistic map."""
    total = 0.0
    for _ in range(n):
        x = r * x * (1 - x)
        total += math.log(abs(r * (1 - 2 * x)))
    return total / n


def waiting_line(seed, customers, service):
    """The mean time that customers wait, and the most who stand in line, of at most 30."""
    ready, clock, waited = 0.0, 0.0, 0.0
    leaving = np.zeros(30)
    most = 0
    for k in range(customers):
        seed = 16807 * seed % 2147483647
        clock += seed / 2147483647
        begin = max(clock, ready)
        waited += begin - clock
        ready = begin + service
        leaving[k] = ready
        line = 0
        for other in range(k):
            if leaving[other] > clock:
                line += 1
        most = max(most, line)
    return waited / customers, most


def traffic(road, steps):
    """Cars on a ring move if the place ahead is free (rule 184); how many moves there were."""
    n = len(road)
    moves = 0
    for _ in range(steps):
        following = road.copy()
        for k in range(n):
            ahead = (k + 1) % n
            if road[k] == 1 and road[ahead] == 0:
                following[k], following[ahead] = 0, 1
                moves += 1
        road = following
    return road, moves


def ant(steps):
    """Langton's ant on a torus of 8 by 8: the black places after some steps."""
    board = np.zeros((8, 8))
    x, y, heading = 4, 4, 0
    for _ in range(steps):
        if board[x, y] == 0:
            heading = (heading + 1) % 4
            board[x, y] = 1
        else:
            heading = (heading - 1) % 4
            board[x, y] = 0
        match heading:
            case 0:
                y = (y + 1) % 8
            case 1:
                x = (x + 1) % 8
            case 2:
                y = (y - 1) % 8
            case _:
                x = (x - 1) % 8
    return np.sum(board), x, y


def gambler(seed, money, goal):
    """A gambler who bets until he has nothing or enough, at most 300 times."""
    bets = 0
    while 0 < money < goal:
        seed = 16807 * seed % 2147483647
        money += 1 if seed % 100 < 49 else -1
        bets += 1
        if bets >= 300:
            break
    return money, bets


def flood(grid, x, y):
    """How many free places hang together, by a list of places to go to."""
    seen = grid.copy()
    places = [(x, y)]
    count = 0
    while places:
        i, j = places.pop()
        if i < 0 or j < 0 or i >= len(grid) or j >= len(grid):
            continue
        if seen[i, j] != 0:
            continue
        seen[i, j] = 1
        count += 1
        places.append((i + 1, j))
        places.append((i - 1, j))
        places.append((i, j + 1))
        places.append((i, j - 1))
    return count


BLINKER = np.zeros((6, 6))
BLINKER[2, 1:4] = 1
GLIDER = np.zeros((6, 6))
GLIDER[0, 1] = GLIDER[1, 2] = GLIDER[2, 0] = GLIDER[2, 1] = GLIDER[2, 2] = 1
CELLS = np.zeros(11, int)
CELLS[5] = 1
MAZE = np.array([[0, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1], [1, 1, 0, 0]])

CASES = (
    Case(random_walk, [(1, 0), (42, 10), (12345, 300)]),
    Case(first_passage, [(1, 2.0, 0.1), (7, 20.0, 0.05), (7, 100.0, 0.0)], wrt=(2,)),
    Case(pi_by_chance, [(1, 10), (99, 500)]),
    Case(life, [(BLINKER, 1), (GLIDER, 8), (GLIDER, 0)]),
    Case(automaton, [(CELLS, 30, 5), (CELLS, 110, 20), (CELLS, 90, 0)]),
    Case(mandelbrot, [(0.0, 0.0, 100), (0.3, 0.5, 200), (1.0, 1.0, 50)]),
    Case(escape_potential, [(0.4, 0.4, 200), (0.5, 0.6, 200), (0.0, 0.1, 60)], wrt=(0, 1)),
    Case(lyapunov, [(3.2, 0.3, 10), (3.7, 0.4, 30)], wrt=(0, 1), slack=1e-8, tolerance=1e-8),
    Case(waiting_line, [(5, 3, 0.4), (77, 30, 0.6)], wrt=(2,)),
    Case(traffic, [(np.array([1, 1, 0, 1, 0, 0, 1, 1]), 3), (np.array([1, 0] * 4), 20)]),
    Case(ant, [(0,), (11,), (150,)]),
    Case(gambler, [(3, 5, 10), (8, 1, 20), (9, 50, 1000)]),
    Case(flood, [(MAZE, 0, 0), (MAZE, 0, 2), (MAZE, 0, 1)], options={"capacity": 60}),
)
