"""Points at which kernels are measured, and their error in ulp against mpmath."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import mpmath
import numpy as np

from taylor.nodes.registry import get
from taylor.reference.kernels import kernel_definitions

mp = mpmath.MPContext()
mp.dps = 40  # mpmath's own range reduction adds what huge arguments need

# Where the function varies, and not yet over- or underflows; (-20, 20) for the others.
RANGES = {
    "exp": (-746.0, 711.0),
    "expm1": (-40.0, 711.0),
    "exp2": (-1076.0, 1025.0),
    "sinh": (-711.0, 711.0),
    "cosh": (-711.0, 711.0),
    "sigmoid": (-746.0, 40.0),
    "softplus": (-746.0, 60.0),
    "sigmoid_derivative": (-746.0, 746.0),
    "sech_squared": (-373.0, 373.0),
    "erf": (-6.0, 6.0),
    "erfc": (-6.0, 27.3),
    "erf_derivative": (-27.3, 27.3),
    "asin": (-1.0, 1.0),
    "acos": (-1.0, 1.0),
    "atanh": (-1.0, 1.0),
    "log1p": (-1.0, 3.0),
    "acosh": (1.0, 3.0),
    "gamma": (-185.0, 172.0),
    "lgamma": (-10.0, 30.0),
    "besselj": (-60.0, 60.0),
    "bessely": (0.0, 60.0),
    "besseli": (-700.0, 700.0),
    "zeta": (-60.0, 60.0),
    "erfcx": (-26.0, 60.0),
    "ierfcx": (-26.0, 60.0),
    "erfcx_coefficient": (-26.0, 60.0),
    "airyai": (-60.0, 100.0),
    "airyaiprime": (-60.0, 100.0),
    "airybi": (-60.0, 100.0),
    "airybiprime": (-60.0, 100.0),
    "erfinv": (-1.0, 1.0),
    "erfinv_derivative": (-1.0, 1.0),
    "erfcinv": (0.0, 2.0),
    "erfcinv_derivative": (0.0, 2.0),
    "ellipk": (-3.0, 1.0),
    "ellipe": (-3.0, 1.0),
    "expi": (-60.0, 100.0),
    "rgamma": (-170.0, 180.0),
}
# Orders with which families are measured, and how few points: mpmath is slow.
ORDERS = {
    "polygamma": (1, 2, 5),
    "polygamma_coefficient": (1, 4, 20),
    "ierfcx": (1, 3, 12),
    "erfcx_coefficient": (1, 4, 20),
    "besselj": (0, 1, 2, 7, -3, 40),
    "bessely": (0, 1, 2, 7, -3, 40),
    "besseli": (0, 1, 2, 7, -3, 40),
    "besseli_scaled": (0, 1, 2, 7, -3, 40),
}
# Kernels of which few points of moderate size are measured: mpmath is slow, or wrong at others.
_SLOW = (
    "airyai", "airyaiprime", "airybi", "airybiprime", "erfcx", "zeta",
    "rgamma", "sin_pi", "cos_pi", "ellipk", "ellipe", "expi", "dawsn", "dawsn_derivative",
    "erfinv", "erfinv_derivative", "erfcinv", "erfcinv_derivative",
)  # fmt: skip
_OF_TWO = ("beta", "gammainc")  # how names begin of which both arguments are positive
_FEW = 4
_SQUARED = ("erf_derivative", "erfc")  # exp(-x**2) bounds their ranges
_SLOW_REGIONS = ("near pi/2 n", "huge")
# The double closest to a multiple of pi/2 (Muller, Elementary Functions, 2016, section 11.3).
HARDEST = 6381956970095103 * 2.0**797
SPECIAL = [
    *(0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, 1.5, -1.5, 1e-8, 1e8),
    *(math.inf, -math.inf, math.nan, 5e-324, -5e-324, 2.0**-1022, 1.7976931348623157e308),
    *(709.782712893384, 709.7827128933841, -745.1332191019411, 710.4758600739439, 710.5, -745.2),
    *(math.nextafter(1.0, 2.0), math.nextafter(1.0, 0.0), 2.0**30, 2.0**52 + 1, 2.0**53, 1e22),
    *(math.pi, math.pi / 2, math.pi / 4, math.sqrt(2.0), math.sqrt(0.5), HARDEST),
]


@dataclass(frozen=True)
class Format:
    """A format of numbers: significant bits, and exponents.

    least, normal, end: least <= |x| < end for all numbers, normal <= |x| where they have all bits,
        as exponents of two.
    """

    dtype: type
    bits: int
    least: int
    normal: int
    end: int

    @property
    def ends(self) -> tuple[float, ...]:
        """The least, the least normal and the largest number."""
        largest = math.ldexp(1 - 2.0**-self.bits, self.end)
        return math.ldexp(1, self.least), math.ldexp(1, self.normal), largest

    @property
    def logarithms(self) -> tuple[int, int]:
        """Between what, nearly, exp is neither zero nor infinite."""
        return math.floor(self.least * math.log(2)), math.ceil(self.end * math.log(2))


FORMATS = {
    "float64": Format(np.float64, 53, -1074, -1022, 1024),
    "float32": Format(np.float32, 24, -149, -126, 128),
}
Draw = Callable[[int, np.random.Generator], list[Any]]  # (how many, ..) -> arguments


def anywhere(rng: np.random.Generator, count: int, low: int = -1074, high: int = 1024) -> Any:
    """Numbers of either sign with exponents spread evenly."""
    size = np.ldexp(rng.uniform(1, 2, count), rng.integers(low, high, count))
    return size * rng.choice([-1.0, 1.0], count)


def points(name: str, arity: int, count: int, seed: int = 1) -> list[Any]:
    """About `count` arguments for each kind of point: ordinary, of all sizes, near 1, special."""
    if name in ORDERS:
        return family_points(name, _moderate_points(name, -(-count // _FEW), seed))
    if name in _SLOW:
        return [_moderate_points(name, -(-count // 10), seed)]
    if arity == 1:
        return [_single_points(name, count, seed)]
    rng = np.random.default_rng(seed)
    if name.startswith(_OF_TWO):
        return _positive_points(rng, -(-count // 10))
    if name == "pow":
        return _power_points(rng, count)
    if name == "pow_sum":
        return _with_rest(_power_points(rng, count), rng)
    if name.startswith(("kepler", "lambertw")):
        return _orbit_points(name, rng, count)
    x, y = anywhere(rng, count), rng.uniform(-3, 3, count)
    pairs = np.array([(s, t) for s in SPECIAL[:22] for t in SPECIAL[:22]]).T
    with np.errstate(over="ignore"):
        near = x * anywhere(rng, count, -4, 4)
    first = np.concatenate([x, rng.uniform(-3, 3, count), x, pairs[0]])
    return [first, np.concatenate([near, y, anywhere(rng, count), pairs[1]])]


def _single_points(name: str, count: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    low, high = RANGES.get(name, (-20.0, 20.0))
    parts = [
        rng.uniform(low, high, count),
        rng.uniform(-3, 3, count),
        anywhere(rng, count),
        anywhere(rng, count, -60, 10),
        1 + anywhere(rng, count, -53, -1),
        np.array(SPECIAL),
    ]
    return np.concatenate(parts)


def _positive_points(rng: np.random.Generator, count: int) -> list[Any]:
    """Moderate, small and large ones, of like size and not."""
    size = 10 ** rng.uniform(-3, 3, count)
    first = [rng.uniform(0, 5, count), 10 ** rng.uniform(-9, 2, count), size, size]
    near = size * rng.uniform(0.8, 1.25, count)
    second = [rng.uniform(0, 8, count), 10 ** rng.uniform(-9, 2, count), near, size[::-1]]
    special = np.array([(s, t) for s in SPECIAL[:8] for t in SPECIAL[:8]]).T
    return [np.concatenate([*a, b]) for a, b in zip((first, second), special, strict=True)]


def _moderate_points(name: str, count: int, seed: int) -> Any:
    """Without what takes mpmath minutes: huge and negative, or huge and many."""
    rng = np.random.default_rng(seed)
    low, high = RANGES.get(name, (-20.0, 20.0))
    special = [x for x in SPECIAL if not math.isfinite(x) or 1e-9 < abs(x) < 1e9 or x == 0]
    parts = [
        rng.uniform(low, high, count),
        rng.uniform(-3, 3, count),
        anywhere(rng, count, -30, 6),
        np.array([*special, 1e22, 1e-200]),
    ]
    return np.concatenate(parts)


def family_points(name: str, x: Any) -> list[Any]:
    """x and orders in turn; polygamma's coefficient has a scale between them."""
    orders = np.resize(np.array(ORDERS[name], float), len(x))
    if not name.endswith("_coefficient"):
        return [x, orders]
    size = np.where(np.isfinite(x) & (x != 0), np.abs(x), 1.0)
    exponents = np.clip(1 - np.frexp(size)[1], -1000, 1000)
    return [x, np.ldexp(1.0, exponents), orders]


def regions(name: str, arity: int, precision: str = "float64") -> dict[str, Draw]:
    """What draws arguments in each region: where the function varies, tiny, huge, subnormal, near
    zeros, poles and ends of branches, and pairs of all these for functions of two arguments.
    """
    form = FORMATS[precision]
    low, high = _range(name, form)
    special = _rounded(np.array([*SPECIAL, *form.ends]), form)

    def near(x: Any, rng: np.random.Generator) -> Any:
        return _near(_rounded(x, form), rng)

    single: dict[str, Callable[[int, np.random.Generator], Any]] = {
        "ordinary": lambda n, rng: rng.uniform(low, high, n),
        "near 1": lambda n, rng: rng.choice([-1.0, 1.0], n) + anywhere(rng, n, -form.bits, -1),
        "near pi/2 n": lambda n, rng: near(rng.integers(-(2**20), 2**20, n) * (math.pi / 2), rng),
        "tiny": lambda n, rng: anywhere(rng, n, form.normal, -20),
        "huge": lambda n, rng: anywhere(rng, n, 10, form.end),
        "subnormal": lambda n, rng: anywhere(rng, n, form.least, form.normal),
        "near ends": lambda n, rng: near(rng.choice([low, high], n), rng),
        "special": lambda n, rng: special,
    }
    if name in ORDERS:
        single["special"] = lambda n, rng: _moderate_points(name, 0, 0)
        for region in _SLOW_REGIONS:
            del single[region]
        found: dict[str, Draw] = {
            region: lambda n, rng, draw=draw: family_points(name, draw(n, rng))
            for region, draw in single.items()
        }
    elif name in _SLOW:
        found = {
            "ordinary": lambda n, rng: [single["ordinary"](n, rng)],
            "moderate": lambda n, rng: [_moderate_points(name, n, int(rng.integers(2**31)))],
        }
    elif arity == 1:
        found = {r: lambda n, rng, draw=draw: [draw(n, rng)] for r, draw in single.items()}
    else:
        found = _of_several(name, arity, single, special, form)
    return {region: _drawn(draw, form) for region, draw in found.items()}


def _of_several(
    name: str, arity: int, single: dict[str, Any], special: Any, form: Format
) -> dict[str, Draw]:
    pairs = list(np.array(list(product(special, repeat=2))).T)
    if name.startswith(_OF_TWO):
        return {"ordinary": lambda n, rng: _positive_points(rng, -(-n // 4))}
    if name.startswith(("kepler", "lambertw")):
        few = list(np.array(list(product(SPECIAL[:16], repeat=arity))).T)
        return {
            "ordinary": lambda n, rng: _orbit_points(name, rng, -(-n // 4)),
            "special": lambda n, rng: few,
        }
    if name == "pow_sum":
        return {"ordinary": lambda n, rng: _with_rest(_power_points(rng, -(-n // 4), form), rng)}
    if name == "pow":

        def to_subnormal(n: int, rng: np.random.Generator) -> list[Any]:
            x = np.abs(single["subnormal"](n, rng))
            return [x, rng.uniform(*form.logarithms, n) / np.log(x)]

        return {
            "ordinary": lambda n, rng: _power_points(rng, -(-n // 4), form),
            "subnormal": to_subnormal,
            "tiny exponent": lambda n, rng: [
                np.abs(anywhere(rng, n, form.least, form.end)),
                single["tiny"](n, rng),
            ],
            "special": lambda n, rng: pairs,
        }

    def of_like_size(n: int, rng: np.random.Generator) -> list[Any]:
        x = anywhere(rng, n, form.least, form.end)
        with np.errstate(over="ignore"):
            return [x, x * anywhere(rng, n, -4, 4)]

    return {
        **{r: lambda n, rng, draw=draw: [draw(n, rng), draw(n, rng)] for r, draw in single.items()},
        "of like size": of_like_size,
        "any": lambda n, rng: [anywhere(rng, n, form.least, form.end) for _ in range(2)],
        "special": lambda n, rng: pairs,
    }


def _range(name: str, form: Format) -> tuple[float, float]:
    """`RANGES`, for numbers whose exponents end sooner where that is what bounds them."""
    low, high = RANGES.get(name, (-20.0, 20.0))
    power = 0.5 if name in _SQUARED else 1.0
    below, above = (form.least / -1074) ** power, (form.end / 1024) ** power
    return (low * below if low < -25 else low), (high * above if high > 25 else high)


def _rounded(x: Any, form: Format) -> Any:
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(x).astype(form.dtype)


def _drawn(draw: Draw, form: Format) -> Draw:
    return lambda n, rng: [_rounded(x, form) for x in draw(n, rng)]


def _near(x: Any, rng: np.random.Generator) -> Any:
    """Numbers within some hundred places of the last of x."""
    return x + np.spacing(x) * rng.integers(-300, 300, len(x))


def _power_points(
    rng: np.random.Generator, count: int, form: Format = FORMATS["float64"]
) -> list[Any]:
    """Results over the whole range, bases near 1, integer exponents of either base."""
    x = np.abs(anywhere(rng, count, form.least, form.end))
    near = 1 + anywhere(rng, count, 13 - form.bits, -2)
    bases = [x, near, rng.uniform(0, 5, count), anywhere(rng, count, -30, 30)]
    low, high = form.logarithms
    exponents = [
        rng.uniform(low, high, count) / np.log(x),
        rng.uniform(low, high, count) / np.log(near),
        rng.uniform(-50, 50, count),
        rng.integers(-30, 30, count).astype(float),
    ]
    return [np.concatenate(bases), np.concatenate(exponents)]


def _with_rest(given: list[Any], rng: np.random.Generator) -> list[Any]:
    """Bases, exponents that are no integers, and what these leave of a sum that rounds to them."""
    x, y = given
    y = y + np.where(y == np.floor(y), 0.25, 0)
    return [x, y, y * rng.uniform(-1, 1, len(y)) * 2.0**-54]


def _orbit_points(name: str, rng: np.random.Generator, count: int) -> list[Any]:
    """Eccentricities of all kinds with anomalies; arguments of Lambert's W by branch."""
    end = -math.exp(-1)
    if name.startswith("lambertw"):
        above = end + np.abs(anywhere(rng, count, -52, -2))
        lower = [rng.uniform(end, 0, count), -np.abs(anywhere(rng, count, -1074, -3)), above]
        x = np.concatenate([np.abs(anywhere(rng, count)), rng.uniform(end, 5, count), *lower * 2])
        return [x, np.repeat([0.0, -1.0], [5 * count, 3 * count])]
    near = 1 - np.abs(anywhere(rng, count, -52, -4))
    e = np.concatenate([rng.uniform(0, 1, 2 * count), near, np.abs(anywhere(rng, count, -400, 0))])
    sizes = [rng.uniform(-10, 10, count), anywhere(rng, count, -400, 100)]
    mean = np.concatenate([*sizes, anywhere(rng, count, -80, 2), rng.uniform(-300, 300, count)])
    if name.startswith("kepler_E"):
        return [e, mean]
    angle = rng.uniform(-math.pi, math.pi, e.size)
    return [e * np.sin(angle), e * np.cos(angle), mean]


def exact_function(name: str) -> Callable[..., Any]:
    """``(*floats) -> mpf``, or None where mpmath has no real finite value to compare with."""
    definition = (kernel_definitions().get(name) or get(name)).mpmath

    def exact(*arguments: float) -> Any:
        if not all(map(math.isfinite, arguments)):
            return None
        if name == "atan2" and 0 in arguments:  # mpmath has no negative zero
            return None
        if name in ("erf", "erfc"):  # mpmath overflows beyond
            arguments = tuple(max(-1e3, min(1e3, x)) for x in arguments)
        try:
            value = definition(mp, *map(mp.mpf, map(float, arguments)))
        except (ValueError, ZeroDivisionError):
            return None
        real = not isinstance(value, mpmath.mpc) and hasattr(value, "imag") and value.imag == 0
        return value if real and mp.isfinite(value) else None

    return exact


def error_in_ulp(value: float, exact: Any, precision: str = "float64") -> float:
    """|value - exact| in units of the last place of a number of that size; overflow is infinity."""
    form = FORMATS[precision]
    if math.isnan(value):
        return math.inf
    if math.isinf(value):
        limit = mp.mpf(2) ** form.end - mp.mpf(2) ** (form.end - form.bits - 1)
        return 0.0 if abs(exact) >= limit and (exact > 0) == (value > 0) else math.inf
    exponent = max(int(mp.frexp(exact)[1]) - form.bits, form.least)
    return float(abs(mp.mpf(value) - exact) * mp.ldexp(1, -exponent))


def worst_error(
    name: str, arguments: list[Any], values: Any, precision: str = "float64"
) -> tuple[float, tuple[float, ...]]:
    """The largest error in ulp, and where it is."""
    exact = exact_function(name)
    worst: tuple[float, tuple[float, ...]] = (0.0, ())
    for row in zip(values, *arguments, strict=True):
        value, where = float(row[0]), tuple(map(float, row[1:]))
        expected = exact(*where)
        if expected is not None:
            worst = max(worst, (error_in_ulp(value, expected, precision), where))
    return worst
