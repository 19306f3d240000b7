"""Nets that say how well each label suits an image: those of the forward-forward rule (Hinton 2022).

    labelled   the image once with each label: its first `classes` pixels are 0 but for that of the label, 1
    hidden     y = max(0, W x / r.m.s.(x) + b): how strongly the layer below answered is not passed on
    decision   the goodness of each label, g = sum of y^2 over the last hidden layer; the greatest wins

In a recording labels are the planes, and the cells of a layer lie in a row: (B, classes, 1, cells).

Differs from the paper (arXiv 2212.13345, reported): goodness is that of the last hidden layer; the paper adds
up all but the first, which with two layers is the same. What a layer sees has an r.m.s., not a length, of 1.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class EveryLabel(nn.Module):
    """The images, each once with every label written into its first pixels; nothing here learns.

    Shapes: (B, C, H, W) -> (B, classes, 1, C H W). Raises ValueError for fewer than two classes, and for
    images with fewer pixels than classes.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        if classes < 2:
            raise ValueError(f"a label is right or wrong among two classes or more; got {classes}")
        self.classes = classes

    def extra_repr(self) -> str:
        return f"classes={self.classes}"

    def forward(self, images: Tensor) -> Tensor:
        return self.written(images, torch.arange(self.classes, device=images.device).expand(len(images), -1))

    def written(self, images: Tensor, labels: Tensor) -> Tensor:
        """The images with these labels of theirs. Shapes: (B, C, H, W), (B, L) -> (B, L, 1, C H W)."""
        pixels = images.flatten(1)
        if pixels.shape[1] < self.classes:
            raise ValueError(f"{self.classes} labels need as many pixels; the image has {pixels.shape[1]}")
        rest = pixels[:, None, self.classes :].expand(-1, labels.shape[1], -1)
        return torch.cat([F.one_hot(labels, self.classes).to(pixels), rest], 2)[:, :, None]


class Goodness(nn.Module):
    """The sum of the squares of a layer's cells, for each label. Shapes: (B, L, 1, cells) -> (B, L)."""

    def forward(self, cells: Tensor) -> Tensor:
        return cells.square().sum((2, 3))


def goodness_net(hidden: Sequence[int] = (500, 500), size: int = 28, classes: int = 10) -> nn.Sequential:
    """The chain labelled, hidden1, hidden2, ..., decision, for images of one channel.

    Initial weights, and biases of zero: `initial.randomised`, with which goodness is about one per cell.
    Shapes: (B, 1, size, size) -> (B, classes).
    """
    layers = _hidden(size**2, hidden)
    return nn.Sequential(OrderedDict(labelled=EveryLabel(classes), **layers, decision=Goodness()))


def rectified_net(hidden: Sequence[int] = (500, 500), size: int = 28, classes: int = 10) -> nn.Sequential:
    """The same hidden layers, shown the image without a label, below a linear decision: flat, ..., decision.

    `randomised` by generators of one state, both nets have the same hidden weights.
    Shapes: (B, 1, size, size) -> (B, classes).
    """
    layers = _hidden(size**2, hidden)
    return nn.Sequential(OrderedDict(flat=nn.Flatten(), **layers, decision=nn.Linear(hidden[-1], classes)))


def _hidden(inputs: int, hidden: Sequence[int]) -> dict[str, nn.Module]:
    def cells(below: int, units: int) -> nn.Sequential:
        even = nn.RMSNorm(below, elementwise_affine=False)
        return nn.Sequential(OrderedDict(even=even, cells=nn.Linear(below, units), relu=nn.ReLU()))

    return {f"hidden{i}": cells(*sizes) for i, sizes in enumerate(pairwise((inputs, *hidden)), start=1)}
