"""Solutions as tables of other packages: pandas and xarray."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from taylor.errors import ArgumentError, TaylorError

if TYPE_CHECKING:
    import pandas
    import xarray

K = TypeVar("K", bound=Hashable)


class MissingPackageError(TaylorError, ImportError):
    """A package that is not installed is needed for this.

    >>> import taylor as ty
    >>> issubclass(ty.MissingPackageError, ImportError)
    True
    """


def missing(function: str, package: str) -> MissingPackageError:
    """The error that says what to install."""
    return MissingPackageError(
        f"{function} needs the package {package}, which is not installed: pip install {package}"
    )


def dataframe(
    function: str, index: Mapping[str, np.ndarray], columns: Mapping[str, np.ndarray]
) -> pandas.DataFrame:
    """A table with a line for each time, whose index has the given levels."""
    try:
        import pandas
    except ImportError as error:
        raise missing(function, "pandas") from error
    levels = [pandas.Index(values, name=name) for name, values in index.items()]
    where = levels[0] if len(levels) == 1 else pandas.MultiIndex.from_arrays(levels)
    return pandas.DataFrame(dict(columns), index=where)


def dataset(
    function: str,
    axes: Mapping[str, np.ndarray],
    variables: Mapping[str, tuple[Sequence[str], np.ndarray]],
    facts: Mapping[str, str],
) -> xarray.Dataset:
    """Named arrays on named axes."""
    try:
        import xarray
    except ImportError as error:
        raise missing(function, "xarray") from error
    named = {name: (tuple(dims), values) for name, (dims, values) in variables.items()}
    return xarray.Dataset(named, coords=dict(axes), attrs=dict(facts))


def columns(names: Sequence[str], states: np.ndarray, axes: int) -> dict[str, np.ndarray]:
    """What is known of each state, in float64: states has so many axes before that of the states,
    and in double-double one of pairs behind it.
    """
    whole = states.sum(axis=-1) if states.ndim == axes + 2 else states
    return {name: np.array(whole[..., k], float) for k, name in enumerate(names)}


def chosen(function: str, names: Sequence[str], wanted: object, position: int) -> int:
    """The place of a state that was asked for by name or expression; else a position."""
    if wanted is None:
        return min(position, len(names) - 1)
    if str(wanted) not in names:
        raise ArgumentError(f"{function}: {wanted} is no state; there are {', '.join(names)}")
    return list(names).index(str(wanted))
