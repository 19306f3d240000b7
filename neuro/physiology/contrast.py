"""Contrast and masks: does the answer saturate, the tuning keep its width, a second grating suppress?"""

from __future__ import annotations

from functools import partial

import numpy as np

from neuro.analysis.contrast import fit_naka_rushton
from neuro.analysis.curves import Floats, ratio
from neuro.analysis.interaction import cross_orientation_suppression
from neuro.analysis.tuning import contrast_invariance
from neuro.physiology.electrode import Electrode, remembered
from neuro.physiology.gratings import best_grating, cycles, grating_answers, of_orientations
from neuro.physiology.localisation import places
from neuro.physiology.table import Findings, findings
from neuro.stimuli import gratings, plaids

LEVELS = tuple(np.geomspace(0.01, 1.0, 9).tolist())
LOW = 0.25  # contrast, beside 1, of the two tunings that are compared
MASK_PHASES = np.arange(0.0, 360.0, 90.0)


@remembered
def contrast_answers(electrode: Electrode, contrasts: tuple[float, ...] = LEVELS) -> Floats:
    """The answers to the best grating at every contrast, the mean over phases. Shapes: (n, contrasts)."""
    draw = partial(gratings, diameter=electrode.diameter)
    return np.asarray(cycles(electrode, draw, best_grating(electrode), contrast=contrasts).mean(axis=2))


def contrast_response(electrode: Electrode, contrasts: tuple[float, ...] = LEVELS) -> Findings:
    """Row 10: the best grating at every contrast (Michelson), the mean over phases.

        R = r_max c^n / (c^n + c50^n) + baseline

    c50, contrast_exponent, r_max, contrast_r2 of the fit;  supersaturation (Rmax - R(highest)) / Rmax
    """
    curves = contrast_answers(electrode, contrasts)
    fit = fit_naka_rushton(curves, contrasts)
    largest = curves.max(axis=1)
    columns = {
        "c50": fit.c50,
        "contrast_exponent": fit.n,
        "r_max": fit.r_max,
        "contrast_r2": fit.r2,
        "supersaturation": ratio(largest - curves[:, np.argmax(contrasts)], largest),
    }
    silent = largest == 0
    return findings(columns, silent=silent, no_saturating_curve_fits=~silent)


def width_over_contrast(electrode: Electrode) -> Findings:
    """Row 10: the orientation tuning at a quarter of the contrast, at the best frequency.

    contrast_invariance  its half-width over that at full contrast: 1 if tuning does not depend on contrast
    """
    seen = grating_answers(electrode)
    own = {**places(electrode), "spatial_frequency": seen.spatial_frequency}
    draw = partial(gratings, diameter=electrode.diameter, contrast=LOW)
    low = cycles(electrode, draw, own, orientations=electrode.orientations).mean(axis=2)
    curves, theta = of_orientations(np.stack([low, seen.over_orientation], axis=1), electrode.orientations)
    columns = {"contrast_invariance": contrast_invariance(curves, theta)}
    return findings(columns, silent=seen.silent, silent_at_low_contrast=low.max(axis=1) == 0)


def cross_orientation(electrode: Electrode) -> Findings:
    """Row 11: the best grating at half contrast, and with it an orthogonal one, the mean over both phases.

    cross_orientation_suppression  1 - R(both) / R(best)
    mask_alone                     R(the orthogonal one alone) / R(best)
    """
    own = best_grating(electrode)
    across = own | {"orientations": own["orientations"] + 90}
    one = partial(gratings, contrast=0.5, diameter=electrode.diameter)
    alone, mask = (cycles(electrode, one, each).mean(axis=1) for each in (own, across))
    pair = partial(plaids, contrast=0.5, mask_contrast=0.5, diameter=electrode.diameter)
    own |= {"mask_orientations": across["orientations"]}
    both = cycles(electrode, pair, own, mask_phase=MASK_PHASES).mean(axis=(1, 2))
    columns = {
        "cross_orientation_suppression": cross_orientation_suppression(alone, both),
        "mask_alone": ratio(mask, alone),
    }
    return findings(columns, silent=grating_answers(electrode).silent, silent_at_half_contrast=alone == 0)
