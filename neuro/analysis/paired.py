"""Two preparations compared seed by seed: what is common to both drops out of the difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from neuro.analysis.curves import Floats

RESAMPLES = 10_000


@dataclass(frozen=True)
class PairedDifference:
    """Mean difference and the ends of its 95 % interval; the ends are NaN for a single pair."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Spread:
    """n runs: their mean and standard deviation (n - 1), and two 95 % intervals of the mean.

    low, high                      Student's; right if the runs are normal
    bootstrap_low, bootstrap_high  the percentiles of means of runs drawn anew; with few runs too narrow: of 5
                                   normal runs by more than a third, and the mean is outside in 15 % of cases

    All but n and the mean are NaN for a single run.
    """

    n: int
    mean: float
    sd: float
    low: float
    high: float
    bootstrap_low: float
    bootstrap_high: float


def spread(runs: ArrayLike, generator: np.random.Generator) -> Spread:
    """Mean, standard deviation and 95 % intervals of n runs.

        Student:    mean +- t(0.975, n - 1) sd / sqrt(n)
        bootstrap:  2.5 and 97.5 % of the means of n runs drawn with replacement, RESAMPLES times

    Shapes: (n,). Raises ValueError for no runs, and for NaN.
    """
    values = _checked(runs)
    n, mean = len(values), float(values.mean())
    if n == 1:
        return Spread(1, mean, *[np.nan] * 5)
    low, high = _student(values)
    # Of equal runs all means are equal; summing them in another order must not say otherwise.
    means = mean + (values - mean)[generator.integers(n, size=(RESAMPLES, n))].mean(axis=1)
    ends = np.quantile(means, [0.025, 0.975])
    return Spread(n, mean, float(values.std(ddof=1)), low, high, float(ends[0]), float(ends[1]))


def paired_spread(one: ArrayLike, other: ArrayLike, generator: np.random.Generator) -> Spread:
    """The spread of one minus other, pair by pair; shapes and errors as for `paired_difference`."""
    return spread(_differences(one, other), generator)


def paired_difference(one: ArrayLike, other: ArrayLike) -> PairedDifference:
    """One minus other, and Student's interval for the mean of n pairs.

        mean +- t(0.975, n - 1) sd / sqrt(n),   sd with n - 1

    Shapes: (n,), (n,). Raises ValueError if they do not fit, are empty or not finite.
    """
    differences = _differences(one, other)
    if len(differences) == 1:
        return PairedDifference(float(differences[0]), np.nan, np.nan)
    return PairedDifference(float(differences.mean()), *_student(differences))


def _student(values: Floats) -> tuple[float, float]:
    reach = stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - reach), float(values.mean() + reach)


def _differences(one: ArrayLike, other: ArrayLike) -> Floats:
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape or a.size == 0:
        raise ValueError(f"pairs are two arrays (n,) of one length, n at least 1; got {a.shape}, {b.shape}")
    if not (np.isfinite(a) & np.isfinite(b)).all():
        raise ValueError("pairs must be finite; they hold NaN or infinity")
    return a - b


def _checked(runs: ArrayLike) -> Floats:
    values = np.asarray(runs, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(f"runs must be (n,), n at least 1, and finite; got {values.tolist()}")
    return values
