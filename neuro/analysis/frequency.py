"""Spatial-frequency tuning: the preferred frequency, and how wide a band round it is answered.

Every function takes responses (..., n) and the n frequencies of the gratings, in cycles/degree, any order,
and gives one value a unit, (...). A unit that answers none of them gives NaN. Curves are linearly
interpolated over log2 frequency. All raise ValueError for NaN or negative responses, shapes that do not fit,
fewer than two frequencies, repeated ones and one that is not above zero.

Sources: bandwidth in octaves at half height, De Valois, Albrecht & Thorell 1982; the lower over the upper
frequency at 0.707 of the peak, Schiller, Finlay & Volman 1976.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro.analysis.curves import Floats, checked_curves, range_above, silent


def preferred_frequency(responses: ArrayLike, frequencies: ArrayLike) -> Floats:
    """The frequency tested, cycles/degree, that is answered most; the lowest such if several are."""
    curves, octaves = _over_octaves(responses, frequencies)
    return np.where(silent(responses), np.nan, 2 ** octaves[curves.argmax(axis=-1)])


def bandwidth_octaves(responses: ArrayLike, frequencies: ArrayLike) -> Floats:
    """log2(high / low) of the frequencies to either side at which the curve first falls to half of its peak.

    A Gabor of n = spread * frequency has log2((n + a) / (n - a)), a = sqrt(2 ln 2) / (2 pi).

    NaN for a curve that does not fall to half on both sides, low-pass or high-pass: it has no bandwidth.
    """
    low, high = _ends(responses, frequencies, 0.5)
    return np.asarray(high - low)


def schiller_bandwidth(responses: ArrayLike, frequencies: ArrayLike) -> Floats:
    """100 low / high, per cent, of the frequencies at which the curve falls to 1/sqrt(2) of its peak.

    100 for a unit that answers one frequency only, and 100 / 2^octaves (Schiller, Finlay & Volman 1976).
    NaN for a curve that does not fall so far on both sides.
    """
    low, high = _ends(responses, frequencies, np.sqrt(0.5))
    return np.asarray(100 * 2 ** (low - high))


def is_low_pass(responses: ArrayLike, frequencies: ArrayLike) -> NDArray[np.bool_]:
    """True for each unit whose curve stays above half of its peak down to the lowest frequency tested."""
    low, _ = _ends(responses, frequencies, 0.5)
    return np.isnan(low) & ~silent(responses)


def _ends(responses: ArrayLike, frequencies: ArrayLike, level: float) -> tuple[Floats, Floats]:
    curves, octaves = _over_octaves(responses, frequencies)
    return range_above(curves, octaves, curves.argmax(axis=-1), level)


def _over_octaves(responses: ArrayLike, frequencies: ArrayLike) -> tuple[Floats, Floats]:
    curves, rising = checked_curves(responses, frequencies, "frequencies")
    if rising[0] <= 0:
        raise ValueError(f"frequencies must be above 0 cycles/degree; the lowest is {rising[0]:g}")
    if (np.diff(rising) == 0).any():
        raise ValueError(f"frequencies must differ from each other; got {rising.tolist()}")
    return curves, np.log2(rising)
