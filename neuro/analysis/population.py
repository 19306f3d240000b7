"""How far a sample of cells is from another, or from a published histogram, of which only bins are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neuro.analysis.curves import Floats


def ks_distance(a: ArrayLike, b: ArrayLike) -> float:
    """The Kolmogorov-Smirnov distance: the largest difference between the shares below any value.

        max over v of |share of a at or below v - share of b at or below v|

    0 for the same values, 1 for samples that do not overlap.
    Shapes: (n,), (m,). Raises ValueError for empty samples and for NaN.
    """
    one, other = _checked_sample(a, "a"), _checked_sample(b, "b")
    values = np.concatenate([one, other])
    below_one = np.searchsorted(np.sort(one), values, side="right") / len(one)
    below_other = np.searchsorted(np.sort(other), values, side="right") / len(other)
    return float(np.abs(below_one - below_other).max())


def ks_to_histogram(sample: ArrayLike, edges: ArrayLike, counts: ArrayLike) -> float:
    """The largest difference between the shares of a sample and of a histogram below any edge of a bin.

    A lower bound of the distance to the cells behind the histogram, since nothing is known within a bin.
    Bins are half-open, [low, high), but the last holds its upper edge too. Values beyond the histogram
    count, as shares below its first or above its last edge.

    Shapes: (n,), rising edges (k + 1,), counts (k,). Raises ValueError for NaN, an empty sample and a
    histogram that is not one.
    """
    shares, published = _binned(_checked_sample(sample, "sample"), *_checked_histogram(edges, counts))
    return float(_largest_difference(shares / shares.sum(), published / published.sum()))


def bootstrap_interval(
    sample: ArrayLike,
    edges: ArrayLike,
    counts: ArrayLike,
    generator: np.random.Generator,
    resamples: int = 1000,
) -> tuple[float, float]:
    """The middle 95 % of the distance to a histogram when both sets of cells are drawn anew.

    Each time as many values of the sample, and as many of the published cells, are drawn with replacement.
    That adds scatter to both, so distances near zero are raised: where two sets of 300 cells come from one
    distribution in ten bins, the distance is about 0.06 and the interval about 0.04 to 0.14.

    Shapes and errors as `ks_to_histogram`; ValueError too for fewer than one resample.
    """
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1; got {resamples}")
    ours, published = _binned(_checked_sample(sample, "sample"), *_checked_histogram(edges, counts))
    # Only the bin of a value matters, so drawing values with replacement is drawing numbers per bin.
    drawn = [generator.multinomial(int(n.sum()), n / n.sum(), size=resamples) for n in (ours, published)]
    distances = _largest_difference(drawn[0] / ours.sum(), drawn[1] / published.sum())
    low, high = np.quantile(distances, [0.025, 0.975])
    return float(low), float(high)


def _binned(sample: Floats, edges: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Numbers below the first edge, in each bin, and above the last: of the sample and of the histogram."""
    inside = np.histogram(sample, edges)[0]
    ours = np.concatenate([[(sample < edges[0]).sum()], inside, [(sample > edges[-1]).sum()]])
    return ours.astype(np.float64), np.concatenate([[0.0], counts, [0.0]])


def _largest_difference(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.abs(np.cumsum(one - other, axis=-1)).max(axis=-1))


def _checked_sample(values: ArrayLike, name: str) -> Floats:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or sample.size == 0:
        raise ValueError(f"{name} must be (n,) with n at least 1; got shape {sample.shape}")
    if np.isnan(sample).any():
        raise ValueError(f"{name} holds {np.isnan(sample).sum()} NaN: count these units, then leave them out")
    return sample


def _checked_histogram(edges: ArrayLike, counts: ArrayLike) -> tuple[Floats, Floats]:
    borders, numbers = np.asarray(edges, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    if borders.ndim != 1 or numbers.ndim != 1 or len(borders) != len(numbers) + 1 or len(numbers) == 0:
        raise ValueError(
            f"a histogram has edges (k + 1,) and counts (k,); got {borders.shape}, {numbers.shape}"
        )
    if not (np.diff(borders) > 0).all():
        raise ValueError(f"the edges of a histogram must rise; got {borders.tolist()}")
    if not ((numbers >= 0) & (numbers < np.inf)).all() or numbers.sum() == 0:
        raise ValueError(f"counts must not be negative, nor all zero; got {numbers.tolist()}")
    return borders, numbers
