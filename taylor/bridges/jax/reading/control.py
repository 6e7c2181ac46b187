"""Primitives with jaxprs inside: calls, loops, branches, and functions with derivatives of their
own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr

from taylor import functions
from taylor.bridges.jax.reading.call import (
    OWN,
    Call,
    Operand,
    Rule,
    doubles,
    is_known,
    kind_of,
    number,
    truth,
)
from taylor.control.branches import checkpoint, switch
from taylor.control.loops import scan, while_loop
from taylor.definitions.custom import custom_derivative
from taylor.expressions.expression import Expression
from taylor.expressions.substitute import substitute_all

# --- calls ---------------------------------------------------------------------------------------


def _inside(call: Call, *operands: Operand) -> list[Operand]:
    """A call, written out; one of a function of JAX's that we have is that."""
    jaxpr = call.params["jaxpr"]
    ours = _ours(call, jaxpr)
    return call.walk.read(closed(jaxpr), operands) if ours is None else ours(*map(number, operands))


def _our_own(call: Call, *operands: Operand) -> list[Operand]:
    """A function of ours that JAX called: its expressions again."""
    formula = call.params["formula"]
    table = dict(zip(formula.inputs, map(number, operands), strict=True))
    return list(substitute_all(formula.outputs, table))


def closed(jaxpr: Any) -> Any:
    """A jaxpr with its constants, also where a primitive has one without."""
    return ClosedJaxpr(jaxpr, ()) if isinstance(jaxpr, Jaxpr) else jaxpr


def _checkpointed(call: Call, *operands: Operand) -> list[Operand]:
    jaxpr = closed(call.params["jaxpr"])
    return checkpoint(lambda *given: call.walk.read(jaxpr, given))(*operands)


def _ours(call: Call, jaxpr: Any) -> Callable[..., list[Operand]] | None:
    """What stands for a function of JAX's own."""
    said = getattr(getattr(jaxpr, "jaxpr", jaxpr), "debug_info", None)
    name, _, place = str(getattr(said, "func_src_info", "")).partition(" at ")
    if not place.startswith(OWN):
        return None
    return _OURS.get((call.params.get("name", name), len(call.eqn.invars)))


def _remainder(a: Expression, b: Expression) -> list[Operand]:
    return [functions.remainder(a, b)]


# JAX's functions whose own code has choices that ours do without: they are smooth, as log(exp(a) +
# exp(b)) without a choice of the larger one, or take apart matrices in a way that we have not.  By
# name and number of arguments.
_OURS: dict[tuple[str, int], Callable[..., list[Operand]]] = {
    ("logaddexp", 2): lambda a, b: [b + functions.softplus(a - b)],
    ("sinc", 1): lambda x: [functions.sinc(x)],
    ("hypot", 2): lambda a, b: [functions.hypot(a, b)],
    ("remainder", 2): _remainder,
    ("solve", 2): lambda a, b: [number(np.linalg.solve(a, b))],  # type: ignore[call-overload]
    ("_det", 1): lambda a: [number(np.linalg.det(a))],  # type: ignore[call-overload]
    ("_slogdet_lu", 1): lambda a: list(map(number, np.linalg.slogdet(a))),  # type: ignore
}


# --- derivatives of their own --------------------------------------------------------------------


def _forward(call: Call, *operands: Operand) -> list[Operand]:
    """A function with a rule along directions."""
    jaxpr = call.params["call_jaxpr"]
    ours = _ours(call, jaxpr)
    if ours is not None:
        return ours(*map(number, operands))
    return _Ruled(call, closed(jaxpr), operands).result(forward=True)


def _backward(call: Call, *operands: Operand) -> list[Operand]:
    """A function with a rule for adjoints."""
    return _Ruled(call, closed(call.params["call_jaxpr"]), operands).result(forward=False)


class _Ruled:
    """A call of a function with a derivative of its own, which JAX is asked for."""

    def __init__(self, call: Call, jaxpr: Any, operands: Sequence[Operand]) -> None:
        self.call, self.jaxpr, self.operands = call, jaxpr, operands
        avals = [v.aval for v in call.eqn.invars]
        self.avals = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in avals]
        # What varies: real numbers that are not known.
        pairs = list(zip(operands, avals, strict=True))
        self.chosen = [k for k, (x, a) in enumerate(pairs) if not is_known(x) and kind_of(a) == "f"]
        self.others = [k for k, (x, _) in enumerate(pairs) if not is_known(x)]

    def result(self, forward: bool) -> list[Operand]:
        """The results, with that rule."""
        varying = [self.operands[k] for k in self.others]
        function = custom_derivative(self._value)
        if forward:
            function.defjvp(self._along)
        else:
            function.defvjp(lambda *given: (self._value(*given), given), self._back)
        return list(function(*varying))

    def _all(self, given: Sequence[Operand]) -> list[Operand]:
        found = list(self.operands)
        for k, x in zip(self.others, given, strict=True):
            found[k] = x
        return found

    def _value(self, *given: Operand) -> list[Operand]:
        return [number(x) for x in self.call.walk.read(self.jaxpr, self._all(given))]

    def _along(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        along = [t for k, t in zip(self.others, tangents, strict=True) if k in self.chosen]

        def rule(every: Sequence[Any], directions: Sequence[Any]) -> Any:
            return jax.jvp(partial(self._at, every), [every[k] for k in self.chosen], directions)[1]

        return self._value(*primals), self._read(rule, self._all(primals), along)

    def _back(self, primals: Sequence[Any], adjoints: Sequence[Any]) -> tuple[Any, ...]:
        def rule(every: Sequence[Any], given: Sequence[Any]) -> Any:
            _, pull = jax.vjp(partial(self._at, every), *[every[k] for k in self.chosen])
            return list(pull(list(given)))

        shares = dict(zip(self.chosen, self._read(rule, self._all(primals), adjoints), strict=True))
        return tuple(shares.get(k) for k in self.others)

    def _at(self, every: Sequence[Any], *given: Any) -> list[Any]:
        """The call itself, in JAX, with other values of what varies."""
        operands = list(every)
        for k, x in zip(self.chosen, given, strict=True):
            operands[k] = x
        return self.call.walk.evaluated(self.call.eqn, operands)

    def _read(
        self, rule: Callable[..., Any], every: Sequence[Operand], others: Sequence[Operand]
    ) -> list[Operand]:
        """What JAX makes of the rule, read."""
        with doubles():
            kinds = [jax.ShapeDtypeStruct(np.shape(x), jnp.float64) for x in others]
            jaxpr = jax.make_jaxpr(rule)(self.avals, kinds)
        return [number(x) for x in self.call.walk.read(jaxpr, [*every, *others])]


# --- loops and branches --------------------------------------------------------------------------


def _looped(call: Call, *operands: Operand) -> list[Operand]:
    p = call.params
    tests, turns = p["cond_nconsts"], p["body_nconsts"]
    for_test, for_turn = operands[:tests], operands[tests : tests + turns]
    kinds = p["body_jaxpr"].jaxpr.outvars
    first = _carried(kinds, operands[tests + turns :])

    def goes_on(carry: Sequence[Any]) -> Any:
        return truth(call.walk.read(p["cond_jaxpr"], [*for_test, *_shown(kinds, carry)])[0])

    def turn(carry: Sequence[Any]) -> Any:
        found = call.walk.read(p["body_jaxpr"], [*for_turn, *_shown(kinds, carry)])
        return tuple(_carried(kinds, found))

    return _shown(kinds, while_loop(goes_on, turn, tuple(first)))


def _carried(variables: Sequence[Any], values: Sequence[Operand]) -> list[Expression]:
    """Values as numbers: truth values as 0 and 1."""
    return [
        functions.where(truth(x), 1, 0) if kind_of(v.aval) == "b" else number(x)
        for v, x in zip(variables, values, strict=True)
    ]


def _shown(variables: Sequence[Any], values: Sequence[Expression]) -> list[Operand]:
    """The inverse; what is 0 or 1 is no condition that holds at single points."""
    return [
        x > 0.5 if kind_of(v.aval) == "b" else x for v, x in zip(variables, values, strict=True)
    ]


def _scanned(call: Call, *operands: Operand) -> list[Operand]:
    p = call.params
    constants, carries = p["num_consts"], p["num_carry"]
    fixed, rest = operands[:constants], operands[constants:]
    kinds, results = p["jaxpr"].jaxpr.invars[constants:], p["jaxpr"].jaxpr.outvars
    given = _carried(kinds, rest)

    def turn(carry: Sequence[Any], slices: Sequence[Any]) -> Any:
        found = call.walk.read(p["jaxpr"], [*fixed, *_shown(kinds, [*carry, *slices])])
        found = _carried(results, found)
        return tuple(found[:carries]), tuple(found[carries:])

    first, arrays = tuple(given[:carries]), tuple(given[carries:])
    last, outputs = scan(turn, first, arrays, p["length"], p["reverse"])
    return _shown(results, [*last, *outputs])


def _branched(call: Call, index: Operand, *operands: Operand) -> list[Operand]:
    branches = call.params["branches"]
    if is_known(index):
        place = int(np.clip(int(np.asarray(index)), 0, len(branches) - 1))
        return call.walk.read(branches[place], operands)
    kinds = call.eqn.outvars
    made = [
        lambda *given, jaxpr=jaxpr: _carried(kinds, call.walk.read(jaxpr, given))
        for jaxpr in branches
    ]
    known = [k for k, x in enumerate(operands) if is_known(x)]
    varying = [x for x in operands if not is_known(x)]

    def with_known(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any) -> Any:
            following = iter(given)
            return function(
                *[operands[k] if k in known else next(following) for k in range(len(operands))]
            )

        return called

    which = number(index) if call.kind != "b" else functions.where(truth(index), 1, 0)
    return _shown(kinds, switch(which, [with_known(one) for one in made], *varying))


RULES: dict[str, Rule] = {
    **dict.fromkeys(("jit", "pjit", "closed_call", "core_call"), _inside),
    **dict.fromkeys(("taylor", "taylor_linear"), _our_own),
    **dict.fromkeys(("checkpoint", "remat", "remat2"), _checkpointed),
    "custom_jvp_call": _forward,
    "custom_vjp_call": _backward,
    "custom_vjp_call_jaxpr": _backward,
    "while": _looped,
    "scan": _scanned,
    "cond": _branched,
}
