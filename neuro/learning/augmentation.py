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
    """Every image flipped, stretched, sheared, turned, resized and moved, each evenly up to the amount given.

    shift    whole pixels, in x and in y
    turn     degrees, to either side; 180 is the whole circle
    scale    the largest factor, and one over it the smallest; log-uniform; one for both sides
    shear    degrees, sideways
    stretch  the largest factor in x, with one over it in y, and the other way round; log-uniform
    flip     how likely left and right are to change places, 0 to 1

    About the centre; bilinear; what comes in from outside is black. Raises ValueError for amounts that make
    no sense.
    """

    shift: int = 0
    turn: float = 0.0
    scale: float = 1.0
    shear: float = 0.0
    stretch: float = 1.0
    flip: float = 0.0

    def __post_init__(self) -> None:
        least = self.shift, self.turn, self.shear, self.scale - 1, self.stretch - 1
        fine = all(0 <= each < math.inf for each in least) and self.shift == int(self.shift)
        if not fine or self.shear >= 90 or not 0 <= self.flip <= 1:
            raise ValueError(
                "amounts are zero or more, scale and stretch 1 or more, shear below 90, flip from 0 to 1, "
                f"shift in whole pixels; got {self}"
            )

    def __call__(self, images: Tensor) -> Tensor:
        n, device = len(images), images.device
        turn, grow, lean = 2 * torch.rand(3, n, device=device) - 1
        move = torch.randint(-self.shift, self.shift + 1, (n, 2), device=device)
        widen = torch.ones(n, device=device)
        # Drawn last, and only where asked for: the other amounts are the same with and without.
        if self.stretch > 1:
            widen = self.stretch ** (2 * torch.rand(n, device=device) - 1)
        if self.flip:
            widen = torch.where(torch.rand(n, device=device) < self.flip, -widen, widen)
        turn, lean = math.radians(self.turn) * turn, math.radians(self.shear) * lean
        return transformed(images, move, turn, self.scale**-grow, lean, widen)


# The lecture decks' list: 10 pixels, 0 to 360 degrees, 1/1.6 to 1.6, 20 degrees, 1/1.3 to 1.3, yes or no.
AS_TAUGHT = Jitter(shift=10, turn=180, scale=1.6, shear=20, stretch=1.3, flip=0.5)


def transformed(
    images: Tensor, move: Tensor, turn: Tensor, shrink: Tensor, lean: Tensor, widen: Tensor
) -> Tensor:
    """Images, each changed by its own amounts: moved, widened, sheared, and then turned and resized.

    The place of the old image that place x of the new one shows, from the centre, rows counted down:

        diag(1 / widen, |widen|) [1 tan(lean); 0 1] R(turn) shrink x + move

    A negative `widen` also puts left for right. Only `shrink` changes areas.
    Shapes: (B, C, H, W); move (B, 2) whole pixels; turn, lean (B,) radians; shrink, widen (B,).
    """
    n, _, height, width = images.shape
    lean, narrow = torch.tan(lean), widen.abs()
    # From a pixel of the new image to the place in the old one that it shows, from edge to edge -1 to 1: a
    # pixel is another part of the height than of the width.
    along, up = shrink * torch.cos(turn), shrink * torch.sin(turn)
    rows = [(along + lean * up) / widen, (lean * along - up) / widen * (height / width)]
    rows += [up * narrow * (width / height), along * narrow]
    linear = torch.stack(rows, 1).reshape(n, 2, 2)
    offset = 2 * move / torch.tensor([width, height], device=images.device)
    grid = F.affine_grid(torch.cat([linear, offset[:, :, None]], 2), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)
