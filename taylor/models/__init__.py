"""Ready systems of equations, each a function that returns a `Model`."""

from typing import TYPE_CHECKING

from taylor.astrodynamics.orbits.elements import Elements as Elements
from taylor.astrodynamics.orbits.elements import to_cartesian as to_cartesian
from taylor.astrodynamics.orbits.elements import to_elements as to_elements
from taylor.errors import answering as _answering
from taylor.models.cr3bp import cr3bp as cr3bp
from taylor.models.cr3bp import lagrange_points as lagrange_points
from taylor.models.eih import eih as eih
from taylor.models.figures import Figure as Figure
from taylor.models.model import Model as Model
from taylor.models.nbody import n_body as n_body
from taylor.models.pendulum import pendulum as pendulum
from taylor.models.solar_system import SolarSystem as SolarSystem
from taylor.models.solar_system import solar_system as solar_system
from taylor.models.spacecraft import spacecraft as spacecraft
from taylor.models.two_body import two_body as two_body

if not TYPE_CHECKING:  # which knows the names, and refuses all others
    __getattr__, __dir__ = _answering("taylor.models", "ty.models.", globals())
