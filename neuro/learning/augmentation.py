"""What is done to the images of a batch before a net learns from them, anew each time they are shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F


class Augmentation(Protocol):
    """Images (B, C, H, W) -> the same, changed at random by torch's own generator, which the learner seeds.

    Implementations are frozen dataclasses, so that repr(rule) records their settings.
    """

    def __call__(self, images: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Jitter:
    """Every image moved, turned, resized and sheared about its centre, each evenly up to the amount given.

    shift   whole pixels, in x and in y
    turn    degrees, to either side
    scale   the largest factor, and one over it the smallest; log-uniform; one for both sides
    shear   degrees, sideways

    Bilinear; what comes in from outside is black. Raises ValueError for amounts that make no sense.
    """

    shift: int = 0
    turn: float = 0.0
    scale: float = 1.0
    shear: float = 0.0

    def __post_init__(self) -> None:
        if min(self.shift, self.turn, self.shear) < 0 or self.scale < 1 or self.shear >= 90:
            raise ValueError(f"amounts are zero or more, scale 1 or more, shear below 90; got {self}")

    def __call__(self, images: Tensor) -> Tensor:
        n, _, height, width = images.shape
        turn, grow, lean = 2 * torch.rand(3, n, device=images.device) - 1
        turn, lean = math.radians(self.turn) * turn, torch.tan(math.radians(self.shear) * lean)
        shrink = self.scale**-grow
        move = torch.randint(-self.shift, self.shift + 1, (n, 2), device=images.device)
        # From a pixel of the new image to the place in the old one that it shows, from edge to edge -1 to 1.
        along, up = shrink * torch.cos(turn), shrink * torch.sin(turn)
        rows = [along + lean * up, lean * along - up, up, along]
        linear = torch.stack(rows, 1).reshape(n, 2, 2)
        offset = 2 * move / torch.tensor([width, height], device=images.device)
        grid = F.affine_grid(
            torch.cat([linear, offset[:, :, None]], 2), list(images.shape), align_corners=False
        )
        return F.grid_sample(images, grid, align_corners=False)
