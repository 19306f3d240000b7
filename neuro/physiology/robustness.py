"""What a change of the best slit leaves of the answer: another scale, and noise about it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from neuro.analysis.curves import Floats, ratio
from neuro.analysis.tolerance import invariance_index, position_tolerance, tolerance_is_clipped
from neuro.physiology.bars import best_slit, shaped_slits, slit_answers
from neuro.physiology.electrode import Electrode
from neuro.physiology.table import Findings, findings
from neuro.stimuli import Stimuli, dense_noise

SCALES = 2.0 ** np.arange(-2, 2.5, 0.5)
CLUTTERS = 5  # different noises


def scale_tolerance(electrode: Electrode) -> Findings:
    """Row 16: the best slit, a quarter to four times as large, length and width together.

    scale_tolerance   full width at half of the peak, octaves; a lower bound where clipped
    scale_clipped     True where it is answered by more than half at the smallest or largest scale tested
    scale_invariance  mean over largest answer
    """
    draw = partial(shaped_slits, background=electrode.background)
    curves = electrode.answers(draw, best_slit(electrode), scale=SCALES)
    columns = {
        "scale_tolerance": position_tolerance(curves, np.log2(SCALES)),
        "scale_clipped": tolerance_is_clipped(curves, np.log2(SCALES)),
        "scale_invariance": invariance_index(curves),
    }
    return findings(columns, silent=curves.max(axis=1) == 0)


def clutter_tolerance(electrode: Electrode, contrast: float = 0.25) -> Findings:
    """Row 16: the best slit in dense noise of this contrast, the mean over CLUTTERS of them.

    clutter_tolerance  R(slit in noise) / R(slit)
    noise_alone        R(noise) / R(slit)

    The checks are two pixels wide; what would be brighter than white or darker than black is cut off.
    """
    check = 2 / electrode.pixels_per_degree
    screen = electrode.screen
    noise = dense_noise(CLUTTERS, electrode.noise(), check, contrast, **screen).images - 0.5
    in_noise = partial(_cluttered, noise, electrode.background)
    shown = electrode.answers(in_noise, best_slit(electrode), frame=range(CLUTTERS)).mean(axis=1)
    nothing = {"orientations": 0.0, "period": 1.0, "shift": 0.0, "polarity": 1.0}
    noise_alone = electrode.answers(partial(in_noise, contrast=0.0), nothing, frame=range(CLUTTERS)).mean(
        axis=1
    )
    alone = slit_answers(electrode).best
    columns = {
        "clutter_tolerance": ratio(shown, alone),
        "noise_alone": ratio(noise_alone, alone),
    }
    return findings(columns, silent=alone == 0)


def _cluttered(noise: torch.Tensor, background: float, frame: Floats, **given: Any) -> Stimuli:
    """The slit with the noise of each frame added."""
    clean = shaped_slits(background=background, **given)
    images = (clean.images + noise[torch.from_numpy(frame.astype(np.int64))]).clamp(0, 1)
    return Stimuli(images, clean.conditions, clean.pixels_per_degree)
