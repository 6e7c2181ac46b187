"""What new users mistype: every error is taylor's, is what Python would have raised as well, and
says what was wrong and what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
A = ty.variable("a", shape=(3,))
Q, _P = ty.Polynomial.variables("q p", order=3)
D = ty.derivatives(lambda x, y: x * y, (1.0, 2.0), order=2)
HERE = Path(__file__).name

MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: A[5], IndexError, rf"out of range for axis 0 of size 3 \(at .*{HERE}:\d+\)"),
    (lambda: A["x"], IndexError, "no int, slice"),
    (lambda: A[0, 1], IndexError, "2 indices for an expression of shape"),
    (lambda: X[0], IndexError, "a scalar and has no elements"),
    (lambda: D[3, 0], KeyError, "derivatives of order=2 and no others"),
    (lambda: D["x"], KeyError, "one number for each of 2"),
    (lambda: Q[5, 5], KeyError, r"in q, p: \(5, 5\) is beyond the order 3"),
    (lambda: Q.derivative({"q": 9}), KeyError, "beyond the order 3"),
    (lambda: Q.derivative("q"), TypeError, "a mapping, as in {'q': 1}"),
    (lambda: Q.truncation_error("a"), ValueError, "radius must be a number"),
    (lambda: ty.sin("x"), TypeError, "sin: 'x': not all of these are real numbers"),
    (lambda: ty.hypot(1.0, None), TypeError, "hypot: 1.0, None"),
    (lambda: (X * V).evaluate({X: 1.0, V: "b"}), TypeError, "evaluate: 'b' is no number"),
    (lambda: ty.substitute(X * V, X), TypeError, "a mapping, as in"),
    (lambda: ty.zeros(-3), TypeError, "no natural number"),
    (lambda: ty.zeros("a"), TypeError, "no natural number"),
    (lambda: ty.variable("b", shape="3"), TypeError, "not a tuple of ints"),
    (lambda: ty.switch(0, np.sin, 1.0), TypeError, "no list of functions"),
    (lambda: ty.to_mpmath("a"), TypeError, "no array of floats"),
    (lambda: ty.jet(lambda x, y: x * y, (0.0, 1.0)), TypeError, "needs direction= or curve="),
    (lambda: ty.derivatives(lambda x, y: x * y, (1, 2, 3)), TypeError, "has 3 coordinate"),
    (lambda: ty.compile(X * V), TypeError, r"`inputs`, as \[x, y\]"),
    (lambda: ty.astrodynamics.ExponentialAtmosphere.at("a"), TypeError, "altitude='a' must be a"),
]


@pytest.mark.parametrize(("mistake", "also", "words"), MISTAKES)
def test_mistakes(mistake: Callable[[], Any], also: type[Exception], words: str) -> None:
    with pytest.raises(ty.TaylorError, match=words) as raised:
        mistake()
    assert isinstance(raised.value, also)


def test_errors_of_right_hand_sides_name_the_line() -> None:
    def swapped(y: Any, t: Any) -> Any:
        return [y[1], -y[0]]

    line = swapped.__code__.co_firstlineno + 1
    with pytest.raises(ty.EquationsError, match=f"t is a scalar .*{HERE}:{line}"):
        ty.Integrator(swapped, [1.0, 0.0])

    def beyond(t: Any, y: Any) -> Any:
        return [y[1], -y[5]]

    line = beyond.__code__.co_firstlineno + 1
    with pytest.raises(ty.EquationsError, match=rf"IndexError: .*\(at .*{HERE}:{line}\)"):
        ty.Integrator(beyond, [1.0, 0.0])


@pytest.mark.parametrize("name", ["tol", "order", "high_accuracy"])
def test_what_is_compiled_in_cannot_be_set(name: str) -> None:
    ta = ty.Integrator([(X, V), (V, -X)], [1.0, 0.0])
    before = getattr(ta, name)
    with pytest.raises(ty.ArgumentError, match=f"make another integrator, with {name}=1"):
        setattr(ta, name, 1)
    assert getattr(ta, name) == before


@pytest.mark.parametrize(
    ("module", "name", "meant"),
    [
        (ty.analysis, "lyapunov_exponents", "ty.analysis.lyapunov_exponent"),
        (ty.models, "three_body", "ty.models.two_body"),
        (ty.astrodynamics, "Epoc", "ty.astrodynamics.Epoch"),
        (ty, "jacobain", "ty.jacobian"),
        (ty, "arctan2", "ty.atan2"),
    ],
)
def test_misspelt_names(module: Any, name: str, meant: str) -> None:
    with pytest.raises(AttributeError, match=f"did you mean {meant}"):
        getattr(module, name)


def test_names_that_are_listed_are_public() -> None:
    for module in (ty.analysis, ty.models, ty.smooth):
        listed = dir(module)
        assert listed and not [name for name in listed if name.startswith("_")]
        assert all(callable(getattr(module, name)) for name in listed)


def test_explanations_of_what_has_no_branch() -> None:
    assert "no branch and no loop" in str(ty.explain(lambda x: 2 * x))
