"""Ready systems of equations, each a function that returns a `Model`."""

from types import ModuleType
from typing import TYPE_CHECKING

from taylor.astrodynamics.orbits.elements import Elements as Elements
from taylor.astrodynamics.orbits.elements import to_cartesian as to_cartesian
from taylor.astrodynamics.orbits.elements import to_elements as to_elements
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

    def __getattr__(name: str) -> object:
        from taylor.errors import meant

        hint = meant(name, __dir__(), "ty.models.")
        raise AttributeError(f"module 'taylor.models' has no attribute {name!r}{hint}")

    def __dir__() -> list[str]:
        hidden = ("TYPE_CHECKING", "ModuleType")
        names = (n for n, value in globals().items() if type(value) is not ModuleType)
        return [name for name in names if not name.startswith("_") and name not in hidden]
