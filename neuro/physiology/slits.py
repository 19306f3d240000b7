"""One slit at every orientation and place, shown to the centre cell of each plane of several layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import nn

from neuro.analysis import circular_variance, position_tolerance
from neuro.recording import record
from neuro.stimuli import slits

Floats = NDArray[np.float64]

# A cell whose best answer is below this share of its layer's best counts as silent: planes that never learned
# answer everything a little, and a tuning curve of such traces says nothing.
CRITERION = 0.05


@dataclass(frozen=True, eq=False)
class SlitExamination:
    """What a slit told about the cell at the centre of each plane of a layer; NaN for a cell below CRITERION.

    circular_variance   (K,) over orientation, the slit at the cell's best offset; 0 selective, 1 not at all
    position_tolerance  (K,) degrees of visual angle over which the slit, at the cell's best orientation,
                        brings at least half of the largest response
    responses           (K, orientations, offsets), rectified
    """

    circular_variance: Floats
    position_tolerance: Floats
    responses: Floats


def examine_with_slits(
    model: nn.Module,
    layers: Sequence[str],
    orientations: ArrayLike,
    offsets: ArrayLike,
    size: int,
    field: float = 16.0,
    background: float = 0.0,
) -> dict[str, SlitExamination]:
    """One bright slit, 8 by 1 degrees, at every orientation and offset: the answers of the centre cells.

    The model's image is `size` pixels and `field` degrees wide, so that models with retinas of any number of
    pixels see one slit, blurred by EDGE of their own pixels. Responses below zero are counted as none.
    `orientations` must be spread evenly over 180 degrees.
    """
    orientations, offsets = np.asarray(orientations, dtype=float), np.asarray(offsets, dtype=float)
    every, place = (grid.ravel() for grid in np.meshgrid(orientations, offsets, indexing="ij"))
    shown = slits(every, offset=place, background=background, size=size, pixels_per_degree=size / field)
    recording = record(model, shown, layers, units="centre")
    shape = (-1, len(orientations), len(offsets))
    cells = {name: np.maximum(recording[name][:, :, 0, 0].T.reshape(shape), 0.0) for name in layers}
    return {name: _examined(responses, orientations, offsets) for name, responses in cells.items()}


def _examined(responses: Floats, orientations: Floats, offsets: Floats) -> SlitExamination:
    planes = np.arange(len(responses))
    peaks = responses.max(axis=(1, 2))
    answering = peaks >= max(CRITERION * peaks.max(), np.finfo(float).tiny)
    best = responses.max(axis=2).argmax(axis=1)
    there = responses[planes, best].argmax(axis=1)
    return SlitExamination(
        np.where(answering, circular_variance(responses[planes, :, there], orientations), np.nan),
        np.where(answering, position_tolerance(responses[planes, best], offsets), np.nan),
        responses,
    )
