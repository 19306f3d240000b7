"""Sparse and dense noise, for reverse correlation."""

from __future__ import annotations

from typing import Unpack

import numpy as np
import torch
from numpy.typing import ArrayLike

from neuro.geometry import resolved
from neuro.stimuli.bars import bar
from neuro.stimuli.core import Stimuli
from neuro.stimuli.drawing import Screen, conditions, shown, towards


def sparse_noise(
    frames: int,
    generator: torch.Generator,
    spot: float = 1.0,
    contrast: float = 1.0,
    *,
    background: float = 0.5,
    **screen: Unpack[Screen],
) -> Stimuli:
    """One square spot, `spot` degrees wide, an image: light or dark, at a place of a grid over the field.

    Every place is shown once light and once dark, in random order, before any is shown again.
    Conditions: x, y (of the centre of the spot), polarity, spot, contrast.
    Raises ValueError for a spot wider than the field.
    """
    _refuse_none(frames)
    size, scale = resolved(**screen)
    checked = conditions(spot=spot, contrast=contrast)
    side = int(size / scale / checked["spot"].max() + 1e-9)
    if side < 1:
        raise ValueError(f"a spot {spot:g} degrees wide does not fit in a field of {size / scale:g} degrees")
    kinds = 2 * side**2
    rounds = torch.rand(-(-frames // kinds), kinds, generator=generator).argsort(1)
    kind = rounds.flatten()[:frames].numpy()
    place, polarity = kind // 2, 2 * (kind % 2) - 1
    x, y = ((index - (side - 1) / 2) * spot for index in (place % side, place // side))
    given = conditions(x=x, y=y, polarity=polarity, spot=spot, contrast=contrast)
    square = {"orientation": np.zeros(frames), "offset": np.zeros(frames)}
    square |= {"length": given["spot"], "width": given["spot"]}
    return shown(bar, given, towards(given, background), background, screen, **square)


def dense_noise(
    frames: int,
    generator: torch.Generator,
    check: float = 0.5,
    contrast: ArrayLike = 1.0,
    **screen: Unpack[Screen],
) -> Stimuli:
    """Binary white noise: every check, a square `check` degrees wide, is light or dark with equal chances.

        L = 0.5 + 0.5 contrast s,   s = +1 or -1, independent from check to check and from image to image

    Checks begin at the upper left corner and end at whole pixels; those at the other rims may be cut.
    Conditions: frame, check, contrast. Raises ValueError for a check below one pixel.
    """
    _refuse_none(frames)
    size, scale = resolved(**screen)
    given = conditions(frame=np.arange(frames), check=check, contrast=contrast)
    if check * scale < 1 - 1e-9:
        raise ValueError(f"a check of {check:g} degrees is less than a pixel at {scale:g} pixels per degree")
    of_pixel = ((torch.arange(size, dtype=torch.float64) + 0.5) / (check * scale)).long()
    side = int(of_pixel[-1]) + 1
    signs = 2 * torch.randint(2, (frames, side, side), generator=generator, dtype=torch.int8) - 1
    amplitude = torch.from_numpy(0.5 * given["contrast"])[:, None, None].float()
    light = signs[:, of_pixel][:, :, of_pixel] * amplitude
    return Stimuli(light.add_(0.5)[:, None], given, scale)


def _refuse_none(frames: int) -> None:
    if frames < 1 or frames != int(frames):
        raise ValueError(f"noise has one frame or more; got {frames}")
