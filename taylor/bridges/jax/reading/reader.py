"""The walk over a jaxpr, equation by equation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jax.extend.core import Literal

from taylor.bridges.jax.reading import control, elementwise, indexing, moves
from taylor.bridges.jax.reading.call import Call, Operand, Rule, doubles, is_known

RULES: dict[str, Rule] = {
    **elementwise.RULES,
    **moves.RULES,
    **indexing.RULES,
    **control.RULES,
}


class Reader:
    """Reads jaxprs: what depends on expressions becomes expressions, all else JAX computes.

    name: of the function, for messages.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, jaxpr: Any, operands: Sequence[Operand]) -> list[Operand]:
        """The results of a closed jaxpr.

        Raises UnsupportedFunctionError for a primitive without a rule.
        """
        values: dict[Any, Operand] = dict(zip(jaxpr.jaxpr.constvars, jaxpr.consts, strict=True))
        values |= zip(jaxpr.jaxpr.invars, operands, strict=True)

        def value(variable: Any) -> Operand:
            return variable.val if isinstance(variable, Literal) else values[variable]

        with doubles():  # rules of derivatives are read when these are wanted
            for eqn in jaxpr.jaxpr.eqns:
                given = [value(v) for v in eqn.invars]
                of = self.evaluated if all(map(is_known, given)) else self._of
                values |= zip(eqn.outvars, of(eqn, given), strict=True)
        return [value(v) for v in jaxpr.jaxpr.outvars]

    def evaluated(self, eqn: Any, operands: Sequence[Any]) -> list[Any]:
        """The results of an equation, by JAX."""
        bound = eqn.primitive.get_bind_params(eqn.params)
        functions, params = bound if isinstance(bound, tuple) else ((), bound)  # before JAX 0.8
        found = eqn.primitive.bind(*functions, *operands, **params)
        return list(found) if eqn.primitive.multiple_results else [found]

    def _of(self, eqn: Any, operands: Sequence[Operand]) -> list[Operand]:
        call = Call(self, eqn)
        rule = RULES.get(call.name)
        if rule is None:
            raise call.refuse("for which there is no rule; write that part with taylor's functions")
        found = rule(call, *operands)
        return found if isinstance(found, list) else [found]
