"""Length and size: how far a longer slit or a larger grating adds to the answer, and where it takes away."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neuro.analysis.curves import Floats, ratio
from neuro.analysis.summation import preferred_size, summation_field, suppression_index, surround_size
from neuro.physiology.bars import WIDTH, best_slit
from neuro.physiology.electrode import Electrode, remembered
from neuro.physiology.gratings import best_grating, cycles
from neuro.physiology.table import Findings, findings
from neuro.stimuli import Stimuli, gratings, slits

STEPS = 9  # sizes, from a 32nd of the field to all of it


@remembered
def length_answers(electrode: Electrode, lengths: tuple[float, ...] | None = None) -> Floats:
    """The answers to the best slit at every length. Shapes: (n, lengths)."""
    return _of_lengths(
        electrode, {"more": np.zeros(len(electrode))}, length=_sizes(electrode, "a slit", lengths)
    )


@remembered
def size_answers(electrode: Electrode, diameters: tuple[float, ...] | None = None) -> Floats:
    """The answers to discs of the best grating, the mean over phases. Shapes: (n, diameters)."""
    sizes = _sizes(electrode, "a disc", diameters)
    return np.asarray(cycles(electrode, gratings, best_grating(electrode), diameter=sizes).mean(axis=2))


def length_tuning(electrode: Electrode, lengths: tuple[float, ...] | None = None) -> Findings:
    """Row 9: the best slit at every length (degrees), and then the best of these, longer at one end only.

    preferred_length, summation_length  the best one, and the smallest with 95 % of its answer
    end_stopping                        (Rmax - R(longest)) / Rmax
    end_stopping_ahead, _behind         1 - R(longer at one end) / Rmax: at the end towards which the
                                        orientation points, and at the other, by as much as the longest slit

    Raises ValueError for lengths that do not fit the model's field.
    """
    sizes = _sizes(electrode, "a slit", lengths)
    curves = length_answers(electrode, lengths)
    best, preferred = curves.max(axis=1), np.nan_to_num(preferred_size(curves, sizes), nan=sizes[0])
    more = (sizes.max() - preferred) / 2
    ahead, behind = _of_lengths(electrode, {"length": preferred, "more": more}, end=[1, -1]).T
    columns = {
        "preferred_length": preferred_size(curves, sizes),
        "summation_length": summation_field(curves, sizes),
        "end_stopping": suppression_index(curves, sizes),
        "end_stopping_ahead": 1 - ratio(ahead, best),
        "end_stopping_behind": 1 - ratio(behind, best),
    }
    return findings(columns, silent=best == 0)


def size_tuning(electrode: Electrode, diameters: tuple[float, ...] | None = None) -> Findings:
    """Row 9: the best grating in discs of every diameter (degrees), the mean over phases.

    preferred_diameter, summation_diameter  the best one, and the smallest with 95 % of its answer
    surround_suppression                    (Rmax - R(largest)) / Rmax
    surround_diameter                       the smallest beyond the best, down to the plateau + 5 %

    Raises ValueError for discs that do not fit the model's field.
    """
    sizes = _sizes(electrode, "a disc", diameters)
    curves = size_answers(electrode, diameters)
    columns = {
        "preferred_diameter": preferred_size(curves, sizes),
        "summation_diameter": summation_field(curves, sizes),
        "surround_suppression": suppression_index(curves, sizes),
        "surround_diameter": surround_size(curves, sizes),
    }
    silent = curves.max(axis=1) == 0
    return findings(columns, silent=silent, no_surround_suppression=~silent)


def _of_lengths(electrode: Electrode, own: dict[str, Floats], **axes: ArrayLike) -> Floats:
    draw = partial(_slits_longer_ahead, background=electrode.background)
    return electrode.answers(draw, best_slit(electrode) | own, **axes)


def _sizes(electrode: Electrode, what: str, given: ArrayLike | None) -> Floats:
    largest = electrode.field
    return electrode.fits(what, np.geomspace(largest / 32, largest, STEPS) if given is None else given)


def _slits_longer_ahead(
    period: Floats, shift: Floats, length: Floats, more: Floats, end: float | Floats = 1.0, **given: Any
) -> Stimuli:
    """Slits `more` degrees longer at one end: ahead, where the orientation points, or behind."""
    along = np.deg2rad(given["orientations"])
    x = given.pop("x") + end * more / 2 * np.cos(along)
    y = given.pop("y") + end * more / 2 * np.sin(along)
    return slits(offset=shift * period, width=WIDTH * period, length=length + more, x=x, y=y, **given)
