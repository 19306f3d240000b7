"""Gratings of every orientation, spatial frequency and phase: most of what is measured reads these answers.

The best grating of a unit, simple or complex, is the one with the largest mean over phases (DC).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro.analysis.curves import Floats
from neuro.analysis.frequency import (
    bandwidth_octaves,
    is_low_pass,
    preferred_frequency,
    schiller_bandwidth,
)
from neuro.analysis.modulation import f1_f0, f2_f0, harmonic_amplitude, null_index, response_phase
from neuro.analysis.sparseness import lifetime_sparseness
from neuro.analysis.tuning import (
    circular_variance,
    half_width,
    hanning_smoothed,
    orientation_selectivity_index,
    orthogonal_ratio,
    preferred_orientation,
)
from neuro.physiology.electrode import Draw, Electrode, remembered
from neuro.physiology.localisation import places
from neuro.physiology.table import Findings, findings
from neuro.stimuli import Stimuli, counterphase_gratings, gratings

SINGLE_PRECISION = 1e-4  # relative: what sums of a few hundred products in float32 may be off by
MOMENTS = np.arange(11.25, 360.0, 22.5)  # degrees of the cycle in which contrast reverses


@dataclass(frozen=True, eq=False)
class Gratings:
    """The answers of each unit to all gratings, and the best of these for it.

    responses    (n, orientations, frequencies, phases): phases of a still, frames of a drifting one
    spontaneous  (n,), to the mean grey
    orientation, spatial_frequency   (n,) of the best grating; the orientation is modulo 360 for movies
    best         index of its orientation, and of its frequency, (n,) each
    """

    responses: Floats
    spontaneous: Floats
    orientation: Floats
    spatial_frequency: Floats
    best: tuple[NDArray[np.intp], NDArray[np.intp]]

    @property
    def over_orientation(self) -> Floats:
        """(n, orientations) at the best frequency, the mean over phases."""
        return np.asarray(self.responses.mean(axis=3)[self._unit, :, self.best[1]])

    @property
    def over_frequency(self) -> Floats:
        """(n, frequencies) at the best orientation, the mean over phases."""
        return np.asarray(self.responses.mean(axis=3)[self._unit, self.best[0]])

    @property
    def over_phase(self) -> Floats:
        """(n, phases) of the best grating."""
        return np.asarray(self.responses[self._unit, self.best[0], self.best[1]])

    @property
    def silent(self) -> NDArray[np.bool_]:
        """True for a unit that answers none of them."""
        return np.asarray(self.responses.max(axis=(1, 2, 3)) == 0)

    @property
    def _unit(self) -> NDArray[np.intp]:
        return np.arange(len(self.responses))


def cycles(electrode: Electrode, draw: Draw, own: dict[str, Floats], **axes: ArrayLike) -> Floats:
    """The answers to a cycle of gratings that drift: stills at every phase, or the second cycle of a movie.

    `draw` takes `phase`, as `gratings` does, `own` and the axes are those of `Electrode.answers`.
    Shapes: (n, length of each of the axes, phases or frames).
    """
    if electrode.sees_movies:
        return electrode.answers(partial(_in_motion, draw, electrode), own, **axes)[..., electrode.frames :]
    phases = np.arange(electrode.phases) * 360.0 / electrode.phases
    return electrode.answers(draw, own, **axes, phase=phases)


def _in_motion(
    draw: Draw, electrode: Electrode, orientations: Floats, size: int, pixels_per_degree: float, **given: Any
) -> Stimuli:
    """Two cycles of the gratings drawn, drifting in the direction orientation + 90, its mask with it."""
    turn = np.arange(2 * electrode.frames) * 360 / electrode.frames
    # Drawing folds orientations to 180 degrees: the grating turned by 180 is drawn drifting backwards.
    phase = np.where(np.asarray(orientations) % 360 < 180, -1, 1)[:, None] * turn
    still = {name: np.repeat(values, len(turn)) for name, values in given.items()}
    if "mask_orientations" in given:
        still["mask_phase"] = still.get("mask_phase", 0) - np.tile(turn, len(phase))
    drawn = draw(
        orientations=np.repeat(orientations, len(turn)),
        phase=phase.ravel(),
        size=size,
        pixels_per_degree=pixels_per_degree,
        **still,
    )
    images = drawn.images.unflatten(0, phase.shape)
    return Stimuli(images, {}, pixels_per_degree, electrode.dt)


@remembered
def grating_answers(electrode: Electrode) -> Gratings:
    """The answers to the electrode's orientations x frequencies x phases, at the receptive field."""
    responses = cycles(
        electrode,
        partial(gratings, diameter=electrode.diameter),
        places(electrode),
        orientations=electrode.orientations,
        spatial_frequency=electrode.frequencies,
    )
    mean = responses.mean(axis=3).reshape(len(electrode), -1)
    best = np.unravel_index(mean.argmax(axis=1), responses.shape[1:3])
    orientation, frequency = electrode.orientations[best[0]], electrode.frequencies[best[1]]
    return Gratings(responses, electrode.spontaneous(0.5), orientation, frequency, (best[0], best[1]))


def best_grating(electrode: Electrode) -> dict[str, Floats]:
    """What every unit's best grating is drawn with: place, orientation and spatial frequency."""
    seen = grating_answers(electrode)
    return {
        **places(electrode),
        "orientations": seen.orientation,
        "spatial_frequency": seen.spatial_frequency,
    }


def of_orientations(curves: Floats, directions: Floats) -> tuple[Floats, Floats]:
    """Curves over 360 degrees as curves over 180, the two directions of motion averaged; or as they are."""
    orientations, which = np.unique(directions % 180, return_inverse=True)
    members = np.eye(len(orientations))[which]
    return curves @ (members / members.sum(axis=0)), orientations


def orientation_tuning(electrode: Electrode) -> Findings:
    """Row 1: at the best frequency, the mean over phases (and over both directions of motion).

    preferred_orientation, circular_variance, orientation_selectivity_index, orthogonal_ratio
    half_width            at half of the peak, above zero, degrees; linear between the orientations tested,
                          so that what is narrower than their step (15 by default) is read as too wide
    half_width_published  at 1/sqrt(2) of the peak after Hanning smoothing, as Ringach et al. 2002 have it
    """
    seen = grating_answers(electrode)
    curves, theta = of_orientations(seen.over_orientation, electrode.orientations)
    smoothed = hanning_smoothed(curves, theta)
    columns = {
        "preferred_orientation": preferred_orientation(curves, theta),
        "circular_variance": circular_variance(curves, theta),
        "orientation_selectivity_index": orientation_selectivity_index(curves, theta),
        "orthogonal_ratio": orthogonal_ratio(curves, theta),
        "half_width": half_width(curves, theta),
        "half_width_published": half_width(smoothed, theta, level=np.sqrt(0.5)),
    }
    return findings(columns, silent=seen.silent, no_orientation_is_preferred=~seen.silent)


def spatial_frequency_tuning(electrode: Electrode) -> Findings:
    """Row 3: at the best orientation, the mean over phases. Low-pass units have no bandwidth.

    preferred_frequency  cycles/degree;  bandwidth_octaves at half height;  schiller_bandwidth per cent;
    low_pass             True for a unit that answers more than half down to the lowest frequency
    """
    seen, frequencies = grating_answers(electrode), electrode.frequencies
    curves = seen.over_frequency
    low_pass = is_low_pass(curves, frequencies)
    columns = {
        "preferred_frequency": preferred_frequency(curves, frequencies),
        "bandwidth_octaves": bandwidth_octaves(curves, frequencies),
        "schiller_bandwidth": schiller_bandwidth(curves, frequencies),
        "low_pass": low_pass,
    }
    return findings(columns, silent=seen.silent, low_pass=low_pass, high_pass=~low_pass)


def phase_modulation(electrode: Electrode) -> Findings:
    """Row 4: of the best grating, by its DC; above the answer to the mean grey.

    f1_f0 (above 1 a simple cell), f2_f0, preferred_phase in degrees at the unit's place, and
    sparseness, the lifetime sparseness over all gratings

    Eight phases, the default, sample a rectified answer coarsely: pi/2 reads 1.53 to 1.66.
    """
    seen = grating_answers(electrode)
    curves = seen.over_phase
    suppressed = curves.mean(axis=1) <= seen.spontaneous * (1 + SINGLE_PRECISION)
    columns = {
        "f1_f0": np.where(suppressed, np.nan, f1_f0(curves, seen.spontaneous)),
        "f2_f0": np.where(suppressed, np.nan, f2_f0(curves, seen.spontaneous)),
        "preferred_phase": response_phase(curves),
        "sparseness": lifetime_sparseness(seen.responses.reshape(len(curves), -1)),
    }
    modulated = ~np.isnan(columns["preferred_phase"])
    return findings(
        columns,
        silent=seen.silent,
        not_above_its_spontaneous_answer=suppressed,
        no_phase_is_preferred=~modulated,
    )


def counterphase(electrode: Electrode) -> Findings:
    """Row 5: the best grating standing still, its contrast reversing in time, at every spatial phase.

        L = 0.5 + 0.5 cos(2 pi f across + phase) cos(2 pi w t)

    null_index           1 if some spatial phase leaves it silent; from the mean over time
    frequency_doubling   F2 / (F1 + F2) of the phase it answers most: 1 for a complex cell

    In stills a moment of it is a grating of contrast |cos|, its phase moved by 180 degrees where cos is
    negative; a model of movies is shown two cycles, of which the second counts.
    """
    answers = _reversing(electrode)
    best = answers.mean(axis=2).argmax(axis=1)
    there = answers[np.arange(len(answers)), best]
    first, second = harmonic_amplitude(there, 1), harmonic_amplitude(there, 2)
    both = first + second
    columns = {
        "null_index": null_index(answers.mean(axis=2)),
        "frequency_doubling": np.divide(second, both, out=np.full(len(both), np.nan), where=both > 1e-9),
    }
    silent = answers.max(axis=(1, 2)) == 0
    return findings(columns, silent=silent, does_not_follow_the_reversal=~silent)


def _reversing(electrode: Electrode) -> Floats:
    """The answers to the best grating through a cycle of reversal: (n, spatial phases, moments)."""
    steps = np.arange(max(electrode.phases, 8) // 2 * 2)
    phases = steps * 360.0 / len(steps)
    if electrode.sees_movies:
        movies = partial(
            counterphase_gratings,
            temporal_frequency=1000 / electrode.cycle,
            diameter=electrode.diameter,
            duration=2 * electrode.cycle,
            dt=electrode.dt,
        )
        return electrode.answers(movies, best_grating(electrode), phase=phases)[..., electrode.frames :]
    swing = np.cos(np.deg2rad(MOMENTS))
    contrasts, of_moment = np.unique(np.abs(swing).round(12), return_inverse=True)
    draw = partial(gratings, diameter=electrode.diameter)
    shown = electrode.answers(draw, best_grating(electrode), contrast=contrasts, phase=phases)
    moved = (steps[:, None] + np.where(swing < 0, len(steps) // 2, 0)) % len(steps)
    return np.asarray(shown[:, of_moment[None, :], moved])
