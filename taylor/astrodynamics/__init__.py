"""Real orbits: times, frames, ephemerides, forces, elements, encounters, files, determination.

Kilometres, seconds, radians and kilograms; times are seconds of TDB since J2000 unless a function
says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taylor.astrodynamics.names import *  # noqa: F403
else:  # `taylor.models` needs the elements alone: the rest is loaded when it is asked for

    def __getattr__(name: str) -> object:
        if not name.startswith("_"):
            import taylor.astrodynamics.names as names

            if name in names.__all__:
                return getattr(names, name)
        from taylor.errors import meant

        hint = meant(name, __dir__(), "ty.astrodynamics.")
        raise AttributeError(f"module 'taylor.astrodynamics' has no attribute {name!r}{hint}")

    def __dir__() -> list[str]:
        import taylor.astrodynamics.names as names

        return sorted(names.__all__)
