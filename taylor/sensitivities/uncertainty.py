"""How uncertain a state is after some time, from polynomials of what it began with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from taylor.displays.pictures import COLORS, figure, legend, name_axes
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.types import Named
from taylor.numbers.precision import FLOAT64, as_array
from taylor.numbers.types import Numbers, Time
from taylor.polynomials.polynomial import Polynomial
from taylor.sensitivities.domains import Domain, Splitter, Tree, evaluate, leaves
from taylor.sensitivities.gaussian import box_table, central_moments, expected, normal_table
from taylor.sensitivities.given import Varied, augmented, distribution, read
from taylor.systems.system import Equations, System
from taylor.systems.variational import variational
from taylor_runtime.program.records import dataclass

# Relative tolerances of derivatives of order 1, 2, .. (of further ones the last), where that of the
# state is smaller: where a map converges over the distribution, each order is a small part of it.
CARRIED = (1e-9, 1e-8, 1e-7, 1e-6)
SMALLEST = 2.0**-12  # of the box, that a domain may be as wide as


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """The distribution of a state at some time.

    mean, covariance, third: moments of the state at the end: (n,), (n, n), and the third central
                 moments (n, n, n).  With splitting, those of the maps of the outer domains hold
                 beyond the box, too.
    domains:     boxes of initial displacements with their maps; one without splitting.
    accurate:    whether the tolerance is kept in all of them.
    outside:     probability beyond the box, 0 where there is no splitting.
    points:      images of the sample that was given, (k, n), or None.
    variables:   the states.
    factor:      (q, d): displacements of what is uncertain are factor @ s, with s normal of unit
                 covariance, or within the unit box for a sample.

    Called with displacements (.., q) from the nominal state, it has the states at the end, (.., n).

    >>> import taylor as ty
    >>> x = ty.variable("x")
    >>> found = ty.analysis.uncertainty([(x, -x)], [1.0], 1.0, [[0.01]])
    >>> found.mean.round(9).tolist(), found.deviations.round(9).tolist()  # exp(-1), a tenth of it
    ([0.367879441], [0.036787944])
    """

    mean: np.ndarray
    covariance: np.ndarray
    third: np.ndarray = field(repr=False)
    domains: tuple[Domain, ...] = field(repr=False)
    accurate: bool
    outside: float
    points: np.ndarray | None = field(repr=False)
    variables: Sequence[Expression]
    factor: np.ndarray = field(repr=False)
    _tree: Tree = field(repr=False)
    _box: float = field(repr=False)

    def __len__(self) -> int:
        """The number of domains."""
        return len(self.domains)

    @property
    def flow_map(self) -> Polynomial:
        """The map of the only domain: states at the end as polynomials of s.

        Raises ArgumentError where there are several.
        """
        if len(self.domains) > 1:
            raise ArgumentError("there is a map for each of several domains: see .domains")
        return self.domains[0].flow_map

    @property
    def deviations(self) -> np.ndarray:
        """Standard deviations, (n,)."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    @property
    def skewness(self) -> np.ndarray:
        """Third moments of each component over its standard deviation cubed, (n,)."""
        own = np.arange(len(self.mean))
        return np.asarray(self.third[own, own, own] / self.deviations**3)

    def __call__(self, displacements: ArrayLike, *, extrapolate: bool = False) -> np.ndarray:
        """States at the end from displacements (.., q) of what is uncertain.

        extrapolate: beyond the box of the domains, too, by the outer ones.

        Raises ArgumentError for displacements that the distribution has not.
        """
        given = as_array(displacements, FLOAT64, "displacements", 1)
        s = self._normal(given)
        if not extrapolate and (np.abs(s) > self._box * (1 + 1e-12)).any():
            raise ArgumentError(
                "displacements beyond the box that the domains cover; pass extrapolate=True to "
                "have the values of the outer domains' maps there"
            )
        found = evaluate(self._tree, s, len(self.mean))
        return found.reshape(*given.shape[:-1], len(self.mean))

    def _normal(self, displacements: np.ndarray) -> np.ndarray:
        """s of displacements, (k, d)."""
        q = len(self.factor)
        if displacements.shape[-1:] != (q,):
            raise ArgumentError(
                f"displacements must have {q} components, got shape {displacements.shape}"
            )
        flat = displacements.reshape(-1, q)
        s = flat @ np.linalg.pinv(self.factor).T
        unit = np.abs(self.factor).max(axis=1)
        if (np.abs(s @ self.factor.T - flat) > 1e-9 * (unit + np.abs(flat))).any():
            raise ArgumentError("displacements in a direction in which nothing is uncertain")
        return np.asarray(s)

    def sample(self, count: int, seed: int | None = None) -> np.ndarray:
        """States at the end of random displacements: (count, n).

        Of a given sample it draws from its points, with replacement.
        """
        random = np.random.default_rng(seed)
        if self.points is not None:
            return np.asarray(self.points[random.integers(len(self.points), size=count)])
        s = random.normal(size=(count, self.factor.shape[1]))
        return evaluate(self._tree, s, len(self.mean))

    def density(self, displacements: ArrayLike) -> np.ndarray:
        """The probability density of the state at the end, where these displacements lead: (k,).

        That of the displacements over the determinant of the map's derivatives.

        Raises ArgumentError for a given sample, and where not all n states are uncertain.
        """
        q, d = self.factor.shape
        if self.points is not None or not q == d == len(self.mean):
            raise ArgumentError("density: needs a covariance of all states, and nothing else")
        given = as_array(displacements, FLOAT64, "displacements", 2).reshape(-1, q)
        s = self._normal(given)
        slopes = evaluate(_derived(self._tree), s, d * d).reshape(-1, d, d)
        normal = np.exp(-(s * s).sum(axis=1) / 2) / math.tau ** (d / 2)
        return np.asarray(normal / np.abs(np.linalg.det(slopes)))

    def plot(self, x: Expression | str | None = None, y: Expression | str | None = None) -> Any:
        """A Matplotlib figure: points of the distribution, y over x, and ellipses of 1 to 3 sigma.

        The ellipses are those of mean and covariance alone.
        """
        names = [str(e) for e in self.variables]
        wanted = [names[0] if x is None else str(x), names[-1] if y is None else str(y)]
        unknown = [name for name in wanted if name not in names]
        if unknown:
            raise ArgumentError(f"plot: {unknown[0]} is none of the states {', '.join(names)}")
        own = [names.index(name) for name in wanted]
        points = self.sample(4000, seed=1) if self.points is None else self.points
        made, (axes,) = figure()
        axes.plot(*points[:, own].T, ".", color=COLORS[0], markersize=1.6, alpha=0.6)
        angle = np.linspace(0, math.tau, 200)
        values, turned = np.linalg.eigh(self.covariance[np.ix_(own, own)])
        circle = turned * np.sqrt(np.maximum(values, 0)) @ np.array([np.cos(angle), np.sin(angle)])
        for k in (1, 2, 3):
            curve = self.mean[own, np.newaxis] + k * circle
            text = "1, 2, 3 sigma of the covariance" if k == 1 else None
            axes.plot(*curve, color=COLORS[1], linewidth=1.1, label=text)
        count = (
            f"{len(self)} domains" if len(self) > 1 else f"order {self.domains[0].flow_map.order}"
        )
        name_axes(axes, wanted[0], wanted[1], f"distribution, {count}")
        legend(axes)
        return made


def uncertainty(
    system: System | Equations,
    state: Numbers | Named[Numbers],
    until: float,
    covariance: ArrayLike | None = None,
    *,
    sample: ArrayLike | None = None,
    wrt: Varied | None = None,
    order: int = 3,
    tolerance: ArrayLike | None = None,
    box: float = 4.0,
    most_domains: int = 1024,
    parameters: Named[Numbers] | Numbers | None = None,
    time: Time = 0.0,
    tol: float | None = None,
    workers: int | None = None,
) -> Uncertainty:
    """The distribution of the state at a time, from that of what it began with: `Uncertainty`.

    The state at the end is a polynomial of the initial displacements; means of its products are
    means of monomials, which are exact for a normal distribution.  So the moments have no errors
    but those of the polynomial: what is beyond its order, and 1e-9 of its linear terms, 1e-8 of
    quadratic ones, and so on to 1e-6.

    system, state, parameters, time, tol: as `Integrator` takes them; `state` is the mean.
    until:      the time.
    covariance: (q, q), of a normal distribution of what is uncertain; it may be singular.
    sample:     or any distribution by displacements from `state`, (k, q); moments are those of it.
    wrt:        what is uncertain, states and parameters; all states by default.
    order:      of the polynomials.
    tolerance:  absolute errors of the states, a number or (n,), for which the distribution is cut
                in domains: where the terms of the next order are estimated to exceed it, a domain
                is cut in two, across the variable on which they depend most.
    box:        standard deviations that domains cover (a sample's box is that of its points).
    most_domains: beyond them nothing is cut; `accurate` is then False.
    workers:    threads for the domains, as `ensemble` takes them.

    Raises AnalysisError where the nominal solution ends before its time, ValueError or TypeError
    for arguments that do not fit.

    Source: for domains Wittig, Di Lizia, Armellin et al., Celest. Mech. Dyn. Astr. 122 (2015) 239;
    for moments Valli, Armellin, Di Lizia & Lavagna, J. Guid. Control Dyn. 36 (2013) 48.

    >>> import taylor as ty
    >>> x = ty.variable("x")
    >>> found = ty.analysis.uncertainty([(x, x**2)], [0.5], 1.0, [[0.01]], order=4)
    >>> exact = ty.Polynomial.variables("s0", 4)[0] / 10 + 0.5
    >>> bool(abs((exact / (1 - exact) - found.flow_map[0]).coefficients).max() < 1e-14)
    True
    """
    start = read(system, state, parameters, time)
    count = len(start.system)
    start, states = augmented(start, wrt)
    end = float(until)
    if not math.isfinite(end):
        raise ArgumentError(f"uncertainty: until must be a time, got {until!r}")
    if not isinstance(order, int | np.integer) or isinstance(order, bool) or order < 1:
        raise ArgumentError(f"uncertainty: order must be an integer from 1 on, got {order!r}")
    factor, points = distribution(covariance, sample, len(states))
    allowed = None if tolerance is None else _allowed(tolerance, count, len(start.system))
    if not 0 < box < math.inf:
        raise ArgumentError(f"uncertainty: box must be a number > 0, got {box!r}")
    width = 1.0 if points is not None or allowed is None else float(box)
    d = factor.shape[1]
    carried = [max(one, tol or 0.0) for one in [*CARRIED, *CARRIED[-1:] * order][:order]]
    made = variational(start.system, int(order), states, directions=factor, tolerances=carried)
    flow = start.integrator(made, tol)
    rows = np.zeros((len(start.system), d))
    places = {e: k for k, e in enumerate(start.system.states)}
    for row, e in zip(factor, states, strict=True):
        rows[places[e]] = row
    half = np.full(d, width)
    splitter = Splitter(flow, end, rows, allowed, int(most_domains), SMALLEST * half, workers)
    tree = _kept(splitter.run(half), count)
    whole = width if allowed is not None or points is not None else math.inf
    outside = 0.0 if points is not None or whole == math.inf else 1 - math.erf(box / 2**0.5) ** d
    if points is None:
        images = None
        mean, second, third = _moments(leaves(tree), whole)
    else:
        images = evaluate(tree, points @ np.linalg.pinv(factor).T, count)
        mean, second, third = _sample_moments(images)
    found = tuple(leaves(tree))
    return Uncertainty(
        mean,
        second,
        third,
        found,
        all(domain.accurate for domain in found),
        outside,
        images,
        start.system.states[:count],
        factor,
        tree,
        whole,
    )


def _sample_moments(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, covariance and third central moments of points (k, n), all of the same weight."""
    mean = points.mean(axis=0)
    off = points - mean
    third = np.einsum("ai,aj,ak->ijk", off, off, off, optimize=True) / len(off)
    return mean, off.T @ off / len(off), third


def _allowed(tolerance: Any, count: int, size: int) -> np.ndarray:
    """The tolerance of every state; constants have no bound."""
    given = as_array(tolerance, FLOAT64, "tolerance")
    if given.shape not in ((), (count,)) or not (given > 0).all():
        raise ArgumentError(
            f"uncertainty: tolerance must be a positive number, or {count} of them, got "
            f"{tolerance!r}"
        )
    found = np.full(size, math.inf)
    found[:count] = given
    return found


def _kept(tree: Tree, count: int) -> Tree:
    """The domains with maps of the first states alone."""
    if isinstance(tree, Domain):
        return replace(tree, flow_map=tree.flow_map[:count], error=tree.error[:count])
    return replace(tree, low=_kept(tree.low, count), high=_kept(tree.high, count))


def _derived(tree: Tree) -> Tree:
    """Domains with the derivatives of their maps by s, (n d,)."""
    if isinstance(tree, Domain):
        given = tree.flow_map
        slopes = [
            given.diff(name) / half for name, half in zip(given.names, tree.half, strict=True)
        ]
        whole = np.stack([one.coefficients for one in slopes], axis=1)
        flat = whole.reshape(-1, whole.shape[-1])
        return replace(tree, flow_map=Polynomial(flat, given.names, slopes[0].order))
    return replace(tree, low=_derived(tree.low), high=_derived(tree.high))


def _moments(domains: Sequence[Domain], box: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, covariance and third moments over all domains, of a normal s."""
    highest = 3 * domains[0].flow_map.order
    tables = [_table(domain, box, highest) for domain in domains]
    shares = [expected(domain.flow_map, t) for domain, t in zip(domains, tables, strict=True)]
    mean = np.sum(shares, axis=0)
    parts = [
        central_moments(domain.flow_map, t, mean) for domain, t in zip(domains, tables, strict=True)
    ]
    second, third = (np.sum([part[k] for part in parts], axis=0) for k in range(2))
    return mean, second, third


def _table(domain: Domain, box: float, highest: int) -> np.ndarray:
    if box == math.inf:
        return normal_table(len(domain.half), highest)
    low, high = domain.center - domain.half, domain.center + domain.half
    low = np.where(low <= -box * (1 - 1e-9), -math.inf, low)
    high = np.where(high >= box * (1 - 1e-9), math.inf, high)
    return box_table(domain.center, domain.half, (low, high), highest)
