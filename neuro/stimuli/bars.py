"""Slits, dark bars, edges and pairs of bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from neuro.stimuli.core import Stimuli
from neuro.stimuli.drawing import Pixels, Screen, Shares, box, conditions, erf_of, shown, towards


def slits(
    orientations: ArrayLike,
    length: ArrayLike = 8.0,
    width: ArrayLike = 1.0,
    offset: ArrayLike = 0.0,
    polarity: ArrayLike = 1,
    contrast: ArrayLike = 1.0,
    *,
    background: float = 0.5,
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    **screen: Unpack[Screen],
) -> Stimuli:
    """Bright (polarity +1) or dark (-1) slits; the default is the 1 by 8 degrees of Hubel & Wiesel 1959.

        light = box(along / length) * box(across / width), each edge blurred by EDGE pixels

    The centre lies at `x`, `y`, moved by `offset` degrees across the slit, to the left of its direction.
    What lies outside the field is not shown. Every parameter may be one number or (B,); they are broadcast
    together and become the conditions.
    """
    given = conditions(
        orientation=orientations,
        offset=offset,
        length=length,
        width=width,
        polarity=polarity,
        contrast=contrast,
        x=x,
        y=y,
    )
    return shown(bar, given, towards(given, background), background, screen)


def edges(
    orientations: ArrayLike,
    offset: ArrayLike = 0.0,
    contrast: ArrayLike = 1.0,
    *,
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    **screen: Unpack[Screen],
) -> Stimuli:
    """A straight edge across the field: light on the left of the direction `orientation`, dark on its right.

        L = 0.5 + 0.5 contrast erf(across / (sqrt(2) blur))

    The orientation runs modulo 360: at 0 the upper half is light, at 180 the lower.
    """
    given = conditions(360, orientation=orientations, offset=offset, contrast=contrast, x=x, y=y)
    return shown(_edge, given, 0.5 * given["contrast"], 0.5, screen)


def two_bars(
    orientations: ArrayLike,
    offset: ArrayLike = -1.0,
    other_offset: ArrayLike = 1.0,
    length: ArrayLike = 8.0,
    width: ArrayLike = 1.0,
    polarity: ArrayLike = 1,
    other_polarity: ArrayLike = 1,
    contrast: ArrayLike = 1.0,
    *,
    background: float = 0.5,
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    **screen: Unpack[Screen],
) -> Stimuli:
    """Two parallel bars, as `slits` draws each, at `offset` and at `other_offset` degrees across.

    Raises ValueError if they overlap, since their light would then be counted twice.
    """
    given = conditions(
        orientation=orientations,
        offset=offset,
        other_offset=other_offset,
        length=length,
        width=width,
        polarity=polarity,
        other_polarity=other_polarity,
        contrast=contrast,
        x=x,
        y=y,
    )
    apart = np.abs(given["offset"] - given["other_offset"])
    if (overlap := apart < given["width"]).any():
        width_, apart_ = given["width"][overlap][0], apart[overlap][0]
        raise ValueError(f"bars {width_:g} degrees wide overlap at {apart_:g} degrees from each other")
    one = towards(given, background)
    other = towards({"polarity": given["other_polarity"], "contrast": given["contrast"]}, background)
    return shown(_pair, given, 1.0, background, screen, light=one, other_light=other)


def bar(pixels: Pixels, p: Mapping[str, Tensor]) -> Tensor:
    """The pattern of a slit."""
    along, across = pixels.rotated(p)
    light = box(along, p["length"], pixels.blur)
    return light.mul_(box(_moved(across, p["offset"]), p["width"], pixels.blur))


def _edge(pixels: Pixels, p: Mapping[str, Tensor]) -> Tensor:
    _, across = pixels.rotated(p)
    return erf_of(across, p["offset"], pixels.blur)


def _pair(pixels: Pixels, p: Mapping[str, Tensor]) -> Tensor:
    along, across = pixels.rotated(p)
    one, other = (box(_moved(across, p[at]), p["width"], pixels.blur) for at in ("offset", "other_offset"))
    light = one.mul_(p["light"].float()).add_(other.mul_(p["other_light"].float()))
    return light.mul_(box(along, p["length"], pixels.blur))


def _moved(across: Shares, offset: Tensor) -> Shares:
    return across[0], across[1] - offset
