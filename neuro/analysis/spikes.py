"""Spikes from rates: a Poisson cell, and how its counts vary from trial to trial."""

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
    rates: ArrayLike, dt: float, trials: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """The number of spikes in each bin of `dt` ms: Poisson, with mean rate * dt / 1000.

    Shapes: rates (..., T) in spikes/s -> (trials, ..., T). Raises ValueError for negative or non-finite
    rates, dt not above zero and fewer than one trial.
    """
    means = checked(rates) * dt / 1000
    if not dt > 0:
        raise ValueError(f"dt must be above 0 ms; got {dt:g}")
    if trials < 1:
        raise ValueError(f"trials must be at least 1; got {trials}")
    return generator.poisson(means, size=(trials, *means.shape))


def fano_factor(counts: ArrayLike) -> Floats:
    """Variance (with n - 1) over mean of the spike count across trials.

    1 for a Poisson cell; NaN for one that fired no spike.

    Shapes: (trials, ...) -> (...). Raises ValueError for negative counts and fewer than two trials.
    """
    spikes = checked(counts)
    if len(spikes) < 2:
        raise ValueError(f"a Fano factor needs at least two trials; got {len(spikes)}")
    return np.asarray(ratio(spikes.var(axis=0, ddof=1), spikes.mean(axis=0)))
