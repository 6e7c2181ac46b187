"""SciPy's own tests of `solve_ivp` with our method in the place of one of theirs.

They are taken from the SciPy that is installed, and are skipped where it comes without tests.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

import taylor as ty

pytest.importorskip("scipy")
suite = pytest.importorskip(
    "scipy.integrate._ivp.tests.test_ivp", reason="this SciPy has no tests of solve_ivp"
)

REPLACED = "RK45"  # the default, too
INSTEAD = {"test_args": "Radau"}  # where another is asked for, and ours will do

# What does not ask for a method by name, so that ours cannot be put in, or is for stiff equations.
OTHERS = {
    "test_integration_sparse_difference": "stiff; Radau and BDF alone",
    "test_integration_const_jac": "wants Jacobian matrices and LU decompositions to be counted",
    "test_integration_stiff": "Robertson's equations to 1e8: stiff",
    "test_event_dense_output_LSODA": "LSODA alone",
    "test_ConstantDenseOutput": "no method",
    "test_OdeSolution": "no method",
    "test_num_jac": "no method",
    "test_num_jac_sparse": "no method",
    "test_inital_maxstep": "no method",
}

# Our solve_ivp returns arrays where none of the times asked for is reached, SciPy's empty lists.
ARRAYS = "test_t_eval_early_event"

OF_CLASSES = {"test_classes", "test_no_integration_class"}


def cases() -> Iterator[Any]:
    """The tests, each with every choice of its parameters in which our method has a part."""
    for name, function in vars(suite).items():
        if not name.startswith("test_") or name in OTHERS:
            continue
        axes = []
        for mark in getattr(function, "pytestmark", ()):
            if mark.name == "parametrize":
                names = [part.strip() for part in mark.args[0].split(",")]
                rows = [row if len(names) > 1 else (row,) for row in mark.args[1]]
                axes.append([dict(zip(names, row, strict=True)) for row in rows])
        for chosen in itertools.product(*axes):
            values = {key: value for part in chosen for key, value in part.items()}
            if values.get("method", REPLACED) == REPLACED:
                label = "-".join([name, *(str(v) for v in values.values() if v != REPLACED)])
                yield pytest.param(name, values, id=label)


def arguments(function: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Those of a test, and what SciPy's own configuration of pytest would give it."""
    threads = function.__code__.co_varnames[: function.__code__.co_argcount]
    return {**values, **({"num_parallel_threads": 1} if "num_parallel_threads" in threads else {})}


def run(name: str, values: dict[str, Any]) -> None:
    """One of SciPy's tests."""
    function = getattr(suite, name)
    function(**arguments(function, values))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("name", "values"), list(cases()))
def test_as_a_method(name: str, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Our class is in the place of one of SciPy's."""
    original, used = suite.solve_ivp, []

    class Noted(ty.scipy.Taylor):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            used.append(name)
            super().__init__(*args, **options)

    def replaced(fun: Any, t_span: Any, y0: Any, method: Any = REPLACED, **options: Any) -> Any:
        fun.__module__ = __name__  # a user's, and no library's
        taken = Noted if method == INSTEAD.get(name, REPLACED) else method
        return original(fun, t_span, y0, method=taken, **options)

    monkeypatch.setattr(suite, "solve_ivp", replaced)
    monkeypatch.setattr(suite, REPLACED, Noted)
    run(name, values)
    assert used


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("name", "values"), list(cases()))
def test_as_solve_ivp(name: str, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Our function is in the place of SciPy's with one of its methods."""
    if name == ARRAYS:
        pytest.skip("arrays instead of empty lists")
    original, used = suite.solve_ivp, []

    def replaced(fun: Any, t_span: Any, y0: Any, method: Any = REPLACED, **options: Any) -> Any:
        if method not in (INSTEAD.get(name, REPLACED), suite.RK45):
            return original(fun, t_span, y0, method=method, **options)
        used.append(name)
        fun.__module__ = __name__  # a user's, and no library's
        return ty.scipy.solve_ivp(fun, t_span, y0, **options)

    monkeypatch.setattr(suite, "solve_ivp", replaced)
    run(name, values)
    assert used or name in OF_CLASSES
