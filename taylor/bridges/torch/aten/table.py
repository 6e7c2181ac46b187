"""All rules, by the names of PyTorch's operations."""

from __future__ import annotations

from taylor.bridges.torch.aten import activations, elementwise, products, reductions, shapes
from taylor.bridges.torch.aten.values import Rule

RULES: dict[str, Rule] = {
    **elementwise.RULES,
    **activations.RULES,
    **shapes.RULES,
    **reductions.RULES,
    **products.RULES,
}
