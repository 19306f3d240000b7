"""Spikes from rates: a Poisson cell, and how its counts and its timing vary from trial to trial."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro.analysis.curves import Floats, checked, ratio


def rate_from_response(response: ArrayLike, spontaneous: float, gain: float) -> Floats:
    """A firing rate in spikes/s: spontaneous + gain * response.

    Raises ValueError for negative or non-finite responses, a negative spontaneous rate or gain.
    """
    if spontaneous < 0 or gain < 0:
        raise ValueError(f"spontaneous and gain must not be negative; got {spontaneous:g} and {gain:g}")
    return spontaneous + gain * checked(response)


def poisson_spikes(
    rates: ArrayLike, dt: float, trials: int, generator: np.random.Generator, gain_variance: float = 0.0
) -> NDArray[np.int64]:
    """The number of spikes in each bin of `dt` ms: Poisson, with mean gain * rate * dt / 1000.

    The gain is 1 or, given its variance, drawn once a trial for each train of T bins from a gamma
    distribution of mean 1. A train of mean count m then has

        variance = m + gain_variance m^2,   Fano factor = 1 + gain_variance m

    so that the Fano factor grows with the count, as it does in cortex (the form is that of Goris, Movshon &
    Simoncelli 2014, reported).

    Shapes: rates (..., T) in spikes/s -> (trials, ..., T). Raises ValueError for negative or non-finite
    rates, dt not above zero, fewer than one trial and a negative variance.
    """
    means = checked(rates) * dt / 1000
    if not dt > 0:
        raise ValueError(f"dt must be above 0 ms; got {dt:g}")
    if trials < 1:
        raise ValueError(f"trials must be at least 1; got {trials}")
    if not 0 <= gain_variance < np.inf:
        raise ValueError(f"gain_variance must be 0 or more, and finite; got {gain_variance:g}")
    if gain_variance == 0:
        return generator.poisson(means, size=(trials, *means.shape))
    gains = generator.gamma(1 / gain_variance, gain_variance, size=(trials, *means.shape[:-1], 1))
    return generator.poisson(gains * means)


def fano_factor(counts: ArrayLike) -> Floats:
    """Variance (with n - 1) over mean of the spike count across trials.

    1 for a Poisson cell; NaN for one that fired no spike.

    Shapes: (trials, ...) -> (...). Raises ValueError for negative counts and fewer than two trials.
    """
    spikes = _checked_trials(counts, "a Fano factor")
    return np.asarray(ratio(spikes.var(axis=0, ddof=1), spikes.mean(axis=0)))


def variance_mean_slope(counts: ArrayLike) -> Floats:
    """The k of variance = k * mean over a cell's n conditions; 1 for a Poisson cell, NaN for a silent one.

        k = sum of the variances (with trials - 1) / sum of the means

    This is the line through the origin fitted with weights 1 / mean, and without bias where the law holds.
    A line through logarithms would be biased by few trials, and would leave out conditions without a spike.
    Source of the law: Tolhurst, Movshon & Dean 1983, who find k above one.

    Shapes: spike counts (trials, ..., n) -> (...). Raises ValueError for negative counts and fewer than two
    trials.
    """
    spikes = _checked_trials(counts, "a variance", axes=2)
    return np.asarray(ratio(spikes.var(axis=0, ddof=1).sum(axis=-1), spikes.mean(axis=0).sum(axis=-1)))


def first_spike_latency(spikes: ArrayLike, dt: float) -> Floats:
    """From the first bin's beginning to the middle of the bin with the first spike, in ms; NaN if none came.

    Spontaneous spikes count: a cell that ignores the stimulus has a latency too, 1 / its rate on average.

    Shapes: the number of spikes in each bin of `dt` ms, (..., T) -> (...). Raises ValueError for negative
    numbers and dt not above zero.
    """
    fired = checked(spikes) > 0
    if not dt > 0:
        raise ValueError(f"dt must be above 0 ms; got {dt:g}")
    return np.where(fired.any(axis=-1), (fired.argmax(axis=-1) + 0.5) * dt, np.nan)


def reliability(responses: ArrayLike) -> Floats:
    """How alike the trials are: the mean over all pairs of trials of their correlation (Pearson).

    A trial without any variation, one without a spike say, tells nothing of the others: its correlations
    count as 0. A unit of which every trial is so gives NaN.

    Shapes: (trials, ..., n), n time bins or stimuli -> (...). Raises ValueError for negative or non-finite
    responses, fewer than two trials and n below two.
    """
    given = _checked_trials(responses, "a correlation of trials", axes=2)
    if given.shape[-1] < 2:
        raise ValueError(f"a correlation needs at least two bins or stimuli; got {given.shape[-1]}")
    varies = np.ptp(given, axis=-1, keepdims=True) > 0
    centred = given - given.mean(axis=-1, keepdims=True)
    norms = np.where(varies, np.sqrt((centred**2).sum(axis=-1, keepdims=True)), np.inf)
    scores, trials = centred / norms, len(given)  # each of length one, so that products are correlations
    pairs = (scores.sum(axis=0) ** 2).sum(axis=-1) - varies[..., 0].sum(axis=0)
    return np.where(varies.any(axis=(0, -1)), pairs / (trials * (trials - 1)), np.nan)


def _checked_trials(responses: ArrayLike, what: str, axes: int = 1) -> Floats:
    given = checked(responses)
    if given.ndim < axes:
        raise ValueError(f"{what} needs (trials, ..., n); got {given.shape}")
    if len(given) < 2:
        raise ValueError(f"{what} needs at least two trials; got {len(given)}")
    return given
