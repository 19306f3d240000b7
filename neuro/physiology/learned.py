"""What the planes of a model have learned: features, seed cells, duplicates, how far the weights moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.analysis import alike_pairs
from neuro.analysis.curves import ratio
from neuro.learning.learner import s_layers
from neuro.learning.presentations import presentations
from neuro.models.neocognitron import (
    CLayer,
    ContrastLayer,
    EdgeLayer,
    JoinedCLayer,
    Rim,
    SLayer,
    SurroundCLayer,
)
from neuro.physiology.layer_arithmetic import layer_table
from neuro.recording import record
from neuro.stimuli import Stimuli

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def duplicates(model: nn.Sequential, cosine: float) -> int:
    """How many pairs of planes of an S-layer learned the same: patterns of a larger cosine.

    The weights are a = q c X; the cell compares with the pattern X under the weights c, so the cosine is that
    of a / sqrt(c).
    """
    learned = (layer.a[layer.b > 0] / layer.c.sqrt() for layer in s_layers(model).values())
    return sum(alike_pairs(patterns.detach().flatten(1).cpu().numpy(), cosine) for patterns in learned)


def response_weighted_average(model: nn.Module, stimuli: Stimuli, layers: Sequence[str]) -> dict[str, Floats]:
    """What each plane looks for, drawn on the retina: the mean stimulus, weighted by the answers of one cell.

        A_k = sum_i u_k(i) L_i / sum_i u_k(i)

    The cell is the one of the plane that answers most to any of the stimuli. NaN for a plane that answers
    none; responses below zero count as none. Also called reverse correlation (de Boer & Kuyper 1968,
    reported). Shapes: stimuli (B, C, H, W) -> for each layer (K, H, W), the mean over channels.
    """
    recording = record(model, stimuli, layers)
    light = stimuli.images.mean(1).numpy().astype(np.float64)
    averages = {}
    for name in layers:
        cells = np.maximum(recording[name], 0.0).reshape(*recording[name].shape[:2], -1)
        planes = np.arange(cells.shape[1])
        answers = cells[:, planes, cells.max(axis=0).argmax(axis=1)].astype(np.float64)
        averages[name] = np.einsum("bk,bhw->khw", ratio(answers, answers.sum(axis=0)), light)
    return averages


def learned_features(model: nn.Sequential, stimuli: Stimuli) -> dict[str, Floats]:
    """What each plane of the S-layers learned to look for, its brightest pixel 1; black if nothing.

    Of a layer that sees the retina the excitatory weights; of the others the average of the stimuli weighted
    by their answers. Shapes: layer -> (K, H, W).
    """
    layers = s_layers(model)
    lowest = next(layer for layer in model.children() if not isinstance(layer, Rim))
    pictures = {
        name: layer.a.detach().mean(1).cpu().numpy() for name, layer in layers.items() if layer is lowest
    }
    others = [name for name in layers if name not in pictures]
    pictures |= response_weighted_average(model, stimuli, others)
    for name, layer in layers.items():
        reinforced = (layer.b > 0).cpu().numpy()[:, None, None]
        drawn = np.where(reinforced, np.nan_to_num(pictures[name]), 0.0)
        pictures[name] = drawn / drawn.max(axis=(1, 2), keepdims=True).clip(1e-12)
    return pictures


@torch.no_grad()
def retinal_features(model: nn.Sequential) -> dict[str, Floats]:
    """The feature each plane of the S-layers learned, drawn back to the retina by the weights themselves.

        w_S = 1 at one cell of the plane, 0 elsewhere; then down through the layers, each in turn:
        S-layer   w_C(k', n) = sum over k, m of w_S(k, m) a_k(k', n - m) / b_k
        C-layer   w_S(k, m)  = sum over n of w_C(k, n) d(m - step n)
        edges     as an S-layer, with the edges that are built in for a / b;   contrast: likewise with g
        until w(n) is over places n of U0.

    A plane that is reinforced often has large a and large b and looks for the same: hence a / b, the mean of
    what its seed cells saw. All is linear: what inhibits, saturates or rectifies is left out, and so darkness
    that is looked for behind contrast cells comes out below zero. A C-cell does not know where in its window
    the feature lay, and so the pictures blur from layer to layer. The extent is that of the receptive field
    of one cell, which may be larger than the retina; the brightest pixel is 1; black if the plane never
    learned. Shapes: layer -> (K, H, W), the mean over channels.
    Raises ValueError for a layer of another kind below an S-layer, such as one of maxima.
    """
    drawn, below = {}, dict[str, nn.Module]()
    plastic = s_layers(model)
    for name, layer in model.named_children():
        if name in plastic:
            weights = _mean_seen(plastic[name])
            for under in reversed(below):
                weights = _drawn_back(weights, below[under], under)
            picture = weights.mean(1).double().cpu().numpy()
            drawn[name] = picture / picture.max(axis=(1, 2), keepdims=True).clip(1e-12)
        below[name] = layer
    return drawn


def _mean_seen(layer: SLayer) -> Tensor:
    """a / b, and zero for planes that never learned. Shapes: (K, C, h, w)."""
    b = layer.b[:, None, None, None]
    return torch.where(b > 0, layer.a / torch.where(b > 0, b, 1), 0)


def _drawn_back(weights: Tensor, layer: nn.Module, name: str) -> Tensor:
    """Weights of cells of a layer, as weights of the cells it looks at. (B, K, h, w) -> (B, C, h', w')."""
    if isinstance(layer, SLayer):
        return F.conv_transpose2d(weights, _mean_seen(layer))
    if isinstance(layer, EdgeLayer | ContrastLayer):
        return F.conv_transpose2d(weights, layer.a if isinstance(layer, EdgeLayer) else layer.g)
    if isinstance(layer, CLayer | JoinedCLayer | SurroundCLayer):
        planes = weights.shape[1]
        d = layer.d[:1].expand(planes, -1, -1, -1)  # all rows are equal
        spread = F.conv_transpose2d(weights, d, stride=layer.step, groups=planes)
        return F.conv_transpose2d(spread, layer.join) if isinstance(layer, JoinedCLayer) else spread
    if isinstance(layer, Rim):
        return weights
    kind = type(layer).__name__
    raise ValueError(
        f"features are drawn back through S-, C-, edge and contrast layers; {name!r} is a {kind}"
    )


@dataclass(frozen=True, eq=False)
class SeedCells:
    """The first seed cell of each plane of an S-layer that learned: what it saw, and where it looks.

    Shapes, of n planes: plane, image, row, column, top, left (n,); `image` is the number of the stimulus,
    `row` and `column` are those of the cell in its plane, `top` and `left` those of the pixel where its
    receptive field begins, below zero beyond the rim. The field is `height` by `width` pixels.
    """

    plane: Ints
    image: Ints
    row: Ints
    column: Ints
    top: Ints
    left: Ints
    height: int
    width: int

    def centres(self, size: tuple[int, int]) -> Floats:
        """x and y of the fields' centres, in pixels from the centre of an image of this height and width.

        x to the right and y up. Shapes: (n, 2).
        """
        x = self.left + (self.width - size[1]) / 2
        y = (size[0] - self.height) / 2 - self.top
        return np.stack([x, y], axis=1)

    def seen(self, stimuli: Stimuli) -> Floats:
        """What lay in the receptive field of each, of the stimuli that were learned from; 0 beyond the rim.

        Shapes: (n, height, width), the mean over channels.
        """
        light = stimuli.images.mean(1).numpy().astype(np.float64)[self.image]
        rows = self.top[:, None] + np.arange(self.height)
        return _at(light, rows, self.left[:, None] + np.arange(self.width))

    def on_retina(self, pictures: Floats, size: tuple[int, int]) -> Floats:
        """Pictures of the fields, put where the fields are in images of this height and width; 0 around them.

        Shapes: (n, height, width) -> (n, *size).
        """
        rows = np.arange(size[0]) - self.top[:, None]
        return _at(pictures, rows, np.arange(size[1]) - self.left[:, None])


def _at(pictures: Floats, rows: Ints, columns: Ints) -> Floats:
    """Each picture at rows and columns of its own, 0 beyond it. (n, H, W), (n, h), (n, w) -> (n, h, w)."""
    (high, wide), number = pictures.shape[1:], np.arange(len(pictures))[:, None, None]
    y, x = rows[:, :, None], columns[:, None]
    inside = (y >= 0) & (y < high) & (x >= 0) & (x < wide)
    return np.where(inside, pictures[number, y.clip(0, high - 1), x.clip(0, wide - 1)], 0.0)


def seed_cells(model: nn.Module, layer: str, shape: tuple[int, int, int]) -> SeedCells:
    """Which image, and which place in it, first reinforced each plane of an S-layer.

    `shape` is that of the images learned from (channels, height, width). Raises KeyError if the rule kept no
    presentations of the layer.
    """
    course, table = presentations(model, layer), layer_table(model, shape, [layer])
    first = course.first_seeds
    row, column = course.row[first], course.column[first]
    top, left = table.field_starts(layer, row, column).T
    image = course.image[course.presentation[first]]
    size = int(table["field_height"][0]), int(table["field_width"][0])
    return SeedCells(course.plane[first], image, row, column, top, left, *size)


@torch.no_grad()
def weight_changes(before: nn.Sequential, after: nn.Sequential) -> dict[str, Floats]:
    """How far the weights of each plane have moved, relative to the weights of the whole layer.

        |after_k - before_k| / |before|

    so that the length of the vector over planes is the relative change of the layer: `distance_from_start`,
    which is of weights that can learn. Here of each layer the first weights are compared, whether they can
    learn or are fixed; layers without any are left out.
    Shapes: layer -> (K,). Raises ValueError if planes have grown.
    """
    changes = {}
    for (name, old), new in zip(before.named_children(), after, strict=True):
        for weights, now in [*zip(old.state_dict().values(), new.state_dict().values(), strict=True)][:1]:
            if now.shape != weights.shape:
                grown = f"{name} had {len(weights)} planes and has {len(now)}"
                raise ValueError(f"planes that grew have no weights from before to compare with: {grown}")
            moved = (now.double() - weights.double()).flatten(1).norm(dim=1)
            changes[name] = (moved / weights.double().norm()).cpu().numpy()
    return changes
