"""Transformed functions are looked into for what they read from outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylor as ty

factor = 2.0


def parabola(x: Any) -> Any:
    return factor * x * x


made = ty.jit(parabola)
TRANSFORMS = {
    "grad": ty.grad(made),
    "grad of grad": ty.grad(ty.grad(parabola)),
    "grad of a function that calls it": ty.grad(lambda x: made(x) * 1.0),
    "jacobian": ty.jacobian(made),
    "vmap of grad": lambda x: ty.vmap(ty.grad(made))(np.full(2, x))[0],
    "itself": made,
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_what_is_captured_may_change(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    f = TRANSFORMS[name]
    before = f(1.0)
    monkeypatch.setattr(f"{__name__}.factor", 3.0)
    assert f(1.0) == before * 1.5
