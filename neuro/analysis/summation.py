"""Summation over length and size: how far a longer bar or a larger disc adds, and where it takes away.

Every function takes responses (..., n) and the n sizes, in degrees: lengths of a bar or diameters of a disc,
in any order. It gives one value a unit, (...), always one of the sizes tested, never in between. A unit that
answers none of them gives NaN. All raise ValueError for NaN or negative responses, shapes that do not fit,
fewer than two sizes, repeated and negative ones.

Sources: end-stopping, Hubel & Wiesel 1965; the grating summation field and its surround, Cavanaugh, Bair &
Movshon 2002, who took them from fitted curves, as here from the measured ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neuro.analysis.curves import Floats, checked_curves, ratio, silent

# Of the largest response, and above the response to the largest size (Cavanaugh, Bair & Movshon 2002).
SUMMED, ABOVE_PLATEAU = 0.95, 1.05


def preferred_size(responses: ArrayLike, sizes: ArrayLike) -> Floats:
    """The size that is answered most, degrees; the smallest such if several are."""
    curves, rising = _over_sizes(responses, sizes)
    return np.where(silent(responses), np.nan, rising[curves.argmax(axis=-1)])


def suppression_index(responses: ArrayLike, sizes: ArrayLike) -> Floats:
    """(Rmax - Rlargest) / Rmax: 0 if the largest size is answered most, 1 if it is not answered at all.

    Of bars the end-stopping index ESI, of discs the surround suppression index SSI.
    """
    curves, _ = _over_sizes(responses, sizes)
    largest = curves.max(axis=-1)
    return np.asarray(ratio(largest - curves[..., -1], largest))


def summation_field(responses: ArrayLike, sizes: ArrayLike) -> Floats:
    """The smallest size that is answered with at least 95 % of the largest response, degrees."""
    curves, rising = _over_sizes(responses, sizes)
    reached = curves >= SUMMED * curves.max(axis=-1, keepdims=True)
    return np.where(silent(responses), np.nan, rising[reached.argmax(axis=-1)])


def surround_size(responses: ArrayLike, sizes: ArrayLike) -> Floats:
    """The smallest size beyond the preferred one at which the response is down to its plateau + 5 %, degrees.

    The plateau is the response to the largest size. NaN also for a unit without suppression: its largest
    response is within 5 % of the plateau.
    """
    curves, rising = _over_sizes(responses, sizes)
    plateau = ABOVE_PLATEAU * curves[..., -1:]
    beyond = np.arange(len(rising)) > curves.argmax(axis=-1)[..., None]
    suppressed = curves.max(axis=-1) > plateau[..., 0]
    return np.where(suppressed, rising[(beyond & (curves <= plateau)).argmax(axis=-1)], np.nan)


def _over_sizes(responses: ArrayLike, sizes: ArrayLike) -> tuple[Floats, Floats]:
    curves, rising = checked_curves(responses, sizes, "sizes")
    if rising[0] < 0:
        raise ValueError(f"sizes must not be negative; the lowest is {rising[0]:g}")
    if (np.diff(rising) == 0).any():
        raise ValueError(f"sizes must differ from each other; got {rising.tolist()}")
    return curves, rising
