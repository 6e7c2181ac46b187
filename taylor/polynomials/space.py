"""Which polynomials there are: names of variables and the monomials that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias, cast

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, ItemError
from taylor.expressions.expression import Expression
from taylor_runtime.program.monomials import Monomials, monomials
from taylor_runtime.program.records import dataclass

# Names in a sequence or separated by blanks or commas, expressions, or how many there are.
VariableNames: TypeAlias = "str | int | Expression | Sequence[str | Expression]"
Variable = str | int | np.integer | Expression  # one of the variables, by its name or number


@dataclass(frozen=True, slots=True)
class Space:
    """Named variables and the monomials in them."""

    names: tuple[str, ...]
    monomials: Monomials

    @property
    def order(self) -> int:
        return self.monomials.order

    @property
    def limits(self) -> tuple[int, ...]:
        return self.monomials.limits

    @property
    def size(self) -> int:
        """How many coefficients a polynomial has."""
        return self.monomials.size

    def position(self, powers: tuple[int, ...]) -> int:
        """Where the coefficient with these powers is.

        Raises ItemError (a KeyError) where there is none.
        """
        try:
            return self.monomials.position(powers)
        except KeyError as error:
            raise ItemError(f"a polynomial in {', '.join(self.names)}: {error.args[0]}") from None

    def index(self, variable: Variable) -> int:
        """Which variable it is, given by name, by number, or as an expression.

        Raises ArgumentError (a ValueError) for one that is not among the variables.
        """
        if isinstance(variable, Expression) and not variable.shape:
            variable = str(variable)
        if isinstance(variable, str) and variable in self.names:
            return self.names.index(variable)
        if isinstance(variable, int | np.integer) and not isinstance(variable, bool):
            if -len(self.names) <= variable < len(self.names):
                return int(variable) % len(self.names)
        elif not isinstance(variable, str):
            raise ArgumentTypeError(f"a variable is given by its name or number, got {variable!r}")
        known = ", ".join(self.names)
        raise ArgumentError(f"variable {variable!r} is not among the variables {known}")

    def to_order(self, order: int) -> Space:
        """The same variables and limits with another order."""
        return make_space(self.names, order, self.limits)

    def joined(self, other: Space) -> Space:
        """All variables of both, to the lower order and limit: what is known of both."""
        if self is other or self == other:
            return self
        names = (*self.names, *(name for name in other.names if name not in self.names))
        order = min(self.order, other.order)
        limits: list[int] = []
        for name in names:
            own = [
                s.monomials.highest[s.names.index(name)] for s in (self, other) if name in s.names
            ]
            limits.append(min(*own, order) if len(own) > 1 else min(own[0], order))
        return make_space(names, order, tuple(limits))


@lru_cache(maxsize=256)
def make_space(names: tuple[str, ...], order: int, limits: tuple[int, ...] = ()) -> Space:
    """A space; limits that are no more than the order are dropped, so that equal ones are equal."""
    cut = tuple(min(limit, order) for limit in limits)
    try:
        if cut and len(cut) == len(names) and min(cut) == order:
            cut = ()
        return Space(names, monomials(len(names), order, cut))
    except ValueError as error:
        raise ArgumentError(str(error)) from None


def checked_names(variables: VariableNames) -> tuple[str, ...]:
    """Names of variables, given so, separated by blanks or commas, as expressions, or as a number.

    Raises ArgumentTypeError or ArgumentError for anything else.
    """
    if isinstance(variables, int | np.integer) and not isinstance(variables, bool):
        if variables < 1:
            raise ArgumentError(f"polynomials need at least one variable, got {variables}")
        return ("x",) if variables == 1 else tuple(f"x{i}" for i in range(variables))
    if isinstance(variables, str):
        names: Sequence[Any] = variables.replace(",", " ").split()
    elif isinstance(variables, Expression):
        names = [variables]
    else:
        try:
            names = list(cast(Sequence[Any], variables))
        except TypeError:
            names = [variables]
    found = tuple(e.payload if isinstance(e, Expression) else e for e in names)
    if not found or not all(isinstance(name, str) and name.isidentifier() for name in found):
        raise ArgumentTypeError(
            f"variables must be names such as 'x y z', or their number; got {variables!r}"
        )
    if len(set(found)) < len(found):
        raise ArgumentError(f"variables must differ from each other, got {', '.join(found)}")
    return found


@lru_cache(maxsize=256)
def moved(source: Space, target: Space) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the monomials that both spaces have: in the source, and in the target."""
    kept = [source.names.index(name) for name in target.names if name in source.names]
    lost = [i for i in range(len(source.names)) if i not in kept]
    powers = np.zeros((source.size, len(target.names)), np.int16)
    places = [target.names.index(source.names[i]) for i in kept]
    exponents = source.monomials.exponents
    powers[:, places] = exponents[:, kept]
    found = target.monomials.find(powers)
    found[(exponents[:, lost] > 0).any(axis=1)] = -1
    wanted = np.flatnonzero(found >= 0)
    return wanted, found[wanted]


def convert(planes: np.ndarray, source: Space, target: Space) -> np.ndarray:
    """Coefficients of the same polynomials in another space; what it has no monomials for is cut.

    planes: shape (parts, *shape, source.size).
    """
    if source == target:
        return planes
    same = source.names == target.names and source.limits == target.limits
    if same and target.order <= source.order:
        return np.ascontiguousarray(planes[..., : target.size])
    found = np.zeros((*planes.shape[:-1], target.size), planes.dtype)
    here, there = moved(source, target)
    found[..., there] = planes[..., here]
    return found
