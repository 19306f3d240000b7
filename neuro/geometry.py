"""One coordinate convention for every stimulus and every receptive field.

x to the right, y up, the origin at the centre of the image, in degrees of visual angle.
An orientation is that of the bar: 0 = horizontal, counter-clockwise, modulo 180.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

# Of whatever is drawn without a size: 65 pixels, so that one of them is the centre, of a quarter degree.
SIZE = 65
PIXELS_PER_DEGREE = 4.0


def resolved(
    size: int | None = None, field: float | None = None, pixels_per_degree: float | None = None
) -> tuple[int, float]:
    """The size in pixels and the pixels per degree of a square image, from any two of three numbers.

        size = field * pixels_per_degree, to the nearest pixel;   `field` in degrees of visual angle

    Where fewer than two are given, PIXELS_PER_DEGREE stands in first, then SIZE.
    Raises ValueError if the three disagree, or one is not above zero.
    """
    for name, value in (("size", size), ("field", field), ("pixels_per_degree", pixels_per_degree)):
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name} must be a number above zero; got {value}")
    if size is not None and size != int(size):
        raise ValueError(f"size is a whole number of pixels; got {size}")
    if size is not None and field is not None and pixels_per_degree is None:
        return int(size), size / field
    scale = PIXELS_PER_DEGREE if pixels_per_degree is None else float(pixels_per_degree)
    if field is None:
        return SIZE if size is None else int(size), scale
    covered = round(field * scale)
    if covered < 1:
        raise ValueError(f"{field:g} degrees at {scale:g} pixels per degree are less than one pixel")
    if size is not None and size != covered:
        raise ValueError(
            f"{field:g} degrees at {scale:g} pixels per degree are {covered} pixels, not {size}; give two of "
            "size, field and pixels_per_degree"
        )
    return covered, scale


def pixel_grid(size: int, pixels_per_degree: float) -> tuple[Tensor, Tensor]:
    """x and y, in degrees, of the centre of each pixel of a square image.

    Shapes: two tensors (size, size); the first axis is the row, counted from the top.
    """
    from_centre = (torch.arange(size, dtype=torch.float64) - (size - 1) / 2) / pixels_per_degree
    return from_centre.expand(size, size), -from_centre[:, None].expand(size, size)


def along_and_across(x: Tensor, y: Tensor, orientation: Tensor) -> tuple[Tensor, Tensor]:
    """The coordinates along a bar of this orientation (degrees), and across it to its left.

        along = x cos(o) + y sin(o),   across = -x sin(o) + y cos(o)

    Shapes: x, y and orientation broadcast against each other.
    """
    angle = torch.deg2rad(torch.as_tensor(orientation, dtype=torch.float64))
    return x * angle.cos() + y * angle.sin(), -x * angle.sin() + y * angle.cos()


def equally_spaced_orientations(n: int) -> list[float]:
    """n orientations in degrees, from 0 (horizontal) up to, not including, 180."""
    return [180.0 * i / n for i in range(n)]


def pixels(degrees: float, pixels_per_degree: float) -> int:
    """The odd number of pixels that covers a length, so that a kernel has a centre."""
    return 2 * math.ceil(degrees * pixels_per_degree / 2) + 1
