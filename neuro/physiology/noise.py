"""Reverse correlation: what the receptive field looks like, from sparse and from dense noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neuro.analysis.curves import Floats
from neuro.analysis.field_fits import GaborFit, fit_gabor
from neuro.analysis.receptive_field import (
    overlap_index,
    spike_triggered_average,
    spike_triggered_covariance,
)
from neuro.physiology.electrode import Electrode, remembered
from neuro.physiology.gratings import grating_answers
from neuro.physiology.localisation import places
from neuro.physiology.table import Findings, findings
from neuro.stimuli import Stimuli, dense_noise, spots

FRAMES = 2000  # of dense noise
FITS = 0.5  # of the variance, that a Gabor function must account for to say anything of the field
CHECKS = 11  # in a row of the window about the unit that is correlated with its answers
MIDDLE = 7  # of these, in a row, of which the covariance is taken: fewer numbers, known better
PER_PERIOD = 4  # checks in a period of the median best grating
SPOT_PLACES = 9  # in a row
SPOTS_PER_PERIOD = 3


@dataclass(frozen=True, eq=False)
class NoiseAnswers:
    """Dense noise round each unit, and the unit's answers to it.

    responses  (n, frames)
    checks     (frames, rows, columns) of the whole field, -1 dark or +1 light
    corner     (n, 2): row and column where a unit's window of `side` x `side` checks begins
    check      degrees
    """

    responses: Floats
    checks: Floats
    corner: NDArray[np.int64]
    side: int
    check: float

    def window_of(self, unit: int) -> Floats:
        """The checks (frames, side, side) in the window of this unit."""
        row, column = self.corner[unit]
        return self.checks[:, row : row + self.side, column : column + self.side]


@remembered
def spot_maps(electrode: Electrode) -> Floats:
    """The answers to dark and to light spots on a grid about each unit, above that to the background.

    A spot is half a period of the best grating wide, the places a third of it apart.
    Shapes: (n, 2, places, places): dark and light; rows from the bottom, columns from the left.
    """
    own = {**places(electrode), "period": 1 / grating_answers(electrode).spatial_frequency}
    steps = (np.arange(SPOT_PLACES) - (SPOT_PLACES - 1) / 2) / SPOTS_PER_PERIOD
    draw = partial(_spots_about, background=electrode.background)
    answers = electrode.answers(draw, own, polarity=[-1, 1], up=steps, right=steps)
    return np.maximum(answers - electrode.spontaneous()[:, None, None, None], 0.0)


def on_and_off(electrode: Electrode) -> Findings:
    """Row 6: single spots, light and dark, on a grid about the unit: where it answers either.

    overlap_index  0 if the places are apart (simple), 1 if they are the same (complex)
    on_off_index   (ON - OFF) / (ON + OFF) of the largest answers
    """
    off, on = np.moveaxis(spot_maps(electrode).reshape(len(electrode), 2, -1), 1, 0)
    light, dark = on.max(axis=1), off.max(axis=1)
    both = light + dark
    columns = {
        "overlap_index": overlap_index(on, off),
        "on_off_index": np.divide(light - dark, both, out=np.full(len(both), np.nan), where=both > 0),
    }
    return findings(
        columns, silent_to_spots=both == 0, silent_to_light_or_to_dark_spots=(light == 0) | (dark == 0)
    )


@remembered
def noise_answers(electrode: Electrode, frames: int = FRAMES) -> NoiseAnswers:
    """One dense noise over the whole field for all units; each is correlated with its window of it.

    The checks suit the median unit: PER_PERIOD of them to a period of its best grating, in whole pixels.
    """
    period = 1 / np.median(grating_answers(electrode).spatial_frequency)
    pixels = max(1, round(period / PER_PERIOD * electrode.pixels_per_degree))
    check = pixels / electrode.pixels_per_degree
    count = electrode.size // pixels
    generator, seen = electrode.noise(), []

    def draw(frame: Floats, **screen: Any) -> Stimuli:
        shown = dense_noise(len(frame), generator, check, **screen)
        middle = pixels // 2 + pixels * torch.arange(count)
        seen.append(torch.sign(shown.images[:, 0, middle][:, :, middle] - 0.5).numpy())
        return shown

    responses = electrode.answers(draw, {}, frame=range(frames))
    side = min(CHECKS, count)
    x, y = places(electrode).values()
    # Check (0, 0) is the upper left one; the first begins at the rim of the field.
    column, row = (x + electrode.field / 2) / check, (electrode.field / 2 - y) / check
    corner = np.clip(np.round(np.stack([row, column], axis=1) - side / 2), 0, count - side).astype(np.int64)
    return NoiseAnswers(responses, np.concatenate(seen).astype(np.float64), corner, side, check)


@remembered
def average_fields(electrode: Electrode, frames: int = FRAMES) -> Floats:
    """The spike-triggered average of each unit in its window of dense noise; NaN for a silent one.

    Less the mean of the noise shown, which chance leaves a little off the grey.

    Shapes: (n, side, side), from -1 to 1, rows from the top.
    """
    noise = noise_answers(electrode, frames)
    fields = np.empty((len(electrode), noise.side, noise.side))
    for units in _of_one_window(noise):
        seen = noise.window_of(units[0])
        fields[units] = spike_triggered_average(noise.responses[units], seen - seen.mean(axis=0))
    return fields


def reverse_correlation(electrode: Electrode, frames: int = FRAMES) -> Findings:
    """Rows 6 and 7: dense noise, the average stimulus that drives the unit, a Gabor function fitted to it.

    sta_strength   the largest weight of the average over what chance leaves of it (the error of a weight,
                   sqrt(sum (r - mean)^2) / sum r): above about 4 there is a field
    stc_strength   the largest rise of variance along an axis over what a unit without any has on the average,
                   2 sqrt(P / N) + P / N for the P checks in the middle and N effective frames: chance brings
                   it to 1.2, a complex cell well above
    gabor_r2, n_x, n_y, gabor_phase (degrees, at the centre of the field: 0 and 180 even, 90 and 270 odd) of
                   the fit; the last three are NaN where it accounts for less than half of the variance
    """
    noise, fields = noise_answers(electrode, frames), average_fields(electrode, frames)
    silent = noise.responses.max(axis=1) == 0
    fit = _fitted(fields, silent, 1 / noise.check)
    above = noise.responses - noise.responses.mean(axis=1, keepdims=True)
    error = np.sqrt((above**2).sum(axis=1)) / np.where(silent, np.nan, noise.responses.sum(axis=1))
    constant = ~silent & (error < 1e-6)
    error = np.where(constant, np.nan, error)
    fits = (fit.r2 >= FITS) & ~constant
    columns = {
        "sta_strength": np.abs(fields).max(axis=(1, 2)) / error,
        "stc_strength": np.where(constant, np.nan, _variance_changes(noise)),
        "gabor_r2": np.where(constant, np.nan, fit.r2),
        "n_x": np.where(fits, fit.n_x, np.nan),
        "n_y": np.where(fits, fit.n_y, np.nan),
        "gabor_phase": np.where(fits, fit.phase, np.nan),
    }
    return findings(
        columns, silent_to_noise=silent, answers_all_noise_alike=constant, no_Gabor_function_fits=~fits
    )


def _fitted(fields: Floats, silent: NDArray[np.bool_], checks_per_degree: float) -> GaborFit:
    return fit_gabor(np.where(silent[:, None, None], 0.0, fields), checks_per_degree)


def _variance_changes(noise: NoiseAnswers) -> Floats:
    """The largest eigenvalue - 1 of each unit's STC, over what chance leaves (Marchenko & Pastur)."""
    found = np.full(len(noise.responses), np.nan)
    for units in _of_one_window(noise):
        rates = noise.responses[units]
        answering = rates.max(axis=1) > 0
        if not answering.any():
            continue
        rates, seen = rates[answering], _middle(noise.window_of(units[0]))
        frames = rates.sum(axis=1) ** 2 / (rates**2).sum(axis=1)
        values = np.linalg.eigvalsh(spike_triggered_covariance(rates, seen))
        share = seen[0].size / frames
        chance = 2 * np.sqrt(share) + share
        found[units[answering]] = (values.max(axis=1) - 1) / chance
    return found


def _middle(seen: Floats) -> Floats:
    """The middle of the windows. Shapes: (frames, side, side) -> (frames, at most MIDDLE, MIDDLE)."""
    rim = max(0, seen.shape[1] - MIDDLE) // 2
    return seen[:, rim : seen.shape[1] - rim, rim : seen.shape[2] - rim]


def _of_one_window(noise: NoiseAnswers) -> list[NDArray[np.intp]]:
    """The numbers of the units that share a window, window by window."""
    _, which = np.unique(noise.corner, axis=0, return_inverse=True)
    order = np.argsort(which.reshape(-1), kind="stable")
    return np.split(order, np.flatnonzero(np.diff(which.reshape(-1)[order])) + 1)


def _spots_about(period: Floats, up: Floats, right: Floats, **given: Any) -> Stimuli:
    x, y = given.pop("x") + right * period, given.pop("y") + up * period
    return spots(x, y, diameter=period / 2, **given)
