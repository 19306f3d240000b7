"""Orientation and direction tuning: what a unit prefers, how much it minds, and how wide its curve is.

Every function takes responses (..., n) and the n angles they were recorded at, in degrees: `orientations`
of the bar or grating, modulo 180, or `directions` of its motion, modulo 360 (direction = orientation + 90).
It gives one value a unit, (...). A unit that answers none of them gives NaN. All raise ValueError for NaN or
negative responses, shapes that do not fit and fewer than two angles.

Sources: circular variance, orthogonal ratio, and the smoothing before the half-width at 1/sqrt(2) of the
peak, Ringach, Shapley & Hawken 2002; half-width at half of the peak, De Valois, Yund & Hepler 1982.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro.analysis.curves import ROUNDING, Floats, at, checked, checked_curves, range_above, ratio


def preferred_orientation(responses: ArrayLike, orientations: ArrayLike) -> Floats:
    """The preferred orientation, in degrees from 0 up to, not including, 180.

        1/2 arg(sum r exp(2 i theta))

    NaN for a unit without a preference (a flat curve), whose vector sum vanishes.
    Raises ValueError also if the orientations are not spread evenly round the 180 degrees.
    """
    return _preferred(_mean_vector(responses, orientations), 180)


def preferred_direction(responses: ArrayLike, directions: ArrayLike) -> Floats:
    """The preferred direction of motion, in degrees from 0 up to, not including, 360.

        arg(sum r exp(i theta))

    NaN for a unit without one, whose vector sum vanishes: flat, or tuned to an axis but not to a direction.
    Raises ValueError also if the directions are not spread evenly round the 360 degrees.
    """
    return _preferred(_mean_vector(responses, directions, "directions", 360), 360)


def circular_variance(responses: ArrayLike, orientations: ArrayLike) -> Floats:
    """0 for a unit that answers one orientation only, 1 for one that answers all alike.

        1 - |sum r exp(2 i theta)| / sum r        (Ringach, Shapley & Hawken 2002)

    Raises ValueError also if the orientations are not spread evenly round the 180 degrees.
    """
    return np.asarray(np.clip(1 - np.abs(_mean_vector(responses, orientations)), 0, 1))


def global_orientation_selectivity(responses: ArrayLike, orientations: ArrayLike) -> Floats:
    """1 - circular variance: 1 for an answer to one orientation only, 0 for a unit that answers all alike.

    Raises ValueError also if the orientations are not spread evenly round the 180 degrees.
    """
    return np.asarray(1 - circular_variance(responses, orientations))


def global_direction_selectivity(responses: ArrayLike, directions: ArrayLike) -> Floats:
    """1 for a unit that answers one direction of motion only, 0 for one that answers opposite ones alike.

        |sum r exp(i theta)| / sum r

    Raises ValueError also if the directions are not spread evenly round the 360 degrees.
    """
    return np.asarray(np.clip(np.abs(_mean_vector(responses, directions, "directions", 360)), 0, 1))


def orientation_selectivity_index(responses: ArrayLike, orientations: ArrayLike) -> Floats:
    """(Rp - Ro) / (Rp + Ro): the largest response against that 90 degrees away, interpolated if not tested.

    Raises ValueError also if two orientations are the same modulo 180.
    """
    best, orthogonal = _best_and_opposed(responses, orientations, "orientations", 180)
    return np.asarray(ratio(best - orthogonal, best + orthogonal))


def orthogonal_ratio(responses: ArrayLike, orientations: ArrayLike) -> Floats:
    """Ro / Rp: the response 90 degrees from the largest, interpolated if not tested, over the largest.

    Raises ValueError also if two orientations are the same modulo 180.
    """
    best, orthogonal = _best_and_opposed(responses, orientations, "orientations", 180)
    return np.asarray(ratio(orthogonal, best))


def direction_selectivity_index(responses: ArrayLike, directions: ArrayLike) -> Floats:
    """(Rp - Rn) / (Rp + Rn): the largest response against the opposite motion's, interpolated if not tested.

    Raises ValueError also if two directions are the same modulo 360, or leave more than 180 untested.
    """
    rising = np.sort(np.asarray(directions, dtype=np.float64) % 360, axis=None)
    gaps = np.diff(rising, append=rising[:1] + 360)
    best, opposite = _best_and_opposed(responses, directions, "directions", 360)
    if gaps.max() > 180 * (1 + ROUNDING):
        raise ValueError(
            f"directions must go round 360 degrees; {gaps.max():g} of them are untested in {rising.tolist()}"
        )
    return np.asarray(ratio(best - opposite, best + opposite))


def half_width(responses: ArrayLike, orientations: ArrayLike, level: float = 0.5) -> Floats:
    """Half the width of the tuning curve at `level`, by default half, of its peak above zero, degrees.

    From the largest response, the angles to either side at which the curve first falls to the level, linearly
    interpolated round the circle, and their mean. A curve that never falls to it gives 90, as wide as can be.
    A von Mises curve exp(kappa (cos 2(theta - mu) - 1)) has 1/2 arccos(1 + ln level / kappa).

    Ringach, Shapley & Hawken 2002 took level 1/sqrt(2) of the curve after `hanning_smoothed`.

    Raises ValueError also if two orientations are the same modulo 180, or the level is not between 0 and 1.
    """
    curves, theta, peak = _round_the_circle(responses, orientations, "orientations", 180)
    low, high = range_above(curves, theta, peak, level)
    width = np.where(np.isnan(high), 90, (high - low) / 2)
    return np.where(at(curves, peak) > 0, width, np.nan)


def contrast_invariance(responses: ArrayLike, orientations: ArrayLike) -> Floats:
    """Half-width of the tuning at the first contrast over that at the last: 1 if it stays as wide.

    NaN for a unit that is silent at either. Raises ValueError as `half_width` does, and for fewer than two
    contrasts.

    Shapes: (..., contrasts, n), (n,) -> (...).
    """
    curves = checked(responses)
    if curves.ndim < 2 or curves.shape[-2] < 2:
        raise ValueError(f"responses must be (..., contrasts, n), two contrasts or more; got {curves.shape}")
    widths = half_width(curves[..., [0, -1], :], orientations)
    return np.asarray(ratio(widths[..., 0], widths[..., 1]))


def hanning_smoothed(responses: ArrayLike, orientations: ArrayLike, half_width: float = 13.5) -> Floats:
    """The curves after a Hanning window that falls to half at `half_width` degrees, round the circle.

        weights 1/2 (1 + cos(pi d / (2 half_width))) at a distance d below 2 half_width, of sum 1

    Ringach, Shapley & Hawken 2002 measured bandwidths on such curves, wider than the cells'. With weights
    (0.41, 1, 0.41) / 1.83 at steps of 15 degrees, von Mises curves of kappa 2 and 6, of half-widths 17.1 and
    9.8 at 1/sqrt(2) of the peak, become 19.6 and 13.3 wide; `half_width`, linear between samples 15 degrees
    apart, reads 19.5 to 20.8 and 12.3 to 15.1, by where between them the peak lies.

    The angles are orientations round 180 degrees or directions round 360, in any order, at even steps.

    Shapes: (..., n), (n,) -> (..., n). Raises ValueError also for uneven steps, and a window that is not
    above 0 and within a quarter of the circle.
    """
    _, rising = checked_curves(responses, orientations, "orientations")
    angles, curves = np.asarray(orientations, np.float64), np.asarray(responses, np.float64)
    steps = np.diff(rising)
    turn = np.round(steps.mean() * len(rising))
    if turn not in (180, 360) or not np.allclose(steps, turn / len(rising)):
        raise ValueError(
            f"orientations must go round 180 or 360 degrees at even steps; got {angles.tolist()}"
        )
    if not 0 < half_width <= turn / 4:
        raise ValueError(f"half_width must be above 0 and at most {turn / 4:g} degrees; got {half_width:g}")
    distance = np.abs((angles[:, None] - angles + turn / 2) % turn - turn / 2)
    window = np.where(distance < 2 * half_width, 1 + np.cos(np.pi * distance / (2 * half_width)), 0)
    return np.asarray(curves @ (window / window.sum(axis=0)))


def _mean_vector(
    responses: ArrayLike, angles: ArrayLike, name: str = "orientations", turn: int = 180
) -> NDArray[np.complex128]:
    curves, theta = checked_curves(responses, angles, name)
    around = np.exp(360j / turn * np.deg2rad(theta))
    # Uneven sampling would give a flat curve a preference: the protocol's, not the unit's.
    if abs(around.mean()) > ROUNDING:
        raise ValueError(f"{name} must be spread evenly round {turn} degrees; got {theta.tolist()}")
    return np.asarray(ratio(curves @ around, curves.sum(axis=-1)))


def _preferred(vector: NDArray[np.complex128], turn: int) -> Floats:
    degrees = np.rad2deg(np.angle(vector)) * (turn / 360) % turn
    degrees = np.where(degrees == turn, 0, degrees)  # the remainder of -1e-17 rounds to a whole turn
    return np.where(np.abs(vector) > ROUNDING, degrees, np.nan)


def _best_and_opposed(responses: ArrayLike, angles: ArrayLike, name: str, turn: int) -> tuple[Floats, Floats]:
    """The largest response of each unit, and that half a turn away, linearly interpolated."""
    curves, theta, peak = _round_the_circle(responses, angles, name, turn)
    opposed = theta + turn / 2
    after = np.searchsorted(theta, opposed).clip(1, len(theta) - 1)
    step = (opposed - theta[after - 1]) / (theta[after] - theta[after - 1])
    before, beyond = at(curves, after[peak] - 1), at(curves, after[peak])
    return at(curves, peak), before + step[peak] * (beyond - before)


def _round_the_circle(
    responses: ArrayLike, angles: ArrayLike, name: str, turn: int
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """The curves three times round, (..., 3n), their rising angles, and the peak of the middle turn."""
    curves, given = checked_curves(responses, angles, name)
    order = np.argsort(given % turn)
    curves, theta = curves[..., order], given[order] % turn
    if (np.diff(theta) == 0).any():
        raise ValueError(f"{name} must differ modulo {turn}; got {given.tolist()}")
    turns = np.concatenate([theta - turn, theta, theta + turn])
    return np.concatenate([curves] * 3, axis=-1), turns, curves.argmax(axis=-1) + len(theta)
