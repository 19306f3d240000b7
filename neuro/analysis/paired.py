"""Two preparations compared seed by seed: what is common to both drops out of the difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit


@dataclass(frozen=True)
class PairedDifference:
    """Mean difference and the ends of its 95 % interval; the ends are NaN for a single pair."""

    mean: float
    low: float
    high: float


def paired_difference(one: ArrayLike, other: ArrayLike) -> PairedDifference:
    """One minus other, and Student's interval for the mean of n pairs.

        mean +- t(0.975, n - 1) sd / sqrt(n),   sd with n - 1

    Shapes: (n,), (n,). Raises ValueError if they do not fit, are empty or not finite.
    """
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape or a.size == 0:
        raise ValueError(f"pairs are two arrays (n,) of one length, n at least 1; got {a.shape}, {b.shape}")
    if not (np.isfinite(a) & np.isfinite(b)).all():
        raise ValueError("pairs must be finite; they hold NaN or infinity")
    differences, n = a - b, len(a)
    if n == 1:
        return PairedDifference(float(differences[0]), np.nan, np.nan)
    reach = stdtrit(n - 1, 0.975) * differences.std(ddof=1) / np.sqrt(n)
    mean = differences.mean()
    return PairedDifference(float(mean), float(mean - reach), float(mean + reach))
