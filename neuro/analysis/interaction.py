"""Interaction: what a unit makes of two or more stimuli shown together, against each of them alone.

Every function takes the responses of the same units, arrays of one shape (...), and gives one value a unit,
(...); NaN where the response it divides by is zero. All raise ValueError for NaN or negative responses and
for shapes that differ.

Sources: cross-orientation suppression, Bonds 1989, DeAngelis et al. 1992; the largest response against the
sum, after Lampl et al. 2004 (reported: two bars bring a complex cell nearer to the larger of its responses
than to their sum).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neuro.analysis.curves import Floats, checked, ratio


def cross_orientation_suppression(alone: ArrayLike, with_mask: ArrayLike) -> Floats:
    """1 - R(preferred + mask) / R(preferred): 1 if the mask silences the unit, 0 if it does nothing.

    Below 0 the mask helps. Cross-orientation: the mask is orthogonal to the preferred stimulus.
    """
    preferred, both = _together(alone=alone, with_mask=with_mask)
    return np.asarray(1 - ratio(both, preferred))


def max_index(together: ArrayLike, one: ArrayLike, other: ArrayLike) -> Floats:
    """(R12 - max(R1, R2)) / (R1 + R2 - max(R1, R2)): 0 for a unit that takes the maximum, 1 for a sum.

    Below 0 the two suppress each other, above 1 they add up to more than their sum. NaN where one of them
    alone is not answered: the maximum and the sum are then the same.
    """
    both, first, second = _together(together=together, one=one, other=other)
    return np.asarray(ratio(both - np.maximum(first, second), np.minimum(first, second)))


def superadditivity(together: ArrayLike, alone: ArrayLike) -> Floats:
    """R(all k together) / sum of R(each alone): 1 for a unit that sums.

    Of k equal parts a unit that squares their sum shows k, one that takes their maximum 1 / k.

    Shapes: (...), (..., k) -> (...).
    """
    total = checked(alone).sum(axis=-1)
    both, parts = _together(together=together, alone=total)
    return np.asarray(ratio(both, parts))


def confusion_index(row: ArrayLike, slit: ArrayLike) -> Floats:
    """R(row of spots) / R(slit): 1 if aligned spots pass for a slit of the same light."""
    spots, whole = _together(row=row, slit=slit)
    return np.asarray(ratio(spots, whole))


def _together(**responses: ArrayLike) -> list[Floats]:
    """The responses as float64, all of one shape."""
    values = [checked(np.atleast_1d(given)).reshape(np.shape(given)) for given in responses.values()]
    shapes = {name: value.shape for name, value in zip(responses, values, strict=True)}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"responses of the same units must have one shape; got {shapes}")
    return values
