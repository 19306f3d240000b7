"""Orientation tuning: which orientation a unit prefers, and how much it minds.

Every function takes responses (..., n) and the n orientations they were recorded at, in degrees modulo
180, and gives one value a unit, (...). A unit that answers no orientation gives NaN. All raise ValueError
for NaN or negative responses, shapes that do not fit and fewer than two orientations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro.analysis.curves import Floats, at, checked_curves, range_above_half, ratio

# Relative length of a vector sum that is rounding error (of float32 responses too), not a preference.
ROUNDING = 1e-6


def preferred_orientation(responses: ArrayLike, orientations: ArrayLike) -> Floats:
    """The preferred orientation, in degrees from 0 up to, not including, 180.

        1/2 arg(sum r exp(2 i theta))

    NaN for a unit without a preference (a flat curve), whose vector sum vanishes.
    Raises ValueError also if the orientations are not spread evenly round the 180 degrees.
    """
    vector = _mean_vector(responses, orientations)
    degrees = np.rad2deg(np.angle(vector)) / 2 % 180
    degrees = np.where(degrees == 180, 0, degrees)  # the remainder of -1e-17 rounds to 180
    return np.where(np.abs(vector) > ROUNDING, degrees, np.nan)


def circular_variance(responses: ArrayLike, orientations: ArrayLike) -> Floats:
    """0 for a unit that answers one orientation only, 1 for one that answers all alike.

        1 - |sum r exp(2 i theta)| / sum r        (Ringach, Shapley & Hawken 2002)

    Raises ValueError also if the orientations are not spread evenly round the 180 degrees.
    """
    return np.asarray(np.clip(1 - np.abs(_mean_vector(responses, orientations)), 0, 1))


def orientation_selectivity_index(responses: ArrayLike, orientations: ArrayLike) -> Floats:
    """(Rp - Ro) / (Rp + Ro): the largest response against that 90 degrees away, interpolated if not tested.

    Raises ValueError also if two orientations are the same modulo 180.
    """
    curves, theta, peak = _round_the_circle(responses, orientations)
    after = np.searchsorted(theta, theta + 90).clip(1, len(theta) - 1)
    step = (theta + 90 - theta[after - 1]) / (theta[after] - theta[after - 1])
    before, beyond = at(curves, after[peak] - 1), at(curves, after[peak])
    orthogonal = before + step[peak] * (beyond - before)
    best = at(curves, peak)
    return np.asarray(ratio(best - orthogonal, best + orthogonal))


def half_width(responses: ArrayLike, orientations: ArrayLike) -> Floats:
    """Half the width of the tuning curve at half of its peak above zero, degrees.

    From the largest response, the angles to either side at which the curve first falls to half, linearly
    interpolated round the circle, and their mean. A curve that never falls to half gives 90, as wide as
    can be. A von Mises curve exp(kappa (cos 2(theta - mu) - 1)) has 1/2 arccos(1 - ln 2 / kappa).

    Raises ValueError also if two orientations are the same modulo 180.
    """
    curves, theta, peak = _round_the_circle(responses, orientations)
    low, high = range_above_half(curves, theta, peak)
    width = np.where(np.isnan(high), 90, (high - low) / 2)
    return np.where(at(curves, peak) > 0, width, np.nan)


def _mean_vector(responses: ArrayLike, orientations: ArrayLike) -> NDArray[np.complex128]:
    curves, theta = checked_curves(responses, orientations, "orientations")
    directions = np.exp(2j * np.deg2rad(theta))
    # Uneven sampling would give a flat curve a preference: the protocol's, not the unit's.
    if abs(directions.mean()) > ROUNDING:
        raise ValueError(f"orientations must be spread evenly round 180 degrees; got {theta.tolist()}")
    return np.asarray(ratio(curves @ directions, curves.sum(axis=-1)))


def _round_the_circle(
    responses: ArrayLike, orientations: ArrayLike
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """The curves three times round, (..., 3n), their rising orientations, and the peak of the middle turn."""
    curves, given = checked_curves(responses, orientations, "orientations")
    order = np.argsort(given % 180)
    curves, theta = curves[..., order], given[order] % 180
    if (np.diff(theta) == 0).any():
        raise ValueError(f"orientations must differ modulo 180; got {given.tolist()}")
    turns = np.concatenate([theta - 180, theta, theta + 180])
    return np.concatenate([curves] * 3, axis=-1), turns, curves.argmax(axis=-1) + len(theta)
