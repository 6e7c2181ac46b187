"""Differential equations by steps, and bodies that meet something."""

import math
from dataclasses import dataclass

import numpy as np
from language.corpus.case import Case


def euler(rate, start, until, n):
    """dx/dt = rate x (1 - x) by Euler's steps."""
    x, h = start, until / n
    for _ in range(n):
        x += h * rate * x * (1 - x)
    return x


def runge_kutta(x, v, until, n):
    """The pendulum by the classical method of Runge and Kutta."""
    h = until / n
    for _ in range(n):
        a1, b1 = v, -math.sin(x)
        a2, b2 = v + h / 2 * b1, -math.sin(x + h / 2 * a1)
        a3, b3 = v + h / 2 * b2, -math.sin(x + h / 2 * a2)
        a4, b4 = v + h * b3, -math.sin(x + h * a3)
        x += h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
        v += h / 6 * (b1 + 2 * b2 + 2 * b3 + b4)
    return x, v


def step_doubling(rate, until, tolerance):
    """dx/dt = -rate x + sin(t) by RK4, where two half steps decide about the step size."""

    def slope(t, x):
        return -rate * x + math.sin(t)

    def step(t, x, h):
        k1 = slope(t, x)
        k2 = slope(t + h / 2, x + h / 2 * k1)
        k3 = slope(t + h / 2, x + h / 2 * k2)
        k4 = slope(t + h, x + h * k3)
        return x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    t, x, h = 0.0, 1.0, 0.1
    while t < until:
        if t + h > until:
            h = until - t
        whole = step(t, x, h)
        half = step(t + h / 2, step(t, x, h / 2), h / 2)
        error = abs(half - whole) / 15
        if error < tolerance:
            t += h
            x = half + (half - whole) / 15
        if error < tolerance / 64:
            h *= 2
        elif error >= tolerance:
            h /= 2
    return x


def fehlberg(k, until):
    """dx/dt = k cos(x) by Bogacki and Shampine's pair, with a step size from the error."""
    t, x, h = 0.0, 0.1, 0.05
    accepted = rejected = 0
    while until - t > 1e-12:
        h = min(h, until - t)
        k1 = k * math.cos(x)
        k2 = k * math.cos(x + h * k1 / 2)
        k3 = k * math.cos(x + h * 3 * k2 / 4)
        following = x + h * (2 * k1 + 3 * k2 + 4 * k3) / 9
        k4 = k * math.cos(following)
        error = abs(h * (-5 * k1 / 72 + k2 / 12 + k3 / 9 - k4 / 8)) + 1e-18
        if error < 1e-7:
            t, x = t + h, following
            accepted += 1
        else:
            rejected += 1
        h *= min(5.0, max(0.2, 0.9 * (1e-7 / error) ** (1 / 3)))
    return x, accepted, rejected


def leapfrog(state, until, n):
    """The problem of Kepler by leapfrog; state is x, y, vx, vy."""
    x, y, vx, vy = state
    h = until / n
    for _ in range(n):
        vx, vy = vx - h / 2 * x / (x * x + y * y) ** 1.5, vy - h / 2 * y / (x * x + y * y) ** 1.5
        x, y = x + h * vx, y + h * vy
        r3 = (x * x + y * y) ** 1.5
        vx, vy = vx - h / 2 * x / r3, vy - h / 2 * y / r3
    return x, y, vx, vy


def bouncing_ball(height, restitution, until):
    """Where a ball is that loses speed whenever it meets the ground, in closed flights."""
    g = 9.81
    t, h, v = 0.0, height, 0.0
    bounces = 0
    while True:
        flight = (v + math.sqrt(v * v + 2 * g * h)) / g
        if t + flight >= until:
            rest = until - t
            return h + v * rest - g * rest * rest / 2, bounces
        t += flight
        v = restitution * (g * flight - v)
        h = 0.0
        bounces += 1


def thermostat(outside, n):
    """A room with hysteresis: heating goes on below 19 and off above 21 degrees."""
    temperature, heating, energy = 15.0, False, 0.0
    for _ in range(n):
        if temperature < 19:
            heating = True
        elif temperature > 21:
            heating = False
        power = 2.0 if heating else 0.0
        temperature += 0.1 * (outside - temperature) * 0.5 + 0.5 * power
        energy += power
    return temperature, energy, heating


def implicit_euler(stiffness, until, n):
    """dx/dt = -stiffness (x^3 - cos t) with Newton's method in each step."""
    x, t, h = 1.0, 0.0, until / n
    for _ in range(n):
        t += h
        y = x
        for _ in range(20):
            residual = y - x + h * stiffness * (y**3 - math.cos(t))
            change = residual / (1 + 3 * h * stiffness * y * y)
            y -= change
            if abs(change) < 1e-12:
                break
        x = y
    return x


def adams_bashforth(rate, n):
    """dx/dt = -rate x by the two-step method."""
    h = 1.0 / n
    x = 1.0
    previous = None
    for _ in range(n):
        slope = -rate * x
        if previous is None:
            x += h * slope
        else:
            x += h * (1.5 * slope - 0.5 * previous)
        previous = slope
    return x


def heat(rod, diffusivity, n):
    """A rod with fixed ends, by explicit steps."""
    u = rod.copy()
    for _ in range(n):
        following = u.copy()
        for k in range(1, len(u) - 1):
            following[k] = u[k] + diffusivity * (u[k - 1] - 2 * u[k] + u[k + 1])
        u = following
    return u


def shot_with_drag(speed, angle, drag):
    """How far a shot flies, the last step cut at the ground."""
    x, y = 0.0, 0.0
    vx, vy = speed * math.cos(angle), speed * math.sin(angle)
    h = 0.01
    while True:
        v = math.sqrt(vx * vx + vy * vy)
        ax, ay = -drag * v * vx, -9.81 - drag * v * vy
        next_x, next_y = x + h * vx, y + h * vy
        if next_y < 0:
            return x + (next_x - x) * y / (y - next_y)
        x, y, vx, vy = next_x, next_y, vx + h * ax, vy + h * ay


@dataclass
class Ball:
    """A ball above a table."""

    height: float
    speed: float


def falling_balls(first, second, n):
    """Two balls that bounce, as objects of a dataclass."""

    def moved(ball, h):
        height = ball.height + h * ball.speed
        speed = ball.speed - 9.81 * h
        if height < 0:
            return Ball(-height, -0.8 * speed)
        return Ball(height, speed)

    a, b = Ball(first, 0.0), Ball(second, 0.0)
    for _ in range(n):
        a, b = moved(a, 0.01), moved(b, 0.01)
    return abs(a.height - b.height), a


def regulator(kp, ki, kd, n):
    """A PID loop around a slow process, with a limited output."""
    x, integral, previous, cost = 0.0, 0.0, 1.0, 0.0
    for _ in range(n):
        error = 1.0 - x
        integral += 0.05 * error
        output = kp * error + ki * integral + kd * (error - previous) / 0.05
        output = max(-2.0, min(2.0, output))
        if abs(output) == 2.0:
            integral -= 0.05 * error
        previous = error
        x += 0.05 * (output - x)
        cost += error**2 * 0.05
    return cost


def kalman(measurements, noise):
    """A position tracked from measurements, of which those that are far off are left out."""
    x, p, used = measurements[0], 1.0, 0
    for z in measurements[1:]:
        p += 0.1
        surprise = z - x
        if surprise * surprise > 9 * (p + noise):
            continue
        gain = p / (p + noise)
        x += gain * surprise
        p *= 1 - gain
        used += 1
    return x, p, used


def epidemic(beta, threshold, days):
    """Susceptible, infected, recovered; contacts halve while many are infected."""
    s, i, r = 0.99, 0.01, 0.0
    closed = 0
    for _ in range(days):
        contact = beta
        if i > threshold:
            contact *= 0.5
            closed += 1
        new, gone = contact * s * i, 0.1 * i
        s, i, r = s - new, i + new - gone, r + gone
    return s, i, r, closed


ROD = np.array([0.0, 1.0, 0.5, -1.0, 2.0, 0.0])

CASES = (
    Case(euler, [(1.0, 0.1, 2.0, 10), (0.5, 0.3, 5.0, 200)], wrt=(0, 1, 2), jets=True),
    Case(runge_kutta, [(1.0, 0.0, 2.0, 20), (0.1, 1.0, 1.0, 5)], wrt=(0, 1, 2), jets=True),
    Case(step_doubling, [(1.0, 2.0, 1e-6), (3.0, 1.0, 1e-9)], wrt=(0,), jets=True),
    Case(fehlberg, [(1.0, 2.0), (3.0, 0.5)], wrt=(0,), tolerance=1e-12),
    Case(
        leapfrog,
        [((1.0, 0.0, 0.0, 1.1), 3.0, 50), ((0.5, 0.0, 0.0, 1.6), 1.0, 20)],
        wrt=(1,),
        jets=True,
    ),
    Case(bouncing_ball, [(1.0, 0.8, 0.3), (1.0, 0.8, 2.0), (5.0, 0.95, 20.0)], wrt=(0, 1, 2)),
    Case(thermostat, [(5.0, 10), (10.0, 100)], wrt=(0,), jets=True),
    Case(implicit_euler, [(10.0, 1.0, 5), (1000.0, 2.0, 30)], wrt=(0, 1), jets=True, slack=1e-9),
    Case(adams_bashforth, [(1.0, 10), (3.0, 50)], wrt=(0,), jets=True),
    Case(heat, [(ROD, 0.2, 5), (ROD, 0.4, 30)], wrt=(0, 1), jets=True),
    Case(shot_with_drag, [(20.0, 0.7, 0.01), (5.0, 0.3, 0.1)], wrt=(0, 1, 2), jets=True),
    Case(falling_balls, [(1.0, 1.5, 40), (0.3, 2.0, 150)], wrt=(0, 1)),
    Case(regulator, [(2.0, 0.5, 0.1, 60), (5.0, 1.0, 0.0, 20)], wrt=(0, 1, 2), jets=True),
    Case(kalman, [(np.array([1.0, 1.2, 9.0, 0.8, 1.1]), 0.3)], wrt=(0, 1), jets=True),
    Case(epidemic, [(0.5, 0.1, 50), (0.3, 0.02, 100)], wrt=(0,), jets=True),
)
