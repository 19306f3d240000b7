"""The competition of S-cells for one presentation (Fukushima 1980): who is reinforced, and by what.

From every S-column (all planes x a small window; columns overlap) the cell with the largest answer is a
candidate. A plane with several candidates keeps the largest: its seed cell. What the seed cell sees is added
to the weights that all cells of its plane share,

    delta a = q c u_C(seed),   delta b = q / 2 v(seed)                                      eqs. 7, 8
    delta a = q u_C(seed)                                  of ReLU cells, which have neither c nor b (ours)

A column whose cells are all silent has no candidate; a plane without a candidate learns nothing. Of equal
answers the first place wins, row by row, and at one place the first plane: ties are settled the same way
every time. All functions take many competitions at once, of many images or of many nets side by side.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from neuro.learning.learner import Reinforced
from neuro.models.neocognitron import ReluLayer


class Seeds(NamedTuple):
    """The seed cells of B competitions, at most one for each plane of each.

    Shapes: competition, plane, place (n,), in the order of competition and plane; place is row * W + column.
    silent_columns (B,): the share of columns in which every cell was silent.
    """

    competition: Tensor
    plane: Tensor
    place: Tensor
    silent_columns: Tensor


def seeds_of(answers: Tensor, column: int) -> Seeds:
    """The seed cells of every competition. A column wider than the plane is the whole plane.

    Shapes: answers (B, K, H, W).
    """
    planes, height, width = answers.shape[1:]
    # Planes first in memory: where they lie last, the largest takes twice as long to find.
    candidates, silent = candidates_of(answers.contiguous().amax(dim=1, keepdim=True), column)
    competition, place = candidates.nonzero(as_tuple=True)
    value, plane = answers.flatten(2)[competition, :, place].max(1)  # and the first of equal planes
    # Every plane's largest candidate, and the first place that has it.
    number = competition * planes + plane
    largest = value.new_zeros(len(answers) * planes).scatter_reduce_(0, number, value, "amax")
    place = torch.where(value == largest[number], place, height * width)
    first = torch.full_like(largest, height * width, dtype=torch.long)
    first.scatter_reduce_(0, number, place, "amin")
    number = largest.nonzero().flatten()
    return Seeds(number // planes, number % planes, first[number], silent)


def candidates_of(best: Tensor, column: int) -> tuple[Tensor, Tensor]:
    """Answers at the places where they are the largest of an S-column, and zero elsewhere; and the share of
    columns that are silent. Of equal places of a column the first counts, row by row.

    Shapes: best (B, 1, H, W) -> (B, H * W), (B,).
    """
    window = (min(column, best.shape[2]), min(column, best.shape[3]))
    # The images as channels of one, which are gone through all at once.
    abreast = best.transpose(0, 1).contiguous(memory_format=torch.channels_last)
    peaks, places = F.max_pool2d(abreast, window, stride=1, return_indices=True)
    peaks, places = peaks[0].flatten(1), places[0].flatten(1)
    candidates = torch.zeros_like(best).flatten(1).scatter_(1, places, peaks)
    return candidates, 1 - (peaks > 0).double().mean(1)


def patches_at(seen: Tensor, window: int, padding: int, which: Tensor, place: Tensor) -> Tensor:
    """What S-cells see: of image `which`, around `place`, in order of the planes below, rows and columns.

    Shapes: seen (B, C, H, W), which and place (n,) -> (n, C, window, window). Beyond the border lie zeros.
    """
    padded = F.pad(seen, (padding,) * 4)
    windows = padded.unfold(2, window, 1).unfold(3, window, 1).permute(0, 2, 3, 1, 4, 5)
    width = windows.shape[2]
    return windows[which, place // width, place % width]


def increments(layer: Reinforced, patches: Tensor, q: float) -> list[tuple[Tensor, Tensor]]:
    """What seed cells add to the weights of their planes: the weights, and what each seed cell adds to them.

    Shapes: patches (n, C, window, window), what the seed cells see; additions (n, ...), one for each.
    """
    if isinstance(layer, ReluLayer):
        return [(layer.a, q * patches)]
    v = (layer.c * patches**2).sum((1, 2, 3)).sqrt()
    return [(layer.a, q * layer.c * patches), (layer.b, q / 2 * v)]


def reinforce(layer: Reinforced, seen: Tensor, planes: Tensor, places: Tensor, q: float) -> None:
    """Add to each seed cell's plane what the cell sees, eqs. 7 and 8; `seen` (1, C, H, W) is the input.

    Shapes: planes and places (n,), no plane twice.
    """
    if len(planes):
        patches = patches_at(seen, layer.a.shape[2], layer.padding, torch.zeros_like(planes), places)
        for weights, additions in increments(layer, patches, q):
            weights.index_add_(0, planes, additions)
        layer.constrain()
