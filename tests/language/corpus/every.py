"""All programs of the corpus."""

from language.corpus import (
    areas,
    equations,
    games,
    grammar,
    matrices,
    minima,
    money,
    motions,
    recursions,
    searching,
    series,
    tables,
    whole_numbers,
)

MODULES = (
    equations,
    whole_numbers,
    series,
    areas,
    motions,
    matrices,
    searching,
    recursions,
    games,
    minima,
    money,
    tables,
    grammar,
)
EVERY = tuple(case for module in MODULES for case in module.CASES)
