"""What is no integrator is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

import taylor as ty

X = ty.variable("x")


@pytest.mark.parametrize("given", [1, None, [(X, -X)], ty.Integrator])
def test_first_arguments_are_integrators(given: Any) -> None:
    with pytest.raises(ty.ArgumentTypeError, match=r"^gradient_through: .*an Integrator, got"):
        ty.gradient_through(given, X, until=1.0)
    with pytest.raises(ty.ArgumentTypeError, match=r"^mean_gradient_through: .*an Integrator"):
        ty.mean_gradient_through(given, [[1.0]], X, until=1.0)
