"""Names and numbers of bodies, as NAIF gives them."""

from __future__ import annotations

from taylor.errors import ArgumentError, ArgumentTypeError

Body = str | int
"""A body: its name in any case, or its NAIF number."""

CODES = {
    "solar system barycenter": 0,
    "ssb": 0,
    "mercury barycenter": 1,
    "venus barycenter": 2,
    "earth barycenter": 3,
    "earth-moon barycenter": 3,
    "earth moon barycenter": 3,
    "emb": 3,
    "mars barycenter": 4,
    "jupiter barycenter": 5,
    "saturn barycenter": 6,
    "uranus barycenter": 7,
    "neptune barycenter": 8,
    "pluto barycenter": 9,
    "sun": 10,
    "mercury": 199,
    "venus": 299,
    "moon": 301,
    "earth": 399,
    "phobos": 401,
    "deimos": 402,
    "mars": 499,
    "io": 501,
    "europa": 502,
    "ganymede": 503,
    "callisto": 504,
    "jupiter": 599,
    "titan": 606,
    "saturn": 699,
    "uranus": 799,
    "triton": 801,
    "neptune": 899,
    "charon": 901,
    "pluto": 999,
    "ceres": 2000001,
    "pallas": 2000002,
    "juno": 2000003,
    "vesta": 2000004,
    "iris": 2000007,
    "hygiea": 2000010,
    "eunomia": 2000015,
    "psyche": 2000016,
    "euphrosyne": 2000031,
    "52 europa": 2000052,
    "cybele": 2000065,
    "sylvia": 2000087,
    "thisbe": 2000088,
    "camilla": 2000107,
    "davida": 2000511,
    "interamnia": 2000704,
}
_FIRST_ASTEROID = 2_000_000
_NAMES: dict[int, str] = {}
for _name, _code in CODES.items():
    _NAMES.setdefault(_code, _name)

# Of these a kernel of planets has the barycentre of the system in place of the planet, which has
# nearly all of its mass: Mars is within a metre of it, Jupiter within 300 km, Pluto 2000 km.
SYSTEMS = {199: 1, 299: 2, 499: 4, 599: 5, 699: 6, 799: 7, 899: 8, 999: 9}


def code_of(body: Body) -> int:
    """The NAIF number of a body.

    Raises ArgumentError for a name that is not known, ArgumentTypeError for what is no name or
    number.

    >>> code_of("Moon"), code_of("EMB"), code_of(399)
    (301, 3, 399)
    """
    if isinstance(body, bool) or not isinstance(body, str | int):
        raise ArgumentTypeError(f"Ephemeris: {body!r} is no name or NAIF number of a body")
    if isinstance(body, int):
        return body
    found = CODES.get(" ".join(body.lower().replace("_", " ").split()))
    if found is None:
        raise ArgumentError(
            f"Ephemeris: the body {body!r} is not known; give its NAIF number, or one of "
            f"{', '.join(CODES)}"
        )
    return found


def name_of(code: int) -> str:
    """The name of a body, or its number in words.

    >>> name_of(301), name_of(-61)
    ('moon', 'body -61')
    """
    return _NAMES.get(code, f"body {code}")


def asteroid_number(code: int) -> int | None:
    """The number of a numbered asteroid, None for other bodies.

    >>> asteroid_number(2000433), asteroid_number(399)
    (433, None)
    """
    number = code - _FIRST_ASTEROID
    return number if 0 < number < _FIRST_ASTEROID else None
