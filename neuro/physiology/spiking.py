"""Spikes drawn from the answers: how they vary from trial to trial, and when the first one comes."""

from __future__ import annotations

import numpy as np

from neuro.analysis.curves import ratio
from neuro.analysis.spikes import (
    fano_factor,
    first_spike_latency,
    poisson_spikes,
    rate_from_response,
    reliability,
    variance_mean_slope,
)
from neuro.physiology.electrode import Electrode
from neuro.physiology.gratings import grating_answers
from neuro.physiology.table import Findings, findings

TRIALS, DURATION, BIN = 50, 1000.0, 10.0  # ms
PEAK = 33.8  # spikes/s to the best grating: the median of 304 cells (Ringach, Shapley & Hawken 2002)


def spike_statistics(electrode: Electrode, gain_variance: float = 0.0) -> Findings:
    """Row 15: fifty trials of every orientation at the best frequency, Poisson spikes with the mean answer.

    A unit's best answer is taken for PEAK spikes/s. `gain_variance` as in `analysis.poisson_spikes`. Fano
    factor and latency are those of the spikes drawn: they say what Poisson noise makes of 50 trials.

    fano_factor, first_spike_latency (ms)  to the best grating, over trials of a second
    variance_mean_slope, reliability       over orientations
    """
    seen = grating_answers(electrode)
    curves = ratio(seen.over_orientation, seen.over_orientation.max(axis=1, keepdims=True))
    rates = rate_from_response(np.nan_to_num(curves), 0.0, PEAK)
    chance = np.random.default_rng(electrode.seed)
    counts = poisson_spikes(rates[..., None], DURATION, TRIALS, chance, gain_variance)[..., 0]
    through = np.repeat(rates.max(axis=1)[:, None], round(DURATION / BIN), axis=1)
    to_best = poisson_spikes(through, BIN, TRIALS, chance, gain_variance)
    latency = first_spike_latency(to_best, BIN)
    fired = ~np.isnan(latency)
    columns = {
        "fano_factor": fano_factor(to_best.sum(axis=-1)),
        "variance_mean_slope": variance_mean_slope(counts),
        "first_spike_latency": ratio(np.nan_to_num(latency).sum(axis=0), fired.sum(axis=0)),
        "reliability": np.where(seen.silent, np.nan, reliability(counts)),
    }
    return findings(columns, silent=seen.silent)
