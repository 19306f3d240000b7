"""Modulation: how far a response follows the phase of a grating, which tells simple cells from complex ones.

Responses are (..., n), at n equally spaced phases of one cycle that begins at phase 0: a drifting grating
binned over its cycle, or n still ones. A unit that does not answer above its spontaneous rate gives NaN.
All raise ValueError for NaN or negative responses and for too few phases to tell the harmonic.

With no spontaneous rate F1/F0 is 0 for an unmodulated cell, pi/2 for a half-rectified sinusoid and 2, its
largest, for an answer at one phase only; above 1 the cell is called simple, below it complex (Skottun et al.
1991). Rectification alone spreads the ratio into two heaps (Mechler & Ringach 2002): two heaps do not prove
two classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro.analysis.curves import ROUNDING, Floats, checked, ratio


def f1_f0(responses: ArrayLike, spontaneous: ArrayLike = 0.0) -> Floats:
    """The amplitude of the response at the frequency of the grating over its mean above the spontaneous rate.

        F1 = 2 |sum r exp(-i phase)| / n,   F0 = mean r - spontaneous

    Raises ValueError also for a spontaneous rate that is negative or not finite.
    Shapes: (..., n), spontaneous () or (...) -> (...).
    """
    return _over_mean(responses, spontaneous, 1)


def f2_f0(responses: ArrayLike, spontaneous: ArrayLike = 0.0) -> Floats:
    """The same at twice the frequency of the grating: 2/3 for a cell that answers |cos phase|.

    Shapes: (..., n), spontaneous () or (...) -> (...).
    """
    return _over_mean(responses, spontaneous, 2)


def harmonic_amplitude(responses: ArrayLike, harmonic: int = 1) -> Floats:
    """Amplitude of the response at a multiple of the frequency of the grating, as the responses; 0 if silent.

        2 |sum r exp(-i harmonic phase)| / n

    Raises ValueError unless n is more than twice the harmonic, itself at least 1.
    Shapes: (..., n) -> (...).
    """
    return np.asarray(2 * np.abs(_mean_vector(responses, harmonic)))


def response_phase(responses: ArrayLike) -> Floats:
    """The phase, degrees from 0 up to 360, at which the response at the grating's frequency is largest.

        arg(sum r exp(i phase))

    NaN for a unit that is not modulated. Shapes: (..., n) -> (...).
    """
    vector = _mean_vector(responses, 1).conj()
    degrees = np.rad2deg(np.angle(vector)) % 360
    degrees = np.where(degrees == 360, 0, degrees)  # the remainder of -1e-17 rounds to 360
    return np.where(np.abs(vector) > ROUNDING * checked(responses).mean(axis=-1), degrees, np.nan)


def null_index(amplitudes: ArrayLike) -> Floats:
    """1 for a unit that some phase of a counterphase grating leaves silent, 0 for one that answers all alike.

        1 - least / largest

    The null test (reported: Enroth-Cugell & Robson 1966). Amplitudes are one value a spatial phase, of n even
    steps round the cycle: `harmonic_amplitude` or the mean over time. The steps may miss the null: a linear
    cell, |cos|, reads at least 1 - tan(180 / n degrees) for an even n, 0.59 at 8 phases and 0.80 at 16.

    Raises ValueError for fewer than two. Shapes: (..., n) -> (...).
    """
    curves = checked(amplitudes)
    if curves.shape[-1] < 2:
        raise ValueError("a null needs at least two phases; got 1")
    return np.asarray(1 - ratio(curves.min(axis=-1), curves.max(axis=-1)))


def f1_f0_by_chance(spikes: ArrayLike) -> Floats:
    """The mean F1/F0 that an unmodulated Poisson cell shows when its cycle holds so many spikes in all.

        sqrt(pi / spikes)

    The length of a sum of that many unit vectors at random is Rayleigh distributed about sqrt(pi spikes) / 2.
    It holds from some ten spikes; NaN for none. Raises ValueError for negative counts.
    Shapes: (...) -> (...).
    """
    counts = np.asarray(spikes, dtype=np.float64)
    if not (counts >= 0).all():
        raise ValueError(f"spikes must be counts, none negative or NaN; got {counts.tolist()}")
    return np.asarray(np.sqrt(ratio(np.pi, counts)))


def _over_mean(responses: ArrayLike, spontaneous: ArrayLike, harmonic: int) -> Floats:
    curves, rate = checked(responses), np.asarray(spontaneous, dtype=np.float64)
    if not (np.isfinite(rate) & (rate >= 0)).all():
        raise ValueError(f"spontaneous must be finite and not negative; got {rate.tolist()}")
    if rate.shape not in ((), curves.shape[:-1]):
        raise ValueError(f"spontaneous must be one rate or one a unit, {curves.shape[:-1]}; got {rate.shape}")
    mean = curves.mean(axis=-1)
    above = np.where(mean - rate > ROUNDING * mean, mean - rate, 0)
    return np.asarray(ratio(harmonic_amplitude(curves, harmonic), above))


def _mean_vector(responses: ArrayLike, harmonic: int) -> NDArray[np.complex128]:
    """sum r exp(-i harmonic phase) / n."""
    curves = checked(responses)
    n = curves.shape[-1]
    if not 1 <= harmonic < n / 2:
        raise ValueError(
            f"harmonic {harmonic} must be at least 1 and below half of the number of phases, {n}"
        )
    return np.asarray(curves @ np.exp(-2j * np.pi * harmonic * np.arange(n) / n) / n)
