"""A population held against a published histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neuro.analysis.population import bootstrap_interval, ks_to_histogram


@dataclass(frozen=True)
class PopulationDistance:
    """The KS distance of the units to a histogram, what lies between 95 % of its bootstraps, and the units.

    `left_out` are those whose value is NaN; the table says why.
    """

    distance: float
    low: float
    high: float
    units: int
    left_out: int


def population_distance(
    values: ArrayLike, edges: ArrayLike, counts: ArrayLike, generator: np.random.Generator
) -> PopulationDistance:
    """Row 17: a column of a table, (n,), against a histogram: `edges` (k + 1,), `counts` (k,).

    Raises ValueError if no unit has a value, and for what is no histogram.
    """
    column = np.asarray(values, dtype=np.float64)
    sample = column[~np.isnan(column)]
    distance = ks_to_histogram(sample, edges, counts)
    low, high = bootstrap_interval(sample, edges, counts, generator)
    return PopulationDistance(distance, low, high, len(sample), len(column) - len(sample))
