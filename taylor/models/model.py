"""What every model function returns: equations, parameters and what they conserve."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant
from taylor.nodes.traverse import inputs
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True)
class Model:
    """A ready system of ordinary differential equations.

    name:             what it is, for messages.
    system:           (variable, expression of its time derivative) pairs, in the order of the
                      state.
    parameters:       run-time parameters that occur in the equations.
    energy:           conserved energy, or None where there is none in closed form.
    angular_momentum: conserved components: (z,) in a plane, (x, y, z) in space; empty if not
                      conserved.
    jacobi:           conserved Jacobi constant of a rotating frame, or None.

    >>> import taylor as ty
    >>> model = ty.models.pendulum(ty.parameter("k"))
    >>> ta = ty.Integrator(model.system, [0.5, 0.0], parameters={model.parameters[0]: 9.8})
    """

    name: str
    system: list[tuple[Expression, Expression]]
    parameters: tuple[Expression, ...] = ()
    energy: Expression | None = None
    angular_momentum: tuple[Expression, ...] = ()
    jacobi: Expression | None = None

    @property
    def variables(self) -> tuple[Expression, ...]:
        """The state variables, in the order of the state."""
        return tuple(variable for variable, _ in self.system)

    @property
    def conserved(self) -> dict[str, Expression]:
        """Every conserved quantity by name.

        >>> import taylor as ty
        >>> sorted(ty.models.two_body(1, dimensions=2).conserved)
        ['angular_momentum_z', 'energy']
        """
        quantities: dict[str, Expression] = {}
        if self.energy is not None:
            quantities["energy"] = self.energy
        for axis, component in zip("zyx", reversed(self.angular_momentum), strict=False):
            quantities[f"angular_momentum_{axis}"] = component
        if self.jacobi is not None:
            quantities["jacobi"] = self.jacobi
        return quantities


Quantity = int | float | str | Expression  # a number (decimal strings stay exact) or a parameter


def coefficient(function: str, argument: str, value: Any) -> Expression:
    """`value` as a scalar constant or parameter, or an error that says what was wrong."""
    try:
        node: Expression = value if isinstance(value, Expression) else constant(value)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"{function}: {argument} = {value!r} is neither a number nor a parameter"
        ) from error
    if node.shape != ():
        raise ArgumentError(
            f"{function}: {argument} has shape {node.shape}; give a number or a scalar parameter"
        )
    if node.op == "constant" and isinstance(node.payload, float):  # finite numbers are exact
        raise ArgumentError(f"{function}: {argument} = {node} is not finite")
    return node


def count_of_bodies(function: str, argument: str, values: Any) -> int:
    """How many numbers there are, one for each body."""
    if not isinstance(values, Sized) or isinstance(values, str):
        raise ArgumentError(
            f"{function}: {argument} = {values!r} is no list; give one number or parameter per body"
        )
    if not len(values):
        raise ArgumentError(f"{function}: {argument} is empty; give one per body")
    return len(values)


def is_zero(value: Expression) -> bool:
    """True for the exact constant zero; a parameter may become anything."""
    return value.op == "constant" and value.payload == 0


def parameters_of(*values: Expression) -> tuple[Expression, ...]:
    """The parameters that `values` depend on, once each, in the order of their making."""
    return tuple(leaf for leaf in inputs(values) if leaf.op == "parameter")
