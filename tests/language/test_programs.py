"""What `ty.program` promises: structure, side effects, transforms, errors."""

from __future__ import annotations

import functools
import linecache
import math
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

import taylor as ty


def test_untaken_branches_contribute_nothing():
    def root(x):
        r = math.sqrt(x)
        return r if x > 0 else 0.0

    def logarithm(x):
        if x > 0:
            return math.log(x)
        return 0.0

    for function in (root, logarithm):
        program = ty.program(function)
        assert program(0.0) == ty.grad(program)(0.0) == 0
        assert ty.jet(program, 0.0, 3).tolist() == [0, 0, 0, 0]


def test_the_example_that_others_refuse():
    square_or_cube = ty.program(lambda x: x**2 if x > 0 else x**3)
    points = np.linspace(-1, 1, 20)
    wanted = np.where(points > 0, 2 * points, 3 * points**2)
    np.testing.assert_allclose(ty.vmap(ty.grad(square_or_cube))(points), wanted, rtol=1e-15)


def test_what_is_known_is_python():
    def dispatched(x, kind):
        table = {"twice": 2.0, "thrice": 3.0}
        factor = table[kind]
        names = [name.upper() for name in table if name != kind]
        for name in names:
            factor += len(name)
        return factor * x

    program = ty.program(dispatched)
    assert program(1.5, "twice") == dispatched(1.5, "twice")
    assert program(1.5, "thrice") == dispatched(1.5, "thrice")


def test_closures_see_what_is_assigned_later():
    def late(x):
        k = 1.0

        def scaled(y):
            return k * y

        if x > 0:
            k = 3.0
        return scaled(x)

    program = ty.program(late)
    assert [program(2.0), program(-2.0)] == [late(2.0), late(-2.0)] == [6, -2]


def test_objects_that_are_two_names_for_one():
    def shared(x, n):
        a = np.zeros(3)
        b = a
        for k in range(n):
            a[k % 3] += x
        if x > 1:
            b[0] = 7.0
        return a + b

    program = ty.program(shared)
    for args in ((2.0, 5), (0.5, 12)):
        assert program(*args).tolist() == shared(*args).tolist()

    def unclear(x):
        a, b = np.zeros(2), np.ones(2)
        c = a if x > 0 else b
        c[0] = x
        return a + b

    with pytest.raises(ty.ProgramError, match="same object"):
        ty.program(unclear)(1.0)


def test_arguments_stay_as_they_are():
    def halved(values):
        values /= 2
        return values

    given = np.ones(3)
    with pytest.raises(ty.ProgramError, match=r"outside|in place"):
        ty.program(halved)(given)
    assert given.tolist() == [1, 1, 1]


def test_lists_without_identity_are_copied_by_branches():
    def grown(x):
        found = [x]
        other = found
        if x > 0:
            found.append(2 * x)
        return sum(other)

    program = ty.program(grown, capacity=4)
    assert [program(1.0), program(-1.0)] == [3, -1]
    with pytest.raises(ty.ProgramError, match="capacity="):
        ty.program(grown)(1.0)


def test_a_full_list_is_an_error():
    @functools.partial(ty.program, capacity=3)
    def collected(n):
        found = []
        while n > 0:
            found.append(n)
            n -= 1
        return len(found)

    assert collected(3) == 3
    with pytest.raises(OverflowError, match="capacity="):
        collected(4)


def test_assertions_and_errors_are_raised_where_programs_are_called():
    @ty.program
    def checked(x, n):
        assert n > 0, f"n is {n}"
        total = 0.0
        for k in range(n):
            if x < k - 100:
                raise ValueError("too small")
            total += math.sqrt(x + k)
        return total

    assert checked(4.0, 1) == 2
    with pytest.raises(AssertionError, match="n is"):
        checked(4.0, 0)
    with pytest.raises(ValueError, match="too small"):
        checked(-100.5, 3)
    # Transforms have nothing to raise: the value is none.
    assert math.isnan(ty.grad(lambda x: checked(x, 3))(-100.5))
    assert ty.grad(lambda x: checked(x, 1))(4.0) == 0.25


def test_first_turns_apart():
    def running_minimum(values, n):
        best = None
        for k in range(n):
            if best is None or values[k] < best:
                best = values[k]
        return -1.0 if best is None else best

    values = np.array([3.0, 1.0, 2.0])
    with pytest.raises(ty.ProgramError, match="best"):
        ty.program(running_minimum)(values, 2)  # None or a number, as n decides
    known = ty.program(running_minimum, static_argnums=1)
    assert [known(values, n) for n in range(4)] == [-1, 3, 1, 1]


def test_long_loops_are_no_longer_than_short_ones():
    def powers(x, n):
        total = 0.0
        for k in range(n):
            total = total * x + k
        return total

    texts = [str(ty.explain(ty.program(powers, static_argnums=1), 0.5, n)) for n in (20, 2000)]
    assert texts[0] == texts[1] and "fori_loop: total" in texts[0]
    assert "written out: 3 turns" in str(ty.explain(ty.program(powers, static_argnums=1), 0.5, 3))


@dataclass
class Particle:
    """A point that moves."""

    x: float
    v: float

    def moved(self, h):
        if self.x < 0:
            self.v = abs(self.v)
        self.x += h * self.v
        return self


class Scale:
    """Methods, and functions with attributes, are programs too."""

    def __init__(self, factor):
        self.factor = factor

    @ty.program
    def of(self, x):
        return self.factor * x if x > 0 else -x


def test_objects_and_methods():
    @ty.program
    def flight(x, v, n):
        particle = Particle(x, v)
        for _ in range(n):
            particle.moved(0.5)
        return particle

    found = flight(1.0, -1.0, 7)
    wanted = Particle(1.0, -1.0)
    for _ in range(7):
        wanted.moved(0.5)
    assert type(found) is Particle and (found.x, found.v) == (wanted.x, wanted.v)
    scale = Scale(3.0)
    assert [scale.of(2.0), scale.of(-2.0)] == [6, 2]


@ty.program
def absolute(x):
    return x if x > 0 else -x


def test_programs_are_values():
    assert pickle.loads(pickle.dumps(absolute))(-2.0) == 2
    assert absolute.__name__ == "absolute" and absolute.__wrapped__(-3.0) == 3
    assert ty.program(lambda x: absolute(x) + 1)(-2.0) == 3


def test_equations_and_events():
    def slope(t, y):
        x, v = y
        drag = 0.1 if v > 0 else 0.05
        force = 0.0
        for k in range(1, 12):
            force += (-1) ** k * x ** (2 * k - 1) / math.factorial(2 * k - 1)
        return [v, force - drag * v]

    def smooth(t, y):
        return [y[1], -ty.sin(y[0]) - ty.where(y[1] > 0, 0.1, 0.05) * y[1]]

    ours, plain = (ty.Integrator(f, [1.0, 0.0]) for f in (ty.program(slope), smooth))
    for integrator in (ours, plain):
        assert integrator.propagate_until(10.0).status == ty.Status.REACHED
    np.testing.assert_allclose(ours.state, plain.state, rtol=0, atol=1e-12)
    x, v = ty.variables("x v")
    wall = ty.program(lambda x, v: x - 1 if v > 0 else x + 1)(x, v)
    found = ty.Integrator([(x, v), (v, -x)], [0.0, 2.0], events=[ty.Event(wall)])
    crossings = found.propagate_until(6.0).events[0].times
    np.testing.assert_allclose(crossings, [math.pi / 6, math.pi * 7 / 6], rtol=1e-14)


def test_source_of_cells():
    text = "def cell(x):\n    return 2 * x if x > 1 else x\n"
    linecache.cache["<cell 1>"] = (len(text), None, text.splitlines(True), "<cell 1>")
    names = {}
    exec(compile(text, "<cell 1>", "exec"), names)
    assert ty.program(names["cell"])(3.0) == 6
    exec(compile(text, "<nowhere>", "exec"), names)
    with pytest.raises(ty.UnsupportedFunctionError, match="source"):
        ty.program(names["cell"])


def test_several_lambdas_on_a_line():
    first, second = (lambda x: x if x > 0 else -x), (lambda x: 1.0 if x > 0 else 0.0)
    assert ty.program(first)(-2.0) == 2 and ty.program(second)(-2.0) == 0


def test_what_is_captured_is_read_again():
    factor = 2.0

    @ty.program
    def scaled(x):
        return factor * x if x > 0 else x

    assert scaled(1.0) == 2
    factor = 5.0
    assert scaled(1.0) == 5


def test_options_are_checked():
    for options in ({"capacity": 0}, {"depth": True}, {"capacity": 1.5}):
        with pytest.raises(ty.ArgumentError):
            ty.program(lambda x: x, **options)
    with pytest.raises(ty.ArgumentTypeError, match="not a function"):
        ty.program(3.0)


def test_an_error_shows_the_line():
    with pytest.raises(ty.ProgramError) as caught:
        ty.program(lambda x: [2 * k for k in range(x)])(3)
    assert "lambda x: [2 * k for k in range(x)]" in str(caught.value)
    assert "^" in str(caught.value) and "Instead" in str(caught.value)
    with pytest.raises(ty.TracingError, match=r"taylor\.program"):
        ty.grad(lambda x: x if x > 0 else -x)(1.0)


def test_casts_on_the_way_of_a_derivative():
    def cut(x):
        return int(x) * x

    def counted(x):
        total = 0.0
        for k in range(int(x)):
            total += k * x
        return total

    program = ty.program(cut)
    assert [program(2.7), program(-2.7)] == [5.4, 5.4]
    with pytest.raises(ty.ProgramError, match="stop_gradient") as caught:
        ty.grad(program)(2.7)
    assert "return int(x) * x" in str(caught.value)
    constant = ty.program(lambda x: ty.stop_gradient(int(x)) * x)
    assert ty.grad(constant)(2.7) == 2
    assert ty.grad(ty.program(counted))(4.5) == 6  # how often is no derivative
    assert ty.jet(program, 2.7, 2).tolist() == [5.4, 2, 0]
    x = ty.variable("x")
    assert pickle.loads(pickle.dumps(program(x))) is program(x)
