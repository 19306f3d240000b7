"""What the planes of a model have learned: features, duplicates, and how far the weights moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from neuro.analysis import alike_pairs
from neuro.analysis.curves import ratio
from neuro.learning.learner import s_layers
from neuro.recording import record
from neuro.stimuli import Stimuli

Floats = NDArray[np.float64]


def duplicates(model: nn.Sequential, cosine: float) -> int:
    """How many pairs of planes of an S-layer learned the same: patterns of a larger cosine.

    The weights are a = q c X; the cell compares with the pattern X under the weights c, so the cosine is that
    of a / sqrt(c).
    """
    learned = (layer.a[layer.b > 0] / layer.c.sqrt() for layer in s_layers(model).values())
    return sum(alike_pairs(patterns.detach().flatten(1).numpy(), cosine) for patterns in learned)


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

    Of the first layer the excitatory weights; of the others, which do not see the retina, the average of the
    stimuli weighted by their answers. Shapes: layer -> (K, H, W).
    """
    layers = s_layers(model)
    first, *others = layers
    pictures = {first: layers[first].a.detach().mean(1).numpy()}
    pictures |= response_weighted_average(model, stimuli, others)
    for name, layer in layers.items():
        reinforced = (layer.b > 0).numpy()[:, None, None]
        drawn = np.where(reinforced, np.nan_to_num(pictures[name]), 0.0)
        pictures[name] = drawn / drawn.max(axis=(1, 2), keepdims=True).clip(1e-12)
    return pictures


@torch.no_grad()
def weight_changes(before: nn.Sequential, after: nn.Sequential) -> dict[str, Floats]:
    """How far the weights of each plane have moved, relative to the weights of the whole layer.

        |after_k - before_k| / |before|

    so that the length of the vector over planes is the relative change of the layer. Of each layer the first
    weights are compared, whether they can learn or are fixed; layers without any are left out.
    Shapes: layer -> (K,).
    """
    changes = {}
    for (name, old), new in zip(before.named_children(), after, strict=True):
        for weights, now in [*zip(old.state_dict().values(), new.state_dict().values(), strict=True)][:1]:
            moved = (now.double() - weights.double()).flatten(1).norm(dim=1)
            changes[name] = (moved / weights.double().norm()).numpy()
    return changes
