"""What a rule has cost and changed: multiply-accumulates of learning, and how far weights moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from neuro.analysis.curves import ratio
from neuro.learning import Learner, history_of
from neuro.learning.feedback import unwatched
from neuro.learning.learner import unreported
from neuro.stimuli import Stimuli

Floats = NDArray[np.float64]


def _sums_of_rows(table: Sequence[int], rows: Sequence[int], *_: object, **__: object) -> int:
    """Twice the products of weighted sums of some rows of a table, which torch does not count by itself."""
    return 2 * rows[0] * table[1]


UNCOUNTED = dict.fromkeys(
    (torch.ops.aten._embedding_bag, torch.ops.aten._embedding_bag_forward_only), _sums_of_rows
)


def learning_macs(
    rule: Learner,
    model: nn.Sequential,
    stimuli: Stimuli,
    generator: torch.Generator,
    trained: tuple[nn.Module, int] | None = None,
) -> float:
    """Multiply-accumulates of a whole training, all its epochs, for each of these stimuli.

    torch's own count while the rule is fitted once more: products of matrices, convolutions and weighted
    sums of patches, forward, backward and in the update; element by element nothing is counted, nor what
    feedback rules do to measure their angles. What a rule does with only some of its stimuli (at most 512 for
    the report of silent units; the sample of Templates) is counted as if it did so with all. Added are the
    `told_macs` of a chain, divided by the stimuli it learned from, as they do not grow in proportion:
    `trained` is that chain and that number, by default the one fitted here. Raises what the rule raises.
    """
    # What is silent for these few stimuli was not what the rule learned from; angles are no part of learning.
    with unreported(), unwatched(), FlopCounterMode(display=False, custom_mapping=UNCOUNTED) as counter:
        fitted = rule.fit(model, stimuli, generator)
    chain, learned_from = trained or (fitted, len(stimuli))
    return float(counter.get_total_flops() / 2 / len(stimuli) + told_macs(chain) / learned_from)


def told_macs(trained: nn.Module) -> float:
    """Multiply-accumulates that torch does not see, in all, as the rule says: history `LAYER macs`."""
    return sum(sum(counts) for name, counts in history_of(trained).items() if name.endswith(" macs"))


def plastic_weights(model: nn.Sequential) -> dict[str, Floats]:
    """The first weights of every layer that can learn, a row a unit. Shapes: layer -> (units, ...)."""
    layers = {name: [*layer.parameters()] for name, layer in model.named_children()}
    return {
        name: weights[0].detach().cpu().double().flatten(1).numpy()
        for name, weights in layers.items()
        if weights and weights[0].ndim > 1
    }


def distance_from_start(before: nn.Sequential, after: nn.Sequential) -> dict[str, float]:
    """How far the weights of each layer that can learn have moved: |after - before| / |before|.

    The length, over its planes, of what `weight_changes` tells of a layer; which tells of fixed weights too.
    Layers that `after` has more of (a decision layer) are left out. NaN for weights that were zero.
    Raises ValueError if a layer has grown, as what is new had no start.
    """
    old, new = plastic_weights(before), plastic_weights(after)
    for name, weights in old.items():
        if new[name].shape != weights.shape:
            raise ValueError(f"layer {name!r} has grown from {len(weights)} to {len(new[name])} units")
    lengths = {name: np.linalg.norm(weights) for name, weights in old.items()}
    moved = {name: np.linalg.norm(new[name] - weights) for name, weights in old.items()}
    return {name: float(ratio(moved[name], lengths[name])) for name in old}
