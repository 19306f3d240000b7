"""What was shown: a batch of images or movies with the conditions of each.

Images lie in [0, 1]: 0 black, 0.5 mean grey, 1 white.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

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
        if images.numel():
            darkest, lightest = images.aminmax()  # NaN if any pixel is
            if not (darkest.isfinite() and lightest.isfinite()):
                raise ValueError("images hold NaN or infinite pixels")
            if darkest < -ROUNDING or lightest > 1 + ROUNDING:
                found = f"{darkest:g} to {lightest:g}"
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
