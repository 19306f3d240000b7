"""What was shown: a batch of images or movies with the conditions of each.

Images lie in [0, 1] (0 black, 0.5 mean grey, 1 white). Sizes are in degrees of visual angle, with the
pixels per degree stated. Every edge is a step blurred by a Gaussian of EDGE pixels, not a step sampled
at pixel centres: the light of a shape is then the same at every orientation and sub-pixel position.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.nn import functional as F

from neuro.geometry import along_and_across, pixel_grid

# Pixels. A blur of s pixels leaves a relative aliasing error of about 2 exp(-2 pi^2 s^2): 1e-4 at 0.7.
EDGE = 0.7
ROUNDING = 1e-4


@dataclass(frozen=True)
class Stimuli:
    """A batch of images, and for each of them its conditions (orientation, offset, label, id, ...).

    Shapes: images (B, C, H, W), or movies (B, T, C, H, W) with `dt` in ms; every condition (B,).
    Raises ValueError if the images or the conditions are ragged, or pixels are not numbers from 0 to 1.
    """

    images: Tensor
    conditions: Mapping[str, np.ndarray] = field(default_factory=dict)
    pixels_per_degree: float | None = None
    dt: float | None = None

    def __post_init__(self) -> None:
        try:
            images = torch.as_tensor(self.images, dtype=torch.float32)
        except (ValueError, TypeError) as error:
            raise ValueError(f"images must be one array, all of one size; {error}") from None
        if images.ndim not in (4, 5):
            shape = tuple(images.shape)
            raise ValueError(f"images must be (B, C, H, W), or (B, T, C, H, W) for movies; got {shape}")
        if (images.ndim == 5) != (self.dt is not None):
            raise ValueError("movies (B, T, C, H, W), and only movies, need dt, the ms from frame to frame")
        if not torch.isfinite(images).all():
            raise ValueError("images hold NaN or infinite pixels")
        if images.numel() and (images.min() < -ROUNDING or images.max() > 1 + ROUNDING):
            found = f"{images.min():g} to {images.max():g}"
            raise ValueError(f"pixels lie between 0 (black) and 1 (white); got {found}; divide by 255?")
        conditions = {name: np.asarray(values) for name, values in self.conditions.items()}
        for name, values in conditions.items():
            if values.shape != (len(images),):
                raise ValueError(f"condition {name!r} must have shape ({len(images)},); got {values.shape}")
        object.__setattr__(self, "images", images)
        object.__setattr__(self, "conditions", conditions)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: Any) -> Stimuli:
        """A part of the stimuli: by number, slice, list of numbers or mask."""
        which = np.ascontiguousarray(np.arange(len(self))[index])  # at least (1,), its stride positive
        conditions = {name: values[which] for name, values in self.conditions.items()}
        return replace(self, images=self.images[torch.from_numpy(which)], conditions=conditions)

    def __iter__(self) -> Iterator[Stimuli]:
        return (self[i] for i in range(len(self)))

    def condition(self, name: str) -> np.ndarray:
        """The values of one condition; raises KeyError with the names there are."""
        if name not in self.conditions:
            there = ", ".join(self.conditions) or "none"
            raise KeyError(f"no condition {name!r}; these stimuli have {there}")
        return self.conditions[name]

    @property
    def labels(self) -> Tensor:
        """The condition `label` as integers; raises KeyError if there is none."""
        return torch.from_numpy(self.condition("label").astype(np.int64))

    def without(self, name: str) -> Stimuli:
        """The same stimuli without one condition: `without("label")` is what an unsupervised rule sees."""
        kept = {key: values for key, values in self.conditions.items() if key != name}
        return replace(self, conditions=kept)


def concatenate(parts: Sequence[Stimuli]) -> Stimuli:
    """Stimuli one after the other; raises ValueError if sizes, units or condition names differ."""
    if not parts:
        raise ValueError("nothing to concatenate")
    first = parts[0]
    for part in parts[1:]:
        for what in ("pixels_per_degree", "dt"):
            if getattr(part, what) != getattr(first, what):
                raise ValueError(f"{what} differs: {getattr(first, what)} and {getattr(part, what)}")
        if part.images.shape[1:] != first.images.shape[1:]:
            shapes = f"{tuple(first.images.shape[1:])} and {tuple(part.images.shape[1:])}"
            raise ValueError(f"images differ in size: {shapes}; bring them to one with resized()")
        if part.conditions.keys() != first.conditions.keys():
            names = f"{sorted(first.conditions)} and {sorted(part.conditions)}"
            raise ValueError(f"conditions differ: {names}")
    images = torch.cat([part.images for part in parts])
    conditions = {name: np.concatenate([p.conditions[name] for p in parts]) for name in first.conditions}
    return replace(first, images=images, conditions=conditions)


def resized(stimuli: Stimuli, size: int, margin: int = 0) -> Stimuli:
    """The one way to another size: the images scaled to `size - 2 * margin`, in a black frame of `margin`.

    MNIST becomes LeNet-5's 32x32 field by `resized(mnist, 32, margin=2)`, which scales nothing.
    """
    inner = size - 2 * margin
    if inner < 1 or margin < 0:
        raise ValueError(f"a margin of {margin} leaves nothing of an image of {size} pixels")
    images = stimuli.images.flatten(0, 1) if stimuli.dt is not None else stimuli.images
    height, width = images.shape[-2:]
    if (height, width) != (inner, inner):
        images = F.interpolate(images, (inner, inner), mode="bilinear", antialias=True)
    images = F.pad(images, (margin,) * 4)
    if stimuli.dt is not None:
        images = images.unflatten(0, stimuli.images.shape[:2])
    scale = None if stimuli.pixels_per_degree is None else stimuli.pixels_per_degree * inner / width
    return replace(stimuli, images=images, pixels_per_degree=scale)


def slits(
    orientations: ArrayLike,
    length: ArrayLike = 8.0,
    width: ArrayLike = 1.0,
    offset: ArrayLike = 0.0,
    polarity: ArrayLike = 1,
    contrast: ArrayLike = 1.0,
    background: float = 0.5,
    size: int = 65,
    pixels_per_degree: float = 4.0,
) -> Stimuli:
    """Bright (polarity +1) or dark (-1) slits; the default is the 1 by 8 degrees of Hubel & Wiesel 1959.

        light = box(along / length) * box(across / width), each edge blurred by EDGE pixels

    `offset` (degrees) moves the slit across itself, to the left of its direction. Every argument may be
    one number or (B,); they are broadcast together and become the conditions.
    """
    given = _conditions(
        orientation=orientations,
        offset=offset,
        length=length,
        width=width,
        polarity=polarity,
        contrast=contrast,
    )
    if min(given["length"].min(), given["width"].min()) <= 0:
        raise ValueError("a slit needs a length and a width above zero degrees")
    x, y = pixel_grid(size, pixels_per_degree)
    along, across = along_and_across(x, y, _column(given["orientation"]))
    across = across - _column(given["offset"])
    blur = EDGE / pixels_per_degree
    light = _box(along, _column(given["length"]), blur) * _box(across, _column(given["width"]), blur)
    return _shown(light, given, background, pixels_per_degree)


def spots(
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    diameter: ArrayLike = 1.0,
    polarity: ArrayLike = 1,
    contrast: ArrayLike = 1.0,
    background: float = 0.5,
    size: int = 65,
    pixels_per_degree: float = 4.0,
) -> Stimuli:
    """Round spots of light (polarity +1) or darkness (-1) centred at x, y degrees."""
    given = _conditions(x=x, y=y, diameter=diameter, polarity=polarity, contrast=contrast)
    if given["diameter"].min() <= 0:
        raise ValueError("a spot needs a diameter above zero degrees")
    grid_x, grid_y = pixel_grid(size, pixels_per_degree)
    distance = torch.hypot(grid_x - _column(given["x"]), grid_y - _column(given["y"]))
    light = _disc(distance, _column(given["diameter"]) / 2, EDGE / pixels_per_degree)
    return _shown(light, given, background, pixels_per_degree)


def rows_of_spots(
    orientations: ArrayLike,
    count: int = 5,
    spacing: float = 1.6,
    diameter: float = 0.8,
    offset: ArrayLike = 0.0,
    polarity: ArrayLike = 1,
    contrast: ArrayLike = 1.0,
    background: float = 0.5,
    size: int = 65,
    pixels_per_degree: float = 4.0,
) -> Stimuli:
    """`count` spots on a line of each orientation, `spacing` degrees from centre to centre.

    Raises ValueError if the spots would overlap, since their light would then be counted twice.
    """
    if count > 1 and diameter > spacing:
        raise ValueError(f"spots {diameter} degrees wide overlap at a spacing of {spacing} degrees")
    given = _conditions(orientation=orientations, offset=offset, polarity=polarity, contrast=contrast)
    x, y = pixel_grid(size, pixels_per_degree)
    along, across = along_and_across(x, y, _column(given["orientation"]))
    across = across - _column(given["offset"])
    blur = EDGE / pixels_per_degree
    centres = (torch.arange(count, dtype=torch.float64) - (count - 1) / 2) * spacing
    distance = torch.hypot(along[..., None] - centres, across[..., None])
    # The blurred rims of neighbours add up; of small spots that touch, to a little more than 1.
    light = _disc(distance, torch.tensor(diameter / 2), blur).sum(-1).clamp(max=1)
    return _shown(light, given, background, pixels_per_degree)


def gratings(
    orientations: ArrayLike,
    spatial_frequency: ArrayLike = 0.5,
    phase: ArrayLike = 0.0,
    contrast: ArrayLike = 1.0,
    size: int = 65,
    pixels_per_degree: float = 4.0,
) -> Stimuli:
    """Sinusoidal gratings over the whole field, bars at `orientations`, about the mean grey of 0.5.

        L = 0.5 + 0.5 contrast cos(2 pi f across + phase)

    `spatial_frequency` in cycles/degree, `phase` in degrees, `contrast` Michelson 0-1. Raises ValueError
    for a frequency above Nyquist, pixels_per_degree / 2.
    """
    given = _conditions(
        orientation=orientations, spatial_frequency=spatial_frequency, phase=phase, contrast=contrast
    )
    fastest = np.abs(given["spatial_frequency"]).max()
    if fastest > pixels_per_degree / 2:
        raise ValueError(
            f"{fastest:g} cycles/degree is above Nyquist: {pixels_per_degree:g} pixels per degree "
            f"carry at most {pixels_per_degree / 2:g}"
        )
    _, across = along_and_across(*pixel_grid(size, pixels_per_degree), _column(given["orientation"]))
    turn = 2 * math.pi * _column(given["spatial_frequency"]) * across
    wave = torch.cos(turn + torch.deg2rad(_column(given["phase"])))
    images = 0.5 + 0.5 * _column(given["contrast"]) * wave
    return Stimuli(images[:, None].float(), given, pixels_per_degree)


def full_field(luminance: ArrayLike = 1.0, size: int = 65, pixels_per_degree: float = 4.0) -> Stimuli:
    """Diffuse light: every pixel at `luminance`, 0-1."""
    given = _conditions(luminance=luminance)
    images = torch.from_numpy(given["luminance"])[:, None, None, None].expand(-1, 1, size, size)
    return Stimuli(images.float(), given, pixels_per_degree)


def _conditions(**given: ArrayLike) -> dict[str, np.ndarray]:
    """The parameters broadcast to one length; angles are folded to their period, contrast is checked."""
    values = [np.atleast_1d(np.asarray(value, dtype=float)) for value in given.values()]
    try:
        values = [np.array(value) for value in np.broadcast_arrays(*values)]
    except ValueError:
        sizes = ", ".join(f"{name} {np.shape(value)}" for name, value in given.items())
        raise ValueError(f"parameters must be one number each or of one length; got {sizes}") from None
    together = dict(zip(given, values, strict=True))
    for name, value in together.items():
        if value.ndim != 1 or not np.isfinite(value).all():
            raise ValueError(f"{name} must be a finite number or a list of them; got {given[name]!r}")
    for name, period in (("orientation", 180), ("phase", 360)):
        if name in together:
            together[name] = together[name] % period
    for name in ("contrast", "luminance"):
        if name in together and (together[name].min() < 0 or together[name].max() > 1):
            raise ValueError(f"{name} lies between 0 and 1; got {given[name]!r}")
    if "polarity" in together and set(np.unique(together["polarity"])) - {-1.0, 1.0}:
        raise ValueError(f"polarity is +1 (light) or -1 (dark); got {given['polarity']!r}")
    return together


def _column(values: np.ndarray) -> Tensor:
    """(B,) as (B, 1, 1), to be broadcast against the pixels."""
    return torch.from_numpy(values)[:, None, None]


def _box(u: Tensor, width: Tensor, blur: float) -> Tensor:
    """1 where |u| < width / 2, its two edges blurred by a Gaussian."""
    scale = math.sqrt(2) * blur
    inner, outer = (u + width / 2) / scale, (u - width / 2) / scale
    return 0.5 * (torch.erf(inner.float()) - torch.erf(outer.float()))


def _disc(distance: Tensor, radius: Tensor, blur: float) -> Tensor:
    """1 where distance < radius, its rim blurred by a Gaussian."""
    return 0.5 * torch.erfc(((distance - radius) / (math.sqrt(2) * blur)).float())


def _shown(light: Tensor, given: dict[str, np.ndarray], background: float, scale: float) -> Stimuli:
    """`light` in [0, 1] drawn on the background towards white or black, as polarity and contrast say."""
    towards = np.where(given["polarity"] > 0, 1 - background, -background)
    amplitude = torch.from_numpy(towards * given["contrast"])[:, None, None].float()
    return Stimuli((background + amplitude * light)[:, None], given, scale)
