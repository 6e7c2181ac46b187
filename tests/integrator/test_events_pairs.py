"""Events of double-double integrators: as exact as 31 digits are, twin roots told apart."""

import random

import mpmath
import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
OSCILLATOR = [(X, V), (V, -X)]
DIGITS = 60
EPSILON = 2.0**-104
ROOM = 300  # units of rounding of the state after some ten steps


def oscillator(phase, events, **options):
    """x = cos(t + phase)."""
    state = [mpmath.cos(phase), -mpmath.sin(phase)]
    return ty.Integrator(OSCILLATOR, state, precision="double-double", events=events, **options)


def extremes(phase, end):
    """Times from before 0 to beyond end at which x is 1."""
    turn = 2 * mpmath.pi
    low, high = sorted((mpmath.mpf(0), mpmath.mpf(end)))
    first = int(mpmath.floor((low + phase) / turn))
    last = int(mpmath.ceil((high + phase) / turn))
    times = [k * turn - phase for k in range(first, last + 1)]
    return times if end > 0 else times[::-1]


@pytest.mark.parametrize("end", [30.0, -30.0])
def test_twin_roots_of_any_distance(end, scale):
    """x = 1 - gap near every maximum of x, at distances acos(1 - gap) on both sides of it."""
    with mpmath.workdps(DIGITS):
        for seed in range(6 * scale):
            rng = random.Random(seed)
            gap = mpmath.mpf(10) ** rng.uniform(-28, -1)
            phase = mpmath.mpf(rng.uniform(-2, 2))
            level = ty.to_mpmath(ty.from_mpmath(1 - gap))
            gap = 1 - level
            ta = oscillator(phase, [ty.Event(X - ty.constant(level))])
            seen = ta.propagate_until(end).events[0]
            half = mpmath.acos(level)
            forwards = 1 if end > 0 else -1
            expected = [
                m + side * half for m in extremes(phase, end) for side in (-forwards, forwards)
            ]
            expected = [t for t in expected if 0 < t / end < 1]
            assert len(seen.times) == len(expected), (seed, gap)
            bound = ROOM * EPSILON / min(1, float(mpmath.sqrt(2 * gap)))
            for t, true in zip(ty.to_mpmath(seen.times), expected, strict=True):
                assert abs(t - true) <= bound, (seed, gap, float(abs(t - true)), bound)
            slopes = [-1 if mpmath.sin(t + phase) > 0 else 1 for t in expected]
            assert seen.directions.tolist() == slopes


def test_what_does_not_reach_zero_is_no_root(scale):
    """x = 1 + gap is never; double alone takes the maxima for touches."""
    for seed in range(4 * scale):
        rng = random.Random(seed)
        gap = mpmath.mpf(10) ** rng.uniform(-28, -17)
        with mpmath.workdps(DIGITS):
            ta = oscillator(mpmath.mpf(rng.uniform(-2, 2)), [ty.Event(X - ty.constant(1 + gap))])
        assert len(ta.propagate_until(20.0).events[0].times) == 0, (seed, gap)


def test_touches_are_as_exact_as_crossings():
    with mpmath.workdps(DIGITS):
        phase = mpmath.mpf("0.4")
        seen = oscillator(phase, [ty.Event(V**2)]).propagate_until(20.0).events[0]
        expected = [k * mpmath.pi - phase for k in range(1, 7)]
        assert seen.directions.tolist() == [0] * len(expected)
        for t, true in zip(ty.to_mpmath(seen.times), expected, strict=True):
            assert abs(t - true) < ROOM * EPSILON


@pytest.mark.parametrize("gap", ["1e-3", "1e-10", "1e-13"])
def test_twin_roots_of_the_pendulum(gap):
    """v**2 = gap where the pendulum turns; times by Newton's method in 50 digits on its own
    series about the turning point: v = -s tau + s c tau**3 / 6 - .. is odd there.
    """
    angle = mpmath.mpf("1.2")
    with mpmath.workdps(DIGITS):
        pendulum = [(X, V), (V, -ty.sin(X))]
        event = ty.Event(V**2 - ty.constant(gap))
        ta = ty.Integrator(pendulum, [angle, 0], precision="double-double", events=[event])
        seen = ta.propagate_until(12.0).events[0]
        k = mpmath.sin(angle / 2)
        period = 4 * mpmath.ellipk(k * k)

        def speed(t):  # x = 2 asin(k cd(t, k)); v = x' = -2 k sqrt(1 - k^2) sd(t, k)
            return -2 * k * mpmath.sqrt(1 - k * k) * mpmath.ellipfun("sd", t, m=k * k)

        root = mpmath.findroot(
            lambda t: speed(t) + mpmath.sqrt(mpmath.mpf(gap)),
            mpmath.sqrt(mpmath.mpf(gap)) / mpmath.sin(angle),
        )
        half = period / 2
        expected = [root, half - root, half + root, 2 * half - root, 2 * half + root]
        expected = [t for t in [*expected, 3 * half - root, 3 * half + root] if t < 12]
        bound = ROOM * EPSILON / float(mpmath.sqrt(mpmath.mpf(gap)))
        for t, true in zip(ty.to_mpmath(seen.times), expected, strict=True):
            assert abs(t - true) < bound


@pytest.mark.parametrize("callback", [None, lambda ta: False])
def test_stops_at_twin_roots(callback):
    """A run that stops at the first of twins or asks there meets the second."""
    with mpmath.workdps(DIGITS):
        for gap in ("1e-4", "1e-12", "1e-20"):
            level = ty.to_mpmath(ty.from_mpmath(1 - mpmath.mpf(gap)))
            event = ty.Event(X - ty.constant(level), terminal=True, callback=callback)
            ta = oscillator(mpmath.mpf("-1"), [event])
            times = []
            while ta.time < 5:
                outcome = ta.propagate_until(5.0)
                times += ty.to_mpmath(outcome.events[0].times).tolist()
            half = mpmath.acos(level)
            off = [abs(t - true) for t, true in zip(times, (1 - half, 1 + half), strict=True)]
            assert np.max(off) < ROOM * EPSILON / float(half), gap
