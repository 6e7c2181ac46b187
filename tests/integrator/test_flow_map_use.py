"""Flow maps in every use of an integrator: grids, dense output, steps, copies, files, callbacks."""

from __future__ import annotations

import copy
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor_runtime.program.flow import FlowProgram

X, V = ty.variables("x v")
K = ty.parameter("k")
T = ty.time
SYSTEM = [(X, V), (V, -K * ty.sin(X) + 0.1 * ty.cos(T))]
ROUND = 1e-13
KINDS = ["float64", "float32", "double-double"]


def integrator(degree: int = 2, wrt: Any = (X, V, K, T), **options: Any) -> ty.Integrator:
    ours = ("control", "tolerances", "limits", "directions")
    asked = {k: options.pop(k) for k in ours if k in options}
    given = {"parameters": {K: 1.5}, **options}
    return ty.Integrator(ty.variational(SYSTEM, degree, wrt, **asked), [0.5, 0.2], **given)


def bits(ta: ty.Integrator) -> bytes:
    return ta.flow_map.coefficients.tobytes()


def apart(one: ty.Polynomial, other: ty.Polynomial) -> float:
    return float(np.abs((one - other).coefficients).max())


# -- grids, dense output, steps --------------------------------------------------------------------


@pytest.mark.parametrize("precision", KINDS)
@pytest.mark.parametrize("sign", [1, -1])
def test_grids(precision: str, sign: int) -> None:
    times = [sign * t for t in (0.25, 1.0, 1.5, 3.0)]
    outcome = integrator(precision=precision).propagate_grid(times)
    maps = outcome.flow_maps
    assert maps.shape == (4, 2)
    assert (maps.constant_part == outcome.states).all()
    near = {"float64": ROUND, "float32": 1e-4, "double-double": 1e-28}[precision]
    for time, found in zip(times, maps, strict=True):
        alone = integrator(precision=precision)
        ended = alone.propagate_until(time)
        assert apart(found, ended.flow_map) < near * max(1, np.abs(found.coefficients).max())
        assert bits(alone) == ended.flow_map.coefficients.tobytes()
    shape = (4, 2, 4) if precision != "double-double" else (4, 2, 4, 2)
    assert outcome.state_transition_matrix.shape == shape
    assert (outcome.state_transition_matrix == maps.jacobian).all()


def test_a_grid_that_is_not_reached_is_nan() -> None:
    outcome = integrator().propagate_grid([0.1, 0.2, 50.0], max_steps=2)
    assert not outcome.success
    coefficients = outcome.flow_maps.coefficients
    assert np.isfinite(coefficients[:2]).all() and np.isnan(coefficients[2]).all()


@pytest.mark.parametrize("precision", KINDS)
def test_dense_output(precision: str) -> None:
    ta = integrator(precision=precision)
    outcome = ta.propagate_until(2.0, dense=True)
    dense = outcome.dense
    near = {"float64": ROUND, "float32": 1e-4, "double-double": 1e-28}[precision]
    times = np.array([0.0, 0.7, 1.9, 2.0])
    given = times if precision != "double-double" else np.stack([times, 0 * times], axis=-1)
    maps = dense.flow_map(given)
    assert maps.shape == (4, 2) and maps.names == ("x", "v", "k", "t")
    assert (maps.constant_part == dense(given)).all()
    assert dense(given).shape[:2] == (4, 2)
    right = integrator(precision=precision).propagate_grid(given).flow_maps
    assert apart(maps, right) < near * max(1, np.abs(right.coefficients).max())
    assert dense.flow_map(given[1]).shape == (2,)
    last = ta.dense.flow_map(given[3])
    assert apart(last, ta.flow_map) < near * max(1, np.abs(last.coefficients).max())
    again = ta.propagate_until(2.0, dense=True).dense  # nothing is left to do
    assert (again.flow_map(given[3]).coefficients == ta.flow_map.coefficients).all()


def test_dense_output_refuses_what_it_has_not() -> None:
    dense = integrator().propagate_until(1.0, dense=True).dense
    with pytest.raises(ty.ExtrapolationError, match="outside"):
        dense.flow_map(1.5)
    assert dense.flow_map(1.0625, extrapolate=True).shape == (2,)
    plain = ty.Integrator(SYSTEM, [0.5, 0.2], parameters={K: 1.5})
    without = plain.propagate_until(1.0, dense=True)
    assert without.flow_map is None and without.state_transition_matrix is None
    with pytest.raises(ty.TaylorError, match="no derivatives"):
        without.dense.flow_map(0.5)


@pytest.mark.parametrize("backward", [False, True])
def test_step_by_step(backward: bool) -> None:
    ta, whole = integrator(), integrator()
    for _ in range(5):
        outcome = ta.step(backward=backward)
        assert outcome.steps == 1
        assert outcome.flow_map.coefficients.tobytes() == bits(ta)
    assert (ta.time < 0) == backward
    whole.propagate_until(ta.time)
    assert apart(ta.flow_map, whole.flow_map) < ROUND


# -- the same bits ---------------------------------------------------------------------------------


def test_a_limit_on_steps_changes_nothing() -> None:
    whole, parts = integrator(), integrator()
    whole.propagate_until(5.0)
    while not parts.propagate_until(5.0, max_steps=2).success:
        pass
    assert bits(parts) == bits(whole)


def test_callbacks_that_look_change_nothing() -> None:
    whole, watched = integrator(), integrator()
    whole.propagate_until(5.0)
    seen: list[Any] = []
    watched.propagate_until(5.0, callback=lambda ta: seen.append(ta.flow_map) and None)
    assert bits(watched) == bits(whole)
    assert len(seen) > 5 and seen[-1].coefficients.tobytes() == bits(whole)
    assert (seen[0].coefficients != seen[-1].coefficients).any()  # none is a view


@pytest.mark.parametrize("precision", KINDS)
@pytest.mark.parametrize("how", ["copy", "deepcopy", "pickle", "checkpoint"])
def test_copies_go_on_to_the_same_bits(how: str, precision: str, tmp_path: Path) -> None:
    ta = integrator(2, precision=precision)
    ta.propagate_until(5.0, max_steps=3)
    if how == "checkpoint":
        ta.save(tmp_path / "run")
        other = ty.Integrator.load(tmp_path / "run")
    else:
        other = {
            "copy": copy.copy,
            "deepcopy": copy.deepcopy,
            "pickle": lambda one: pickle.loads(pickle.dumps(one)),
        }[how](ta)
    begun = bits(ta)
    assert bits(other) == begun
    other.propagate_until(5.0)
    assert bits(ta) == begun  # nothing is shared
    ta.propagate_until(5.0)
    assert bits(other) == bits(ta)


@pytest.mark.parametrize("how", ["copy", "pickle"])
def test_copies_before_the_first_step(how: str) -> None:
    """With what has been set and the machine has not been given yet."""
    ta = integrator()
    ta.flow_map = 2 * ta.flow_map - ta.flow_map.constant_part
    other = copy.copy(ta) if how == "copy" else pickle.loads(pickle.dumps(ta))
    assert bits(other) == bits(ta)
    for one in (ta, other):
        one.propagate_until(1.0)
    assert bits(other) == bits(ta)
    plain = integrator()
    plain.propagate_until(1.0)
    assert apart(ta.flow_map, plain.flow_map) > 0.1


def test_what_is_asked_for_can_be_pickled() -> None:
    asked = ty.variational(SYSTEM, 2, [X, K], limits={K: 1}, tolerances=[1e-9, 1e-6])
    other = pickle.loads(pickle.dumps(asked))
    found = [
        ty.Integrator(one, [0.5, 0.2], parameters={K: 1.5}).propagate_until(1.0).flow_map
        for one in (asked, other)
    ]
    assert (found[0].coefficients == found[1].coefficients).all()


def test_outcomes_can_be_pickled() -> None:
    outcome = integrator(2).propagate_grid([0.5, 1.0], dense=True)
    other = pickle.loads(pickle.dumps(outcome))
    assert (other.flow_map.coefficients == outcome.flow_map.coefficients).all()
    assert (other.flow_maps.coefficients == outcome.flow_maps.coefficients).all()
    found = [one.dense.flow_map(0.75).coefficients for one in (outcome, other)]
    assert (found[0] == found[1]).all()


# -- what is set -----------------------------------------------------------------------------------


def test_a_state_that_is_set_begins_a_new_map() -> None:
    ta = integrator()
    ta.propagate_until(1.0)
    ta.state[:] = [0.5, 0.2]
    ta.time = 0.0
    fresh = integrator()
    assert bits(ta) == bits(fresh)
    ta[X] = 0.25
    assert ta.flow_map.constant_part.tolist() == [0.25, 0.2]
    ta[X] = 0.5
    for one in (ta, fresh):
        one.propagate_until(1.0)
    assert bits(ta) == bits(fresh)


def test_a_state_that_is_set_to_what_it_was_begins_none() -> None:
    ta, whole = integrator(), integrator()
    ta.propagate_until(1.0)
    ta.state = ta.state.copy()
    ta.propagate_until(2.0)
    whole.propagate_until(1.0)
    whole.propagate_until(2.0)
    assert bits(ta) == bits(whole)


def test_parameters_that_are_set_go_on_with_the_map() -> None:
    """The derivatives by k are those by its displacement on both parts of the way."""
    ta = integrator(2, (X, V, K))
    ta.propagate_until(1.0)
    before = ta.flow_map
    ta.parameters[K] = 0.75
    assert (ta.flow_map.coefficients == before.coefficients).all()
    ta.propagate_until(2.0)
    second = ty.Integrator(
        ty.variational(SYSTEM, 2, (X, V, K)),
        before.constant_part,
        time=1.0,
        parameters={K: 0.75},
    )
    second.propagate_until(2.0)
    k = ty.Polynomial.variables("x v k", 2)[2]
    right = second.flow_map.compose(np.stack([*(before - before.constant_part), k]))
    assert apart(ta.flow_map, right) < ROUND


def test_another_map_is_a_beginning() -> None:
    """From nonlinear coordinates: the map after them is theirs, composed."""
    names = ("x", "v", "k")
    x, v, k = ty.Polynomial.variables(names, 2)
    start = np.stack([0.5 + np.sin(x + v), 0.2 * np.exp(v) + x * k])
    ta = integrator(2, (X, V, K))
    ta.flow_map = start
    assert ta.state.tolist() == [0.5, 0.2]
    ta.propagate_until(1.5)
    plain = integrator(2, (X, V, K))
    plain.propagate_until(1.5)
    right = plain.flow_map.compose(np.stack([*(start - start.constant_part), k]))
    assert apart(ta.flow_map, right) < ROUND
    assert ta.flow_map.names == names


def test_a_map_of_other_variables_or_another_shape_is_refused() -> None:
    ta = integrator(2, (X, V))
    before = bits(ta)
    for wrong, message in (
        (3, "polynomial for each of 2 states"),
        (np.zeros(2), "polynomial for each of 2 states"),
        (ta.flow_map[:1], r"got shape \(1,\)"),
        (np.stack(ty.Polynomial.variables("a v", 2)), "a is not among the variables x, v"),
        (ta.flow_map * np.nan, "must be finite"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            ta.flow_map = wrong
            _ = ta.flow_map
        ta.state = [0.5, 0.2]
        assert bits(ta) == before
    plain = ty.Integrator(SYSTEM, [0.5, 0.2], parameters={K: 1.5})
    with pytest.raises(ty.TaylorError, match=r"ty\.variational"):
        plain.flow_map = ta.flow_map
    for name in ("flow_map", "state_transition_matrix"):
        with pytest.raises(ty.TaylorError, match="carries no derivatives"):
            getattr(plain, name)


def test_a_callback_that_changes_the_state_ends_the_derivatives() -> None:
    def push(ta: ty.Integrator) -> None:
        if ta.time > 0.5 and not pushed:
            pushed.append(ta.time)
            ta.state[1] += 0.25

    pushed: list[float] = []
    ta, plain = integrator(), ty.Integrator(SYSTEM, [0.5, 0.2], parameters={K: 1.5})
    outcome = ta.propagate_until(1.5, callback=push)
    assert outcome.success and outcome.flow_map is None
    for name in ("flow_map", "state_transition_matrix"):
        with pytest.raises(ty.UndefinedDerivativesError, match="callback changed the state") as e:
            getattr(ta, name)
        assert repr(pushed[0]) in str(e.value) and "reset=" in str(e.value)
    plain.propagate_until(pushed[0])
    plain.state[1] += 0.25
    plain.propagate_until(1.5)
    assert ta.state == pytest.approx(plain.state, abs=1e-13)  # the state goes on
    ta.state, ta.time = [0.5, 0.2], 0.0
    assert bits(ta) == bits(integrator())  # and a new one has derivatives again


# -- tolerances ------------------------------------------------------------------------------------


def test_tolerances_of_each_order() -> None:
    """Looser ones cost fewer steps and are kept."""
    exact = integrator(3, (X, V)).propagate_until(20.0).flow_map
    degrees = exact.powers.sum(axis=1)
    steps = []
    for tolerances in (None, [1e-12] * 3, [1e-9, 1e-6, 1e-3]):
        ta = integrator(3, (X, V), tolerances=tolerances)
        steps.append(ta.propagate_until(20.0).steps)
        for degree, tolerance in enumerate([1e-14, *(tolerances or [1e-14] * 3)]):
            mask = degrees == degree
            scale = np.abs(exact.coefficients[:, mask]).max()
            error = np.abs((ta.flow_map - exact).coefficients[:, mask]).max()
            assert error <= 1000 * tolerance * scale
    assert steps[0] > steps[1] >= steps[2]


def test_control_by_the_state_alone() -> None:
    """As many steps as without derivatives, however many of these there are, to the same state."""
    steps, states = {}, {}
    for control in ("derivatives", "state"):
        for degree in (1, 4):
            ta = integrator(degree, (X, V), control=control, order=20)
            steps[control, degree] = ta.propagate_until(20.0).steps
            states[control, degree] = ta.state
    plain = ty.Integrator(SYSTEM, [0.5, 0.2], parameters={K: 1.5}, order=20)
    alone = plain.propagate_until(20.0).steps
    assert alone <= steps["state", 1] <= alone + 2
    assert alone <= steps["state", 4] <= alone + 2
    assert steps["derivatives", 4] > alone + 10
    for state in states.values():
        assert state == pytest.approx(plain.state, abs=1e-12)


def test_steps_that_see_the_state_alone_pass_over_derivatives() -> None:
    """What "state" means: x' = x - y, y' = y - x rests, and one step is enough for that."""
    system = [(X, X - V), (V, V - X)]
    found = {}
    for control in ("derivatives", "state"):
        ta = ty.Integrator(ty.variational(system, 1, control=control), [1.0, 1.0])
        steps = ta.propagate_until(5.0).steps
        found[control] = steps, abs(ta.state_transition_matrix[0, 0] - 11013.732897403359)
    assert found["state"][0] == 1 and found["state"][1] > 1
    assert found["derivatives"][0] > 5 and found["derivatives"][1] < 1e-9


@pytest.mark.parametrize("tol", [1e-4, 1e-8, 1e-12])
def test_the_tolerance_is_that_of_derivatives(tol: float) -> None:
    exact = integrator(2).propagate_until(10.0).flow_map
    loose = integrator(2, tol=tol).propagate_until(10.0).flow_map
    degrees = exact.powers.sum(axis=1)
    for degree in range(3):
        mask = degrees == degree
        scale = np.abs(exact.coefficients[:, mask]).max()
        assert np.abs((loose - exact).coefficients[:, mask]).max() < 300 * tol * scale


@pytest.mark.parametrize(
    "options",
    [{"rtol": 1e-12, "atol": 1e-10}, {"high_accuracy": True}, {"order": 12}, {"max_step": 0.125}],
)
def test_other_options(options: dict[str, Any]) -> None:
    ta, plain = integrator(2, **options), integrator(2)
    outcome = ta.propagate_until(3.0)
    plain.propagate_until(3.0)
    assert apart(ta.flow_map, plain.flow_map) < 1e-9
    if "max_step" in options:
        assert outcome.largest_step <= 0.125
    if "order" in options:
        assert ta.order == 12


# -- text ------------------------------------------------------------------------------------------


def test_repr_says_that_there_are_derivatives() -> None:
    text = repr(integrator(3, (X, K)))
    assert text.startswith("Integrator(2 states, time=0.0,")
    assert text.endswith("derivatives to order 3 by x, k)")
    plain = repr(ty.Integrator(SYSTEM, [0.5, 0.2], parameters={K: 1.5}))
    assert "derivatives" not in plain


def test_explain() -> None:
    ta = integrator(3, (X, K))
    explanation = ta.explain()
    text = str(explanation)
    assert "2 states" in text and "polynomials" in text and "10 coefficients" in text
    labels = [explanation.label(pack) for pack in explanation.packs]
    assert any(label.startswith("x: d/dt = ") for label in labels)
    assert any(label.startswith("v: d/dt = ") for label in labels)
    assert "k" in labels
    assert explanation.kernels >= 3  # of order zero: sine, cosine of x, and of t
    assert explanation.multiply_adds > 1000
    assert 'label="' in explanation.dot
    program = ta._machine.stepper.program
    assert isinstance(program, FlowProgram) and explanation.rows == len(program.rows)


def test_explain_of_many_parameters_and_of_none() -> None:
    p = ty.parameter("p", 3)
    q = ty.variable("q", 3)
    ta = ty.Integrator(
        ty.variational([(q, -p * q)], 2, [p[1]]), [1.0, 2.0, 3.0], parameters={p: [1.0, 2.0, 3.0]}
    )
    labels = [ta.explain().label(pack) for pack in ta.explain().packs]
    assert {"p[0]", "p[1]", "p[2]"} <= set(labels)
    assert "q[0]: " in str(ty.Integrator(ty.variational([(q, -q)], 1), [1.0, 2.0, 3.0]).explain())


def test_explain_can_be_drawn() -> None:
    pytest.importorskip("matplotlib")
    figure = integrator(2, (X, K)).explain().plot()
    assert figure.axes


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("name", ["pendulum", "time", "kepler"])
def test_nothing_is_read_that_was_not_written(name: str, order: int) -> None:
    """What is in the workspace before a run changes no bits of it."""
    x, v, k = *ty.variables("x v"), ty.parameter("k")
    q, w = ty.variable("q", shape=3), ty.variable("w", shape=3)
    system, start, given = {
        "pendulum": ([(x, v), (v, -k * ty.sin(x))], [1.0, 0.3], {k: 1.2}),
        "time": ([(x, v), (v, -k * ty.sin(x) + ty.cos(ty.time))], [1.0, 0.3], {k: 1.2}),
        "kepler": ([(q, w), (w, -q / (q @ q) ** 1.5)], [1, 0, 0, 0, 1, 0.1], None),
    }[name]
    found = set()
    for rubbish in (0.0, math.nan, 1e200):
        ta = ty.Integrator(ty.variational(system, order), start, parameters=given)
        ta._machine._work[:] = ta._machine._records[:] = rubbish
        outcome = ta.propagate_grid([1.0, 3.0, 5.0])
        found.add((outcome.steps, ta.flow_map.coefficients.tobytes()))
    assert len(found) == 1
