"""NumPy's functions that expressions cannot be traced through: why, and what to write instead."""

REFUSED: dict[str, str] = {
    name: f"{why}; {remedy}"
    for why, remedy, names in (
        (
            "how many elements of which value there are is not known before evaluation",
            "numpy.sort, argsort, searchsorted and digitize have as many results as elements, "
            "taylor.where chooses, and numpy.sum(condition) counts",
            "numpy.histogram numpy.unique "
            "numpy.nanmedian numpy.nanpercentile numpy.nanquantile "
            "numpy.lexsort numpy.sort_complex numpy.isin "
            "numpy.in1d numpy.intersect1d numpy.union1d numpy.setdiff1d numpy.setxor1d "
            "numpy.histogram2d numpy.histogramdd numpy.histogram_bin_edges numpy.bincount "
            "numpy.unique_all numpy.unique_counts numpy.unique_inverse numpy.unique_values",
        ),
        (
            "which elements hold is not known before evaluation",
            "use taylor.where(condition, a, b)",
            "numpy.nonzero numpy.flatnonzero numpy.argwhere numpy.extract numpy.compress "
            "numpy.place numpy.putmask numpy.trim_zeros numpy.choose",
        ),
        (
            "a complex result is no expression",
            "expressions are real",
            "numpy.roots numpy.poly numpy.linalg.eig numpy.linalg.eigvals",
        ),
        (
            "expressions are no strings or numbers of fixed size",
            "evaluate them first",
            "numpy.min_scalar_type numpy.array2string numpy.binary_repr numpy.base_repr "
            "numpy.packbits numpy.unpackbits numpy.save numpy.savetxt numpy.savez",
        ),
    )
    for name in names.split()
}
