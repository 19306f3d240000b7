"""Position tolerance: over what range of positions a unit goes on answering its stimulus.

A unit that answers at no offset gives NaN. All raise ValueError for NaN or negative responses; those
that take offsets, also for shapes that do not fit, fewer than two offsets and repeated ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro.analysis.curves import Floats, checked, checked_curves, range_above, ratio, silent


def position_tolerance(responses: ArrayLike, offsets: ArrayLike) -> Floats:
    """Full width at half of the peak: of the range of offsets round it with more than half of its response.

    In the units of the offsets. The ends are linearly interpolated; an end outside the offsets tested is put
    at the last one tested, so that the width is then a lower bound: `tolerance_is_clipped` says for which
    units.

    Shapes: (..., n), (n,) -> (...).
    """
    low, high, positions = _ends(responses, offsets)
    low = np.where(np.isnan(low), positions[0], low)
    high = np.where(np.isnan(high), positions[-1], high)
    return np.where(silent(responses), np.nan, high - low)


def tolerance_is_clipped(responses: ArrayLike, offsets: ArrayLike) -> NDArray[np.bool_]:
    """True for each unit that answers with more than half of its peak up to the first or last offset tested.

    Shapes: (..., n), (n,) -> (...).
    """
    low, high, _ = _ends(responses, offsets)
    return (np.isnan(low) | np.isnan(high)) & ~silent(responses)


def invariance_index(responses: ArrayLike) -> Floats:
    """Mean over largest response: 1 for a unit that answers alike at all n shifts, 1/n if it answers at one.

    Shapes: (..., n) -> (...).
    """
    curves = checked(responses)
    return np.asarray(ratio(curves.mean(axis=-1), curves.max(axis=-1)))


def mean_at(amounts: ArrayLike, values: ArrayLike) -> Floats:
    """The mean of the values that share an amount, the amounts rising.

    Shapes: (n,), (n,) -> one for each of `numpy.unique(amounts)`. Raises ValueError if they do not fit.
    """
    given, measured = np.asarray(amounts), np.asarray(values, dtype=float)
    if given.ndim != 1 or measured.shape != given.shape:
        raise ValueError(f"amounts and values must both be (n,); got {given.shape} and {measured.shape}")
    _, place, count = np.unique(given, return_inverse=True, return_counts=True)
    return np.asarray(np.bincount(place, measured) / count)


def _ends(responses: ArrayLike, offsets: ArrayLike) -> tuple[Floats, Floats, Floats]:
    curves, positions = checked_curves(responses, offsets, "offsets")
    if (np.diff(positions) == 0).any():
        raise ValueError(f"offsets must differ from each other; got {positions.tolist()}")
    return *range_above(curves, positions, curves.argmax(axis=-1)), positions
