"""Sinusoidal gratings and plaids, over the whole field or in a round window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from neuro.geometry import resolved
from neuro.stimuli.core import Stimuli
from neuro.stimuli.drawing import Pixels, Screen, conditions, disc, refuse_above_nyquist, shown, wave


def gratings(
    orientations: ArrayLike,
    spatial_frequency: ArrayLike = 0.5,
    phase: ArrayLike = 0.0,
    contrast: ArrayLike = 1.0,
    diameter: ArrayLike | None = None,
    *,
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    **screen: Unpack[Screen],
) -> Stimuli:
    """Sinusoidal gratings, bars at `orientations`, about the mean grey of 0.5.

        L = 0.5 + 0.5 contrast window cos(2 pi f across + phase)

    `spatial_frequency` in cycles/degree, `phase` in degrees at the centre x, y, `contrast` Michelson 0-1. The
    window is the whole field, or a disc of `diameter` degrees about x, y with its rim blurred by EDGE pixels.
    Raises ValueError for a frequency above Nyquist, pixels_per_degree / 2.
    """
    given = conditions(
        orientation=orientations,
        spatial_frequency=spatial_frequency,
        phase=phase,
        contrast=contrast,
        x=x,
        y=y,
        **window(diameter),
    )
    refuse_too_fine(given["spatial_frequency"], screen)
    return shown(grating, given, 0.5 * given["contrast"], 0.5, screen)


def plaids(
    orientations: ArrayLike,
    mask_orientations: ArrayLike,
    contrast: ArrayLike = 0.5,
    mask_contrast: ArrayLike = 0.5,
    spatial_frequency: ArrayLike = 0.5,
    phase: ArrayLike = 0.0,
    mask_phase: ArrayLike = 0.0,
    diameter: ArrayLike | None = None,
    *,
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    **screen: Unpack[Screen],
) -> Stimuli:
    """A grating and a mask, a second grating, added; the contrasts are of each.

        L = 0.5 + 0.5 window (c cos(2 pi f across + phase) + mask_c cos(2 pi f mask_across + mask_phase))

    Raises ValueError as `gratings`, and if the two contrasts add up to more than 1.
    """
    given = conditions(
        orientation=orientations,
        mask_orientation=mask_orientations,
        contrast=contrast,
        mask_contrast=mask_contrast,
        spatial_frequency=spatial_frequency,
        phase=phase,
        mask_phase=mask_phase,
        x=x,
        y=y,
        **window(diameter),
    )
    if (most := (given["contrast"] + given["mask_contrast"]).max()) > 1 + 1e-9:
        raise ValueError(f"contrast and mask_contrast together reach {most:g}; a screen shows at most 1")
    refuse_too_fine(given["spatial_frequency"], screen)
    return shown(_plaid, given, 0.5, 0.5, screen)


def window(diameter: ArrayLike | None) -> dict[str, ArrayLike]:
    """The condition `diameter`, where there is one."""
    return {} if diameter is None else {"diameter": diameter}


def refuse_too_fine(spatial_frequency: np.ndarray, screen: Screen) -> None:
    """Raises ValueError if the pixels are too coarse for a frequency in cycles/degree."""
    _, scale = resolved(**screen)
    refuse_above_nyquist(spatial_frequency, scale / 2, "cycles/degree", f"{scale:g} pixels per degree")


def grating(pixels: Pixels, p: Mapping[str, Tensor]) -> Tensor:
    """The pattern of a grating, from -1 to 1."""
    _, across = pixels.rotated(p)
    return _windowed(wave(across, p["spatial_frequency"], p["phase"]), pixels, p)


def _plaid(pixels: Pixels, p: Mapping[str, Tensor]) -> Tensor:
    (_, across), (_, across_mask) = pixels.rotated(p), pixels.rotated(p, "mask_orientation")
    one = wave(across, p["spatial_frequency"], p["phase"]).mul_(p["contrast"])
    mask = wave(across_mask, p["spatial_frequency"], p["mask_phase"]).mul_(p["mask_contrast"])
    return _windowed(one.add_(mask), pixels, p)


def _windowed(light: Tensor, pixels: Pixels, p: Mapping[str, Tensor]) -> Tensor:
    if "diameter" not in p:
        return light
    return light.mul_(disc(pixels.from_centre(p), p["diameter"], pixels.blur))
