"""Spots, annuli, spots in a row or scattered, and diffuse light."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from neuro.geometry import resolved
from neuro.stimuli.core import Stimuli
from neuro.stimuli.drawing import Pixels, Screen, Values, conditions, disc, shown, towards

FAR = 1e6  # degrees


def spots(
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    diameter: ArrayLike = 1.0,
    polarity: ArrayLike = 1,
    contrast: ArrayLike = 1.0,
    *,
    background: float = 0.5,
    **screen: Unpack[Screen],
) -> Stimuli:
    """Round spots of light (polarity +1) or darkness (-1) centred at x, y degrees."""
    given = conditions(x=x, y=y, diameter=diameter, polarity=polarity, contrast=contrast)
    return shown(spot, given, towards(given, background), background, screen)


def annuli(
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    inner: ArrayLike = 2.0,
    outer: ArrayLike = 4.0,
    polarity: ArrayLike = 1,
    contrast: ArrayLike = 1.0,
    *,
    background: float = 0.5,
    **screen: Unpack[Screen],
) -> Stimuli:
    """Rings of light or darkness about x, y; `inner` and `outer` are diameters, and inner 0 is a full spot.

    Raises ValueError if the inner diameter is not below the outer one.
    """
    given = conditions(x=x, y=y, inner=inner, outer=outer, polarity=polarity, contrast=contrast)
    if (empty := given["inner"] >= given["outer"]).any():
        hole, ring = given["inner"][empty][0], given["outer"][empty][0]
        raise ValueError(f"inner, {hole:g} degrees, must be below outer, {ring:g} degrees")
    return shown(_ring, given, towards(given, background), background, screen)


def rows_of_spots(
    orientations: ArrayLike,
    count: ArrayLike = 5,
    spacing: ArrayLike = 1.6,
    diameter: ArrayLike = 0.8,
    offset: ArrayLike = 0.0,
    polarity: ArrayLike = 1,
    contrast: ArrayLike = 1.0,
    *,
    background: float = 0.5,
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    **screen: Unpack[Screen],
) -> Stimuli:
    """`count` spots on a line of each orientation, `spacing` degrees from centre to centre.

    Raises ValueError if the spots would overlap, since their light would then be counted twice.
    """
    given = conditions(
        orientation=orientations,
        offset=offset,
        count=count,
        spacing=spacing,
        diameter=diameter,
        polarity=polarity,
        contrast=contrast,
        x=x,
        y=y,
    )
    if (overlap := (given["count"] > 1) & (given["diameter"] > given["spacing"])).any():
        wide, apart = given["diameter"][overlap][0], given["spacing"][overlap][0]
        raise ValueError(f"spots {wide} degrees wide overlap at a spacing of {apart} degrees")
    column = {name: value[:, None] for name, value in given.items()}
    number = np.arange(given["count"].max())
    # In a batch of rows of different counts, the spots that a row has not are very far away.
    places = (number - (column["count"] - 1) / 2) * column["spacing"]
    along = np.where(number < column["count"], places, FAR)
    angle = np.deg2rad(column["orientation"])
    return _together(
        given,
        column["x"] + along * np.cos(angle) - column["offset"] * np.sin(angle),
        column["y"] + along * np.sin(angle) + column["offset"] * np.cos(angle),
        background,
        screen,
    )


def scrambled_spots(
    repeats: int,
    generator: torch.Generator,
    count: int = 5,
    extent: float = 8.0,
    diameter: float = 0.8,
    polarity: ArrayLike = 1,
    contrast: ArrayLike = 1.0,
    *,
    background: float = 0.5,
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    **screen: Unpack[Screen],
) -> Stimuli:
    """The spots of a row, with the same light, scattered over a square of `extent` degrees about x, y.

    The square is a grid as fine as the spots allow. In each of the `repeats` images they lie in other cells
    of the grid, drawn without replacement, and at random in their cell; so they never overlap.
    Raises ValueError if the grid has fewer squares than there are spots.
    """
    given = conditions(
        repeat=np.arange(repeats),
        count=count,
        extent=extent,
        diameter=diameter,
        polarity=polarity,
        contrast=contrast,
        x=x,
        y=y,
    )
    side = int(extent / diameter + 1e-9)
    if side**2 < count:
        raise ValueError(
            f"a square of {extent:g} degrees holds {side**2} spots {diameter:g} degrees wide, not {count}"
        )
    order = torch.rand(repeats, side**2, generator=generator).argsort(1)[:, :count]
    cell = torch.stack([order % side, order // side])
    room = 1 - diameter * side / extent  # of the width of a cell
    moved = room * (torch.rand(cell.shape, generator=generator, dtype=torch.float64) - 0.5)
    places = ((cell + 0.5 + moved) / side - 0.5).numpy() * extent
    centres = places + np.stack([given["x"], given["y"]])[..., None]
    return _together(given, centres[0], centres[1], background, screen)


def full_field(luminance: ArrayLike = 1.0, **screen: Unpack[Screen]) -> Stimuli:
    """Diffuse light: every pixel at `luminance`, 0-1."""
    given = conditions(luminance=luminance)
    size, scale = resolved(**screen)
    images = torch.from_numpy(given["luminance"])[:, None, None, None].expand(-1, 1, size, size)
    return Stimuli(images.float(), given, scale)


def spot(pixels: Pixels, p: Mapping[str, Tensor]) -> Tensor:
    """The pattern of a round spot."""
    return disc(pixels.from_centre(p), p["diameter"], pixels.blur)


def _ring(pixels: Pixels, p: Mapping[str, Tensor]) -> Tensor:
    from_centre = pixels.from_centre(p)
    hole = disc(from_centre, p["inner"], pixels.blur).mul_(p["inner"] > 0)
    return disc(from_centre, p["outer"], pixels.blur).sub_(hole)


def _together(
    given: Values, centre_x: np.ndarray, centre_y: np.ndarray, background: float, screen: Screen
) -> Stimuli:
    """Spots at several centres (B, n) in each image."""
    amplitude = towards(given, background)
    return shown(_spots, given, amplitude, background, screen, centre_x=centre_x, centre_y=centre_y)


def _spots(pixels: Pixels, p: Mapping[str, Tensor]) -> Tensor:
    from_centres = pixels.x - p["centre_x"], pixels.y - p["centre_y"]
    # The blurred rims of neighbours add up; of small spots that touch, to a little more than 1.
    return disc(from_centres, p["diameter"][:, None], pixels.blur).sum(1).clamp_(max=1)
