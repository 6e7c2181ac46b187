"""A spacecraft near the Earth-Moon point L1: from a model to a trajectory and what it conserves."""

import numpy as np

import taylor as ty
from taylor.models import cr3bp, lagrange_points

MU = 0.012150585  # the Moon's share of the masses of Earth and Moon
MONTHS = np.linspace(0.0, 4 * np.pi, 201)  # two revolutions of the Moon, which takes 2 pi

model = cr3bp(ty.parameter("mu"), dimensions=2)
x_1, _ = lagrange_points(MU)[0]
start = [x_1 - 1e-3, 0.0, 0.0, 0.0]  # at rest, a thousandth towards the Earth

ta = ty.Integrator(model.system, start, parameters={"mu": MU}, tol=1e-16)
outcome = ta.propagate_grid(MONTHS)
assert outcome.status is ty.Status.REACHED, outcome.message

jacobi = ty.compile(model.jacobi, [*model.variables, *model.parameters])
constants = jacobi(*outcome.states.T, MU)
distances = np.hypot(outcome.states[:, 0] + MU, outcome.states[:, 1])

print(f"{outcome.steps} steps of order {ta.order}")
print(f"distance from the Earth: {distances.min():.4f} to {distances.max():.4f} (Moon: 1)")
print(f"Jacobi constant {constants[0]:.12f}, changed by {np.ptp(constants):.1e} at most")
